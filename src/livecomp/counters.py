"""What this process has done, counted.

Counting is a few additions on the event loop and cannot be switched off. `livecomp.metrics` shows the numbers.
"""

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator

from livecomp.this_process import after_fork

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper limits of the histogram of event times."""

Sample = tuple[str, float]  # labels as text, value


class Counters:
    """The counters of a process. The plain numbers belong to the event loop; the others may be counted anywhere."""

    __slots__ = ("_lock", "_times", "connections", "counts", "events", "received", "renders", "seconds", "sent")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Count from nothing, as in a new process."""
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


counters = Counters()
after_fork(counters.reset)
