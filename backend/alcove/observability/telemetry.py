"""Configure FastAPI's OpenTelemetry support: traces only, and only if an endpoint is set.

`OTEL_EXPORTER_OTLP_ENDPOINT` turns traces on; `OTEL_SERVICE_NAME` and the other variables work as OpenTelemetry
documents them. Metrics are exported to Prometheus instead (W7), and logs are printed.
"""

import os
from collections.abc import MutableMapping
from typing import Any

from fastapi.telemetry import TelemetryConfig

from alcove.errors import SettingsError
from alcove.observability.logs import PROBES

#: The environment variables with an endpoint; if one is set, requests are traced.
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def telemetry_config() -> TelemetryConfig:
    """Build FastAPI's telemetry configuration: trace requests and handshakes, except probes, if an endpoint is set.

    Raises:
        SettingsError: An endpoint is set, but the OpenTelemetry libraries are not installed.

    """
    endpoint = next((name for name in _ENDPOINTS if os.environ.get(name)), None)
    if endpoint is None:
        # FastAPI would use a provider that the host set globally, which would get query strings with tokens (A6).
        return {"tracing": False, "metrics": False, "logs": False}
    try:
        from alcove.observability.tracing import tracer_provider  # noqa: PLC0415 - its libraries are an extra
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"{endpoint}: needs {error.name}, which is not installed: install alcove-rooms[telemetry]"
        ) from None
    return {
        "tracer_provider": tracer_provider(),
        "metrics": False,
        "logs": False,
        "auto_configure": True,
        "exclude": _is_probe,
    }


def _is_probe(scope: MutableMapping[str, Any]) -> bool:  # Any: the type that ASGI declares for a scope
    """Return whether an ASGI scope is a probe of monitoring, which is not traced."""
    return scope["path"] in PROBES
