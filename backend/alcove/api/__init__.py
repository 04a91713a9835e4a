"""Serve everything over HTTP and WebSocket: routes, their dependencies, error responses and API documents."""
