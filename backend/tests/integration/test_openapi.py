"""HTTP keeps what /openapi.json says, whatever it is asked (W6, W9): no 5xx, no answer that is not written there."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import one_of
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.clients import PATIENCE_S
from tests.support.credentials import token
from tests.support.http import blocking_http
from tests.support.servers import ONCE, Server
from tests.support.storm import examples, storm

KEPT = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
#: It answers for as long as one listens.
ENDLESS = {"/api/items/{item_id}/events", "/api/items/events"}


def probe(operation: Any, brought: list[dict[str, str]]) -> None:  # Any: the library hides its type parameters
    """Ask whatever the operation takes and does not take, once with each of these headers."""

    @settings(
        max_examples=examples(10),
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        one_of(
            operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
            operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
        )
    )
    def ask(case: Any) -> None:  # Any: as above
        for headers in brought:
            case.call_and_validate(headers=headers, checks=KEPT, timeout=PATIENCE_S)

    ask()


@storm
@ONCE
@pytest.mark.parametrize("signed", [True, False], ids=["signed", "open"])
def test_w9_no_answer_is_a_fault_or_a_surprise(guarded: Server, server: Server, signed: bool) -> None:  # noqa: FBT001 - a case of two
    asked = guarded if signed else server
    schema = schemathesis.openapi.from_url(f"{asked.url}/openapi.json")
    admin = token(sub="root", iat=4_000_000_000 if not signed else ..., items={"*": "rwm"})
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) > 8

    for operation in operations:
        brought: list[dict[str, str]] = [{}, {"Authorization": f"Bearer {admin}"}]
        if operation.path in ENDLESS:
            brought = brought[:signed]  # in open mode whatever is made up gets in
        probe(operation, brought)


@ONCE
@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE"])
@pytest.mark.parametrize("path", ["/api/items", "/api/items/foo/entries", "/api/session", "/api/revoke"])
def test_w6_other_methods_are_problems_too(server: Server, method: str, path: str) -> None:
    with blocking_http(server, token=None) as client:
        answer = client.request(method, path)

    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["allow"]
