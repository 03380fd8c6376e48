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
from livecomp.effects import StartTask
from livecomp.inputs import TaskDone, TaskProgress, TaskUpdate
from livecomp.runtime.lane import AsyncLane

if TYPE_CHECKING:
    from livecomp.runtime.driver import PageDriver
    from livecomp.runtime.process import Runtime


class RunningTask:
    """One task, running. What it yields and gives goes to the page through `PageDriver.take`."""

    __slots__ = ("_driver", "_id", "_is_cancelled", "_is_over", "_runtime", "_task")

    def __init__(
        self, driver: "PageDriver", runtime: "Runtime", visitor: Any, context: contextvars.Context, start: StartTask
    ) -> None:
        self._driver = driver
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
        self._task.cancel()

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
                        await self._driver.take(TaskProgress(self._id, given))
                else:
                    value = await result
        except asyncio.CancelledError as raised:
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise
            error = raised  # nobody cancelled the task: it was raised in it
        except BaseException as raised:  # sys.exit() ends the task, not the server
            error = raised
        self._is_over = True
        await self._driver.take(TaskDone(self._id, value, error))

    async def _run_in_thread(self, call: Callable[[], Any], visitor: Any, context: contextvars.Context) -> None:
        value, error = None, None
        try:
            value = await self._runtime.tasks.run(visitor, context, partial(self._call, call))
        except Exception as raised:
            error = raised
        self._is_over = True
        await self._driver.take(TaskDone(self._id, value, error))

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

    def _give(self, message: TaskProgress | TaskUpdate) -> None:
        """Hand something to the page, and wait while it has too much."""
        asyncio.run_coroutine_threadsafe(self._driver.take(message), self._runtime.loop).result()

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
            self._driver.take_now(update)
        else:
            self._give(update)

    @contextlib.contextmanager
    def _locale(self) -> Iterator[None]:
        page = self._driver.page
        assert page is not None
        with translation.override(page.language), timezone.override(locale.zone(page.timezone)):
            yield
