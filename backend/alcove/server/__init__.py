"""Adapt uvicorn for `alcove serve`: protocol classes with limits, handover of WebSockets, orderly shutdown."""
