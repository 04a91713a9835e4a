"""Alcove: a live room for every item of an application."""
