"""Traces for OpenTelemetry by FastAPI's own support; OpenTelemetry's own variables say where they go.

`OTEL_EXPORTER_OTLP_ENDPOINT` turns them on, `OTEL_SERVICE_NAME` and the others do what its documentation says. Metrics
are Prometheus' (W7), and logs are printed.
"""

import os
from collections.abc import MutableMapping
from typing import Any

from fastapi.telemetry import TelemetryConfig

from alcove.errors import SettingsError
from alcove.observability.logs import PROBES

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def telemetry() -> TelemetryConfig:
    """What FastAPI traces: nothing unless an endpoint is set; then each request, and each handshake of a socket.

    Raises SettingsError where the libraries for it are missing.
    """
    endpoint = next((name for name in _ENDPOINTS if os.environ.get(name)), None)
    if endpoint is None:
        # Someone else's provider would be given queries with tokens in them (A6), so none is used unasked.
        return {"tracing": False, "metrics": False, "logs": False}
    try:
        from alcove.observability.tracing import provider  # noqa: PLC0415 - its libraries are an extra
    except ModuleNotFoundError as error:
        raise SettingsError(f"{endpoint}: needs {error.name}; install alcove[telemetry]") from None
    return {
        "tracer_provider": provider(),
        "metrics": False,
        "logs": False,
        "auto_configure": True,
        "exclude": _is_probe,
    }


def _is_probe(scope: MutableMapping[str, Any]) -> bool:  # Any: ASGI's own type of this
    return scope["path"] in PROBES
