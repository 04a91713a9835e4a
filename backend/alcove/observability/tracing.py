"""Create a tracer provider that masks credentials in spans before they are exported (A6)."""

import os

from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider

from alcove.observability.logs import mask


class _CredentialProcessor(SpanProcessor):
    """A processor that masks the attributes that a span starts with, such as the path and query of a request."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:  # noqa: ARG002 - the base class's signature
        """Mask the attributes of a span at its start: they are read-only once it has ended."""
        for name, value in (span.attributes or {}).items():
            if isinstance(value, str):
                # `mask` recognizes a query by its `?`, which the attribute may lack.
                masked = mask(f"?{value}")[1:]
                if masked != value:
                    span.set_attribute(name, masked)


def tracer_provider() -> TracerProvider:
    """Create the provider that FastAPI adds its exporter to.

    The service name is `alcove` unless OTEL_SERVICE_NAME is set.
    """
    attributes = {} if os.environ.get("OTEL_SERVICE_NAME") else {SERVICE_NAME: "alcove"}
    provider = TracerProvider(resource=Resource.create(attributes))
    provider.add_span_processor(_CredentialProcessor())
    return provider
