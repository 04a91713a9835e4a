"""Run Alcove inside a FastAPI or Starlette application: its members, methods, settings and mounted routes."""
