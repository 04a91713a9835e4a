"""uvicorn for the command `alcove serve`: its protocols within limits, and its shutdown."""
