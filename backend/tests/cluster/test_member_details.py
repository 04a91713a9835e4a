"""Test that picture and role of a member are shown to members on other processes (A9)."""

from tests.support.credentials import token
from tests.support.room_client import RoomClient
from tests.support.servers import Server


async def test_a9_x1_picture_and_role_are_known_on_the_other_process(
    secured_pair: tuple[Server, Server], item: str
) -> None:
    first_server, second_server = secured_pair
    ada = {"id": "ada", "name": "Ada", "picture": "https://pictures.example/a.png", "role": "Support"}
    token_of_ada = token(name="Ada", picture=ada["picture"], role="Support", items={item: "rw"})
    bob = token(sub="bob", items={item: "rw"})
    async with (
        await RoomClient.join(second_server, item, token=bob) as early_reader,
        await RoomClient.join(first_server, item, token=token_of_ada) as room,
    ):
        while ada not in (await early_reader.wait_for("presence"))["joined"]:
            continue
        async with await RoomClient.join(second_server, item, token=token(sub="cyd", items={item: "r"})) as late_reader:
            assert ada in late_reader.hello["members"]
        await room.send_lines({"type": "typing"})
        assert (await early_reader.wait_for("typing"))["by"] == ada
        await room.send_messages("hello")
        assert (await early_reader.wait_for("entry"))["by"] == ada
