"""One step of a page: in a thread of the pool, or, what an async handler waits for, on the event loop."""

import asyncio
import contextvars
import inspect
import logging
import math
import time
from collections.abc import Awaitable, Hashable
from typing import Any

from django.utils import timezone, translation

from livecomp import failures, locale, protocol
from livecomp.conf import settings
from livecomp.counters import counters
from livecomp.effects import Await, Flush, Output, PageGone, Send, Step
from livecomp.page import LivePage, Steps
from livecomp.raised import as_failure
from livecomp.runtime.lane import AsyncLane
from livecomp.runtime.process import Runtime
from livecomp.transactions import LEFT_OPEN

slow_logger = logging.getLogger("livecomp.slow")

LARGE = 256 * 1024
GRACE = 1.0  # seconds that a handler gets to end after it was told to
_large: set[str] = set()  # pages that the log has told of


def advance(
    page: LivePage, steps: Steps[None], value: Any, error: BaseException | None
) -> tuple[Step | None, str, int, list[Output], float]:
    """One step in a thread: what is next, the frame to send with the version in it, the rest of the output, seconds."""
    page.is_driven = True
    started = time.perf_counter()
    step = page.advance(steps, value, error)
    texts, rest, version = [], [], -1
    for output in page.take_output():
        if type(output) is Send:
            message = output.message
            texts.append(_encoded(page, message))
            if message[0] == "patch":
                version = message[1]
            elif message[0] in ("joined", "shared"):
                version = message[2]
            elif message[0] == "error":
                counters.count("errors", message[2])
        else:
            rest.append(output)
    text = texts[0] if len(texts) == 1 else f"[{','.join(texts)}]" if texts else ""
    if len(text) > LARGE and page.path not in _large and len(_large) < 1000:
        _large.add(page.path)
        slow_logger.warning("One render of %s sends %d kB. Show fewer rows at a time.", page.path, len(text) // 1000)
    return step, text, version, rest, time.perf_counter() - started


def _encoded(page: LivePage, message: list[Any]) -> str:
    """The frame's text. Whatever is in the message, it is answered."""
    try:
        return protocol.encode(message)
    except Exception as error:
        failures.report_page(page, error, f"the reply {message[0]!r}")
        return protocol.encode(protocol.bare(message))


def is_at_yield(result: Any) -> bool:
    """Whether this result of `advance` is that of a plain generator at its yield, which goes on in the same thread."""
    return type(result) is tuple and type(result[0]) is Flush and result[0].keeps_thread


def settle(page: LivePage) -> None:
    """Activate the page's language and time zone for good, in the context that all its steps run in: then no step has to
    do it."""
    translation.activate(page.language)
    timezone.activate(locale.zone(page.timezone))


class AsyncHandler:
    """The async handler of a page that runs at the moment, on the event loop and in the page's own context."""

    __slots__ = ("_ends_at", "_is_late", "_lane", "_must_end", "_runtime", "_task", "_was_cut_short", "has_yielded")

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._task: asyncio.Task[Any] | None = None
        self._lane: AsyncLane | None = None  # one for all steps of a generator
        self._is_late = self._must_end = self._was_cut_short = False
        self._ends_at = math.inf
        self.has_yielded = False  # since the running message was begun

    @property
    def is_running(self) -> bool:
        """Whether there is one."""
        return self._task is not None

    async def run(
        self, step: Await, visitor: Hashable, context: contextvars.Context, page: LivePage
    ) -> tuple[Any, BaseException | None]:
        """Its result, and its exception."""
        self._is_late, awaitable = False, step.awaitable
        if self._lane is None:
            self._lane = AsyncLane(self._runtime.lanes, visitor, context)
        self._task = self._runtime.loop.create_task(_result_of(awaitable, page), context=context)
        try:
            result = await self._task
            if self._lane.is_in_transaction and not (step.goes_on is not None and step.goes_on(result)):
                await self._lane.roll_back()
                return None, RuntimeError(f"The handler has ended, but {LEFT_OPEN}")
            return result, None
        except asyncio.CancelledError:
            if not self._task.done():
                raise
            if self._was_cut_short:
                return None, PageGone()
            return None, _timeout() if self._is_late else RuntimeError("what the handler waited for was cancelled")
        except Exception as error:
            return None, error
        finally:
            self._task = None
            if inspect.iscoroutine(awaitable):
                awaitable.close()  # it may have been cancelled before its first step

    def release(self) -> None:
        """The message is done: no step of a handler follows."""
        if self._lane is not None:
            self._lane.release()
            self._lane = None

    def cancel(self) -> None:
        """It took too long."""
        if self._task is not None:
            self._is_late = True
            self._task.cancel()

    def cut_short(self) -> None:
        """Its page is gone, and it had its time to finish. A generator between two awaits ends at its yield."""
        self._must_end = True
        if self._task is not None:
            self._was_cut_short = True
            self._task.cancel()

    def end_by(self, moment: float) -> None:
        """The page is gone: a handler that still runs has to end by then, or earlier where that was said before."""
        self._ends_at = min(self._ends_at, moment)

    async def see_out(self, worker: "asyncio.Task[None]", started: float) -> None:
        """Wait for the task that runs the handler since ``started``. A generator, whose steps nobody sees any more, ends
        soon."""
        gone = self._runtime.loop.time()
        while not worker.done():
            now = self._runtime.loop.time()
            left = (min(self._ends_at, gone + GRACE) if self.has_yielded else self._ends_at) - now
            if left <= 0 and now - started >= settings.handler_timeout:
                self.cancel()
            elif left <= 0:
                self.cut_short()
            await asyncio.wait([worker], timeout=GRACE if left <= 0 else min(left, GRACE))

    def interrupt(self, seconds: float) -> Exception | None:
        """What ends a generator that stands at a yield after so many seconds, if it has to end."""
        self.has_yielded = True
        if self._must_end:
            self._was_cut_short = True
            return PageGone()
        return _timeout() if seconds > settings.handler_timeout else None


def _timeout() -> TimeoutError:
    return TimeoutError(f"took longer than LIVECOMP['HANDLER_TIMEOUT'], {settings.handler_timeout:g} s")


async def _result_of(awaitable: Awaitable[Any], page: LivePage) -> Any:
    try:
        with translation.override(page.language), timezone.override(locale.zone(page.timezone)):
            return await awaitable
    except (Exception, asyncio.CancelledError):
        raise
    except BaseException as error:  # ends the handler, not the server
        raise as_failure(error) from error


def described(item: Any, page: LivePage | None) -> str:
    """A message, for the log: its kind, component and event, nothing of what the visitor sent."""
    kind = type(item).__name__
    name = getattr(item, "name", "")
    mounted = page.tree.get(getattr(item, "component", "")) if page is not None and hasattr(page, "tree") else None
    owner = mounted.component.name if mounted is not None else ""
    return f"{kind} {owner}.{name}" if owner else kind
