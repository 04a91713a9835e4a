"""Call every endpoint of a server with a credential, and return whether it was accepted, or the code and the reason."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.support.clients import connect
from tests.support.http import http
from tests.support.room_client import PROTOCOL
from tests.support.servers import Address

#: The code of an accepted call.
ACCEPTED = 0


@dataclass(frozen=True)
class Credential:
    """The credential of a request: in the query, in headers, or in both."""

    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    item: str = "foo"

    @property
    def path(self) -> str:
        """The item, encoded for a path. An item with a `%` is encoded already."""
        return self.item if "%" in self.item else quote(self.item, safe="")


def query(token: str, **fields: Any) -> Credential:  # Any: Credential's own
    """Create a credential with a token in the query."""
    return Credential({"token": token}, **fields)


def bearer(token: str, **fields: Any) -> Credential:  # Any: Credential's own
    """Create a credential with a token in the header `Authorization`."""
    return Credential({}, {"Authorization": f"Bearer {token}"}, **fields)


def cookie(token: str, origin: str | None = None, **fields: Any) -> Credential:  # Any: Credential's own
    """Create a credential with a token in the login cookie, from a page of `origin`."""
    return Credential(
        {}, {"Cookie": f"alcove_session={token}"} | ({} if origin is None else {"Origin": origin}), **fields
    )


def plain_cookie(token: str, origin: str | None = None, **fields: Any) -> Credential:  # Any: Credential's own
    """Create a credential with a token in the cookie of the tutorial (T2), from a page of `origin`."""
    return Credential({}, {"Cookie": f"session={token}"} | ({} if origin is None else {"Origin": origin}), **fields)


@dataclass(frozen=True)
class Outcome:
    """The result of a call: ACCEPTED, or the close code or HTTP status of the refusal and its reason."""

    code: int
    reason: str = ""


#: Calls one endpoint of a server with a credential.
Endpoint = Callable[[Address, Credential], Awaitable[Outcome]]


def socket_endpoint(template: str, first_types: tuple[str, ...] = ("hello",)) -> Endpoint:
    """Create a call that opens a socket of the room protocol, and checks that error line and close frame agree (H4).

    `first_types` are the types of the first line that an accepted client may get.
    """

    async def endpoint(server: Address, credential: Credential) -> Outcome:
        client = await connect(
            server,
            f"{template.format(item=credential.path)}?{urlencode(credential.query)}",
            headers=credential.headers,
            subprotocols=[PROTOCOL],
        )
        async with client:
            line = json.loads(str(await client.recv()).split("\n")[0])
            if line["type"] in first_types:
                return Outcome(ACCEPTED)
            try:
                await client.recv()
            except ConnectionClosed:
                assert line["type"] == "error"
                assert line["message"].startswith(client.close_reason or "none")
                return Outcome(client.close_code or 0, line["message"])
        raise AssertionError(f"expected a close after the error, got another frame; the error: {line}")

    return endpoint


def plain_socket_endpoint(template: str) -> Endpoint:
    """Create a call that opens a socket of the tutorial, which refuses with 403 before the upgrade (T2)."""

    async def endpoint(server: Address, credential: Credential) -> Outcome:
        path = template.format(item=credential.path)
        try:
            client = await connect(server, f"{path}?{urlencode(credential.query)}", headers=credential.headers)
        except InvalidStatus as refusal:
            return Outcome(refusal.response.status_code)
        await client.close()
        return Outcome(ACCEPTED)

    return endpoint


@dataclass(frozen=True)
class HttpEndpoint:
    """A call that makes an HTTP request; a refusal must be a problem document (W6)."""

    method: str
    #: Its path, with `{item}` for the item.
    template: str
    content: str | None = None
    #: The status of an error that only a caller with access gets.
    granted_status: int | None = None

    async def __call__(self, server: Address, credential: Credential) -> Outcome:
        """Make the request."""
        headers = credential.headers | ({} if self.content is None else {"Content-Type": "application/json"})
        async with http(server, token=None) as client:
            url = httpx.URL(self.template.format(item=credential.path)).copy_merge_params(credential.query)
            async with client.stream(self.method, url, headers=headers, content=self.content) as response:
                if response.is_success or response.status_code == self.granted_status:
                    return Outcome(ACCEPTED)
                problem = json.loads(await response.aread())
        assert response.headers["content-type"] == "application/problem+json"
        assert response.status_code == problem["status"]
        assert (response.status_code == 401) == ("www-authenticate" in response.headers)
        return Outcome(response.status_code, problem["detail"])


def http_endpoint(
    method: str, template: str, content: str | None = None, granted_status: int | None = None
) -> Endpoint:
    """Create a call that makes an HTTP request (HttpEndpoint)."""
    return HttpEndpoint(method, template, content, granted_status)


room = socket_endpoint("/items/{item}/ws")
list_socket = socket_endpoint("/api/items/ws", ("item", "ready"))
list_events = http_endpoint("GET", "/api/items/events")
unread = http_endpoint("GET", "/api/unread?item={item}")
item_socket = plain_socket_endpoint("/items/{item}/ws")
echo_socket = plain_socket_endpoint("/ws")
chat_socket = plain_socket_endpoint("/ws/7")
history = http_endpoint("GET", "/api/items/{item}/entries")
events = http_endpoint("GET", "/api/items/{item}/events")
send = http_endpoint("POST", "/api/items/{item}/entries", '{"body":"hello"}')
event = http_endpoint("POST", "/api/items/{item}/entries", '{"kind":"event","body":{"text":"hello"}}')
#: The target is not a message; only a caller who has access gets this error.
edit_message = http_endpoint("PATCH", "/api/items/{item}/entries/9007199254740991", '{"body":"hello"}', 422)
delete_message = http_endpoint("DELETE", "/api/items/{item}/entries/9007199254740991", granted_status=422)
mark_read = http_endpoint("PUT", "/api/items/{item}/read", '{"seq":0}')
members = http_endpoint("GET", "/api/items/{item}/members")
delete_room = http_endpoint("DELETE", "/api/items/{item}")
bans = http_endpoint("GET", "/api/items/{item}/bans/nobody", granted_status=404)
ban = http_endpoint("PUT", "/api/items/{item}/bans/nobody", '{"right":"write"}')
lift_ban = http_endpoint("DELETE", "/api/items/{item}/bans/nobody")
bans_of_all = http_endpoint("GET", "/api/bans/nobody", granted_status=404)
ban_on_all = http_endpoint("PUT", "/api/bans/nobody", '{"right":"write"}')
lift_ban_on_all = http_endpoint("DELETE", "/api/bans/nobody")
export = http_endpoint("GET", "/api/items/{item}/export")
list_items = http_endpoint("GET", "/api/items")
connections = http_endpoint("GET", "/api/items/{item}/connections")
session = http_endpoint("GET", "/api/session")
revoke = http_endpoint("POST", "/api/revoke", '{"sub":"nobody"}')
revoke_on_foo = http_endpoint("POST", "/api/revoke", '{"sub":"nobody","item":"foo"}')
member_data = http_endpoint("GET", "/api/members/nobody")
erase = http_endpoint("DELETE", "/api/members/nobody")
import_room = http_endpoint("POST", "/api/import", '{"type":"room","item":"foo"}')
consumers = http_endpoint("GET", "/api/webhooks")
consumer_test = http_endpoint("POST", "/api/webhooks/test", granted_status=404)
consumer_retry = http_endpoint("POST", "/api/webhooks/nothing/retry", "{}", 404)
consumer_skip = http_endpoint("POST", "/api/webhooks/nothing/skip", '{"item":"foo"}', 404)
#: Each endpoint, with the rights on the item that it requires.
ENDPOINT_RIGHTS: dict[str, tuple[Endpoint, str]] = {
    "room": (room, "r"),
    "history": (history, "r"),
    "events": (events, "r"),
    "send": (send, "w"),
    "connections": (connections, "m"),
    "unread": (unread, "r"),
    "event": (event, "m"),
    "edit": (edit_message, "w"),
    "remove": (delete_message, "w"),
    "mark read": (mark_read, "r"),
    "members": (members, "r"),
    "delete room": (delete_room, "m"),
    "bans": (bans, "m"),
    "export": (export, "m"),
    "ban": (ban, "m"),
    "lift": (lift_ban, "m"),
}
#: The endpoints that require the right to moderate all items.
MODERATE_ALL_ENDPOINTS: dict[str, Endpoint] = {
    "bans of all": bans_of_all,
    "ban on all": ban_on_all,
    "lift on all": lift_ban_on_all,
    "member data": member_data,
    "erase": erase,
    "import": import_room,
    "webhooks": consumers,
    "test of a webhook": consumer_test,
    "retry of a webhook": consumer_retry,
    "skip of a webhook": consumer_skip,
    "revoke": revoke,
}
#: The endpoints that require a valid credential and no right.
ENDPOINTS_WITHOUT_RIGHTS: dict[str, Endpoint] = {
    "listing": list_items,
    "list socket": list_socket,
    "list events": list_events,
    "session": session,
}
