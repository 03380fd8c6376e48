"""Running handlers: events, topic messages, timers, results of tasks.

A handler that fails has not happened: what it changed is put back, the browser is told, the other components and the
connection go on.
"""

import contextlib
import inspect
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from django.db import connections, transaction
from django.http.response import HttpResponseBase

from livecomp import auth, failures, inputs, lifecycle, navigation, once
from livecomp.effects import Await, Flush, PageGone
from livecomp.exceptions import Refused
from livecomp.mounted import Mounted
from livecomp.raised import contained
from livecomp.results import refuse_response
from livecomp.transactions import open_transactions, refuse_open, roll_back
from livecomp.turn import Attempt
from livecomp.values import copy_value

if TYPE_CHECKING:
    from livecomp.page import LivePage, Steps

logger = logging.getLogger("livecomp")

_MAX_ROUNDS = 10  # of handlers that publish to topics which their own page listens to
_END = object()


def handle(mounted: Mounted, name: str, call: Callable[[], Any]) -> "Steps[None]":
    """Run the handler of one message, then this page's own handlers for what it published."""
    yield from run(mounted, name, call)
    if mounted.page.turn.published:
        yield from deliver_own(mounted.page)


def deliver_own(page: "LivePage") -> "Steps[None]":
    """Give the page what its own handlers have published in this turn."""
    for _ in range(_MAX_ROUNDS):
        published, page.turn.published = page.turn.published, []
        if not published:
            return
        for topic, message, cause in published:
            yield from deliver(page, topic, [message], cause=cause)
    topics = ", ".join(sorted({topic for topic, *_ in page.turn.published}))
    logger.error("The page %s: publishing to %s goes round and round; stopped.", page.url, topics)


def run(mounted: Mounted, name: str, call: Callable[[], Any], cause: Attempt | None = None) -> "Steps[None]":
    """Run one handler: a function, a coroutine function, or a generator of either kind, rendered at each yield.

    When it fails, nothing of it has happened, and the turn's event is answered."""
    page = mounted.page
    attempt = page.attempt = Attempt(page.shown_url, cause)
    attempt.touched[mounted.id] = {}
    mounted.forget_computed()
    open_before = open_transactions()
    try:
        auth.guard(mounted)
        with contained:
            result = _in_transactions(call)
        if result is None:
            refuse_open(open_before)
        elif isinstance(result, HttpResponseBase):
            refuse_response(result)
        elif inspect.isawaitable(result):
            refuse_response((yield from _wait(page, result)))
        elif inspect.isgenerator(result) or inspect.isasyncgen(result):
            yield from _run_generator(mounted, result)
            refuse_open(open_before)
        else:
            refuse_open(open_before)
        page.promises.require_begun()
    except _Undone:
        return
    except PageGone:
        page.undo(attempt)
        page.turn.is_cut_short = True
        return
    except Exception as error:
        if not open_before and (left := open_transactions()):
            roll_back(left)
        page.undo(attempt)
        if cause is None:
            tell_failure(mounted, name, error)
        else:  # it only listens: the event itself has succeeded
            failures.failure_of(mounted, error, name)
        return
    finally:
        page.attempt = None
        page.promises.forget()
        auth.forget_verdicts(page)  # it may have taken away the visitor's own right
    page.turn.kept.append(attempt)
    if attempt.published:
        page.turn.published += [(*each, attempt) for each in attempt.published]
    if not attempt.skipped:
        page.dirty.update(attempt.touched)
    else:
        page.dirty |= attempt.touched.keys() - attempt.skipped
        for id in attempt.skipped & page.tree.keys():
            page.tree[id].is_stale = True


def _wait(page: "LivePage", awaitable: Any, goes_on: Callable[[Any], bool] | None = None) -> "Steps[Any]":
    result = yield Await(awaitable, goes_on)
    auth.forget_verdicts(page)  # what the guard said is old news
    return result


def _in_transactions(call: Callable[[], Any]) -> Any:
    """As Django does for requests: where a database has ``ATOMIC_REQUESTS``, a plain function is one transaction. That of a
    call which happens once begins and ends in the call itself."""
    databases = [alias for alias, each in connections.settings.items() if each["ATOMIC_REQUESTS"]]
    if isinstance(call, once.Call) and call.database in databases:
        databases.remove(call.database)
    if not databases:
        return call()
    with contextlib.ExitStack() as stack:
        for alias in databases:
            stack.enter_context(transaction.atomic(alias))
        return call()


def _run_generator(mounted: Mounted, generator: Any) -> "Steps[None]":
    """Render at each yield. However it ends, what stands in its ``finally`` has run."""
    page = mounted.page
    try:
        while (yield from _has_yielded(page, generator)):
            yield from _show_so_far(mounted, Flush(keeps_thread=inspect.isgenerator(generator)))
    except PageGone:  # what it has done so far stays, and what its ``finally`` does
        yield from _close(page, generator)
        page.turn.is_cut_short = True
    except _Withdrawn as refused:  # as above
        yield from _close(page, generator)
        tell_failure(mounted, "render", refused)
    except _Undone:
        late = page.attempt = Attempt(page.shown_url)
        try:
            yield from _close(page, generator)
        except Exception as error:
            failures.failure_of(mounted, error, "finally")
        finally:
            page.undo(late)
        raise
    except Exception:
        yield from _close(page, generator)
        raise


def _has_yielded(page: "LivePage", generator: Any) -> "Steps[bool]":
    """Run a generator of either kind to its next yield. False at its end."""
    if inspect.isgenerator(generator):
        with contained:
            try:
                refuse_response(next(generator))
            except StopIteration as end:
                refuse_response(end.value)
                return False
        return True
    given = yield from _wait(page, _next_or_end(generator), _is_not_end)
    refuse_response(given)
    return given is not _END


def _is_not_end(value: Any) -> bool:
    return value is not _END


def _close(page: "LivePage", generator: Any) -> "Steps[None]":
    if inspect.isgenerator(generator):
        with contained:
            generator.close()
    else:
        yield from _wait(page, generator.aclose())


async def _next_or_end(generator: Any) -> Any:
    return await anext(generator, _END)


def _show_so_far(mounted: Mounted, flush: Flush) -> "Steps[None]":
    """Show what the handler has done up to its yield, and do what it has asked for. Its state can still be undone."""
    page, attempt = mounted.page, mounted.page.attempt
    assert attempt is not None
    page.attempt = None
    auth.forget_verdicts(page)
    page.turn.kept.append(attempt)
    page.dirty.update(attempt.touched)
    published = [(*each, attempt) for each in attempt.published]
    page.show(at_yield=attempt)
    if attempt.is_undone:
        raise _Undone
    page.turn.published += published
    attempt.outputs, attempt.effects, attempt.published, attempt.shown_url = [], [], [], page.shown_url
    try:
        yield flush
    finally:
        page.attempt = attempt
    auth.forget_verdicts(page)
    try:
        auth.guard(mounted)
    except Refused as refused:
        raise _Withdrawn(refused.code, str(refused)) from None


class _Withdrawn(Refused):
    """The visitor has lost the right to the component while its generator waited: it ends there."""


class _Undone(Exception):
    """The template failed with what the handler did, which is undone and told of: the handler ends."""


def may_read_url(mounted: Mounted) -> bool:
    """Whether the component is there for this visitor, or would be with what the address stands for. The page has moved,
    whatever one of its components says to it."""
    page = mounted.page
    try:
        try:
            auth.guard(mounted)
        except Refused:
            fields = navigation.fields_from_query(mounted.component, page.query, mounted.url_defaults)
            lifecycle.ask_before(mounted, fields)
    except Refused:
        page.dirty.add(mounted.id)
        return False
    except Exception:  # the handler's own question is answered with that
        return True
    return not mounted.is_withheld


def deliver(
    page: "LivePage",
    topic: str,
    messages: Sequence[Any],
    only: frozenset[str] = frozenset(),
    cause: Attempt | None = None,
) -> "Steps[None]":
    """Give messages of a topic to the components that listen, each if it is still allowed to. Each gets its own copy: a
    handler may keep a message in its state and change it."""
    listeners = page.topics.get(topic, ())
    for id in sorted(listeners) if len(listeners) > 1 else tuple(listeners):
        mounted = page.tree.get(id)
        if mounted is None or (only and id not in only):
            continue
        if not may_act(mounted, inputs.TopicMessages({topic: messages}, frozenset({id}))):
            continue
        for method in mounted.topics.get(topic, ()):
            if method is None:
                page.dirty.add(id)
                continue
            for message in messages:
                call = _call_with(getattr(mounted.component, method), copy_value(message))
                yield from run(mounted, method, call, cause)


def _call_with(handler: Callable[[Any], Any], message: Any) -> Callable[[], Any]:
    return lambda: handler(message)


def may_act(mounted: Mounted, input: inputs.Input) -> bool:
    """Whether a component may act on an input of the server's own. Where the visitor may not see it any more, that is
    shown; where nobody can tell at the moment, the input comes again."""
    try:
        auth.guard(mounted)
    except Refused:
        logger.info(
            "%s: the visitor may not use it, so %s comes to nothing.", mounted.component.name, type(input).__name__
        )
        mounted.page.dirty.add(mounted.id)
        return False
    except Exception as error:
        mounted.page.postpone(input, mounted, error)
        return False
    return not mounted.is_withheld


def tell_failure(mounted: Mounted, name: str, error: Exception) -> None:
    """Log what went wrong in a component, and answer the turn's event with it."""
    mounted.page.answer(mounted.id, error, failures.failure_of(mounted, error, name))


def was_taken_back(mounted: Mounted, method: str) -> bool:
    """Whether a method that nobody sends again was cut short, so that it is called again when the page is back."""
    turn = mounted.page.turn
    if turn.is_cut_short and not turn.is_undone:
        logger.warning("%s.%s: the page was closed, and it ended at its yield.", mounted.component.name, method)
    return turn.is_cut_short and turn.is_undone
