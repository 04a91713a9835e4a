"""Test that a ban applies on every process (W15)."""

from tests.support import endpoints
from tests.support.credentials import token
from tests.support.endpoints import query
from tests.support.http import http
from tests.support.room_client import RoomClient
from tests.support.servers import Server


async def test_w15_x1_ban_set_on_one_process_is_enforced_on_the_other(
    secured_pair: tuple[Server, Server], item: str
) -> None:
    first_server, second_server = secured_pair
    bob = token(sub=f"bob-{item}", items={item: "rw"})
    path = f"/api/items/{item}/bans/bob-{item}"
    async with http(first_server) as client, await RoomClient.join(second_server, item, token=bob) as room:
        client.headers["Authorization"] = f"Bearer {token(sub='root', items={item: 'm'})}"
        assert (await client.put(path, json={"right": "write"})).status_code == 200
        assert (await room.wait_for("access"))["can"] == ["read"]
        assert (await client.put(path, json={"right": "all"})).status_code == 200
        assert await room.wait_for_close() == 4403
        assert (await endpoints.room(second_server, query(bob, item=item))).code == 4403
