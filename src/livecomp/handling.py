"""Running handlers: events, topic messages, timers, results of tasks.

A handler that fails has not happened: what it changed is put back, the browser is told, the other components and the
connection go on.
"""

import contextlib
import inspect
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import connections, transaction

from livecomp import auth, protocol, rendering
from livecomp.constants import ErrorCode
from livecomp.effects import Await, Flush, Send
from livecomp.exceptions import Refused
from livecomp.mounted import Mounted

if TYPE_CHECKING:
    from livecomp.page import LivePage, Steps

logger = logging.getLogger("livecomp")

_MAX_ROUNDS = 10  # of handlers that publish to topics which their own page listens to
_END = object()


def handle(mounted: Mounted, ref: int, name: str, call: Callable[[], Any]) -> "Steps[bool]":
    """Run the handler of one event, then this page's own handlers for what it published. False when it failed."""
    page = mounted.page
    mounted.skip = False
    succeeded = yield from run(mounted, ref, name, call)
    for _ in range(_MAX_ROUNDS):
        if not page.published:
            return succeeded
        published, page.published = page.published, []
        for topic, message in published:
            yield from deliver(page, topic, [message])
    page.published.clear()
    logger.error("%s.%s: publishing goes round and round; stopped.", mounted.component.name, name)
    return succeeded


def run(mounted: Mounted, ref: int, name: str, call: Callable[[], Any]) -> "Steps[bool]":
    """Run one handler: a function, a coroutine function, or a generator of either kind, rendered at each yield.

    False when it failed."""
    page = mounted.page
    page.touched.clear()
    page.tracking = True
    mounted.forget_computed()
    try:
        result = _in_transactions(call)
        if result is None:
            pass
        elif inspect.isawaitable(result):
            yield Await(result)
        elif inspect.isgenerator(result):
            for _ in result:
                yield from _show_so_far(mounted)
        elif inspect.isasyncgen(result):
            while (yield Await(_next_or_end(result))) is not _END:
                yield from _show_so_far(mounted)
    except Exception as error:
        page.tracking = False
        _undo(page)
        tell_failure(mounted, ref, name, error)
        return False
    finally:
        page.tracking = False
    page.dirty.update(page.touched)
    if mounted.skip:
        page.dirty.discard(mounted.id)
    elif mounted.id in page.tree:
        page.dirty.add(mounted.id)
    return True


def _in_transactions(call: Callable[[], Any]) -> Any:
    """As Django does for requests: where a database has ``ATOMIC_REQUESTS``, a plain function is one transaction."""
    databases = [alias for alias, each in connections.settings.items() if each["ATOMIC_REQUESTS"]]
    if not databases:
        return call()
    with contextlib.ExitStack() as stack:
        for alias in databases:
            stack.enter_context(transaction.atomic(alias))
        return call()


async def _next_or_end(generator: Any) -> Any:
    return await anext(generator, _END)


def _show_so_far(mounted: Mounted) -> "Steps[None]":
    page = mounted.page
    page.tracking = False
    page.dirty.update(page.touched, {mounted.id})
    page.send_patches(rendering.render_dirty(page))
    yield Flush()
    page.tracking = True


def _undo(page: "LivePage") -> None:
    for id in page.touched:
        if id in page.tree:
            page.tree[id].undo_changes()
            page.dirty.add(id)


def deliver(page: "LivePage", topic: str, messages: Sequence[Any]) -> "Steps[None]":
    """Give messages of a topic to the components that listen, each if it is still allowed to."""
    listeners = page.topics.get(topic, ())
    for id in sorted(listeners) if len(listeners) > 1 else tuple(listeners):
        mounted = page.tree.get(id)
        if mounted is None or not is_allowed(mounted):
            continue
        for method in mounted.topics.get(topic, ()):
            if method is None:
                page.dirty.add(id)
                continue
            for message in messages:
                yield from run(mounted, 0, method, _call_with(getattr(mounted.component, method), message))


def _call_with(handler: Callable[[Any], Any], message: Any) -> Callable[[], Any]:
    return lambda: handler(message)


def is_allowed(mounted: Mounted) -> bool:
    """Whether the visitor may still see the component. Viewers of a shared one are asked for themselves."""
    if mounted.page.is_shared:
        return True
    try:
        auth.check(mounted.component, mounted.page.request)
    except Refused:
        return False
    return True


def guarded(mounted: Mounted, name: str, call: Callable[..., Any], **arguments: Any) -> None:
    """Run a life-cycle method; its failure becomes the component's error boundary."""
    try:
        call(**arguments)
    except Exception as error:
        rendering.show_failure(mounted, error, name)


def tell_failure(mounted: Mounted, ref: int, name: str, error: Exception) -> None:
    """Answer an event with what went wrong: in DEBUG the exception's text, otherwise only the id to look for in the log."""
    if isinstance(error, Refused):
        code, text = error.code, str(error)
    elif isinstance(error, PermissionDenied):
        code, text = ErrorCode.FORBIDDEN, "You are not allowed to do this."
    else:
        failure = rendering.report(mounted, error, name)
        code = ErrorCode.TIMEOUT if isinstance(error, TimeoutError) else ErrorCode.FAILED
        text = f"{type(error).__name__}: {error}" if settings.DEBUG else f"Something went wrong ({failure})."
    mounted.page.output(Send(protocol.error(ref, code, text, mounted.id)))
