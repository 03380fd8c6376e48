"""What this process does, in numbers: ``path("metrics/", livecomp.metrics.view)`` shows them as Prometheus reads them.

Nobody sees them unless a project routes the view.
"""

import os
from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse

from livecomp.counters import Sample, counters
from livecomp.runtime import pool
from livecomp.runtime.process import Runtime

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def view(request: HttpRequest) -> HttpResponse:
    """The numbers of the process that answers, in the Prometheus text format. Who may see them is up to the project."""
    return HttpResponse(text(), content_type=CONTENT_TYPE)


def text() -> str:
    """The numbers in the Prometheus text format."""
    return "".join(_lines())


def _lines() -> Iterator[str]:
    process = f'process="{os.getpid()}"'
    for name, kind, help, samples in _families():
        yield f"# HELP livecomp_{name} {help}\n# TYPE livecomp_{name} {kind}\n"
        for labels, value in samples:
            suffix = "_bucket" if labels.startswith("le=") else ""
            yield f"livecomp_{name}{suffix}{{{','.join(filter(None, (process, labels)))}}} {value:.15g}\n"
        if kind == "histogram":
            yield f"livecomp_{name}_sum{{{process}}} {counters.seconds:.6f}\n"
            yield f"livecomp_{name}_count{{{process}}} {counters.events}\n"


def _families() -> Iterator[tuple[str, str, str, list[Sample]]]:
    runtimes = Runtime.all()
    connections = sum(len(each.connections) - len(each.living) for each in runtimes)
    waiting = sum(driver.waiting for runtime in runtimes for driver in tuple(runtime.pages.values()))
    lost = sum(runtime.hub.lost for runtime in runtimes)
    topics = sum(len(runtime.hub.topics) for runtime in runtimes)
    yield "connections", "gauge", "Open connections.", _one(connections)
    yield "queue_depth", "gauge", "Messages of browsers that wait for their turn.", _one(waiting)
    yield (
        "threads_busy",
        "gauge",
        "Calls that run in the threads for events, or wait for one.",
        _one(pool.event_threads.busy),
    )
    yield "topics", "gauge", "Topics that somebody in this process listens to.", _one(topics)
    yield "connections_total", "counter", "Connections that were accepted.", _one(counters.connections)
    yield "joins_total", "counter", "Pages that came to life.", counters.of_kind("joins", "how")
    yield "closes_total", "counter", "Connections that this side closed.", counters.of_kind("closes", "code")
    yield "received_total", "counter", "Frames from browsers.", _one(counters.received)
    yield "events_total", "counter", "Events of browsers that were handled.", _one(counters.events)
    yield "event_seconds", "histogram", "Time for handler and rendering, without waiting.", list(counters.buckets())
    yield "errors_total", "counter", "Error replies.", counters.of_kind("errors", "code")
    yield "renders_total", "counter", "Renders that were sent.", _one(counters.renders)
    yield "sent_bytes_total", "counter", "Size of what was sent.", _one(counters.sent)
    dropped = [*counters.of_kind("drops", "reason"), ('reason="topic"', lost)]
    yield "drops_total", "counter", "Messages that were not handled.", dropped


def _one(value: float) -> list[Sample]:
    return [("", value)]
