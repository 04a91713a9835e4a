"""What the server prints, with every credential masked (A6)."""

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

# Both run on whatever a peer sends, so each takes time in proportion to the text: from one place in it, neither looks
# beyond the place where a later attempt begins, and what is taken is not given back (`++`, `*+`, `(?>…)`).

#: A parameter of a query; quotes are of its value too: a request line may hold them.
_PARAMETER = re.compile(r"(?<=[?&])([^=&?\s\"']++)=([^&\s]*+)")
#: Whatever looks like a signed token, as it is or percent-encoded; a cookie; a header. A token may be part of a longer
#: word: `(?<![\w-])` begins with the word, and the atomic group skips to the first place where a token may begin.
_SECRETS = re.compile(
    r"(?<![\w-])(?>[\w-]*?(?:\b|(?<=%[0-9a-f]{2}))(?=e[wy]))[\w-]{10,}+(?:\.|%2e)[\w-]*+(?:\.|%2e)[\w-]*+"
    r"|(?<=session=)[^;\s]++|(?<=\bbearer )\S++",
    re.IGNORECASE,
)


def mask(text: str) -> str:
    """The text without credentials."""
    return _SECRETS.sub("***", _PARAMETER.sub(_without_token, text))


def _without_token(parameter: re.Match[str]) -> str:
    """The parameter, masked if it is `token` however its name is written."""
    return f"{parameter[1]}=***" if unquote_plus(parameter[1]).lower() == "token" else parameter[0]


class Masked(logging.Filter):
    """Masks credentials in a record's message, its arguments and its traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, masked."""
        record.msg = _masked(record.msg)
        if isinstance(record.args, Mapping):
            record.args = {name: _masked(value) for name, value in record.args.items()}
        elif record.args:
            record.args = tuple(map(_masked, record.args))
        if record.exc_info:
            record.exc_text = mask(record.exc_text or logging.Formatter().formatException(record.exc_info))
            record.exc_info = None  # or a handler with a style of its own would format it again
        return True


def _masked(value: object) -> object:
    """The value itself, unless it would be printed with a credential."""
    if isinstance(value, int | float):
        return value
    text = str(value)
    shown = mask(text)
    return value if shown == text else shown


def mask_handlers() -> None:
    """Mask whatever any handler of this process prints: under servers that set up the logging themselves."""
    loggers = [logging.root, *logging.root.manager.loggerDict.values()]
    handlers = {handler for logger in loggers if isinstance(logger, logging.Logger) for handler in logger.handlers}
    for handler in handlers | ({logging.lastResort} if logging.lastResort else set()):
        if not any(isinstance(known, Masked) for known in handler.filters):
            handler.addFilter(Masked())


#: Paths that are asked for again and again (W7).
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
#: What uvicorn tells of a request, in its order.
_REQUEST = ("client", "method", "path", "http", "status")


def _request(record: logging.LogRecord) -> dict[str, object]:
    """The parts of the request that a line of the access log is about; none of other lines."""
    if record.name != "uvicorn.access" or not isinstance(record.args, tuple) or len(record.args) != len(_REQUEST):
        return {}
    return dict(zip(_REQUEST, record.args, strict=True))


class Asked(logging.Filter):
    """Drops probes that got what they asked for: every process is asked every second, and nobody reads of it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let everything else through."""
        request = _request(record)
        return request.get("path") not in PROBES or request["status"] != HTTPStatus.OK


class JsonLines(logging.Formatter):
    """One JSON object a line: `at` (ISO 8601, UTC), `level`, `logger`, `process`, `message`; of a request its parts.

    Nothing but these: what else a library hangs on a record was not looked through for credentials.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
            **_request(record),
        }
        if record.exc_text or record.exc_info:
            line["traceback"] = record.exc_text or self.formatException(record.exc_info or (None, None, None))
        return msgspec.json.encode(line, enc_hook=str).decode()


def logging_config(style: Literal["text", "json"]) -> dict[str, Any]:
    """What uvicorn logs, with ours beside it, as lines for people or for machines."""
    config = copy.deepcopy(LOGGING_CONFIG)
    config["loggers"]["alcove"] = {"handlers": ["default"], "level": "INFO", "propagate": False}
    config["filters"] = {"asked": {"()": f"{__name__}.{Asked.__name__}"}}
    config["handlers"]["access"]["filters"] = ["asked"]
    if style == "json":
        config["formatters"] = {name: {"()": f"{__name__}.{JsonLines.__name__}"} for name in config["formatters"]}
    return config
