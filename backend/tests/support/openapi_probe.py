"""Call a server with input that matches or violates its OpenAPI document, and check the responses (W9)."""

from typing import Any
from urllib.parse import unquote

import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis.strategies import one_of
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.clients import TIMEOUT_S
from tests.support.servers import Address
from tests.support.storm import example_count

# The body of an import has this type, which schemathesis does not know.
schemathesis.serializer.alias("application/x-ndjson", "text/plain")

_CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def load_operations(server: Address) -> list[Any]:  # Any: the library hides its type parameters
    """Load a server's OpenAPI document, and return its operations."""
    schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    return [
        operation_result.ok() for operation_result in schema.get_all_operations() if isinstance(operation_result, Ok)
    ]


def probe(
    server: Address, operation: Any, header_sets: list[dict[str, str]], *, mounted: bool = False
) -> None:  # Any: as above
    """Call the operation with valid and invalid input, once with each set of headers.

    Args:
        server: The server to call.
        operation: The operation to call.
        header_sets: The headers of each request.
        mounted: Leave out paths with a newline, to which Starlette's `Mount` answers 404 itself.

    """

    @settings(
        max_examples=example_count(10),
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
    def check_case(case: Any) -> None:  # Any: as above
        assume(not mounted or not any("\n" in unquote(str(value)) for value in (case.path_parameters or {}).values()))
        for headers in header_sets:
            case.call_and_validate(base_url=server.url, headers=headers, checks=_CHECKS, timeout=TIMEOUT_S)

    check_case()
