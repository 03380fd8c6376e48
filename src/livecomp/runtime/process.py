"""What the connections of one event loop share: hub, thread pools, limits, the list of connections, and the shutdown."""

import asyncio
import contextvars
import logging
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Protocol

from livecomp import liveness, resume
from livecomp.conf import settings
from livecomp.runtime import pool
from livecomp.runtime.away import AwayTasks
from livecomp.runtime.hub import Hub
from livecomp.runtime.limits import AcceptRate, ConnectionCounter, RateLimiter
from livecomp.this_process import after_fork
from livecomp.topics import outbox, shared_layer

logger = logging.getLogger("livecomp")

SWEEP = 1.0  # seconds between two looks at every connection's time limits
PRUNE = 60.0
DRAIN = 0.8  # of SHUTDOWN_TIMEOUT, for the handlers that run; then their pages are saved
FAREWELL = 0.05  # of SHUTDOWN_TIMEOUT, at its end: for the close frames and the process's last words


class Connected(Protocol):
    """What the runtime needs of a connection."""

    def look(self, now: float) -> None:
        """Check the time limits."""

    def restart(self) -> None:
        """The server stops: finish what runs, then close."""


class Runtime:
    """One per event loop; use `Runtime.current`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.hub = Hub(loop, shared_layer())
        self.events = pool.Pool(loop, pool.event_threads)
        self.tasks = pool.Pool(loop, pool.task_threads)
        self.lanes = pool.Pool(loop, pool.async_threads)
        self.rates = RateLimiter()
        self.counter = ConnectionCounter()
        self.arrivals = AcceptRate()
        self.connections: set[Connected] = set()
        self.pages: dict[str, Any] = {}  # page id -> its driver
        self.drivers: set[Any] = set()  # of pages that are not saved for the last time, whoever still looks at them
        self.away = AwayTasks(self)
        self.living: dict[str, Any] = {}  # id of a shared component -> what drives it, see `livecomp.runtime.broadcast`
        self.is_draining = False
        self.over: asyncio.Future[None] = loop.create_future()  # done when the server's stop waits no longer
        self._over_at = 0.0
        self.has_signals = False
        self.context = contextvars.Context()  # for tasks that no one connection's context should colour
        self._jobs: set[asyncio.Task[Any]] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self._prune_at = 0.0
        self._is_told_of_room = False

    @classmethod
    def current(cls) -> "Runtime":
        """The running event loop's."""
        loop = asyncio.get_running_loop()
        runtime = _runtimes.get(loop)
        if runtime is None:
            for closed in [each for each in _runtimes if each.is_closed()]:
                del _runtimes[closed]
            runtime = _runtimes[loop] = cls(loop)
        return runtime

    @staticmethod
    def all() -> "list[Runtime]":
        """Those of all event loops of this process: mostly one."""
        return list(_runtimes.values())

    def enter(self, connection: Connected) -> None:
        """A connection is open."""
        self.connections.add(connection)
        if self._sweep is None:
            liveness.heart.hold(self)
            self._look()

    def leave(self, connection: Connected) -> None:
        """A connection is closed. After the last one, and when its page is saved, nothing of the runtime keeps
        running."""
        self.connections.discard(connection)
        self._rest_if_idle()

    def forget(self, driver: Any, joined_id: str) -> None:
        """The driver's page is saved for the last time."""
        self.drivers.discard(driver)
        if self.pages.get(joined_id) is driver:
            del self.pages[joined_id]

    @property
    def is_idle(self) -> bool:
        """Whether nobody is connected and every page is saved: a page outlives its connection while its handler runs."""
        return not self.connections and not self.drivers

    def _rest_if_idle(self) -> None:
        if self.is_idle and self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
            self.rates.prune()
            liveness.heart.release(self)

    def admit(self, visitor: Hashable, key: str = "MAX_CONNECTIONS_PER_USER") -> bool:
        """Count one more connection of a visitor, up to this setting. The first refusal is logged, the rest of a flood
        is not."""
        limit = getattr(settings, key.lower())
        if self.counter.enter(visitor, limit):
            return True
        if self.counter.is_first_refusal(visitor):
            logging.getLogger("livecomp.security").warning(
                "A visitor has %d live connections open and is refused more (LIVECOMP[%r]).", limit, key
            )
        return False

    def start(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """A task that is kept until it ends, whoever else forgets it."""
        return self.keep(self.loop.create_task(coroutine, context=self.context))

    def keep(self, task: asyncio.Task[Any]) -> asyncio.Task[Any]:
        """Keep a task until it ends."""
        self._jobs.add(task)
        task.add_done_callback(self._forget_job)
        return task

    def _forget_job(self, task: asyncio.Task[Any]) -> None:
        self._jobs.discard(task)
        self._rest_if_idle()  # it may have saved the last page

    def _look(self) -> None:
        now = self.loop.time()
        self._sweep = self.loop.call_later(SWEEP, self._look, context=self.context)
        for connection in tuple(self.connections):
            connection.look(now)
        if now >= self._prune_at:
            self._prune_at = now + PRUNE
            self.rates.prune()
        self._tell_of_room()
        self._rest_if_idle()

    def _tell_of_room(self) -> None:
        """Warn once before the cache of snapshots drops what open pages need. Servers do not run Django's checks."""
        if self._is_told_of_room or (fit := resume.pages_that_fit()) is None or len(self.pages) <= fit:
            return
        self._is_told_of_room = True
        logger.warning(
            "%d live pages are open in this process, and the cache %r holds the state of %d. From here on pages whose "
            "connection breaks lose theirs. Raise its MAX_ENTRIES in CACHES, or use Redis.",
            len(self.pages),
            settings.snapshot_cache,
            fit,
        )

    async def drain(self) -> None:
        """Take no more connections; let running events finish, save every page and close with 1012.

        Returns when all is done, at the latest after ``SHUTDOWN_TIMEOUT``, counted from the first call.
        """
        self.is_draining = True
        if not self._over_at:
            self._over_at = self.loop.time() + settings.shutdown_timeout
            for connection in tuple(self.connections):
                connection.restart()
            self.away.end_all()
            for driver in tuple(self.drivers):  # their connections may be gone already
                driver.stop(DRAIN * settings.shutdown_timeout)
        farewell = FAREWELL * settings.shutdown_timeout
        await self._until(lambda: self.is_idle and not self._jobs, self._over_at - farewell)
        if not self.is_idle:
            logger.warning("%d pages did not finish in time.", len(self.drivers))
        if not self.over.done():
            self.over.set_result(None)
        await self._until(lambda: not self._jobs, self._over_at - farewell / 2)
        liveness.heart.release(self)
        await self._until(lambda: liveness.heart.is_silent, self._over_at)
        outbox.patience = min(outbox.patience, max(0.0, self._over_at - self.loop.time()))

    async def _until(self, condition: Callable[[], bool], moment: float) -> None:
        while not condition() and self.loop.time() < moment:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


_runtimes: dict[asyncio.AbstractEventLoop, Runtime] = {}


def _forget_runtimes() -> None:
    """The connections that a forked process finds are its parent's: they are neither counted nor ended here."""
    for runtime in _runtimes.values():
        runtime.connections.clear()
        runtime.drivers.clear()
    _runtimes.clear()


after_fork(_forget_runtimes)
