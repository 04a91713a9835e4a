"""Test that every HTTP response matches /openapi.json: no 5xx and no undocumented status (W6, W9)."""

import pytest

from tests.support.credentials import token
from tests.support.http import blocking_http
from tests.support.openapi_probe import load_operations, probe
from tests.support.servers import ON_ONE_CARRIER, Server
from tests.support.storm import storm

#: Paths whose responses are endless event streams.
ENDLESS_PATHS = {"/api/items/{item_id}/events", "/api/items/events"}


@storm
@ON_ONE_CARRIER
@pytest.mark.parametrize("signed", [True, False], ids=["signed", "open"])
def test_w9_every_response_matches_the_openapi_document(secured_server: Server, server: Server, signed: bool) -> None:  # noqa: FBT001 - a case of two
    target = secured_server if signed else server
    admin = token(sub="root", iat=4_000_000_000 if not signed else ..., items={"*": "rwm"})
    all_operations = load_operations(target)
    assert len(all_operations) > 8

    for operation in all_operations:
        header_sets: list[dict[str, str]] = [{}, {"Authorization": f"Bearer {admin}"}]
        if operation.path in ENDLESS_PATHS:
            header_sets = header_sets[:signed]  # open mode accepts any invented token
        probe(target, operation, header_sets)


@ON_ONE_CARRIER
@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE"])
@pytest.mark.parametrize("path", ["/api/items", "/api/items/foo/entries", "/api/session", "/api/revoke"])
def test_w6_unsupported_method_is_refused_with_a_problem_document(server: Server, method: str, path: str) -> None:
    with blocking_http(server, token=None) as client:
        response = client.request(method, path)

    assert response.status_code == 405
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["allow"]
