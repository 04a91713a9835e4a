"""Run the host applications of backend/examples for end-to-end tests."""

import fcntl
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask, Response
from werkzeug.serving import make_server

from examples.flask_shop.shop import create_app
from stack import ROOT

REACT = ("react18", "react19")
NAMES = ("flask_shop", *REACT)


def read_whole(response: Response) -> Response:
    """Read a file completely: a browser that cancels a request would leave it open."""
    response.direct_passthrough = False
    body = response.get_data()
    response.close()
    response.set_data(body)
    return response


class Shop:
    """One example with its own web server; `app.config` has the key that signs its tokens, and their lifetime."""

    def __init__(self, name: str) -> None:
        self.app: Flask = create_app()
        self.app.after_request(read_whole)
        #: Whether its room is in a frame.
        self.is_framed = name not in REACT
        self._server = make_server("127.0.0.1", 0, self.app, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        """Serve requests until `end` is called."""
        self._thread.start()

    def end(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def shops() -> Iterator[dict[str, Shop]]:
    """Run all examples while the block runs."""
    opened = {name: Shop(name) for name in NAMES}
    for shop in opened.values():
        shop.start()
    try:
        yield opened
    finally:
        for shop in opened.values():
            shop.end()


#: Stands for the address of the Alcove server in what is built, because each process of the tests has a server.
PLACEHOLDER = "http://alcove.invalid"


def build(name: str, shared: Path) -> Path:
    """Install and build the React application of this name once for all test processes; return its folder.

    React's development build is used: only there does StrictMode run effects twice, and React warn about mistakes.
    """
    tarballs, made = shared / "tarballs", shared / name
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not tarballs.exists():
            tarballs.mkdir()
            _node("packages.mjs", "tarballs", str(tarballs))
        if not made.exists():
            env = {"NODE_ENV": "development", "VITE_ALCOVE_URL": PLACEHOLDER}
            _node("example.mjs", name, str(made), str(tarballs), **env)
    return made / "dist"


def point(built: Path, folder: Path, alcove: str) -> None:
    """Copy a built application into a folder, configured for a server at this address."""
    shutil.copytree(built, folder)
    for script in folder.glob("assets/*.js"):
        script.write_text(script.read_text().replace(PLACEHOLDER, alcove))


def _node(script: str, *arguments: str, **env: str) -> None:
    command = ["node", f"scripts/{script}", *arguments]
    subprocess.run(command, cwd=ROOT / "frontend", env=os.environ | env, check=True)  # noqa: S603 - the project's own
