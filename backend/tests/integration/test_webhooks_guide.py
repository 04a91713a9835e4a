"""Test the receivers of webhooks in the guide for applications, as the guide shows them (K1)."""

import asyncio
import json
import re
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self

import pytest
from flask import Flask

from alcove import InvalidError, verify_webhook
from alcove.webhooks.signature import Signer, utc_now
from deploy.ports import free_port
from tests.support.http import blocking_http, http
from tests.support.node import node_command, node_folder
from tests.support.servers import ON_ONE_CARRIER, Process, Start
from tests.support.snippets import INTEGRATING, snippet
from tests.support.webhook_receiver import WEBHOOK_SECRET

GUIDE = INTEGRATING.read_text()
JSON_TYPE = "application/json"
OLD_SECRET = "whsec_YW4gb2xkZXIgc2VjcmV0IG9mIHRoZSB0ZXN0cw=="


class Receiver(Process):
    """An application that receives webhooks at `url`."""

    url: str


def webhook_body(**data: object) -> bytes:
    """Return the body of a webhook."""
    entry = {"seq": 1, "kind": "message", "by": {"id": "ada", "name": "Ada"}, "body": "hello"}
    return json.dumps({"type": "message", "data": {"item": "order-17", "entry": entry, **data}}).encode()


def signed_headers(body: bytes, secret: str = WEBHOOK_SECRET) -> dict[str, str]:
    """Return the headers of a webhook."""
    return Signer(secret).headers("msg_1", body, utc_now())


def run_example(name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run an example of the guide, and return the names that it defines."""
    match = re.search(rf"```python {name}\n(.*?)```", GUIDE, re.DOTALL)
    assert match is not None
    monkeypatch.setenv("ALCOVE_WEBHOOK_SECRET", WEBHOOK_SECRET)
    names: dict[str, Any] = {"__name__": name}
    exec(compile(match[1], "integrating.md", "exec"), names)  # noqa: S102 - the project's own document
    return names


def response_statuses(app: Flask, body: bytes) -> list[int]:
    """Return the status of a correctly signed request, and of one with the same signature and another body."""
    client = app.test_client()
    return [client.post("/hooks", data=data, headers=signed_headers(body)).status_code for data in (body, body + b" ")]


def test_k1_flask_receiver_accepts_only_signed_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    assert response_statuses(run_example("flask", monkeypatch)["app"], webhook_body()) == [204, 401]


def test_k1_django_receiver_accepts_only_signed_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.conf import settings  # noqa: PLC0415 - loads Django for this test only
    from django.test import RequestFactory  # noqa: PLC0415 - as above

    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["*"])
    hooks = run_example("django", monkeypatch)["hooks"]
    body = webhook_body()
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in signed_headers(body).items()}
    responses = [
        hooks(RequestFactory().generic("POST", "/hooks", data, "application/json", **headers))
        for data in (body, body + b" ")
    ]

    assert [response.status_code for response in responses] == [204, 401]


@pytest.fixture
def express(tmp_path: Path) -> Iterator[Receiver]:
    """Run the receiver in Express."""
    folder = node_folder(tmp_path / "express", express_webhooks=snippet("express_webhooks.js", INTEGRATING))
    port = free_port()
    env = {"PORT": str(port), "ALCOVE_WEBHOOK_SECRET": WEBHOOK_SECRET}
    receiver = Receiver(node_command("express_webhooks"), cwd=folder, env=env)
    receiver.url = f"http://127.0.0.1:{port}/hooks"
    try:
        receiver.wait_for_line("waiting for webhooks")
        yield receiver
    finally:
        receiver.end()


@ON_ONE_CARRIER
async def test_k1_express_receiver_accepts_deliveries_of_a_server(serve: Start, express: Receiver) -> None:
    server = serve(ALCOVE_WEBHOOK_URL=express.url, ALCOVE_WEBHOOK_SECRET=WEBHOOK_SECRET)
    async with http(server) as client:
        for item, body in (("order-17", "hello"), ("order-18", "ü" * 32_000)):
            assert (await client.post(f"/api/items/{item}/entries", json={"body": body})).status_code == 201
            await asyncio.to_thread(express.wait_for_line, f"^message {item}$")


def test_k1_express_receiver_accepts_only_signed_requests_of_any_length(express: Receiver) -> None:
    body = webhook_body(present=["x" * 4000] * 100)
    requests = [
        (body, {"Content-Type": JSON_TYPE, **signed_headers(body)}),
        (body + b" ", {"Content-Type": JSON_TYPE, **signed_headers(body)}),
        (body, {"Content-Type": "text/plain", **signed_headers(body)}),
        (body, {"Content-Type": JSON_TYPE}),
    ]
    with blocking_http(express.url, token=None) as client:
        statuses = [client.post("", content=content, headers=headers).status_code for content, headers in requests]

    assert statuses == [204, 401, 401, 401]


def test_k1_mail_example_notifies_absent_members_in_25_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    sent_mails: list[EmailMessage] = []

    class Smtp:
        def __init__(self, host: str) -> None:
            assert host == "localhost"

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def send_message(self, mail: EmailMessage) -> None:
            sent_mails.append(mail)

    monkeypatch.setattr(smtplib, "SMTP", Smtp)
    app = run_example("mail", monkeypatch)["app"]

    assert response_statuses(app, webhook_body(absent=["bob", "ada"])) == [204, 401]
    assert response_statuses(app, webhook_body(absent=["ada"])) == [204, 401]
    assert [(mail["Bcc"], mail["Subject"]) for mail in sent_mails] == [("bob@example.com", "Ada wrote about order-17")]
    source = re.search(r"```python mail\n(.*?)```", GUIDE, re.DOTALL)
    assert source is not None
    assert len(source[1].strip().splitlines()) <= 25


def test_k1_webhook_is_verified_by_any_of_the_secrets_in_use() -> None:
    body = webhook_body()
    headers = signed_headers(body, f"{OLD_SECRET}, {WEBHOOK_SECRET}")
    for secret in (OLD_SECRET, WEBHOOK_SECRET, f"{WEBHOOK_SECRET},{OLD_SECRET}"):
        assert verify_webhook(body, headers, secret)["type"] == "message"
    with pytest.raises(InvalidError, match="No matching signature"):
        verify_webhook(body, signed_headers(body, OLD_SECRET), WEBHOOK_SECRET)


@pytest.mark.parametrize("headers", [{}, {"webhook-signature": "v1"}, {"webhook-timestamp": "1"}])
def test_k1_request_without_valid_signature_headers_is_refused(headers: dict[str, str]) -> None:
    body = webhook_body()
    changed = signed_headers(body) | headers if headers else {}
    with pytest.raises(InvalidError):
        verify_webhook(body, changed, WEBHOOK_SECRET)
