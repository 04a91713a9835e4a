"""Buses: what the processes of one deployment tell each other."""
