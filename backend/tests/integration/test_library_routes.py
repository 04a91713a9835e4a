"""Test the routes of an embedded Alcove below its prefix: rights, errors, arbitrary input (A3, W6, W9)."""

from collections.abc import Iterator
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from alcove import Alcove, Member
from alcove.app import create_app
from alcove.settings import Settings
from tests.support import endpoints
from tests.support.endpoints import ACCEPTED, Credential, query
from tests.support.http import blocking_http
from tests.support.openapi_probe import load_operations, probe
from tests.support.running_host import CARRIERS, Host, run_host
from tests.support.storm import storm

#: Paths whose responses are endless event streams.
ENDLESS_PATHS = {"/api/items/{item_id}/events", "/api/items/events"}


async def admit(item_id: str, token: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> Member:
    """Return a member whose rights are the letters of the token, on the item or, if it is `*`, on all items."""
    rights = token.credentials.strip("-")
    if not set(rights) <= set("rwm"):
        raise HTTPException(401, "no such user")
    return Member("ada", rights=rights) if item_id != "*" else Member("ada", items={"*": rights})


@pytest.fixture(scope="module", params=CARRIERS)
def host(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """Run an application that embeds Alcove below a prefix."""
    alcove = Alcove(f"sqlite:///{tmp_path_factory.mktemp('host')}/alcove.db", sends_per_s=0)
    app = FastAPI(lifespan=alcove.lifespan)
    app.include_router(alcove.router(admit), prefix="/rooms")
    with run_host(app, request.param, "/rooms") as host:
        yield host


@pytest.mark.parametrize("rights", ["-", "r", "w", "m", "rw", "rm", "wm", "rwm"])
async def test_a3_each_endpoint_requires_exactly_its_rights_on_the_item(host: Host, rights: str) -> None:
    codes = {name: (await call(host, query(rights))).code for name, (call, _) in endpoints.ENDPOINT_RIGHTS.items()}

    expected = {name: set(takes) <= set(rights) for name, (_, takes) in endpoints.ENDPOINT_RIGHTS.items()}
    assert {name: code == ACCEPTED for name, code in codes.items()} == expected
    assert set(codes.values()) <= {ACCEPTED, 403, 4403}


@pytest.mark.parametrize("rights", ["-", "rw", "rwm"])
async def test_a3_endpoints_for_all_items_require_moderating_all_items(host: Host, rights: str) -> None:
    codes = {name: (await call(host, query(rights))).code for name, call in endpoints.MODERATE_ALL_ENDPOINTS.items()}

    assert set(codes.values()) == ({ACCEPTED} if "m" in rights else {403}), codes


async def test_a1_every_endpoint_requires_a_member(host: Host) -> None:
    item_endpoints = {name: call for name, (call, _) in endpoints.ENDPOINT_RIGHTS.items()}
    for name, call in (endpoints.ENDPOINTS_WITHOUT_RIGHTS | endpoints.MODERATE_ALL_ENDPOINTS | item_endpoints).items():
        assert (await call(host, Credential())).code in {401, 4401}, name


@pytest.mark.parametrize("host", ["detached"], indirect=True)
def test_a3_embedded_routes_are_a_subset_of_the_server_routes(host: Host) -> None:
    server_paths = create_app(Settings()).openapi()["paths"]
    with blocking_http(host, token=None) as client:
        paths = client.get("/openapi.json").json()["paths"]

    assert {path for path, methods in paths.items() if not methods.keys() <= server_paths[path].keys()} == set()
    assert server_paths.keys() - paths.keys() == {"/healthz", "/readyz", "/metrics"}


@storm
@pytest.mark.parametrize("host", ["detached"], indirect=True)
def test_w9_every_response_below_a_prefix_is_documented_and_not_5xx(host: Host) -> None:
    routes = load_operations(host)
    assert len(routes) > 8

    for operation in routes:
        header_sets: list[dict[str, str]] = [{}, {"Authorization": "Bearer rwm"}]
        probe(host, operation, header_sets[: 1 if operation.path in ENDLESS_PATHS else 2], mounted=True)
