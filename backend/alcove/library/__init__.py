"""Alcove inside a FastAPI or Starlette application: its members, its methods, its routes."""
