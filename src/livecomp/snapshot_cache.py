"""The cache of snapshots. No call takes longer than ``LIVECOMP["CACHE_TIMEOUT"]``: a frozen Redis must not hold up a page.

A call to a cache cannot be interrupted. So it runs in a thread of its own, and the caller stops waiting in time. From then
on the cache counts as down: calls fail at once, and now and then a thread that nobody waits for asks whether it is back.
A call that is still stuck ends with the cache's own time-out (see check ``livecomp.W011``).
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.locmem import LocMemCache
from django.utils.module_loading import import_string

from livecomp.conf import settings
from livecomp.this_process import after_fork

logger = logging.getLogger("livecomp")

# Memory never waits. A table belongs to the transaction of the calling thread, and its database has limits of its own.
_CALLED_DIRECTLY = (LocMemCache, DummyCache, DatabaseCache)
_ASK_AGAIN = (1.0, 30.0)  # seconds until a cache that is down is asked again: first and longest
_MAX_IDLE = 32  # threads that wait for the next call
_ROOM = 128 * 1024 * 1024  # bytes of snapshots in local memory, where the project does not say how many entries
_NONE = "django.core.cache.backends.dummy.DummyCache"  # where the settings name no cache: to get it says so
_FEW, _MANY = 300, 20_000  # entries in local memory: Django's default, which is the least; and the most

Function = Callable[[Any], Any]


class CacheDown(Exception):
    """The cache of snapshots does not answer in time."""


def get(key: str) -> Any:
    """The value, None when there is none. Raises `CacheDown`, or what the cache raises; so do all functions here."""
    return _line.call(lambda cache: cache.get(key))


def get_many(keys: Iterable[str]) -> dict[str, Any]:
    """The values that are there."""
    found: dict[str, Any] = _line.call(lambda cache: cache.get_many(keys))
    return found


def set(key: str, value: Any, seconds: float) -> None:
    """Keep the value for so many seconds."""
    if isinstance(value, bytes):
        _line.size += (len(value) - _line.size) / 100
    _line.call(lambda cache: cache.set(key, value, seconds))


def delete(key: str) -> None:
    """Forget the value."""
    _line.call(lambda cache: cache.delete(key))


def delete_many(keys: Iterable[str]) -> None:
    """Forget the values."""
    _line.call(lambda cache: cache.delete_many(keys))


def says_nothing_of_entries(alias: str) -> bool:
    """Whether the project leaves it to Django how many entries this cache has."""
    params = caches.settings[alias]
    return "MAX_ENTRIES" not in params.get("OPTIONS", {}) and "max_entries" not in params


class _Call:
    """One call, between the thread that waits and the thread that makes it."""

    __slots__ = ("error", "function", "is_given_up", "is_over", "result")

    def __init__(self, function: Function, is_given_up: bool) -> None:
        self.function = function
        self.result: Any = None
        self.error: BaseException | None = None
        self.is_given_up = is_given_up  # nobody waits for it
        self.is_over = threading.Lock()
        self.is_over.acquire()


class _Line:
    """The line to the cache: up, or down since a call got no answer in time."""

    def __init__(self) -> None:
        self.reset()
        after_fork(self.reset)

    def reset(self) -> None:
        """The cache is up, and no thread runs."""
        self.size = 0.0  # of the last snapshots, in bytes, about
        self._lock = threading.Lock()
        self._idle: list[queue.SimpleQueue[_Call]] = []
        self._is_down = False
        self._stuck = 0  # calls that nobody waits for any more
        self._ask_at = 0.0

    def call(self, function: Function) -> Any:
        """The function's result for the cache."""
        alias = settings.snapshot_cache
        backend = import_string(caches.settings.get(alias, {}).get("BACKEND", _NONE))
        if issubclass(backend, LocMemCache):
            return function(self._memory_with_room(alias))
        if issubclass(backend, _CALLED_DIRECTLY):
            return function(caches[alias])
        if self._is_down:
            self._ask_whether_it_is_back()
            raise CacheDown("The cache of snapshots does not answer; it is asked again soon.")
        call = self._begin(function)
        if not call.is_over.acquire(timeout=settings.cache_timeout) and self._give_up(call):
            raise CacheDown(
                f"The cache of snapshots gave no answer within LIVECOMP['CACHE_TIMEOUT'], {settings.cache_timeout:g} s."
            )
        if call.error is not None:
            raise call.error
        return call.result

    def _memory_with_room(self, alias: str) -> Any:
        """Django's cache in local memory, with room for the pages of a busy site. Django's default is 300 entries; then it
        drops a third of them. Where the project's settings say how many there may be, they count."""
        if not says_nothing_of_entries(alias):
            return caches[alias]
        cache: Any = caches.create_connection(alias)  # another door to the same memory
        cache._max_entries = int(min(_MANY, max(_FEW, _ROOM / max(1.0, self.size))))
        return cache

    def _begin(self, function: Function, *, is_given_up: bool = False) -> _Call:
        call = _Call(function, is_given_up)
        with self._lock:
            calls = self._idle.pop() if self._idle else None
        if calls is None:
            calls = queue.SimpleQueue()
            threading.Thread(target=self._work, args=(calls,), name="livecomp-cache", daemon=True).start()
        calls.put(call)
        return call

    def _work(self, calls: "queue.SimpleQueue[_Call]") -> None:
        is_needed = True
        while is_needed:
            call = calls.get()
            try:
                call.result = call.function(caches[settings.snapshot_cache])
            except BaseException as error:
                call.error = error
            is_needed = self._end(call, calls)
            del call  # a thread that waits keeps nothing alive

    def _end(self, call: _Call, calls: "queue.SimpleQueue[_Call]") -> bool:
        """Pass the answer on. False when the thread is one too many."""
        with self._lock:
            is_needed = len(self._idle) < _MAX_IDLE
            if is_needed:
                self._idle.append(calls)
            if call.is_given_up:
                self._stuck -= 1
                self._ask_at = time.monotonic() + _ASK_AGAIN[0]
            if self._is_down and call.error is None:
                self._is_down = False
                logger.info("The cache of snapshots answers again.")
            call.is_over.release()
        return is_needed

    def _give_up(self, call: _Call) -> bool:
        """Wait no longer. False when the answer came at the last moment."""
        with self._lock:
            if call.is_over.acquire(blocking=False):
                return False
            call.is_given_up = True
            self._stuck += 1
            self._ask_at = time.monotonic() + _ASK_AGAIN[0]
            if not self._is_down:
                self._is_down = True
                logger.warning(
                    "The cache of snapshots gave no answer within %g s: pages go on, their state is not saved. "
                    "Trying again.",
                    settings.cache_timeout,
                )
        return True

    def _ask_whether_it_is_back(self) -> None:
        with self._lock:
            now = time.monotonic()
            if now < self._ask_at:
                return
            self._stuck += 1  # each that gets no answer makes the next wait longer
            self._ask_at = now + min(_ASK_AGAIN[1], _ASK_AGAIN[0] * 2 ** min(self._stuck, 5))
        self._begin(lambda cache: cache.get("livecomp:probe"), is_given_up=True)


_line = _Line()
