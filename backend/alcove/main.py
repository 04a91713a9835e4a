"""Create the application from the environment's settings, for `fastapi dev`, `fastapi run` and uvicorn."""

from alcove.app import create_app

app = create_app()
