"""livecomp.runtime.driver with real pages: when their snapshots are saved, and what waits when nobody can be asked."""

import asyncio
from typing import Any, ClassVar

import pytest
from django.test import override_settings

from livecomp import LiveComponent, auth, event, on, publish_now, state
from livecomp.runtime import visitor_check
from livecomp.runtime.process import Runtime
from livecomp.websocket import LiveWebSocket
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
    [page] = Runtime.current().pages.values()
    timer: Any = page._saving.timer
    return 0.0 if timer is None else timer.when() - page._runtime.loop.time()


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


class Blinking(LiveComponent):
    """Its guard and its session cannot always be asked."""

    template = "<p>{{ value }}</p>"
    is_up: ClassVar[bool] = True
    value: list[str] = state([])

    def has_permission(self) -> bool:
        if not type(self).is_up:
            raise ConnectionError("no database")
        return True

    @event
    def begin(self) -> None:
        self.send_after(0.05, "later")
        self.start_task(lambda: "done", then="finished")

    @on("blinking")
    def heard(self, value: str) -> None:
        self.value.append(value)

    def later(self) -> None:
        self.value.append("later")

    def finished(self, value: str) -> None:
        self.value.append(value)


@pytest.fixture
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitor_check, "RETRY", (0.02, 0.05))


@pytest.mark.usefixtures("_soon")
@pytest.mark.parametrize("what", ["session", "guard"])
async def test_t126_news_timers_and_results_wait_while_nobody_can_be_asked(
    what: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    is_up = True

    def is_allowed(request: Any) -> bool:
        if not is_up:
            raise ConnectionError("no database")
        return True

    monkeypatch.setattr(auth, "revalidate", is_allowed)
    monkeypatch.setattr(Blinking, "is_up", True)
    with override_settings(LIVECOMP={"REVALIDATE_SESSION": 0.0}):
        socket = Socket(LiveWebSocket())
        await socket.connect(5)
        await socket.write("join", 1, [Driver("blinking").token], None, "/")
        await socket.read_until("joined")
        await socket.event("begin")
        await socket.read_until("ack")
        if what == "session":
            is_up = False
        else:
            monkeypatch.setattr(Blinking, "is_up", False)
        publish_now("blinking", "heard")
        for _ in range(500):
            if "no database" in caplog.text:
                break
            await asyncio.sleep(0.01)
        assert "no database" in caplog.text
        caplog.clear()
        is_up = True
        monkeypatch.setattr(Blinking, "is_up", True)
        [page] = [each.page for each in Runtime.current().pages.values()]
        for _ in range(500):
            if len(page.tree["c0"].component.value) == 3:
                break
            await asyncio.sleep(0.01)
        assert sorted(page.tree["c0"].component.value) == ["done", "heard", "later"]
        await socket.leave()
