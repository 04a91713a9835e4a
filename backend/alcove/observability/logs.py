"""Format log output, and mask every credential in it (A6)."""

import copy
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import unquote_plus

import msgspec
from uvicorn.config import LOGGING_CONFIG

# Both patterns run on text that a peer chose, so each must take linear time: no attempt scans past the start of a later
# attempt, and possessive quantifiers and atomic groups (`++`, `*+`, `(?>…)`) rule out backtracking.

#: A query parameter. Quotes belong to its value, because a request line may contain them.
_PARAMETER = re.compile(r"(?<=[?&])([^=&?\s\"']++)=([^&\s]*+)")
#: A credential: a signed token, plain or percent-encoded; a session cookie's value; a bearer header's value. A token
#: may be part of a longer word: `(?<![\w-])` starts at the word, and the atomic group skips to the first position where
#: a token may start.
_SECRETS = re.compile(
    r"(?<![\w-])(?>[\w-]*?(?:\b|(?<=%[0-9a-f]{2}))(?=e[wy]))[\w-]{10,}+(?:\.|%2e)[\w-]*+(?:\.|%2e)[\w-]*+"
    r"|(?<=session=)[^;\s]++|(?<=\bbearer )\S++",
    re.IGNORECASE,
)


def mask(text: str) -> str:
    """Replace each credential in a text by `***`: tokens, session cookies, bearer headers, query parameters `token`."""
    return _SECRETS.sub("***", _PARAMETER.sub(_mask_parameter, text))


def _mask_parameter(parameter: re.Match[str]) -> str:
    """Return the matched query parameter, with its value masked if the name decodes to `token` in any case."""
    return f"{parameter[1]}=***" if unquote_plus(parameter[1]).lower() == "token" else parameter[0]


class CredentialFilter(logging.Filter):
    """A filter that masks credentials in the message, arguments and traceback of log records."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask the record in place. Always returns True, which keeps the record."""
        record.msg = _mask_value(record.msg)
        if isinstance(record.args, Mapping):
            record.args = {name: _mask_value(value) for name, value in record.args.items()}
        elif record.args:
            record.args = tuple(map(_mask_value, record.args))
        if record.exc_info:
            record.exc_text = mask(record.exc_text or logging.Formatter().formatException(record.exc_info))
            record.exc_info = None  # a handler with another formatter would format the unmasked error again
        return True


def _mask_value(value: object) -> object:
    """Return the value itself if its text contains no credential; otherwise, return the masked text."""
    if isinstance(value, int | float):
        return value
    text = str(value)
    masked = mask(text)
    return value if masked == text else masked


def mask_handlers() -> None:
    """Add a `CredentialFilter` to every log handler of this process.

    Handlers are covered one by one because servers other than `alcove serve` configure logging themselves.
    """
    loggers = [logging.root, *logging.root.manager.loggerDict.values()]
    handlers = {handler for logger in loggers if isinstance(logger, logging.Logger) for handler in logger.handlers}
    for handler in handlers | ({logging.lastResort} if logging.lastResort else set()):
        if not any(isinstance(existing, CredentialFilter) for existing in handler.filters):
            handler.addFilter(CredentialFilter())


#: Paths that monitoring requests every few seconds (W7).
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
#: The fields of a uvicorn access log record, in the order of its arguments.
_ACCESS_FIELDS = ("client", "method", "path", "http", "status")


def _request_fields(record: logging.LogRecord) -> dict[str, object]:
    """Return client, method, path, HTTP version and status of an access log record; {} for any other record."""
    if record.name != "uvicorn.access" or not isinstance(record.args, tuple) or len(record.args) != len(_ACCESS_FIELDS):
        return {}
    return dict(zip(_ACCESS_FIELDS, record.args, strict=True))


class ProbeFilter(logging.Filter):
    """A filter that drops access log records of successful probes, which would outnumber all other lines."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return False for a probe answered with 200, True for everything else."""
        request = _request_fields(record)
        return request.get("path") not in PROBES or request["status"] != HTTPStatus.OK


class JsonLines(logging.Formatter):
    """A formatter that writes each log record as one line of JSON.

    The keys are `at` (ISO 8601, UTC), `level`, `logger`, `process`, `message`, `traceback` if there is one, and the
    request fields of an access log record. Other attributes of a record are left out: they were not masked.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one JSON object without a line break."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
            **_request_fields(record),
        }
        if record.exc_text or record.exc_info:
            line["traceback"] = record.exc_text or self.formatException(record.exc_info or (None, None, None))
        return msgspec.json.encode(line, enc_hook=str).decode()


def logging_config(style: Literal["text", "json"]) -> dict[str, Any]:
    """Build the `logging.config` dictionary for uvicorn and Alcove.

    Args:
        style: The format of log lines: `text` for people, `json` for programs.

    """
    config = copy.deepcopy(LOGGING_CONFIG)
    config["loggers"]["alcove"] = {"handlers": ["default"], "level": "INFO", "propagate": False}
    config["filters"] = {"probes": {"()": f"{__name__}.{ProbeFilter.__name__}"}}
    config["handlers"]["access"]["filters"] = ["probes"]
    if style == "json":
        config["formatters"] = {name: {"()": f"{__name__}.{JsonLines.__name__}"} for name in config["formatters"]}
    return config
