"""What a page does with what its background tasks give: values on the way, new values of fields, the end."""

import functools
import logging
from typing import TYPE_CHECKING, Any

from livecomp import auth, failures, handling, inputs
from livecomp.effects import Postpone
from livecomp.exceptions import TaskLost

if TYPE_CHECKING:
    from livecomp.page import LivePage, Steps

logger = logging.getLogger("livecomp")

_DONE, _PROGRESS, _FAILED = range(3)  # which of a task's methods


def progress(page: "LivePage", message: inputs.TaskProgress) -> "Steps[None]":
    yield from _task_result(page, message, _PROGRESS, message.value)


def update(page: "LivePage", message: inputs.TaskUpdate) -> "Steps[None]":
    mounted = page.tree.get(message.component)
    if mounted is not None and handling.may_act(mounted, message):
        yield from handling.handle(mounted, "update", lambda: mounted.assign(message.values))
    page.finish()


def done(page: "LivePage", message: inputs.TaskDone) -> "Steps[None]":
    if message.error is None:
        yield from _task_result(page, message, _DONE, message.value)
    else:
        yield from _task_result(page, message, _FAILED, message.error)


def _task_result(
    page: "LivePage", message: inputs.TaskProgress | inputs.TaskDone, which: int, value: Any
) -> "Steps[None]":
    mounted = page.tree.get(message.id.partition(":")[0])
    methods = mounted.tasks.get(message.id) if mounted else None
    if mounted is None or methods is None:
        return
    if mounted.broken or mounted.is_withheld:  # it is told when it is well again
        return page.output(Postpone(message, page.turn.postponed + 1))
    may_act = handling.may_act(mounted, message)
    if type(message) is inputs.TaskDone and (may_act or auth.was_refused(mounted)):
        del mounted.tasks[message.id]
    if not may_act:
        return page.finish()
    method = methods[which]
    if method:
        yield from handling.handle(mounted, method, lambda: getattr(mounted.component, method)(value))
        if type(message) is inputs.TaskDone and handling.was_taken_back(mounted, method):
            mounted.tasks[message.id] = methods
            mounted.hold_task(message.id, functools.partial(_end_as_before, message.value, message.error))
    elif isinstance(value, TaskLost):
        logger.warning("%s: %s It has no method for that (start_task(…, failed=…)).", mounted.component.name, value)
    elif which == _FAILED:
        failures.report(mounted, value, "task")
    else:
        page.dirty.add(mounted.id)
    page.finish()


def _end_as_before(value: Any, error: BaseException | None) -> Any:
    """A task that gives once more what it gave."""
    if error is not None:
        raise error
    return value
