"""The test client, driving real pages."""

from __future__ import annotations

import pytest

from livecomp.testing import LiveClient, LiveError


def test_click_fill_and_call(live: LiveClient) -> None:
    page = live.mount("counter", start=5)
    assert page.one("#count").text == "5"
    page.click("button:-soup-contains('+')")
    assert page.one("#count").text == "6"
    page.fill("#step", "3")
    page.click("+")
    assert page.one("#count").text == "9"
    page.call("add", by=2)
    assert page.one("#count").text == "11"
    page.disconnect()
    page.click("+")
    page.reconnect()
    assert page.one("#count").text == "14"


def test_handlers_of_every_kind(live: LiveClient) -> None:
    page = live.mount("counter")
    page.call("add_later")
    assert page.one("#count").text == "10"
    page.call("steps")
    assert page.one("#count").text == "3"
    page.call("async_steps")
    assert page.one("#count").text == "2"


def test_unknown_event(live: LiveClient) -> None:
    page = live.mount("counter")
    with pytest.raises(LiveError, match="unknown_event"):
        page.call("_save")
    with page.expect_error("unknown_event"):
        page.call("nope")
    with pytest.raises(ValueError, match="no"):
        page.call("fail")
    assert page.one("#count").text == "0"


def test_pages_see_each_others_messages(live: LiveClient) -> None:
    one, other = live.mount("room"), live.mount("room")
    one.call("say", text="hi")
    assert one.one("#messages").text == "hi"
    assert other.one("#messages").text == "hi"


def test_timers(live: LiveClient) -> None:
    page = live.mount("clock")
    page.tick(5)
    assert page.one("p").text.startswith("1")
    page.click("later")
    page.tick()
    assert page.one("p").text.startswith("11")


def test_tasks(live: LiveClient) -> None:
    page = live.mount("worker")
    page.call("start")
    assert page.one("p").text == "100:done"
