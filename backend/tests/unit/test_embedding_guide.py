"""Test the examples of the guides: their token endpoints sign valid tokens (A3), and a test runs every file."""

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import jwt
import pytest

from tests.support.credentials import SECRET, register_credential
from tests.support.http import http
from tests.support.snippets import EMBEDDING, INTEGRATING, run_snippet, snippet

#: Requests a token as this user, or signed out if None; returns the JSON of the answer.
RequestToken = Callable[[str | None], Any]


def fastapi_endpoint() -> RequestToken:
    """Load the endpoint for FastAPI, which reads the user from a cookie."""
    transport = httpx.ASGITransport(run_snippet("fastapi_endpoint.py").app)

    async def request_token(user: str | None) -> Any:
        headers = {"cookie": f"user={user}"} if user else {}
        async with http("http://shop", None, headers=headers, transport=transport) as client:
            return (await client.get("/alcove-token")).json()

    return lambda user: asyncio.run(request_token(user))


def flask_endpoint() -> RequestToken:
    """Load the endpoint for Flask, which reads the user from the session."""
    app = run_snippet("flask_endpoint.py").app

    def request_token(user: str | None) -> Any:
        with app.test_client() as client:
            with client.session_transaction() as session:
                session.update({"user": user} if user else {})
            return client.get("/alcove-token").get_json()

    return request_token


def django_endpoint() -> RequestToken:
    """Load the endpoint for Django, which reads the user from the request."""
    from django.conf import settings  # noqa: PLC0415 - it is slow to load
    from django.test import RequestFactory  # noqa: PLC0415
    from django.urls import resolve  # noqa: PLC0415

    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["testserver"], ROOT_URLCONF="django_endpoint")
    urls = run_snippet("django_endpoint.py")

    def request_token(user: str | None) -> Any:
        request = RequestFactory().get("/alcove-token")
        request.user = SimpleNamespace(is_authenticated=user is not None, pk=user, get_username=lambda: "Ada")
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(sys.modules, "django_endpoint", urls)
            view, args, kwargs = resolve("/alcove-token", urlconf="django_endpoint")
        return json.loads(view(request, *args, **kwargs).content)

    return request_token


@pytest.mark.parametrize("create_endpoint", [fastapi_endpoint, flask_endpoint, django_endpoint])
def test_a3_each_token_endpoint_of_the_guide_signs_a_users_token(
    create_endpoint: Callable[[], RequestToken], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALCOVE_SECRET", SECRET)
    monkeypatch.setenv("SECRET_KEY", "a secret of the application")
    request_token = create_endpoint()

    assert request_token(None) == {"token": None}
    claims = jwt.decode(register_credential(request_token("ada")["token"]), SECRET, ["HS256"])
    assert {"sub": "ada", "name": "Ada", "items": {"order-*": "rw"}}.items() <= claims.items()
    assert claims["exp"] - claims["iat"] == pytest.approx(600, abs=1)


def test_a_client_of_your_own_takes_at_most_45_lines() -> None:
    assert len([line for line in snippet("room.js").splitlines() if line.strip()]) <= 45


@pytest.mark.parametrize(("guide", "min_count"), [(EMBEDDING, 7), (INTEGRATING, 3)])
def test_every_example_file_of_a_guide_is_run_by_a_test(guide: Path, min_count: int) -> None:
    tests = [guide.parents[1] / "tests", guide.parents[2] / "e2e"]
    source = "\n".join(path.read_text() for folder in tests for path in folder.rglob("test_*.py"))
    names = [
        line.split()[1]
        for line in guide.read_text().splitlines()
        if line.startswith(("# ", "// ")) and line.endswith((".py", ".js"))
    ]

    assert len(names) >= min_count
    assert [name for name in names if f'"{name}"' not in source] == []
