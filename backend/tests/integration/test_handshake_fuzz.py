"""Test that arbitrary handshakes are accepted or refused with a reason (H2, H4, A1)."""

import asyncio
import json
from string import printable
from urllib.parse import urlencode

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.support.clients import connect
from tests.support.credentials import token
from tests.support.room_client import PROTOCOL
from tests.support.servers import Server
from tests.support.storm import example_count

#: Close codes of a refusal (C), and HTTP statuses of a refusal before the upgrade.
REFUSAL_CODES = {4400, 4401, 4403, 4429}
STATUSES_BEFORE_UPGRADE = {400, 403, 404, 431}

words = st.text(max_size=40) | st.text(alphabet=printable, max_size=40)
numbers = st.integers(-2, 2**64).map(str)
credentials = st.one_of(words, st.just(token(items={"*": "rw"})), st.just(token(items={})), st.none())
visible_ascii = st.text(alphabet=st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=60)
queries = st.fixed_dictionaries(
    {},
    optional={
        "token": credentials.map(lambda text: text or ""),
        "after": words | numbers,
        "tail": words | numbers,
        "log": words,
        "name": words,
        "q": words | numbers,
    },
)
headers = st.fixed_dictionaries(
    {}, optional={"Cookie": visible_ascii, "Authorization": visible_ascii, "Origin": visible_ascii}
)
items = st.one_of(st.just("foo"), words.filter(bool))


async def handshake_outcome(server: Server, path: str, sent_headers: dict[str, str], *, room: bool) -> int:
    """Return the close code or HTTP status with which a handshake is refused, or 0 if it is accepted.

    Check that a room also gives a reason (H4).
    """
    try:
        client = await connect(server, path, headers=sent_headers, subprotocols=[PROTOCOL] if room else [])
    except InvalidStatus as error:
        return error.response.status_code
    async with client:
        if not room:
            return 0
        line = json.loads(str(await client.recv()).split("\n")[0])
        if line["type"] == "hello":
            return 0
        try:
            await client.recv()
        except ConnectionClosed:
            assert line["message"]
            assert line["type"] == "error"
            return client.close_code or 0
    raise AssertionError(f"expected the connection to close after {line}")


@settings(
    max_examples=example_count(40),
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(item=items, query=queries, sent_headers=headers)
def test_h2_h4_arbitrary_handshake_is_accepted_or_refused(
    secured_server: Server, item: str, query: dict[str, str], sent_headers: dict[str, str]
) -> None:
    path = f"/items/{urlencode({'': item})[1:].replace('+', '%20')}/ws?{urlencode(query)}"

    async def try_both() -> tuple[int, int]:
        return await handshake_outcome(secured_server, path, sent_headers, room=True), await handshake_outcome(
            secured_server, path, sent_headers, room=False
        )

    in_room, plain = asyncio.run(try_both())
    assert in_room in REFUSAL_CODES | STATUSES_BEFORE_UPGRADE | {0}
    assert plain in STATUSES_BEFORE_UPGRADE | {0}
    # No request without a valid token is admitted; only text with two dots can be a token.
    if not any(text.count(".") == 2 for text in [query.get("token", ""), *sent_headers.values()]):
        assert 0 not in {in_room, plain}
