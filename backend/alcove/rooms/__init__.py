"""Serve the rooms of this process: connections, delivery, presence, lists of rooms, writing, access records."""
