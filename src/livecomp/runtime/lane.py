"""The thread of an async handler: its queries and `sync_to_async` calls come to one, as database connections demand."""

import asyncio
import contextvars
import inspect
import math
import queue
import threading
import time
import weakref
from collections.abc import Callable, Hashable
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any

from asgiref.sync import SyncToAsync, ThreadSensitiveContext
from django.db import connections
from django.db.backends.utils import CursorWrapper

from livecomp.conf import settings
from livecomp.runtime.pool import Pool
from livecomp.transactions import open_transactions, roll_back_what_is_open

LOOK_AGAIN = 0.2  # seconds until it is looked whether a cursor is still in use
LINGER = 0.02  # seconds that an async handler keeps a thread for its next query

Call = tuple[Future[Any], Callable[[], Any]]


class AsyncLane(Executor):
    """The thread that the ``sync_to_async`` calls and async ORM queries of one async handler or task use.

    It is taken for a call, and given back when none has followed for `LINGER` seconds: a handler that waits for
    something else keeps nobody from a thread. Calls that follow each other closely, and all that belong to an open
    transaction, cursor or generator, come to the same thread, as database connections demand. Without lanes every async
    query of the process would wait in one line. One visitor's lanes share the limit of ``pool``.
    """

    __slots__ = (
        "_calls",
        "_context",
        "_ends_at",
        "_is_served",
        "_lock",
        "_open",
        "_pool",
        "_visitor",
        "is_in_transaction",
    )

    def __init__(self, pool: Pool, visitor: Hashable, context: contextvars.Context) -> None:
        self._pool = pool
        self._visitor = visitor
        self._context = context
        self._lock = threading.Lock()
        self._calls: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._is_served = False
        self.is_in_transaction = False  # its last call left one open
        self._open: list[weakref.ref[Any]] = []  # what ties the next call to this thread
        self._ends_at = math.inf  # when it is no longer tied, whatever is open
        key = ThreadSensitiveContext()
        SyncToAsync.context_to_thread_executor[key] = self
        context.run(SyncToAsync.thread_sensitive_context.set, key)

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        with self._lock:
            self._calls.put((future, partial(function, *args, **kwargs)))
            if self._is_served:
                return future
            self._is_served = True
        self._pool.run(self._visitor, contextvars.Context(), self._serve)
        return future

    def _serve(self) -> None:
        while (call := self._next()) is not None:
            future, function = call
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = function()
            except BaseException as error:
                self._note_open(function, None)
                future.set_exception(error)
                del error
            else:
                self._note_open(function, result)
                future.set_result(result)
                del result
            del call, future, function  # a thread that waits keeps nothing alive

    def _next(self) -> "Call | None":
        while True:
            is_tied = self._is_tied()
            try:
                call = self._calls.get(timeout=LOOK_AGAIN if is_tied else LINGER)
            except queue.Empty:
                if is_tied and time.monotonic() < self._ends_at:
                    continue
            else:
                if call is not None:
                    return call
                if self._is_tied() and time.monotonic() < self._ends_at:
                    continue
            return self._last()  # what is open is rolled back when the thread is given back

    def _last(self) -> "Call | None":
        """A call that came at the last moment; without one, the thread goes."""
        with self._lock:
            while not self._calls.empty():
                if (call := self._calls.get_nowait()) is not None:
                    return call
            self._is_served = False
            return None

    def _is_tied(self) -> bool:
        self._open = [each for each in self._open if is_unfinished(each())]
        return bool(self._open) or any(
            each.in_atomic_block or not each.autocommit
            for each in connections.all(initialized_only=True)
            if each.connection is not None
        )

    def _note_open(self, function: Callable[[], Any], result: Any) -> None:
        self.is_in_transaction = bool(open_transactions())
        call = function
        while isinstance(call, partial) and call.args and isinstance(call.args[-1], partial):
            call = call.args[-1]  # asgiref's wrapping
        seen = [result, *call.args] if isinstance(call, partial) else [result]
        self._open += [weakref.ref(each) for each in seen if is_unfinished(each)]

    async def roll_back(self) -> None:
        """Roll back what its last call left open."""
        await asyncio.wrap_future(self.submit(roll_back_what_is_open))

    def release(self) -> None:
        """The handler is done: the thread is free for others after what is queued, and what is open in it is rolled back.
        What the handler started and did not wait for may still use the lane; a transaction of its
        own has ``HANDLER_TIMEOUT`` to end."""
        self._context.run(SyncToAsync.thread_sensitive_context.set, None)  # type: ignore[arg-type] # as if never set
        with self._lock:
            self._ends_at = time.monotonic() + settings.handler_timeout
            if self._is_served:
                self._open.clear()
                self._calls.put(None)


def is_unfinished(value: Any) -> bool:
    """Whether it holds a place in a database's result: a cursor, or a generator that may have one inside."""
    if inspect.isgenerator(value):
        return value.gi_frame is not None
    return isinstance(value, CursorWrapper)
