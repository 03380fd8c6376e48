"""What this process does, in numbers: ``path("metrics/", livecomp.metrics.view)`` shows them as Prometheus reads them.

Counting is a few additions on the event loop and cannot be switched off; nobody sees the numbers unless a project routes
the view.
"""

import os
import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse

from livecomp import pool
from livecomp.runtime import Runtime

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper limits of the histogram of event times."""
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Sample = tuple[str, float]  # labels as text, value


class Metrics:
    """The counters of a process. The plain numbers belong to the event loop; the others may be counted anywhere."""

    __slots__ = ("_lock", "_times", "connections", "counts", "events", "received", "renders", "seconds", "sent")

    def __init__(self) -> None:
        self.connections = self.events = self.received = self.renders = self.sent = 0
        self.seconds = 0.0
        self.counts: Counter[tuple[str, str]] = Counter()  # (kind, reason)
        self._times = [0] * (len(SECONDS) + 1)
        self._lock = threading.Lock()

    def event(self, seconds: float) -> None:
        """A message of a browser was handled."""
        self.events += 1
        self.seconds += seconds
        self._times[bisect_left(SECONDS, seconds)] += 1

    def count(self, kind: str, reason: str) -> None:
        """Something that is not everyday's happened: ``joins``, ``closes``, ``errors`` or ``drops``."""
        with self._lock:
            self.counts[kind, reason] += 1

    def buckets(self) -> Iterator[Sample]:
        """The histogram, each bucket with all below it."""
        total = 0
        for limit, number in zip((*SECONDS, float("inf")), self._times, strict=True):
            total += number
            yield f'le="{limit:g}"'.replace("inf", "+Inf"), total

    def of_kind(self, kind: str, label: str) -> list[Sample]:
        """What was counted of one kind, by its label."""
        with self._lock:
            return [(f'{label}="{key[1]}"', number) for key, number in sorted(self.counts.items()) if key[0] == kind]


metrics = Metrics()


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
            yield f"livecomp_{name}_sum{{{process}}} {metrics.seconds:.6f}\n"
            yield f"livecomp_{name}_count{{{process}}} {metrics.events}\n"


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
    yield "connections_total", "counter", "Connections that were accepted.", _one(metrics.connections)
    yield "joins_total", "counter", "Pages that came to life.", metrics.of_kind("joins", "how")
    yield "closes_total", "counter", "Connections that this side closed.", metrics.of_kind("closes", "code")
    yield "received_total", "counter", "Frames from browsers.", _one(metrics.received)
    yield "events_total", "counter", "Events of browsers that were handled.", _one(metrics.events)
    yield "event_seconds", "histogram", "Time for handler and rendering, without waiting.", list(metrics.buckets())
    yield "errors_total", "counter", "Error replies.", metrics.of_kind("errors", "code")
    yield "renders_total", "counter", "Renders that were sent.", _one(metrics.renders)
    yield "sent_bytes_total", "counter", "Size of what was sent.", _one(metrics.sent)
    dropped = [*metrics.of_kind("drops", "reason"), ('reason="topic"', lost)]
    yield "drops_total", "counter", "Messages that were not handled.", dropped


def _one(value: float) -> list[Sample]:
    return [("", value)]
