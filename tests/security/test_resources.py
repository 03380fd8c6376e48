"""Rows of the threat list on memory, loops and time, and what the documentation has to say."""

import gc
import logging
import re
import time
import weakref
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, override_settings

from livecomp import LiveComponent, event, on, resume, state
from livecomp.runtime import stepping
from livecomp.runtime.process import Runtime
from tests.driver import Driver
from tests.sockets import fake_socket, until

ROOT = Path(__file__).parents[2]
UPLOADS = set(range(99, 107))  # there are none yet


class Echoing(LiveComponent):
    template = "<p>{{ rounds }}</p>"
    rounds: int = 0

    @event
    def start(self) -> None:
        self.publish("echo", 1)

    @on("echo")
    def heard(self, message: Any) -> None:
        self.rounds += 1
        self.publish("echo", message)


class Nesting(LiveComponent):
    template = '{% load livecomp %}<div>{% live_component "nesting" %}</div>'


class Long(LiveComponent):
    template = '<ul>{% for n in rows %}<li live-key="{{ n }}">{{ n }}</li>{% endfor %}</ul>'
    rows: list[int] = state([])

    def mount(self, count: int = 10) -> None:
        self.rows = list(range(count))

    @event
    def shuffle(self) -> None:
        self.rows = self.rows[::2] + self.rows[1::2][::-1]


async def test_t107_a_connection_leaves_no_object_behind() -> None:
    ghosts = []
    for _ in range(20):
        async with fake_socket() as socket:
            await socket.call("subscribe", topic="news")
            [connection] = Runtime.current().connections
            ghosts += [weakref.ref(connection), weakref.ref(connection._driver)]  # type: ignore[attr-defined]
            del connection
        del socket
    await until(lambda: gc.collect() is not None and not [ghost for ghost in ghosts if ghost() is not None])


@pytest.mark.django_db
def test_t108_a_state_that_is_too_large_is_not_saved_and_the_log_says_what_to_do(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with override_settings(LIVECOMP={"MAX_STATE_BYTES": 10_000}):
        driver = Driver("long", count=20_000)
        driver.join()
        resume.save(driver.page)
    (record, *_) = caplog.records
    assert "MAX_STATE_BYTES" in record.message
    assert "query them" in record.message


async def test_t108_a_very_large_render_is_warned_of_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    stepping._large.clear()
    async with fake_socket() as socket:
        for _ in range(2):
            await socket.call("big", size=300_000)
    assert [record.name for record in caplog.records] == ["livecomp.slow"]
    assert "300 kB" in caplog.records[0].message


@pytest.mark.django_db
def test_t109_a_component_within_itself_is_refused_with_the_chain() -> None:
    with pytest.raises(Exception, match=r"nested deeper than 20: nesting > nesting > ") as raised:
        Driver("nesting")
    assert len(str(raised.value)) < 1000


@pytest.mark.django_db(transaction=True)
def test_t110_a_component_that_answers_itself_is_stopped(caplog: pytest.LogCaptureFixture) -> None:
    driver = Driver("echoing")
    driver.join()
    (reply,) = driver.event("start")
    assert reply[0] == "patch"
    assert 5 <= driver.component.rounds <= 20
    assert "round and round" in caplog.text
    assert driver.page.turn.kept == []


@override_settings(LIVECOMP={"HANDLER_TIMEOUT": 0.2})  # for so long a task waits for its page to come back
async def test_t111_timers_tasks_topics_and_counts_are_gone_with_the_connection() -> None:
    runtime = None
    async with fake_socket() as socket:
        runtime = Runtime.current()
        await socket.call("subscribe", topic="news")
        await socket.call("timer", seconds=60, repeat=True)
        await socket.call("task", kind="forever")
        assert runtime.hub.topics
        assert runtime.connections
    assert not runtime.hub.topics
    assert not runtime.hub.subscribers
    assert not runtime.pages
    assert not runtime.connections
    assert len(runtime.counter) == len(runtime.rates) == 0
    await until(lambda: not runtime._jobs)


def _cpu_of_reordering(count: int) -> float:
    driver = Driver("long", count=count)
    driver.join()
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        driver.event("shuffle")
        best = min(best, time.process_time() - started)
    return best


@pytest.mark.django_db
@override_settings(LIVECOMP={"MAX_STATE_BYTES": 10**9})
def test_t112_reordering_ten_times_the_rows_takes_about_ten_times_as_long() -> None:
    assert _cpu_of_reordering(10_000) < 30 * _cpu_of_reordering(1_000)


@pytest.mark.django_db
def test_t98_pages_keep_the_headers_that_the_project_sets() -> None:
    middleware = ["django.middleware.clickjacking.XFrameOptionsMiddleware"]
    with override_settings(MIDDLEWARE=middleware, ROOT_URLCONF="tests.security.urls"):
        assert Client().get("/long/").headers["X-Frame-Options"] == "DENY"


def test_t98_compression_is_documented_as_off() -> None:
    text = (ROOT / "docs" / "howto" / "deploy.md").read_text()
    assert "--ws-per-message-deflate false" in text
    assert "secrets" in text


def test_every_row_has_a_test() -> None:
    names: set[str] = set()
    for path in (ROOT / "tests").rglob("*.py"):
        for name in re.findall(r"def test_((?:t\d+_)+)", path.read_text()):
            names.update(re.findall(r"\d+", name))
    for path in (ROOT / "js" / "test").rglob("*.ts"):
        names.update(re.findall(r'["`](?:.*; nor does )?t(\d+)[: ]', path.read_text()))
        names.update(re.findall(r"\bt(\d+): ", path.read_text()))
    rows = set(range(1, 116)) - UPLOADS
    assert rows - set(map(int, names)) == set()
