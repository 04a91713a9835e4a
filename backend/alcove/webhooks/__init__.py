"""Durable consumers of all rooms: the webhook of the host application, and handlers inside it (K)."""
