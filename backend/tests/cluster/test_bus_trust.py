"""Test that outsiders on the bus cannot read message bodies, and that forged messages are ignored (X9)."""

import binascii
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import asyncpg  # type: ignore[import-untyped] # it ships no types
import pytest

from alcove.cluster.messages import (
    ChatLine,
    ClusterMessage,
    EntriesStored,
    MembersChanged,
    MemberTyping,
    ProcessAlive,
    ReadMarksMoved,
    encode,
)
from alcove.protocol import Entry, Person, raw
from alcove.protocol import encode as encode_line
from deploy.engines import Redis
from tests.support.bus_outsider import Outsider, PostgresOutsider, RedisOutsider
from tests.support.clients import Listener, connect, eventually
from tests.support.clusters import Engines
from tests.support.credentials import SECRET, token
from tests.support.http import http
from tests.support.room_client import RoomClient, expect_refusal
from tests.support.servers import Server, Start

PREFIX = "watched"
#: The largest seq that a JavaScript client can represent exactly.
MAX_SEQ = 2**53 - 1


@dataclass
class ObservedPair:
    """Two processes, and an outsider that is connected to the server of their bus."""

    first_server: Server
    second_server: Server
    outsider: Outsider
    url: str

    def channel(self, name: str) -> str:
        """Return a channel's name as in versions that did not encrypt messages."""
        return f"{PREFIX}:0:{name}" if isinstance(self.outsider, RedisOutsider) else name


@pytest.fixture
async def observed_pair(engines: Engines, url: str, join: Start) -> AsyncIterator[ObservedPair]:
    """Start two processes with a secret, on a bus server that outsiders can use, too."""
    bus = engines.bus
    outsider_listener = (
        RedisOutsider.connect(bus, url, PREFIX)
        if isinstance(bus, Redis)
        else PostgresOutsider.connect(engines.postgres, url, PREFIX)
    )
    async with outsider_listener as outsider:
        first_server, second_server = (join(ALCOVE_BUS_PREFIX=PREFIX, ALCOVE_SECRET=SECRET) for _ in range(2))
        yield ObservedPair(first_server, second_server, outsider, url)


def decode_received(received: list[tuple[str, bytes]]) -> str:
    """Return the channel names and payloads that the outsider received, Base64-decoded where possible."""
    parts = [channel.encode() + b"\n" + payload for channel, payload in received]
    for _, payload in received:
        try:
            parts.append(binascii.a2b_base64(payload))
        except binascii.Error:
            continue
    return b"\n".join(parts).decode(errors="replace")


async def join_members(observed_pair: ObservedPair, item: str, stack: AsyncExitStack) -> tuple[RoomClient, RoomClient]:
    """Join Ada on one process and Bob on the other, and let each see a message of the other."""
    ada = await stack.enter_async_context(
        await RoomClient.join(observed_pair.first_server, item, token=token(sub="ada", items={item: "rwm"}))
    )
    bob = await stack.enter_async_context(
        await RoomClient.join(observed_pair.second_server, item, token=token(sub="bob", items={item: "rw"}))
    )
    await ada.send_messages("the first secret")
    await bob.wait_for_seq(1)
    await bob.send_messages("the second secret")
    await ada.wait_for_seq(2)
    return ada, bob


async def test_x9_subscriber_without_the_key_reads_no_bodies_or_names(observed_pair: ObservedPair, item: str) -> None:
    async with AsyncExitStack() as stack:
        ada, bob = await join_members(observed_pair, item, stack)
        chat = [
            await stack.enter_async_context(Listener(await connect(server, f"/ws/{n}?token={token()}")))
            for n, server in enumerate((observed_pair.first_server, observed_pair.second_server))
        ]
        await ada.send_messages("a secret of 20,000 letters" + "x" * 20_000)
        await bob.wait_for_seq(3)
        await chat[0].client.send("a secret of the chat")
        await chat[1].wait_for_line("Client #0 says: a secret of the chat")
        await ada.send_lines({"type": "typing"})
        await bob.wait_for("typing")
        database = await asyncpg.connect(observed_pair.url)
        await database.execute("SELECT alcove_send($1, 'x', 'shop', 'The shop', 'a secret of the shop'::text)", item)
        await database.close()
        await bob.wait_for_seq(4)
        await ada.wait_for_seq(4)
        received_text = decode_received(observed_pair.outsider.received)

    assert len(observed_pair.outsider.received) > 5
    assert "secret" not in received_text
    assert '"ada"' not in received_text


def forge_messages(item: str) -> dict[str, list[tuple[ClusterMessage, list[Entry]]]]:
    """Create forged messages, by channel, that a version without encryption would have accepted."""
    entry = Entry(3, "message", "forged", Person("ada", "Ada"), 0, body=raw("forged"))
    forged_revocation = Entry(
        3, "message", "p", Person("!operator", "operator"), 0, body=raw({"at": 0.0, "sub": "eve"})
    )
    return {
        item: [
            (EntriesStored(3, 1), [entry]),
            (EntriesStored(MAX_SEQ, MAX_SEQ), []),
            (MembersChanged("forger", [("eve", "Eve", 3)], whole=True), []),
            (MemberTyping("eve", "Eve"), []),
            (ReadMarksMoved({"ada": MAX_SEQ}), []),
        ],
        "!revoked": [(EntriesStored(3, 1), [forged_revocation]), (EntriesStored(MAX_SEQ, MAX_SEQ), [])],
        "!chat": [(ChatLine("Client #7 says: forged"), [])],
        "!all": [(ProcessAlive("forger"), [])],
    }


async def test_x9_messages_published_by_an_outsider_are_ignored(observed_pair: ObservedPair, item: str) -> None:
    eve = token(sub="eve", items={item: "rw"})
    operator = {"Authorization": f"Bearer {token(sub='operator', items={'*': 'rwm'})}"}
    async with AsyncExitStack() as stack:
        ada, bob = await join_members(observed_pair, item, stack)
        chat = await stack.enter_async_context(
            Listener(await connect(observed_pair.second_server, f"/ws/1?token={token()}"))
        )
        async with http(observed_pair.first_server) as client:
            response = await client.post("/api/revoke", json={"sub": "eve"}, headers=operator)
            assert response.status_code in {200, 204}, response.text
        recorded_messages = list(observed_pair.outsider.received)
        assert recorded_messages

        for channel, messages in forge_messages(item).items():
            for message, entries in messages:
                text = encode(message, [encode_line(entry) for entry in entries])
                await observed_pair.outsider.publish(observed_pair.channel(channel), text)
                for channel_name in {name for name, _ in recorded_messages}:
                    await observed_pair.outsider.publish(channel_name, text)
        for channel, payload in recorded_messages:
            await observed_pair.outsider.publish(channel, payload)
        head = b'{"kind":"head","item":"%s","head":%d}' % (item.encode(), MAX_SEQ)
        await observed_pair.outsider.publish("!sends", head)
        for server in (observed_pair.first_server, observed_pair.second_server):
            await eventually(lambda server=server: "not sealed with this log's key" in server.output)  # type: ignore[misc]

        await ada.send_messages("true")
        await bob.wait_for_seq(3)
        await bob.send_messages("true, too")
        await ada.wait_for_seq(4)
        await chat.client.send("the end")
        await chat.wait_for_line("Client #1 says: the end")

        assert ada.entries == bob.entries
        assert ada.bodies == ["the first secret", "the second secret", "true", "true, too"]
        assert not [line for line in chat.lines if "forged" in str(line)]
        for server in (observed_pair.first_server, observed_pair.second_server):
            newcomer = await stack.enter_async_context(
                await RoomClient.join(server, item, token=token(sub="cid", items={item: "rw"}))
            )
            assert newcomer.hello["head"] == 4
            assert "eve" not in {member["id"] for member in newcomer.hello["members"]}
            assert not {seq for seq in newcomer.hello["reads"].values() if seq > 4}
            assert (await expect_refusal(server, item, token=eve))[1] in {4401, 4403}
            for reason in ("forged", "replayed"):
                assert server.output.count({"forged": "not sealed with", "replayed": "a second time"}[reason]) == 1
