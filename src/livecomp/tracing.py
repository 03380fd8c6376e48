"""OpenTelemetry spans, where the package ``opentelemetry`` is installed: one for each message that a page handles.

The span is current in the handler and while rendering, so that those of database drivers and HTTP clients are its
children. Nothing of what a visitor sends is in it. Without the package nothing is imported and nothing is called.
"""

import contextvars
from typing import Any

try:
    from opentelemetry import context, trace
except ImportError:
    is_installed = False
else:
    is_installed = True

Span = tuple[Any, Any]  # the span, and what ends its being current


def is_on() -> bool:
    """Whether somebody collects spans."""
    return is_installed and type(trace.get_tracer_provider()) is not trace.ProxyTracerProvider


def begin(name: str, page_context: contextvars.Context) -> Span:
    """Start a span and make it the current one in the page's context."""
    span = trace.get_tracer("livecomp").start_span(f"livecomp {name}", kind=trace.SpanKind.SERVER)
    return span, page_context.run(context.attach, trace.set_span_in_context(span))


def end(span: Span, page_context: contextvars.Context) -> None:
    """Undo `begin`."""
    page_context.run(context.detach, span[1])
    span[0].end()


def record(error: BaseException) -> None:
    """A handler or a template failed: the current span says so."""
    if is_on():
        span = trace.get_current_span()
        span.record_exception(error)
        span.set_status(trace.Status(trace.StatusCode.ERROR, type(error).__name__))
