"""What holds after every test: nothing of a connection is left."""

import time
from collections.abc import Iterator

import hypothesis
import pytest

from livecomp import presence, topics
from livecomp.runtime import pool, process

# How long an example takes says nothing on a busy machine.
hypothesis.settings.register_profile("busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("busy")


def _left_over() -> list[str]:
    found = []
    for each in process._runtimes.values():
        if each.loop.is_closed():
            found += [f"connection {connection}" for connection in each.connections]
            found += [f"subscriber of {list(each.hub.topics)}" for _ in each.hub.subscribers]
            found += [f"page {page}" for page in each.pages]
            found += ["a connection is still counted"] * len(each.counter)
    found += [f"listener {listener}" for listener in topics.listeners]
    found += [f"presence on {topic!r}" for topic in presence.directory._seats]
    if pool.event_threads._busy:
        found.append("a thread of the pool is busy")
    return found


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """No connection, subscription, page or busy thread outlives a test."""
    process._runtimes.clear()
    topics.listeners.clear()
    presence.directory.clear()
    yield
    deadline = time.monotonic() + 2
    while (left := _left_over()) and time.monotonic() < deadline:
        time.sleep(0.01)
    for threads in (pool.event_threads, pool.task_threads, pool.async_threads):
        threads.stop()  # and with them their database connections
    assert not left, f"left over after the test: {left}"
