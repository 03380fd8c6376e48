"""livecomp.snapshot_cache: no call takes longer than it may."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import override_settings

from livecomp import liveness, resume, snapshot_cache
from livecomp.liveness import Heart
from livecomp.snapshot_cache import CacheDown
from livecomp.this_process import process_id
from tests.driver import Driver
from tests.slow_cache import SlowCache

SLOW = {"default": {"BACKEND": "tests.slow_cache.SlowCache"}}
LIMIT = 0.2


@pytest.fixture(autouse=True)
def slow_cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    SlowCache.reset()
    monkeypatch.setattr(snapshot_cache, "_line", snapshot_cache._Line())
    monkeypatch.setattr(snapshot_cache, "_ASK_AGAIN", (0.01, 0.05))
    with override_settings(CACHES=SLOW, LIVECOMP={"CACHE_TIMEOUT": LIMIT}):
        yield
        SlowCache.gate.set()
        until(lambda: not snapshot_cache._line._stuck)


def until(condition: Callable[[], Any], timeout: float = 10.0) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_values_are_kept_and_forgotten() -> None:
    snapshot_cache.set("a", 1, 60)
    snapshot_cache.set("b", 2, 60)
    assert snapshot_cache.get("a") == 1
    assert snapshot_cache.get_many(["a", "b", "c"]) == {"a": 1, "b": 2}
    snapshot_cache.delete("a")
    snapshot_cache.delete_many(["b"])
    assert snapshot_cache.get_many(["a", "b"]) == {}


def test_what_the_cache_raises_comes_to_the_caller() -> None:
    SlowCache.refuses = True
    with pytest.raises(ConnectionError, match="OOM"):
        snapshot_cache.set("a", 1, 60)
    assert snapshot_cache.get("a") is None  # it is not down: it has answered


def test_t128_a_call_without_an_answer_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    SlowCache.gate.clear()
    started = time.monotonic()
    with pytest.raises(CacheDown, match=r"within LIVECOMP\['CACHE_TIMEOUT'\], 0.2 s"):
        snapshot_cache.get("a")
    assert LIMIT <= time.monotonic() - started < LIMIT + 5
    with override_settings(LIVECOMP={"CACHE_TIMEOUT": 3600.0}):  # nobody waits for a cache that is known to be down
        for _ in range(100):
            with pytest.raises(CacheDown):
                snapshot_cache.set("a", 1, 60)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_t128_a_cache_that_is_back_is_used_again() -> None:
    SlowCache.gate.clear()
    with pytest.raises(CacheDown):
        snapshot_cache.set("a", "what was under way arrives", 60)
    SlowCache.gate.set()
    until(lambda: not snapshot_cache._line._is_down)
    assert snapshot_cache.get("a") == "what was under way arrives"


def test_t128_it_is_found_out_that_the_cache_is_back_although_old_calls_are_stuck_for_ever() -> None:
    """As after a network that has swallowed the connections, where the cache has no time-outs of its own."""
    stuck = SlowCache.gate = threading.Event()
    with pytest.raises(CacheDown):
        snapshot_cache.get("a")
    SlowCache.gate = threading.Event()
    SlowCache.gate.set()

    def answers() -> bool:
        try:
            return snapshot_cache.get("a") is None
        except CacheDown:
            return False

    try:
        until(answers)
    finally:
        stuck.set()


def test_t128_a_cache_that_is_down_is_asked_by_few_threads_however_many_pages_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(snapshot_cache, "_ASK_AGAIN", (3600.0, 3600.0))
    SlowCache.gate.clear()
    for _ in range(1000):
        with pytest.raises(CacheDown):
            snapshot_cache.get("a")
    assert SlowCache.calls == ["get"]


def test_calls_of_many_threads_do_not_wait_for_each_other() -> None:
    inside = threading.Barrier(5, timeout=10)
    results: list[Any] = []

    def call() -> None:
        results.append(snapshot_cache._line.call(lambda cache: inside.wait() < 5))

    with override_settings(LIVECOMP={"CACHE_TIMEOUT": 10.0}):
        threads = [threading.Thread(target=call) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == [True] * 5


LOCMEM = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "room"}


@pytest.mark.parametrize(
    ("options", "bytes_each", "kept"),
    [({}, 3_000, 1000), ({}, 1_000_000, 300), ({"OPTIONS": {"MAX_ENTRIES": 60}}, 3_000, 60)],
)
def test_local_memory_has_room_for_a_busy_site_and_stays_bounded(
    options: dict[str, Any], bytes_each: int, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_cache, "_ROOM", 4_000_000)
    with override_settings(CACHES={"default": {**LOCMEM, **options}}):
        snapshot_cache._line.size = bytes_each
        for number in range(1000):
            snapshot_cache.set(f"page-{number}", b"x" * (bytes_each // 1000), 60)
            snapshot_cache._line.size = bytes_each
        left = len(snapshot_cache.get_many(f"page-{number}" for number in range(1000)))
        assert kept * 0.6 < left <= kept
        caches["default"].clear()
        assert snapshot_cache.get("page-999") is None


@pytest.mark.django_db
def test_a_table_is_written_in_the_transaction_of_the_caller() -> None:
    seen = []
    database = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}
    with override_settings(CACHES=database):
        snapshot_cache._line.call(lambda cache: seen.append(connection.in_atomic_block))
    assert seen == [True]


# What uses it


@pytest.mark.django_db
def test_t128_a_frozen_cache_costs_a_page_one_wait_and_nothing_else() -> None:
    driver = Driver("counter", start=5)
    driver.join()
    SlowCache.gate.clear()
    started = time.monotonic()
    for _ in range(24):
        assert driver.event("add")[0][0] == "patch"
        assert not resume.save(driver.page)
    assert driver.component.count == 29
    assert time.monotonic() - started < LIMIT + 5


@pytest.mark.django_db
def test_t128_what_was_read_is_used_although_no_copy_could_be_written() -> None:
    driver = Driver("counter", start=5)
    driver.join()
    driver.event("add")
    assert resume.save(driver.page, clean=True)
    joined_id, version = driver.page.joined_id, driver.page.version
    SlowCache.refuses = True
    reply = driver.join(resume=(joined_id, version))
    assert reply[0][0] == "joined"
    assert "doubt" not in str(reply)
    assert driver.component.count == 6


def test_t129_a_process_s_last_word_is_its_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveness, "BEAT", 0.001)
    key = liveness._key(process_id())
    heart = Heart()
    with override_settings(LIVECOMP={"CACHE_TIMEOUT": 60.0}):
        heart.hold("a page")
        until(lambda: key in SlowCache.values)
        SlowCache.gate.clear()
        before = len(SlowCache.calls)
        until(lambda: len(SlowCache.calls) > before)  # a beat is under way
        heart.release("a page")
        assert not heart.is_silent
        SlowCache.gate.set()
        until(lambda: heart.is_silent)
    assert SlowCache.calls[-1] == "delete"
    assert key not in SlowCache.values


def test_t129_who_needs_the_heart_again_is_not_silenced_by_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveness, "BEAT", 60.0)
    key = liveness._key(process_id())
    heart = Heart()
    with override_settings(LIVECOMP={"CACHE_TIMEOUT": 60.0}):
        for _ in range(50):
            heart.hold("a page")
            heart.release("a page")
        heart.hold("a page")
        until(lambda: len(heart._threads) == 1)
        assert key in SlowCache.values
        heart.release("a page")
        until(lambda: heart.is_silent)
    assert key not in SlowCache.values
