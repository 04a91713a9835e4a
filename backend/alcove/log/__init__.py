"""Logs: the rooms' entries, kept by an engine."""
