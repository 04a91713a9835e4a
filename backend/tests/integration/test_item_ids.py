"""Test that endpoints, tokens and revocations accept the same item ids (H3)."""

import httpx
import pytest
from pydantic import SecretStr

from alcove.errors import SettingsError
from alcove.remote import sign
from alcove.settings import Settings
from tests.support import endpoints
from tests.support.credentials import SECRET, token
from tests.support.endpoints import Credential, query
from tests.support.http import http
from tests.support.item_ids import INVALID_IDS, each_invalid_id, each_valid_id
from tests.support.servers import ON_ONE_CARRIER, Server

SETTINGS_WITH_SECRET = Settings(secret=SecretStr(SECRET))
ENDPOINTS = {"room": endpoints.room, "send": endpoints.send}
at_every_endpoint = pytest.mark.parametrize("endpoint", ENDPOINTS)


def credential_for(item: str) -> Credential:
    """Return a credential for all items, to request this item with its id percent-encoded."""
    encoded = "".join(f"%{byte:02X}" for byte in item.encode())
    return query(token(items={"*": "rwm"}), item=encoded)


async def revoke(server: Server, item: str) -> httpx.Response:
    """Revoke a member's access to the item."""
    headers = {"Authorization": f"Bearer {token(items={'*': 'rwm'})}"}
    async with http(server, token=None) as client:
        return await client.post("/api/revoke", json={"sub": "nobody", "item": item}, headers=headers)


@at_every_endpoint
@each_valid_id
async def test_h3_every_endpoint_accepts_a_valid_item_id(secured_server: Server, item_id: str, endpoint: str) -> None:
    assert (await ENDPOINTS[endpoint](secured_server, credential_for(item_id))).code == endpoints.ACCEPTED


@at_every_endpoint
@pytest.mark.parametrize(("invalid_id", "normalized"), [case for case in INVALID_IDS if case[0]], ids=ascii)
async def test_h3_every_endpoint_refuses_an_invalid_item_id(
    secured_server: Server, invalid_id: str, normalized: str, endpoint: str
) -> None:
    outcome = await ENDPOINTS[endpoint](secured_server, credential_for(invalid_id))

    assert outcome.code == (4400 if endpoint == "room" else 422)
    assert "item_id: expected" in outcome.reason
    assert normalized in outcome.reason


@ON_ONE_CARRIER
@each_valid_id
async def test_a7_h3_revocation_accepts_a_valid_item_id(secured_server: Server, item_id: str) -> None:
    assert (await revoke(secured_server, item_id)).is_success


@ON_ONE_CARRIER
@each_invalid_id
async def test_a7_h3_revocation_refuses_an_invalid_item_id(
    secured_server: Server, invalid_id: str, normalized: str
) -> None:
    response = await revoke(secured_server, invalid_id)

    assert response.status_code == 422
    assert normalized in response.json()["detail"]


@each_valid_id
async def test_a3_h3_token_may_name_a_valid_item_id(item_id: str) -> None:
    assert await sign(SETTINGS_WITH_SECRET, sub="ada", name=None, items={item_id: "r"}, ttl_s=60)


@pytest.mark.parametrize(("invalid_id", "normalized"), [case for case in INVALID_IDS if case[1]], ids=ascii)
async def test_a3_h3_token_with_an_invalid_item_id_is_refused(invalid_id: str, normalized: str) -> None:
    with pytest.raises(SettingsError, match="`items` has a name that no item has: expected") as error:
        await sign(SETTINGS_WITH_SECRET, sub="ada", name=None, items={invalid_id: "r"}, ttl_s=60)

    assert normalized in str(error.value)
