"""Call every endpoint of a server with a credential, and return whether it was accepted, or code and reason."""

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
        """The item, encoded for a path; an item with a `%` is already encoded."""
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
    """Create a credential with a token in the cookie that T2 reads, from a page of `origin`."""
    return Credential({}, {"Cookie": f"session={token}"} | ({} if origin is None else {"Origin": origin}), **fields)


@dataclass(frozen=True)
class Outcome:
    """The result of a call: code 0 if it was accepted; else the close code or HTTP status, and the reason."""

    code: int
    reason: str = ""


def socket(template: str, first: tuple[str, ...] = ("hello",)) -> Callable[[Address, Credential], Awaitable[Outcome]]:
    """Create a call that opens a socket of the room protocol, and checks that error line and close frame agree (H4).

    `first`: the types of the lines that an accepted client gets first.
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
            if line["type"] in first:
                return Outcome(ACCEPTED)
            try:
                await client.recv()
            except ConnectionClosed:
                assert line["type"] == "error"
                assert line["message"].startswith(client.close_reason or "none")
                return Outcome(client.close_code or 0, line["message"])
        raise AssertionError(f"more than an error: {line}")

    return endpoint


def plain(template: str) -> Callable[[Address, Credential], Awaitable[Outcome]]:
    """Create a call that opens a socket of the tutorial, which refuses with 403 before the upgrade (T2)."""

    async def endpoint(server: Address, credential: Credential) -> Outcome:
        path = template.format(item=credential.path)
        try:
            client = await connect(server, f"{path}?{urlencode(credential.query)}", headers=credential.headers)
        except InvalidStatus as refused:
            return Outcome(refused.response.status_code)
        await client.close()
        return Outcome(ACCEPTED)

    return endpoint


@dataclass(frozen=True)
class Request:
    """A request over HTTP; a refusal must be a problem document (W6)."""

    method: str
    #: Its path, with `{item}` for the item.
    template: str
    content: str | None = None
    #: Another status that shows that access was granted, in addition to success.
    passes: int = 200

    async def __call__(self, server: Address, credential: Credential) -> Outcome:
        """Make the request."""
        headers = credential.headers | ({} if self.content is None else {"Content-Type": "application/json"})
        async with http(server, token=None) as client:
            url = httpx.URL(self.template.format(item=credential.path)).copy_merge_params(credential.query)
            async with client.stream(self.method, url, headers=headers, content=self.content) as response:
                if response.is_success or response.status_code == self.passes:
                    return Outcome(ACCEPTED)
                problem = json.loads(await response.aread())
        assert response.headers["content-type"] == "application/problem+json"
        assert response.status_code == problem["status"]
        assert (response.status_code == 401) == ("www-authenticate" in response.headers)
        return Outcome(response.status_code, problem["detail"])


#: Asks an endpoint of a server with a credential.
Endpoint = Callable[[Address, Credential], Awaitable[Outcome]]


def request(method: str, template: str, content: str | None = None, passes: int = 200) -> Endpoint:
    """Create a call that makes an HTTP request; a refusal must be a problem document (W6).

    `passes`: a status in addition to success that shows that access was granted.
    """
    return Request(method, template, content, passes)


room = socket("/items/{item}/ws")
list_socket = socket("/api/items/ws", ("item", "ready"))
list_events = request("GET", "/api/items/events")
unread = request("GET", "/api/unread?item={item}")
item_socket = plain("/items/{item}/ws")
echo_socket = plain("/ws")
chat_socket = plain("/ws/7")
history = request("GET", "/api/items/{item}/entries")
events = request("GET", "/api/items/{item}/events")
send = request("POST", "/api/items/{item}/entries", '{"body":"hello"}')
event = request("POST", "/api/items/{item}/entries", '{"kind":"event","body":{"text":"hello"}}')
#: The target is not a message; only a caller who has access gets this error.
edit = request("PATCH", "/api/items/{item}/entries/9007199254740991", '{"body":"hello"}', 422)
remove = request("DELETE", "/api/items/{item}/entries/9007199254740991", passes=422)
mark_read = request("PUT", "/api/items/{item}/read", '{"seq":0}')
members = request("GET", "/api/items/{item}/members")
delete_room = request("DELETE", "/api/items/{item}")
bans = request("GET", "/api/items/{item}/bans/nobody", passes=404)
ban = request("PUT", "/api/items/{item}/bans/nobody", '{"right":"write"}')
lift = request("DELETE", "/api/items/{item}/bans/nobody")
bans_of_all = request("GET", "/api/bans/nobody", passes=404)
ban_on_all = request("PUT", "/api/bans/nobody", '{"right":"write"}')
lift_on_all = request("DELETE", "/api/bans/nobody")
export = request("GET", "/api/items/{item}/export")
listing = request("GET", "/api/items")
connections = request("GET", "/api/items/{item}/connections")
session = request("GET", "/api/session")
revoke = request("POST", "/api/revoke", '{"sub":"nobody"}')
revoke_on_foo = request("POST", "/api/revoke", '{"sub":"nobody","item":"foo"}')
member_data = request("GET", "/api/members/nobody")
erase = request("DELETE", "/api/members/nobody")
bring = request("POST", "/api/import", '{"type":"room","item":"foo"}')
consumers = request("GET", "/api/webhooks")
consumer_test = request("POST", "/api/webhooks/test", passes=404)
consumer_retry = request("POST", "/api/webhooks/nothing/retry", "{}", 404)
consumer_skip = request("POST", "/api/webhooks/nothing/skip", '{"item":"foo"}', 404)
#: What each endpoint takes: the letters on the item.
ENDPOINT_RIGHTS: dict[str, tuple[Endpoint, str]] = {
    "room": (room, "r"),
    "history": (history, "r"),
    "events": (events, "r"),
    "send": (send, "w"),
    "connections": (connections, "m"),
    "unread": (unread, "r"),
    "event": (event, "m"),
    "edit": (edit, "w"),
    "remove": (remove, "w"),
    "mark read": (mark_read, "r"),
    "members": (members, "r"),
    "delete room": (delete_room, "m"),
    "bans": (bans, "m"),
    "export": (export, "m"),
    "ban": (ban, "m"),
    "lift": (lift, "m"),
}
#: What takes the right to moderate all items.
TAKES_MODERATE_ALL: dict[str, Endpoint] = {
    "bans of all": bans_of_all,
    "ban on all": ban_on_all,
    "lift on all": lift_on_all,
    "member data": member_data,
    "erase": erase,
    "import": bring,
    "webhooks": consumers,
    "test of a webhook": consumer_test,
    "retry of a webhook": consumer_retry,
    "skip of a webhook": consumer_skip,
    "revoke": revoke,
}
#: What takes a good credential and no right.
ENDPOINTS_WITHOUT_RIGHTS: dict[str, Endpoint] = {
    "listing": listing,
    "list socket": list_socket,
    "list events": list_events,
    "session": session,
}
