"""From a send to its entry: order, durability, repeats, refusals, edits and deletes (S)."""

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.room_client import RoomClient, http, new_id, send, whole_log
from tests.support.servers import Server
from tests.support.storage_faults import disk_full, write_lock

BODIES = ["", "hello", 0, -1.5, True, False, None, [], {}, {"a": [1, {"b": None}]}, "ñ👋\u202e\u0000", 2**53, "1e3"]


@pytest.mark.parametrize("id", ["x", "x" * 64, "0192a4e3-9855-7ebc-a62a-6e9c6ef6e761", "ñ👋", " ", '"\\'])
async def test_s1_an_id_has_1_to_64_characters_of_the_clients_choice(server: Server, item: str, id: str) -> None:
    async with await RoomClient.join(server, item) as room:
        assert id == (await room.ask(send("x", id)))["id"]
        await room.until_seq(1)
        assert id == room.entries[0]["id"]


@pytest.mark.parametrize("id", ["x" * 65, "\0"])
async def test_s1_s6_other_ids_are_invalid(server: Server, item: str, id: str) -> None:
    async with await RoomClient.join(server, item) as room:
        await room.tell(send("x", id))

        assert "invalid" == (await room.until("error"))["code"]
        assert [1] == await room.say("next")


async def test_s1_an_id_is_unique_per_sender_and_per_item(server: Server, item: str) -> None:
    async with (
        await RoomClient.join(server, item, name="Ada") as ada,
        await RoomClient.join(server, item, name="Bob") as bob,
        await RoomClient.join(server, f"{item}-2", name="Ada") as elsewhere,
    ):
        answers = [await room.ask(send("x", "same")) for room in (ada, bob, elsewhere)]

    assert [(1, False), (2, False), (1, False)] == [(line["seq"], line["duplicate"]) for line in answers]


@pytest.mark.parametrize("body", BODIES, ids=[str(n) for n in range(len(BODIES))])
async def test_s2_any_json_is_a_body_and_comes_as_it_was_sent(server: Server, item: str, body: object) -> None:
    async with await RoomClient.join(server, item) as room:
        await room.say(body)
        entry = (await room.until_seq(1))[0]
        async with http(server) as client:
            stored = (await whole_log(client, item))[0]

    assert body == entry["body"]
    assert entry == stored
    assert ("message", 1) == (entry["kind"], entry["seq"])
    assert {"id": room.me, "name": "Guest"} == entry["by"]


async def test_s2_sends_of_one_connection_keep_their_order(hasty: Server, item: str) -> None:
    async with (
        await RoomClient.join(hasty, item, name="Ada") as ada,
        await RoomClient.join(hasty, item, name="Bob") as bob,
    ):
        for number in range(300):
            await ada.tell(send(["ada", number]))
            await bob.tell(send(["bob", number]), send(["bob", number + 0.5]))
        entries = await ada.until_seq(900)

    assert list(range(1, 901)) == [entry["seq"] for entry in entries]
    bodies = [entry["body"] for entry in entries]
    assert [n for who, n in bodies if who == "ada"] == [*range(300)]
    assert [n for who, n in bodies if who == "bob"] == [n / 2 for n in range(600)]


async def test_s3_s4_before_it_is_durable_nobody_hears_of_an_entry(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    server = serve()
    async with (
        await RoomClient.join(server, "foo", name="Ada") as ada,
        await RoomClient.join(server, "foo", name="Bob") as bob,
    ):
        with write_lock(tmp_path / "alcove.db"):
            await ada.tell(send("waits", "a"))
            seen = await ada.settle() + await bob.settle()
            assert [] == [line for line in seen if line["type"] in ("ack", "entry", "error")]
            async with http(server) as client:
                assert [] == await whole_log(client, "foo")
        assert 1 == (await ada.answer("a"))["seq"]
        await bob.until("entry", seq=1)


async def test_s3_what_was_acknowledged_survives_sigkill(serve: Callable[..., Server]) -> None:
    server = serve(ALCOVE_SENDS_PER_S="0")
    async with await RoomClient.join(server, "foo") as room:
        seqs = await room.say(*range(100))
        await asyncio.to_thread(server.end, signal.SIGKILL)
    again = serve()
    async with await RoomClient.join(again, "foo", after=0, log=room.hello["log"]) as room:
        assert False is room.hello["reset"]
        await room.until_seq(seqs[-1])
        assert [*range(100)] == room.bodies


async def test_s4_the_ack_and_the_entry_agree(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item) as room:
        ack = await room.ask(send("x"))
        (entry,) = await room.until_seq(1)

    assert (ack["id"], ack["seq"], ack["at"]) == (entry["id"], entry["seq"], entry["at"])


async def test_s5_the_same_send_again_is_acknowledged_with_the_first_seq(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item) as room:
        first = await room.ask(send("first", "a"))
        await room.say("between")
        again = await room.ask(send("not looked at", "a"))
        await room.settle()
        assert ["first", "between"] == room.bodies
    async with await RoomClient.join(server, item, after=2) as room:
        later = await room.ask(send("first", "a"))
        assert [] == room.bodies

    assert {**first, "duplicate": True} == again == later


async def test_s5_twice_in_one_frame_is_one_entry(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item) as room:
        await room.tell(send(1, "a"), send(2, "a"), send(3, "b"), send(4, "a"))
        answers = [await room.answer(one) for one in ("a", "a", "b", "a")]
        await room.settle()

    assert [(1, False), (1, True), (2, False), (1, True)] == [(a["seq"], a["duplicate"]) for a in answers]
    assert [1, 3] == room.bodies


async def test_s5_ids_share_one_space_across_kinds(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item) as room:
        await room.ask(send("x", "a"))
        edited = await room.ask({"type": "edit", "id": "b", "target": 1, "body": "y"})
        for again in (
            {"type": "delete", "id": "a", "target": 1},
            {"type": "edit", "id": "a", "target": 1, "body": "z"},
        ):
            answer = await room.ask(again)
            assert (1, True) == (answer["seq"], answer["duplicate"])
        answer = await room.ask(send("z", "b"))
        assert (edited["seq"], True) == (answer["seq"], answer["duplicate"])
        await room.settle()

    assert ["x", "y"] == room.bodies


async def test_s6_a_refused_send_names_its_id_and_stores_nothing(strict: Server, item: str) -> None:
    async with await RoomClient.join(strict, item) as room:
        large = await room.ask(send("x" * 101, "large"))
        invalid = await room.ask({"type": "edit", "id": "none", "target": 1, "body": "x"})
        assert [1] == await room.say("x")
        await room.ask(send("x", "third"))
        limited = await room.ask(send("x", "fourth"))
        await room.settle()

    assert ["too_large", "invalid", "rate_limited"] == [line["code"] for line in (large, invalid, limited)]
    assert 0 < limited["retry_ms"] <= 1000
    assert 2 == len(room.entries)


async def test_s7_while_storage_fails_nothing_is_acked_or_delivered_and_the_connection_stays(
    serve: Callable[..., Server],
) -> None:
    server = serve()
    async with (
        await RoomClient.join(server, "foo", name="Ada") as ada,
        await RoomClient.join(server, "foo", name="Bob") as bob,
    ):
        await ada.say("before")
        with disk_full(server):
            refused = await ada.ask(send("kept by the client", "a"))
            assert ("unavailable", True) == (refused["code"], refused["retry_ms"] > 0)
            async with http(server) as client:
                answer = await client.post("/api/items/foo/entries", json={"body": "x"})
                assert 503 == answer.status_code
            await bob.settle()
        again = await ada.ask(send("kept by the client", "a"))
        await ada.until_seq(2)
        await bob.until_seq(2)

    assert (2, False) == (again["seq"], again["duplicate"])
    assert ["before", "kept by the client"] == ada.bodies == bob.bodies


async def test_s7_s2_what_is_sent_behind_a_failed_send_does_not_overtake_it(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    server = serve()
    async with await RoomClient.join(server, "foo") as room:
        with disk_full(server):
            with write_lock(tmp_path / "alcove.db"):
                for number in range(10):
                    await room.tell(send(number, str(number)))
                await room.settle()
            refused = [await room.answer(str(number)) for number in range(10)]
        assert ["unavailable"] * 10 == [line.get("code") for line in refused]
        await room.tell(*[send(number, str(number)) for number in range(10)])
        await room.until_seq(10)

    assert [*range(10)] == room.bodies


async def test_s8_only_the_author_changes_a_message(server: Server, item: str) -> None:
    async with (
        await RoomClient.join(server, item, name="Ada") as ada,
        await RoomClient.join(server, item, name="Bob") as bob,
    ):
        await ada.say("mine")
        for line in ({"type": "edit", "body": "x"}, {"type": "delete"}):
            assert "forbidden" == (await bob.ask({**line, "id": new_id(), "target": 1}))["code"]
        assert 2 == (await ada.ask({"type": "edit", "id": "e", "target": 1, "body": "mine!"}))["seq"]
        assert 3 == (await ada.ask({"type": "delete", "id": "d", "target": 1}))["seq"]
        entries = await bob.until_seq(3)

    assert ["message", "edit", "delete"] == [entry["kind"] for entry in entries]
    assert [None, 1, 1] == [entry.get("target") for entry in entries]


@pytest.mark.parametrize("line", [{"type": "edit", "body": "x"}, {"type": "delete"}], ids=["edit", "delete"])
async def test_s8_another_target_is_invalid(server: Server, item: str, line: dict[str, object]) -> None:
    async with await RoomClient.join(server, item) as room:
        await room.say("stays", "goes")
        await room.ask({"type": "delete", "id": "d", "target": 2})
        await room.ask({"type": "edit", "id": "e", "target": 1, "body": "stays!"})
        for target in (0, 2, 3, 4, 5, 2**53 - 1):
            answer = await room.ask({**line, "id": new_id(), "target": target})
            assert ("error", "invalid") == (answer["type"], answer.get("code")), target
        assert [5] == await room.say("nothing was stored")


async def test_s9_after_an_edit_the_entry_carries_the_latest_body(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item) as room:
        await room.say("one")
        await room.ask({"type": "edit", "id": "e1", "target": 1, "body": "two"})
        last = await room.ask({"type": "edit", "id": "e2", "target": 1, "body": "three"})
        async with http(server) as client:
            stored = await whole_log(client, item)
        async with await RoomClient.join(server, item) as late:
            await late.until_seq(3)

    assert stored == late.entries
    assert ("three", last["at"]) == (stored[0]["body"], stored[0]["edited"])
    assert ["two", "three"] == [entry["body"] for entry in stored[1:]]


async def test_s9_after_a_delete_no_body_is_served_again(server: Server, item: str) -> None:
    async with await RoomClient.join(server, item) as room:
        await room.say("secret one", "other")
        await room.ask({"type": "edit", "id": "e", "target": 1, "body": "secret two"})
        ack = await room.ask({"type": "delete", "id": "d", "target": 1})
        await room.until_seq(4)
        async with http(server) as client:
            stored = await whole_log(client, item)
            again = (await client.post(f"/api/items/{item}/entries", json={"body": "x", "id": "d"})).text
        # From the tail in memory while somebody is here, from storage when nobody is.
        async with await RoomClient.join(server, item, after=0) as late:
            from_memory = await late.until_seq(4)
    async with await RoomClient.join(server, item, after=0) as late:
        from_storage = await late.until_seq(4)

    assert stored == from_memory == from_storage
    assert "secret" not in repr(stored) + again
    assert ack["at"] == stored[0]["deleted"]
    assert [False, True, False, False] == ["body" in entry for entry in stored]


async def test_s9_what_is_edited_and_deleted_in_one_frame_is_not_shown_either(server: Server, item: str) -> None:
    async with (
        await RoomClient.join(server, item, name="Ada") as ada,
        await RoomClient.join(server, item, name="Bob") as bob,
    ):
        await ada.tell(
            send("secret one", "s"),
            {"type": "edit", "id": "e", "target": 1, "body": "secret two"},
            {"type": "delete", "id": "d", "target": 1},
        )
        await ada.answer("d")
        await bob.until_seq(3)

    assert "secret" not in repr(bob.heard)
