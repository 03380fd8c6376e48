"""livecomp.runtime.driver with real pages: when their snapshots are saved."""

from typing import Any

import pytest
from django.test import override_settings

from livecomp import LiveComponent, event, on, publish_now
from livecomp.consumer import LiveWebSocket
from livecomp.runtime.process import Runtime
from tests.driver import Driver
from tests.sockets import Socket

pytestmark = pytest.mark.django_db(transaction=True)


class Meter(LiveComponent):
    template = "<p>{{ value }}</p>"
    value: int = 0

    @event
    def add(self) -> None:
        self.value += 1

    @on("meter")
    def measured(self, value: int) -> None:
        self.value = value


def seconds_until_saved() -> float:
    [driver] = Runtime.current().pages.values()
    timer: Any = driver._save_timer
    return 0.0 if timer is None else timer.when() - driver._runtime.loop.time()


@override_settings(LIVECOMP={"SNAPSHOT_DELAY": 50.0})
async def test_what_only_a_topic_changed_is_saved_more_seldom_than_an_event() -> None:
    socket = Socket(LiveWebSocket())
    await socket.connect(5)
    await socket.write("join", 1, [Driver("meter").token], None, "/")
    await socket.read_until("joined")
    publish_now("meter", 7)
    await socket.read_until("patch")
    assert 400 < seconds_until_saved() <= 500
    await socket.event("add")
    await socket.read_until("patch")
    assert 0 < seconds_until_saved() <= 50, "an event does not wait for that"
    publish_now("meter", 9)
    await socket.read_until("patch")
    assert 0 < seconds_until_saved() <= 50, "and is not put off by it"
    await socket.leave()
