"""A shop in Flask with its own login and `session` cookie. Each order has a room."""

import os
import time
from pathlib import Path

import jwt
from flask import Flask, Response, redirect, render_template, request, send_from_directory, session
from werkzeug.wrappers import Response as BaseResponse


def create_app() -> Flask:
    """Return the shop, with settings from the environment.

    `SHOP_PAGE` names the folder of a built page (`../react18/dist`) that is served instead of the shop's own.
    """
    app = Flask(__name__)
    app.secret_key = os.environ.get("SHOP_SECRET", "sign the shop's own cookie")
    app.config["ALCOVE_URL"] = os.environ.get("ALCOVE_URL", "http://127.0.0.1:8000")
    app.config["ALCOVE_SECRET"] = os.environ.get("ALCOVE_SECRET", "a secret of at least 32 bytes, shared with Alcove")
    app.config["TOKEN_S"] = 600
    app.config["PAGE"] = os.environ.get("SHOP_PAGE")

    @app.get("/alcove-token")
    def alcove_token() -> dict[str, str | None]:
        """Answer with a token for the user of the session cookie; null if no user is signed in."""
        if "user" not in session:
            return {"token": None}
        claims = {"sub": session["user"], "name": session["user"].title(), "items": {"order-*": "rw"}}
        claims |= {"iat": time.time(), "exp": time.time() + app.config["TOKEN_S"]}
        return {"token": jwt.encode(claims, app.config["ALCOVE_SECRET"], "HS256")}

    @app.get("/")
    @app.get("/orders/<number>")
    def order(number: str = "42") -> str | Response:
        """Answer with the page of an order."""
        if app.config["PAGE"] is not None:
            return send_from_directory(Path(app.config["PAGE"]).resolve(), "index.html")
        return render_template("order.html", number=number, alcove=app.config["ALCOVE_URL"])

    @app.get("/assets/<path:name>")
    def asset(name: str) -> Response:
        """Answer with a file of the built page."""
        return send_from_directory(Path(app.config["PAGE"] or app.root_path).resolve() / "assets", name)

    @app.get("/login")
    def login_form() -> str:
        """Answer with the form of the login."""
        return render_template("login.html")

    @app.post("/login")
    def login() -> BaseResponse:
        """Sign a user in."""
        session["user"] = request.form["user"].strip().lower()
        return redirect("/")

    @app.post("/logout")
    def logout() -> BaseResponse:
        """Sign the user out of the shop; the page has signed them out of the room."""
        session.clear()
        return redirect("/login")

    return app
