"""Test that log output masks credentials (A6)."""

import json
import logging

import pytest

from alcove.observability.logs import CredentialFilter, JsonLines, mask, mask_handlers
from tests.support.credentials import SECRET, leaked_credentials, register_credential, token

JWT = token()


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("GET /ws?token=abc HTTP/1.1", "GET /ws?token=*** HTTP/1.1"),
        ("GET /ws?q=1&token=abc&tail=2", "GET /ws?q=1&token=***&tail=2"),
        ("GET /ws?TOKEN=abc", "GET /ws?TOKEN=***"),
        ("GET /ws?%74oken=abc", "GET /ws?%74oken=***"),
        ("GET /ws?%74%6Fke%6e=a%20b", "GET /ws?%74%6Fke%6e=***"),
        ("GET /ws?token=a&token=b", "GET /ws?token=***&token=***"),
        ("GET /ws?tokens=abc&name=Ada", "GET /ws?tokens=abc&name=Ada"),
        ("GET /ws?token=", "GET /ws?token=***"),
        ("GET /ws?token=abc'def HTTP/1.1", "GET /ws?token=*** HTTP/1.1"),
        ('GET /ws?token=abc"def&tail=2', "GET /ws?token=***&tail=2"),
        ("Cookie: session=abc\"d'ef; c=d", "Cookie: session=***; c=d"),
        ("Authorization: Bearer abc'def", "Authorization: Bearer ***"),
        (f"it was {JWT}, they said", "it was ***, they said"),
        (f"/x?t={JWT.replace('.', '%2E')}", "/x?t=***"),
        (f"/x?next=%2Froom%3Ft%3D{JWT}", "/x?next=%2Froom%3Ft%***"),
        (f"it was kept as token-{JWT}.", "it was kept as ***."),
        ("GET /x?y?token=abc", "GET /x?y?token=***"),
        ("__Host-alcove_session=abc; alcove_session=def", "__Host-alcove_session=***; alcove_session=***"),
        ("Cookie: a=b; session=abc; c=d", "Cookie: a=b; session=***; c=d"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("uvicorn.protocols.websockets.websockets_sansio_impl", "uvicorn.protocols.websockets.websockets_sansio_impl"),
    ],
)
def test_a6_credentials_are_masked_in_text(line: str, masked: str) -> None:
    assert mask(line) == masked


def test_a6_credentials_are_masked_in_message_arguments_and_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("alcove.tests.a6")
    logger.propagate = False
    logger.addHandler(handler := logging.StreamHandler())
    mask_handlers()
    mask_handlers()
    logger.error("%s and %r", "", [JWT], exc_info=ValueError(JWT))
    logger.warning("%(who)s", {"who": JWT})
    logger.warning(ValueError(JWT))
    logger.warning("?token=abcdefghij")
    printed = capsys.readouterr().err

    assert sum(isinstance(existing, CredentialFilter) for existing in handler.filters) == 1
    assert printed.count("***") == 5
    assert "ValueError: ***" in printed
    assert leaked_credentials(printed) == set()


def test_a6_a_json_line_has_a_masked_traceback_and_no_extra_attributes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logger = logging.getLogger("alcove.tests.json")
    logger.propagate = False
    logger.addHandler(handler := logging.StreamHandler())
    handler.setFormatter(JsonLines())
    mask_handlers()
    logger.error("%s", "two\nlines", exc_info=ValueError(JWT), extra={"headers": JWT})
    (line,) = capsys.readouterr().err.splitlines()
    logged = json.loads(line)

    assert (logged["message"], logged["level"], logged["logger"]) == ("two\nlines", "ERROR", "alcove.tests.json")
    assert logged["traceback"].endswith("ValueError: ***")
    assert leaked_credentials(line) == set()


def test_a6_the_search_for_leaks_finds_each_form_of_a_credential() -> None:
    register_credential("some-key-token")

    assert leaked_credentials(f"the secret is {SECRET}") == {SECRET}
    assert leaked_credentials("GET /?token=some-key-token") == {"some-key-token"}
    assert leaked_credentials(f"GET /?token={JWT.replace('.', '%2e')}") == {JWT.rpartition(".")[2]}
    assert leaked_credentials("GET /?token=***") == set()
