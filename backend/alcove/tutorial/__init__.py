"""Serve the plain-text sockets of FastAPI's WebSocket tutorial (T1 to T5)."""
