"""Carry messages between the processes of one deployment: in memory, over Redis or over PostgreSQL."""
