"""Test the rules of rooms across processes without failures (X1, T5, A7, L3, P)."""

import asyncio

import asyncpg  # type: ignore[import-untyped] # it ships no types

from tests.support.clients import Listener, connect
from tests.support.http import http
from tests.support.room_client import RoomClient, new_id, read_log, send
from tests.support.servers import Server

Pair = tuple[Server, Server]


async def test_x1_s2_d3_both_processes_deliver_all_entries_once_in_one_order(pair: Pair, item: str) -> None:
    first_server, second_server = pair
    async with (
        await RoomClient.join(first_server, item, name="Ada") as ada,
        await RoomClient.join(second_server, item, name="Bob") as bob,
    ):

        async def send_300_messages(room: RoomClient, name: str) -> None:
            for n in range(100):
                await room.send_lines(*[send(f"{name}{n}.{part}") for part in range(3)])

        await asyncio.gather(send_300_messages(ada, "a"), send_300_messages(bob, "b"))
        await asyncio.gather(ada.wait_for_seq(600), bob.wait_for_seq(600))

        assert ada.entries == bob.entries
        assert [body for body in ada.bodies if str(body)[0] == "a"] == [
            f"a{n}.{part}" for n in range(100) for part in range(3)
        ]
        async with http(second_server) as client:
            assert await read_log(client, item) == ada.entries


async def test_x1_message_sent_over_http_reaches_the_other_process(pair: Pair, item: str) -> None:
    first_server, second_server = pair
    async with await RoomClient.join(first_server, item) as ada, http(second_server) as client:
        await client.post(f"/api/items/{item}/entries", json={"id": "a", "body": "x" * 20_000})
        await client.post(f"/api/items/{item}/entries", json={"id": "b", "body": "ä"})

        assert [entry["body"] for entry in await ada.wait_for_seq(2)] == ["x" * 20_000, "ä"]


async def test_x1_s5_send_repeated_to_another_process_is_a_duplicate(pair: Pair, item: str) -> None:
    first_server, second_server = pair
    async with (
        await RoomClient.join(first_server, item) as ada,
        await RoomClient.join(second_server, item) as second_room,
    ):
        first_ack = await ada.request(send("once", "same"))
        second_ack = await second_room.request(send("once", "same"))

        assert (first_ack["seq"], False) == (1, first_ack["duplicate"])
        assert (second_ack["seq"], second_ack["duplicate"]) == (1, True)


async def test_x1_s9_message_deleted_on_one_process_is_deleted_on_the_other(pair: Pair, item: str) -> None:
    first_server, second_server = pair
    async with (
        await RoomClient.join(first_server, item) as ada,
        await RoomClient.join(second_server, item, name="Bob") as bob,
    ):
        await ada.send_messages("secret", "other")
        await bob.wait_for_seq(2)
        await ada.request({"type": "edit", "id": new_id(), "target": 2, "body": "mended"})
        await ada.request({"type": "delete", "id": new_id(), "target": 1})
        await bob.wait_for_seq(4)

        async with await RoomClient.join(second_server, item, name="Cid") as cid:
            entries = await cid.wait_for_seq(4)
        assert [entry.get("body") for entry in entries] == [None, "mended", "mended", None]
        assert "deleted" in entries[0]


async def test_p1_x1_hello_counts_the_members_of_every_process(pair: Pair, item: str) -> None:
    first_server, second_server = pair
    async with (
        await RoomClient.join(first_server, item, name="Ada") as ada,
        await RoomClient.join(first_server, item, name="Ada"),
    ):
        async with await RoomClient.join(second_server, item, name="Bob") as bob:
            assert bob.hello["count"] == 2
            assert {member["name"] for member in bob.hello["members"]} == {"Ada", "Bob"}
            presence = await ada.wait_for("presence")
            while bob.member_id not in [member["id"] for member in presence["joined"]]:
                presence = await ada.wait_for("presence")
            assert presence["count"] == 2

        assert {"left": [bob.member_id], "joined": [], "count": 1}.items() <= (await ada.wait_for("presence")).items()


async def test_p1_x1_member_leaves_with_the_last_connection_on_any_process(pair: Pair, item: str) -> None:
    first_server, second_server = pair
    async with await RoomClient.join(first_server, item, name="Ada") as ada:
        async with await RoomClient.join(first_server, item, name="Bob") as bob_on_first:
            async with await RoomClient.join(second_server, item, name="Bob") as bob_on_second:
                assert bob_on_second.hello["count"] == 2
            await bob_on_first.send_messages("still here")
            await ada.wait_for_seq(1)
            assert [line for line in ada.received if line["type"] == "presence" and line["left"]] == []
        await ada.wait_for("presence", left=[bob_on_first.member_id])


async def test_p4_p5_x1_typing_and_read_marks_reach_the_other_process(pair: Pair, item: str) -> None:
    first_server, second_server = pair
    async with (
        await RoomClient.join(first_server, item, name="Ada") as ada,
        await RoomClient.join(second_server, item, name="Bob") as bob,
    ):
        await ada.send_messages("hello")
        await bob.wait_for_seq(1)
        await bob.send_lines({"type": "typing"}, {"type": "read", "seq": 1})

        assert (await ada.wait_for("typing"))["by"]["name"] == "Bob"
        assert (await ada.wait_for("read", seq=1))["by"] == bob.member_id


async def test_l3_x1_connections_of_one_member_are_counted_together(pair: Pair, item: str) -> None:
    first_server, second_server = pair
    rooms = [await RoomClient.join(server, item, name="Ada") for server in (first_server, second_server) * 10]
    for server in pair:
        client = await RoomClient.open(server, item, name="Ada")
        # Processes report connections to each other within 50 ms, so this one may have been accepted before.
        while (line := await client.read_line())["type"] == "hello":
            await client.socket.close()
            client = await RoomClient.open(server, item, name="Ada")
        assert line["code"] == "too_many_connections"
        assert await client.wait_for_close() == 4429
    for room in rooms:
        await room.socket.close()


async def test_t5_chat_reaches_everyone_on_every_process(pair: Pair) -> None:
    first_server, second_server = pair
    async with Listener(await connect(first_server, "/ws/1")) as first_client:
        async with Listener(await connect(second_server, "/ws/2")) as second_client:
            await second_client.client.send("hello")
            await first_client.wait_for_line("Client #2 says: hello")
            assert second_client.lines == ["You wrote: hello", "Client #2 says: hello"]
            await first_client.client.send("a\0ä" * 5000)
            await second_client.wait_for_line("Client #1 says: " + "a\0ä" * 5000)
        await first_client.wait_for_line("Client #2 left the chat")


async def test_x5_send_in_sql_is_part_of_the_hosts_transaction(pair: Pair, item: str, pair_url: str) -> None:
    host = await asyncpg.connect(pair_url)
    first_server, second_server = pair
    async with await RoomClient.join(first_server, item) as ada, await RoomClient.join(second_server, item) as bob:
        transaction = host.transaction()
        await transaction.start()
        await host.execute("SELECT alcove_send($1, 'a', 'shop', 'Shop', 'never')", item)
        await transaction.rollback()
        async with host.transaction():
            await host.execute("SELECT alcove_send($1, 'b', 'shop', 'Shop', 'shipped')", item)
            await host.execute("""SELECT alcove_send($1, 'c', 'shop', 'Shop', '{"step": 2}'::jsonb)""", item)
            # Other sends do not wait for the host's open transaction.
            await bob.send_messages("meanwhile")

        for room in (ada, bob):
            await room.wait_for_seq(3)
            assert room.bodies == ["meanwhile", "shipped", {"step": 2}]
    await host.close()
