"""Test sends: order, durability, repeats, refusals, edits and deletes (S)."""

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.http import http
from tests.support.room_client import RoomClient, new_id, read_log, send
from tests.support.servers import Server
from tests.support.storage_faults import fill_disk, hold_write_lock

BODIES = ["", "hello", 0, -1.5, True, False, None, [], {}, {"a": [1, {"b": None}]}, "ñ👋\u202e\u0000", 2**53, "1e3"]


@pytest.mark.parametrize("id", ["x", "x" * 64, "0192a4e3-9855-7ebc-a62a-6e9c6ef6e761", "ñ👋", " ", '"\\'])
async def test_s1_id_has_1_to_64_characters_of_the_clients_choice(server: Server, item: str, id: str) -> None:
    async with await RoomClient.join(server, item) as room:
        assert (await room.request(send("x", id)))["id"] == id
        await room.wait_for_seq(1)
        assert room.entries[0]["id"] == id


@pytest.mark.parametrize("id", ["x" * 65, "\0"])
async def test_s1_s6_invalid_ids_are_refused(server: Server, item: str, id: str) -> None:
    async with await RoomClient.join(server, item) as room:
        await room.send_lines(send("x", id))

        assert (await room.wait_for("error"))["code"] == "invalid"
        assert await room.send_messages("next") == [1]


async def test_s1_id_is_unique_per_sender_and_per_item(server: Server, item: str) -> None:
    async with (
        await RoomClient.join(server, item, name="Ada") as ada,
        await RoomClient.join(server, item, name="Bob") as bob,
        await RoomClient.join(server, f"{item}-2", name="Ada") as other_room,
    ):
        acks = [await room.request(send("x", "same")) for room in (ada, bob, other_room)]

    assert [(ack["seq"], ack["duplicate"]) for ack in acks] == [(1, False), (2, False), (1, False)]


@pytest.mark.parametrize("body", BODIES, ids=[str(n) for n in range(len(BODIES))])
async def test_s2_any_json_body_is_delivered_unchanged(server: Server, item: str, body: object) -> None:
    async with await RoomClient.join(server, item) as room:
        await room.send_messages(body)
        entry = (await room.wait_for_seq(1))[0]
        async with http(server) as client:
            stored = (await read_log(client, item))[0]

    assert entry["body"] == body
    assert entry == stored
    assert (entry["kind"], entry["seq"]) == ("message", 1)
    assert entry["by"] == {"id": room.member_id, "name": "Guest"}


async def test_s2_sends_of_one_connection_keep_their_order(unlimited_server: Server, item: str) -> None:
    async with (
        await RoomClient.join(unlimited_server, item, name="Ada") as ada,
        await RoomClient.join(unlimited_server, item, name="Bob") as bob,
    ):
        for number in range(300):
            await ada.send_lines(send(["ada", number]))
            await bob.send_lines(send(["bob", number]), send(["bob", number + 0.5]))
        entries = await ada.wait_for_seq(900)

    assert [entry["seq"] for entry in entries] == list(range(1, 901))
    bodies = [entry["body"] for entry in entries]
    assert [n for name, n in bodies if name == "ada"] == [*range(300)]
    assert [n for name, n in bodies if name == "bob"] == [n / 2 for n in range(600)]


async def test_s3_s4_entry_is_not_delivered_before_it_is_durable(serve: Callable[..., Server], tmp_path: Path) -> None:
    server = serve()
    async with (
        await RoomClient.join(server, "foo", name="Ada") as ada,
        await RoomClient.join(server, "foo", name="Bob") as bob,
    ):
        with hold_write_lock(tmp_path / "alcove.db"):
            await ada.send_lines(send("waits", "a"))
            lines = await ada.lines_until_pong() + await bob.lines_until_pong()
            assert [line for line in lines if line["type"] in ("ack", "entry", "error")] == []
            async with http(server) as client:
                assert await read_log(client, "foo") == []
        assert (await ada.wait_for_outcome("a"))["seq"] == 1
        await bob.wait_for("entry", seq=1)


async def test_s3_acknowledged_sends_survive_sigkill(serve: Callable[..., Server]) -> None:
    server = serve(ALCOVE_SENDS_PER_S="0")
    async with await RoomClient.join(server, "foo") as room:
        seqs = await room.send_messages(*range(100))
        await asyncio.to_thread(server.end, signal.SIGKILL)
    restarted = serve()
    async with await RoomClient.join(restarted, "foo", after=0, log=room.hello["log"]) as room:
        assert room.hello["reset"] is False
        await room.wait_for_seq(seqs[-1])
        assert room.bodies == [*range(100)]


async def test_s4_ack_and_entry_agree(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item) as room:
        ack = await room.request(send("x"))
        (entry,) = await room.wait_for_seq(1)

    assert (ack["id"], ack["seq"], ack["at"]) == (entry["id"], entry["seq"], entry["at"])


async def test_s5_repeated_send_is_acknowledged_with_the_first_seq(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item) as room:
        first_ack = await room.request(send("first", "a"))
        await room.send_messages("between")
        repeated_ack = await room.request(send("not looked at", "a"))
        await room.lines_until_pong()
        assert room.bodies == ["first", "between"]
    async with await RoomClient.join(server, item, after=2) as room:
        later_ack = await room.request(send("first", "a"))
        assert room.bodies == []

    assert {**first_ack, "duplicate": True} == repeated_ack == later_ack


async def test_s5_id_sent_twice_in_one_frame_is_stored_once(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item) as room:
        await room.send_lines(send(1, "a"), send(2, "a"), send(3, "b"), send(4, "a"))
        acks = [await room.wait_for_outcome(id_) for id_ in ("a", "a", "b", "a")]
        await room.lines_until_pong()

    assert [(ack["seq"], ack["duplicate"]) for ack in acks] == [(1, False), (1, True), (2, False), (1, True)]
    assert room.bodies == [1, 3]


async def test_s5_ids_share_one_space_across_kinds(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item) as room:
        await room.request(send("x", "a"))
        edited = await room.request({"type": "edit", "id": "b", "target": 1, "body": "y"})
        for line in (
            {"type": "delete", "id": "a", "target": 1},
            {"type": "edit", "id": "a", "target": 1, "body": "z"},
        ):
            ack = await room.request(line)
            assert (ack["seq"], ack["duplicate"]) == (1, True)
        ack = await room.request(send("z", "b"))
        assert (ack["seq"], ack["duplicate"]) == (edited["seq"], True)
        await room.lines_until_pong()

    assert room.bodies == ["x", "y"]


async def test_s6_refused_send_names_its_id_and_stores_nothing(low_limits_server: Server, item: str) -> None:
    async with await RoomClient.join(low_limits_server, item) as room:
        large = await room.request(send("x" * 101, "large"))
        invalid = await room.request({"type": "edit", "id": "none", "target": 1, "body": "x"})
        assert await room.send_messages("x") == [1]
        await room.request(send("x", "third"))
        limited = await room.request(send("x", "fourth"))
        await room.lines_until_pong()

    assert [line["code"] for line in (large, invalid, limited)] == ["too_large", "invalid", "rate_limited"]
    assert 0 < limited["retry_ms"] <= 1000
    assert len(room.entries) == 2


async def test_s7_failing_storage_acks_nothing_and_keeps_connections(
    serve: Callable[..., Server],
) -> None:
    server = serve()
    async with (
        await RoomClient.join(server, "foo", name="Ada") as ada,
        await RoomClient.join(server, "foo", name="Bob") as bob,
    ):
        await ada.send_messages("before")
        with fill_disk(server):
            refused = await ada.request(send("kept by the client", "a"))
            assert (refused["code"], refused["retry_ms"] > 0) == ("unavailable", True)
            async with http(server) as client:
                response = await client.post("/api/items/foo/entries", json={"body": "x"})
                assert response.status_code == 503
            await bob.lines_until_pong()
        ack = await ada.request(send("kept by the client", "a"))
        await ada.wait_for_seq(2)
        await bob.wait_for_seq(2)

    assert (ack["seq"], ack["duplicate"]) == (2, False)
    assert ["before", "kept by the client"] == ada.bodies == bob.bodies


async def test_s7_s2_send_after_a_failed_send_does_not_overtake_it(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    server = serve()
    async with await RoomClient.join(server, "foo") as room:
        with fill_disk(server):
            with hold_write_lock(tmp_path / "alcove.db"):
                for number in range(10):
                    await room.send_lines(send(number, str(number)))
                await room.lines_until_pong()
            refused = [await room.wait_for_outcome(str(number)) for number in range(10)]
        assert [line.get("code") for line in refused] == ["unavailable"] * 10
        await room.send_lines(*[send(number, str(number)) for number in range(10)])
        await room.wait_for_seq(10)

    assert room.bodies == [*range(10)]


async def test_s8_only_the_author_changes_a_message(server: Server, item: str) -> None:
    async with (
        await RoomClient.join(server, item, name="Ada") as ada,
        await RoomClient.join(server, item, name="Bob") as bob,
    ):
        await ada.send_messages("mine")
        for line in ({"type": "edit", "body": "x"}, {"type": "delete"}):
            assert (await bob.request({**line, "id": new_id(), "target": 1}))["code"] == "forbidden"
        assert (await ada.request({"type": "edit", "id": "e", "target": 1, "body": "mine!"}))["seq"] == 2
        assert (await ada.request({"type": "delete", "id": "d", "target": 1}))["seq"] == 3
        entries = await bob.wait_for_seq(3)

    assert [entry["kind"] for entry in entries] == ["message", "edit", "delete"]
    assert [entry.get("target") for entry in entries] == [None, 1, 1]


@pytest.mark.parametrize("line", [{"type": "edit", "body": "x"}, {"type": "delete"}], ids=["edit", "delete"])
async def test_s8_target_must_be_an_existing_message(server: Server, item: str, line: dict[str, object]) -> None:
    async with await RoomClient.join(server, item) as room:
        await room.send_messages("stays", "goes")
        await room.request({"type": "delete", "id": "d", "target": 2})
        await room.request({"type": "edit", "id": "e", "target": 1, "body": "stays!"})
        for target in (0, 2, 3, 4, 5, 2**53 - 1):
            refusal = await room.request({**line, "id": new_id(), "target": target})
            assert (refusal["type"], refusal.get("code")) == ("error", "invalid"), target
        assert await room.send_messages("nothing was stored") == [5]


async def test_s9_edited_entry_has_the_latest_body(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item) as room:
        await room.send_messages("one")
        await room.request({"type": "edit", "id": "e1", "target": 1, "body": "two"})
        last = await room.request({"type": "edit", "id": "e2", "target": 1, "body": "three"})
        async with http(server) as client:
            stored = await read_log(client, item)
        async with await RoomClient.join(server, item) as newcomer:
            await newcomer.wait_for_seq(3)

    assert newcomer.entries == stored
    assert (stored[0]["body"], stored[0]["edited"]) == ("three", last["at"])
    assert [entry["body"] for entry in stored[1:]] == ["two", "three"]


async def test_s9_after_a_delete_no_body_is_served_again(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item) as room:
        await room.send_messages("secret one", "other")
        await room.request({"type": "edit", "id": "e", "target": 1, "body": "secret two"})
        ack = await room.request({"type": "delete", "id": "d", "target": 1})
        await room.wait_for_seq(4)
        async with http(server) as client:
            stored = await read_log(client, item)
            repeated_response = (await client.post(f"/api/items/{item}/entries", json={"body": "x", "id": "d"})).text
        # From the tail in memory while the room is open, from storage when it is closed.
        async with await RoomClient.join(server, item, after=0) as newcomer:
            from_memory = await newcomer.wait_for_seq(4)
    async with await RoomClient.join(server, item, after=0) as newcomer:
        from_storage = await newcomer.wait_for_seq(4)

    assert stored == from_memory == from_storage
    assert "secret" not in repr(stored) + repeated_response
    assert ack["at"] == stored[0]["deleted"]
    assert ["body" in entry for entry in stored] == [False, True, False, False]


async def test_s9_message_edited_and_deleted_in_one_frame_is_not_shown(server: Server, item: str) -> None:
    async with (
        await RoomClient.join(server, item, name="Ada") as ada,
        await RoomClient.join(server, item, name="Bob") as bob,
    ):
        await ada.send_lines(
            send("secret one", "s"),
            {"type": "edit", "id": "e", "target": 1, "body": "secret two"},
            {"type": "delete", "id": "d", "target": 1},
        )
        await ada.wait_for_outcome("d")
        await bob.wait_for_seq(3)

    assert "secret" not in repr(bob.received)
