"""The command's own uvicorn."""
