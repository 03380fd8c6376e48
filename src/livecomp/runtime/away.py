"""Background tasks whose page has lost its connection. They go on, and what they give is kept, until the page is back in
this process, or does not come back for as long as a handler may take."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from livecomp.conf import settings
from livecomp.exceptions import TaskLost
from livecomp.inputs import TaskDone, TaskProgress, TaskUpdate
from livecomp.page import LivePage

if TYPE_CHECKING:
    from livecomp.runtime.driver import PageDriver
    from livecomp.runtime.process import Runtime
    from livecomp.runtime.tasks import RunningTask


class AwayTasks:
    """The tasks of all such pages, by the page's id and their own."""

    def __init__(self, runtime: "Runtime") -> None:
        self._runtime = runtime
        self.pages: dict[str, dict[str, RunningTask]] = {}

    def keep(self, page: LivePage, tasks: "dict[str, RunningTask]", unheard: Iterable[object], is_final: bool) -> None:
        """The page has no connection; ``is_final``: it does not come back here. ``unheard``: what it has been given and not
        dealt with."""
        for task in tasks.values():
            task.leave()
        for result in unheard:
            if isinstance(result, TaskProgress | TaskUpdate | TaskDone) and result.id in tasks:
                tasks[result.id].keep(result)
        if tasks:
            self.end(page.id)
            self.pages[page.id] = tasks
            self._runtime.loop.call_later(settings.handler_timeout, self._give_up, page.id, tasks)
        if is_final:
            self.end(page.id)

    def bring_back(self, page: LivePage, driver: "PageDriver", tasks: "dict[str, RunningTask]") -> None:
        """The page is here again. Adds its tasks to those of its new driver; a task that it has and that is not here has
        failed, as far as anybody knows."""
        owners = [mounted for mounted in page.tree.values() if mounted.tasks]
        if owners:  # a connection that the browser has never heard of may have them
            for other in tuple(self._runtime.drivers):
                if other is not driver and other.page is not None and other.page.id == page.id:
                    other.give_way()
        away = self.pages.pop(page.id, {})
        for mounted in owners:
            begins_later = {id for id, *_ in mounted.waiting}
            for id in mounted.tasks.keys() - tasks.keys() - begins_later:
                if (task := away.pop(id, None)) is not None:
                    tasks[id] = task
                    task.come_back(driver)
                else:
                    driver.give(TaskDone(id, error=TaskLost()))
        for task in away.values():
            task.cancel()

    def end(self, page: str) -> None:
        """The page of this id does not come back here."""
        for task in self.pages.pop(page, {}).values():
            task.cancel()

    def end_all(self) -> None:
        """The server stops."""
        pages, self.pages = self.pages, {}
        for tasks in pages.values():
            for task in tasks.values():
                task.cancel()

    def _give_up(self, page: str, tasks: "dict[str, RunningTask]") -> None:
        if self.pages.get(page) is tasks:
            self.end(page)
