"""What traces are made with: a provider that masks credentials before anyone exports them (A6)."""

import os

from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider

from alcove.observability.logs import mask


class _Masked(SpanProcessor):
    """Masks what a span is begun with: of a request its path and its query."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:  # noqa: ARG002 - its interface
        """Mask the attributes while they can be written."""
        for name, value in (span.attributes or {}).items():
            if isinstance(value, str):
                # With the mark that `mask` knows a query by.
                shown = mask(f"?{value}")[1:]
                if shown != value:
                    span.set_attribute(name, shown)


def provider() -> TracerProvider:
    """A provider that FastAPI gives its exporter; the service is `alcove` unless OTEL_SERVICE_NAME says otherwise."""
    named = {} if os.environ.get("OTEL_SERVICE_NAME") else {SERVICE_NAME: "alcove"}
    made = TracerProvider(resource=Resource.create(named))
    made.add_span_processor(_Masked())
    return made
