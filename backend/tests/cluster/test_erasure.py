"""Test that erasing a member removes their name from the memory of other processes (W14)."""

from tests.support.credentials import token
from tests.support.http import http
from tests.support.room_client import RoomClient
from tests.support.servers import Server


async def test_w14_x1_erasure_reaches_the_memory_of_the_other_process(
    secured_pair: tuple[Server, Server], item: str
) -> None:
    first_server, second_server = secured_pair
    token_of_mallory = token(sub=f"mallory-{item}", name="Mallory Zweigelt", items={item: "rw"})
    ada = token(items={item: "rw"})
    headers = {"Authorization": f"Bearer {token(sub='root', items={'*': 'm'})}"}
    async with http(first_server) as client, await RoomClient.join(second_server, item, token=ada) as room:
        async with await RoomClient.join(second_server, item, token=token_of_mallory) as mallory:
            await mallory.send_messages("secret")
        response = await client.delete(f"/api/members/mallory-{item}", headers=headers)
        assert response.status_code == 204
        await room.wait_for("entry", kind="delete")
        while True:
            async with await RoomClient.join(second_server, item, token=ada) as rejoined:
                entry, _ = await rejoined.wait_for_seq(2)
            if entry["by"]["name"] != "Mallory Zweigelt":
                break
    assert (entry["by"]["name"], "body" in entry) == ("(erased)", False)
