"""Test the guide's examples for other frameworks: Flask and Django beside a server, Django around Alcove, and SQL."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import asyncpg  # type: ignore[import-untyped] # it ships no types
import pytest

from alcove.storage.open import open_log
from tests.support.credentials import SECRET, register_credential
from tests.support.http import blocking_http, http
from tests.support.room_client import RoomClient, expect_refusal
from tests.support.running_host import Host
from tests.support.servers import BIN, ON_ONE_CARRIER, Process, Server
from tests.support.snippets import INTEGRATING, run_snippet, snippet

#: Sends a request to an example and returns the text of the response; takes method, path, and user (None: no session).
SendRequest = Callable[[str, str, str | None], str]


@pytest.fixture
def environment(secured_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the environment variables that the examples read."""
    for name, value in {"ALCOVE_URL": secured_server.url, "ALCOVE_SECRET": SECRET, "SECRET_KEY": "of the shop"}.items():
        monkeypatch.setenv(name, value)


def flask_shop() -> SendRequest:
    """Return a function that sends requests to the example in Flask."""
    app = run_snippet("flask_shop.py", INTEGRATING).app

    def request_page(method: str, path: str, user: str | None) -> str:
        with app.test_client() as client:
            with client.session_transaction() as session:
                session.update({"user": user} if user else {})
            response = client.open(path, method=method)
            assert response.status_code < 300
            return str(response.text)

    return request_page


def django_shop() -> SendRequest:
    """Return a function that calls the views of the example in Django, without the middleware of a project."""
    from django.conf import settings  # noqa: PLC0415 - Django is slow to import
    from django.test import RequestFactory  # noqa: PLC0415
    from django.urls import resolve  # noqa: PLC0415

    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["testserver"], ROOT_URLCONF="django_shop")
    urls = run_snippet("django_shop.py", INTEGRATING)

    def request_page(method: str, path: str, user: str | None) -> str:
        request = RequestFactory().generic(method, path)
        request.user = SimpleNamespace(is_authenticated=user is not None, pk=user, get_username=lambda: "Ada")
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(sys.modules, "django_shop", urls)
            view, args, kwargs = resolve(path, urlconf="django_shop")
        response = view(request, *args, **kwargs)
        assert response.status_code < 300
        return str(response.content.decode())

    return request_page


@ON_ONE_CARRIER
@pytest.mark.parametrize("shop", [flask_shop, django_shop])
@pytest.mark.usefixtures("environment")
async def test_shop_examples_sign_tokens_embed_rooms_and_send_events(
    secured_server: Server, shop: Callable[[], SendRequest]
) -> None:
    request = shop()
    number = 17 if shop is flask_shop else 18
    assert json.loads(request("GET", "/alcove-token", None)) == {"token": None}
    token = register_credential(json.loads(request("GET", "/alcove-token", "ada"))["token"])
    page = request("GET", f"/orders/{number}", "ada")
    assert f'src="{secured_server.url}/embed.js"' in page
    assert f'<alcove-room item="order-{number}" token-url="/alcove-token">' in page

    async with await RoomClient.join(secured_server, f"order-{number}", token=token) as room:
        assert room.hello["you"] == {"id": "ada", "name": "Ada", "can": ["read", "write"]}
        for _ in range(2):
            assert request("POST", f"/orders/{number}/ship", "ada") == ""
        event = await room.wait_for("entry")
        assert (event["kind"], event["by"]["name"], event["body"]) == ("event", "The shop", {"text": "Shipped"})
        await room.lines_until_pong()
        assert len(room.entries) == 1


PROJECT = {
    "project.py": """
SECRET_KEY, ROOT_URLCONF, ALLOWED_HOSTS, USE_TZ = "of the project", "urls", ["*"], True
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware",
              "django.contrib.auth.middleware.AuthenticationMiddleware"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "project.db"}}
""",
    "urls.py": """
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.urls import path

def sign_in(request):
    login(request, User.objects.get_or_create(username="ada")[0])
    return HttpResponse("welcome")

urlpatterns = [path("login", sign_in)]
""",
}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Host]:
    """Create a Django project with the guide's `asgi.py`."""
    for name, text in {**PROJECT, "asgi.py": snippet("asgi.py", INTEGRATING)}.items():
        (tmp_path / name).write_text(text)
    env = {"DJANGO_SETTINGS_MODULE": "project", "PYTHONPATH": str(tmp_path)}
    migration = Process([sys.executable, "-m", "django", "migrate", "-v", "0"], cwd=tmp_path, env=env)
    assert migration.wait_for_exit() == 0, migration.output
    server = Server([BIN / "uvicorn", "asgi:application", "--port", "0"], cwd=tmp_path, env=env)
    yield Host(server.port, "/chat")
    server.end()
    assert server.problems == []


async def test_django_project_with_mounted_alcove_admits_its_users(project: Host) -> None:
    async with http(project.at_prefix(""), token=None) as browser:
        assert (await browser.get("/login")).text == "welcome"
        headers = {"Cookie": f"sessionid={browser.cookies['sessionid']}"}
        async with await RoomClient.join(project, "order-1", token=None, headers=headers) as room:
            assert room.hello["you"] == {"id": "1", "name": "ada", "can": ["read", "write"]}
            assert await room.send_messages("hello") == [1]
        assert (await expect_refusal(project, "order-1", token=None))[1] == 4401
    with blocking_http(project, token=None) as client:
        assert client.get("/api/items/order-1/entries").json()["detail"] == "sign in first"


async def test_x5_transaction_of_the_guide_sends_only_if_it_commits(postgres_url: str) -> None:
    (transaction,) = re.findall(r"```sql\n(BEGIN;.*?COMMIT;)", INTEGRATING.read_text(), re.DOTALL)
    log = await open_log(postgres_url)
    shop = await asyncpg.connect(postgres_url)
    try:
        await shop.execute("CREATE TABLE orders (id text, state text); INSERT INTO orders VALUES ('order-17', 'paid')")
        for end_statement in ("ROLLBACK;", "COMMIT;", "COMMIT;"):
            await shop.execute(transaction.replace("COMMIT;", end_statement))
        entries = (await log.read("order-17", limit=9)).entries
        assert [(entry.kind, bytes(entry.body)) for entry in entries if entry.body] == [
            ("event", b'{"data": {"parcel": 7}, "text": "Shipped"}'),
            ("message", b'"Thank you for your order."'),
        ]
        assert await shop.fetchval("SELECT state FROM orders") == "shipped"
    finally:
        await shop.close()
        await log.close()
