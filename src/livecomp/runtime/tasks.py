"""Background tasks of a page (`LiveComponent.start_task`): in threads of their own, or on the event loop."""

import asyncio
import contextlib
import contextvars
import inspect
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from django.utils import timezone, translation

from livecomp import calling, locale, progress, topics
from livecomp.conf import settings
from livecomp.effects import StartTask
from livecomp.inputs import TaskDone, TaskProgress, TaskUpdate
from livecomp.runtime.lane import AsyncLane

if TYPE_CHECKING:
    from livecomp.runtime.driver import PageDriver
    from livecomp.runtime.process import Runtime


Result = TaskProgress | TaskUpdate | TaskDone


class RunningTask:
    """One task, running. What it yields and gives goes to the page through `PageDriver.take`."""

    __slots__ = ("_back", "_driver", "_id", "_is_cancelled", "_is_over", "_kept", "_runtime", "_settled", "_task")

    def __init__(
        self, driver: "PageDriver", runtime: "Runtime", visitor: Any, context: contextvars.Context, start: StartTask
    ) -> None:
        self._driver: PageDriver | None = driver  # None while the page is away
        self._kept: list[Result] = []  # what it has given meanwhile
        self._back = asyncio.Event()  # the page is back
        page = driver.page
        assert page is not None
        self._settled = page.language, page.timezone
        self._runtime = runtime
        self._id = start.id
        self._is_cancelled = self._is_over = False
        context = context.copy()
        context.run(calling.current.set, None)  # it runs beside the page, not in one of its turns
        context.run(progress.current.set, self._report)
        if inspect.iscoroutinefunction(start.call) or inspect.isasyncgenfunction(start.call):
            run = self._run_on_loop(start.call, visitor, context)
        else:
            run = self._run_in_thread(start.call, visitor, context)
        self._task = runtime.start(run)

    def cancel(self) -> None:
        """Stop it: a coroutine at its next await, a generator at its next yield, a function at its next
        `LiveComponent.update`. A function without one runs on unheard."""
        self._is_cancelled = True
        self._back.set()
        self._task.cancel()

    def leave(self) -> None:
        """The page has lost its connection: what comes is kept for it."""
        self._driver = None
        self._back.clear()

    def keep(self, message: Result) -> None:
        """Keep something until the page is back. An update joins the one before it."""
        last = self._kept[-1] if self._kept else None
        if type(message) is TaskUpdate and type(last) is TaskUpdate and last.component == message.component:
            self._kept[-1] = TaskUpdate(message.id, message.component, {**last.values, **message.values})
        else:
            self._kept.append(message)

    def come_back(self, driver: "PageDriver") -> None:
        """The page has another connection."""
        self._driver = driver
        kept, self._kept = self._kept, []
        for message in kept:
            driver.take_now(message)
        self._back.set()

    async def _tell(self, message: Result) -> None:
        """Give something to the page; wait while it has too much, or too much is kept for it."""
        while not self._is_cancelled:
            if self._driver is not None:
                if await self._driver.take(message):
                    return
            elif len(self._kept) < settings.queue_size:
                self.keep(message)
                return
            else:
                await self._back.wait()

    async def _run_on_loop(self, call: Callable[[], Any], visitor: Any, context: contextvars.Context) -> None:
        lane = AsyncLane(self._runtime.tasks, visitor, context)
        try:
            await self._runtime.loop.create_task(self._collect(call), context=context)
        finally:
            lane.release()

    async def _collect(self, call: Callable[[], Any]) -> None:
        value: Any = None
        error: BaseException | None = None
        try:
            with self._locale():
                result = call()
                if inspect.isasyncgen(result):
                    async for given in result:
                        await self._tell(TaskProgress(self._id, given))
                else:
                    value = await result
        except asyncio.CancelledError as raised:
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise
            error = raised  # nobody cancelled the task: it was raised in it
        except BaseException as raised:  # sys.exit() ends the task, not the server
            error = raised
        self._is_over = True
        await self._tell(TaskDone(self._id, value, error))

    async def _run_in_thread(self, call: Callable[[], Any], visitor: Any, context: contextvars.Context) -> None:
        value, error = None, None
        try:
            value = await self._runtime.tasks.run(visitor, context, partial(self._call, call))
        except Exception as raised:
            error = raised
        self._is_over = True
        await self._tell(TaskDone(self._id, value, error))

    def _call(self, call: Callable[[], Any]) -> Any:
        if self._is_cancelled:
            return None
        with self._locale():
            result = call()
            if not inspect.isgenerator(result):
                return result
            while not self._is_cancelled:
                try:
                    given = next(result)
                except StopIteration as end:
                    return end.value
                self._give(TaskProgress(self._id, given))
            result.close()
            return None

    def _give(self, message: Result) -> None:
        """Hand something to the page, and wait while it has too much."""
        if not self._is_cancelled:
            asyncio.run_coroutine_threadsafe(self._tell(message), self._runtime.loop).result()

    def _report(self, component: str, values: dict[str, Any]) -> None:
        """What `LiveComponent.update` calls in the task, from whichever thread."""
        if self._is_cancelled:
            raise asyncio.CancelledError
        if self._is_over:
            raise RuntimeError(
                f"update({', '.join(values)}) is called after its task has ended, by something that the task started. "
                "Wait for it in the task."
            )
        update = TaskUpdate(self._id, component, values)
        if topics.running_loop() is self._runtime.loop:
            self.keep(update) if self._driver is None else self._driver.take_now(update)
        else:
            self._give(update)

    @contextlib.contextmanager
    def _locale(self) -> Iterator[None]:
        language, zone = self._settled
        with translation.override(language), timezone.override(locale.zone(zone)):
            yield
