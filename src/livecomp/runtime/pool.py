"""The threads that synchronous code runs in: bounded, fair between visitors, clean between calls.

`asgiref`'s default is one thread for the whole process, in which a slow query of one visitor is everybody's wait. Here a
fixed number of threads serves all connections and one visitor gets at most a few of them at a time. Each call runs in
the connection's own `contextvars` context, so an activated language or time zone never shows in another's.
(Not `concurrent.futures`: its futures and locks cost three times as much a call.)
"""

import asyncio
import contextlib
import contextvars
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Hashable
from functools import partial
from typing import Any, TypeVar

from django.db import close_old_connections, connections

from livecomp.conf import settings
from livecomp.this_process import after_fork
from livecomp.transactions import roll_back_what_is_open

logger = logging.getLogger("livecomp")


R = TypeVar("R")
Job = Callable[[], Callable[[], Any] | None]
# Visitor, None while its place is still taken; future, None when nobody waits for anything; result, error
Outcome = tuple[Hashable, asyncio.Future[Any] | None, Any, BaseException | None]


class Threads:
    """At most ``settings.threads`` daemon threads, started as they are needed. One per process and purpose.

    Only one thread is woken at a time, and wakes the next if there is more to do than it takes itself. Where calls
    wait for a database, all threads are at work in no time; where they only compute, few are: many that want the
    interpreter's lock at once would cost half as much again.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self.reset()
        after_fork(self.reset)

    def reset(self) -> None:
        """No thread runs: a forked process has none of its parent's."""
        self._jobs: deque[Job] = deque()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._alarm: queue.SimpleQueue[bool] = queue.SimpleQueue()  # wakes one idle thread; False ends it
        self._idle = 0
        self._is_waking = False  # a thread is on its way to take a job
        self._is_stopping = False
        self._busy = 0  # jobs queued or running

    def submit(self, job: Job) -> None:
        """Run ``job`` in a thread, as soon as one is free. The job deals with its own errors; what it returns is called
        when the thread is free again, to pass the result on."""
        with self._lock:
            self._busy += 1
            self._jobs.append(job)
            self._wake_one()

    def _wake_one(self) -> None:
        if self._is_waking or not self._jobs:
            return
        if self._idle:
            self._idle -= 1
            self._is_waking = True
            self._alarm.put(True)
        elif self._busy > len(self._threads) < settings.threads and not self._is_stopping:
            thread = threading.Thread(target=self._work, name=f"{self._name}-{len(self._threads)}", daemon=True)
            thread.start()
            self._threads.append(thread)
            self._is_waking = True

    def _work(self) -> None:
        is_awake = True
        while is_awake:
            with self._lock:
                self._is_waking = False
            _refresh_connections()  # they may have grown old meanwhile
            while (job := self._take()) is not None:
                self._run(job)
                del job  # an idle thread keeps nothing alive
            is_awake = self._alarm.get()
        with self._lock:
            self._idle -= 1
        connections.close_all()

    def _take(self) -> Job | None:
        with self._lock:
            if not self._jobs:
                self._idle += 1
                return None
            job = self._jobs.popleft()
            self._wake_one()
            return job

    def _run(self, job: Job) -> None:
        done = None
        try:
            done = job()
        finally:
            _refresh_connections()
            with self._lock:
                self._busy -= 1
        if done is not None:
            done()

    def stop(self, timeout: float = 5.0) -> None:
        """End the threads when they have done what is queued; waits up to ``timeout`` seconds for each."""
        with self._lock:
            self._is_stopping = True
            threads = tuple(self._threads)
        for _ in threads:
            self._alarm.put(False)
        for thread in threads:
            thread.join(timeout)
        with self._lock:
            self._is_stopping = False
            self._threads.clear()
            self._wake_one()

    @property
    def busy(self) -> int:
        """How many calls run, or wait for a thread."""
        return self._busy

    def __len__(self) -> int:
        return len(self._threads)


def _refresh_connections() -> None:
    """Drop database connections that are stale, and roll back what was left open: the thread serves somebody else next.
    A connection that cannot even be asked must not end the thread."""
    try:
        roll_back_what_is_open()
        close_old_connections()
    except Exception:
        logger.exception("A database connection could not be checked.")


event_threads = Threads("livecomp-event")
task_threads = Threads("livecomp-task")  # apart: tasks may take minutes, and events must not wait for them
async_threads = Threads("livecomp-async")


class Pool:
    """Runs calls in `Threads` for one event loop, at most a few at a time for each visitor."""

    __slots__ = ("_done", "_is_awake", "_loop", "_running", "_threads", "_waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop, threads: Threads) -> None:
        self._loop = loop
        self._threads = threads
        self._running: dict[Hashable, int] = {}
        self._waiting: dict[Hashable, deque[Job]] = {}
        self._done: deque[Outcome] = deque()  # results on their way from the threads
        self._is_awake = False  # the loop has been told of them

    def run(
        self,
        visitor: Hashable,
        context: contextvars.Context,
        function: Callable[..., R],
        *args: Any,
        seat: "Seat | None" = None,
    ) -> asyncio.Future[R]:
        """The future result of ``function(*args)``. Cancelling it does not stop a call that has begun. ``seat``: whose
        thread it comes to, if it has one, or which keeps the thread if it wants to."""
        future: asyncio.Future[R] = self._loop.create_future()
        call = partial(context.run, function, *args)
        if seat is not None and seat.put((future, call)):
            return future

        def job() -> Callable[[], None]:
            now: tuple[Any, Callable[[], Any]] | None = (future, call)
            while now is not None:
                waiting, run = now
                result, error = None, None
                try:
                    result = run()
                except BaseException as raised:
                    error = raised
                if seat is None or not seat.keeps(result, error):
                    return partial(self._pass_on, (visitor, waiting, result, error))
                self._pass_on((None, waiting, result, None))
                del now, run, waiting, result  # a thread that waits keeps nothing alive
                now = seat.next()
            return partial(self._pass_on, (visitor, None, None, None))

        running = self._running.get(visitor, 0)
        if running < settings.threads_per_user:
            self._running[visitor] = running + 1
            self._threads.submit(job)
        else:
            self._waiting.setdefault(visitor, deque()).append(job)
        return future

    def _pass_on(self, outcome: Outcome) -> None:
        self._done.append(outcome)
        if not self._is_awake:  # waking the loop costs a system call and a change of threads: once for many
            self._is_awake = True
            try:
                self._loop.call_soon_threadsafe(self._settle_all)
            except RuntimeError:  # the event loop is closed, nobody waits for the result
                self._done.clear()

    def _settle_all(self) -> None:
        self._is_awake = False  # before looking: what comes after the look wakes the loop again
        while self._done:
            self._settle(*self._done.popleft())

    def _settle(
        self, visitor: Hashable, future: asyncio.Future[Any] | None, result: Any, error: BaseException | None
    ) -> None:
        if visitor is not None:
            self._next(visitor)
        if future is None or future.cancelled():
            return
        if error is None:
            future.set_result(result)
        elif isinstance(error, Exception) and not isinstance(error, StopIteration):
            future.set_exception(error)
        else:  # sys.exit() in a handler ends the handler, not the server
            future.set_exception(RuntimeError(f"{error!r} in a thread of the pool"))

    def _next(self, visitor: Hashable) -> None:
        waiting = self._waiting.get(visitor)
        if waiting:
            self._threads.submit(waiting.popleft())
            if not waiting:
                del self._waiting[visitor]
            return
        running = self._running[visitor] - 1
        if running:
            self._running[visitor] = running
        else:
            del self._running[visitor]


class Seat:
    """A thread that is kept between calls which belong together: the steps of a generator handler. What it has open at
    a ``yield`` (a transaction, the rows of an iterator) belongs to the thread's own database connection.

    ``wants_thread`` tells by a call's result whether more calls follow. The thread waits for the next one up to
    ``HANDLER_TIMEOUT`` seconds; then it serves others again.
    """

    __slots__ = ("_calls", "_lock", "_wants_thread", "is_taken")

    def __init__(self, wants_thread: Callable[[Any], bool]) -> None:
        self._wants_thread = wants_thread
        self._calls: queue.SimpleQueue[tuple[Any, Callable[[], Any]]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self.is_taken = False

    def put(self, call: tuple[Any, Callable[[], Any]]) -> bool:
        """Have the kept thread run the call. False when there is none."""
        with self._lock:
            if self.is_taken:
                self._calls.put(call)
            return self.is_taken

    def keeps(self, result: Any, error: BaseException | None) -> bool:
        """Whether the thread is kept after a call with this outcome. Called in the thread."""
        self.is_taken = error is None and self._wants_thread(result)
        return self.is_taken

    def next(self) -> tuple[Any, Callable[[], Any]] | None:
        """The next call, None when the wait was too long. Called in the thread."""
        with contextlib.suppress(queue.Empty):
            return self._calls.get(timeout=settings.handler_timeout)
        with self._lock:
            if not self._calls.empty():
                return self._calls.get_nowait()
            self.is_taken = False
            return None
