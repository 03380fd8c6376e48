"""What a page does with each message: those of the browser, and those of the driver itself."""

import functools
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings

from livecomp import (
    auth,
    events,
    failures,
    handling,
    inputs,
    joining,
    lifecycle,
    navigation,
    once,
    protocol,
    signals,
    standing,
    task_results,
)
from livecomp.constants import CloseCode, ErrorCode
from livecomp.effects import Close, PageGone, Postpone, Send
from livecomp.exceptions import Refused
from livecomp.mounted import Mounted
from livecomp.raised import as_failure, is_interrupt
from livecomp.request import is_page_url
from livecomp.turn import Turn

if TYPE_CHECKING:
    from livecomp.page import LivePage, Steps
    from livecomp.sharing import SharedPage


def take_turn(page: "LivePage", message: Any) -> "Steps[None]":
    """Handle one message. Whatever is raised on the way ends here: it is logged and answered, and the page goes on."""
    postponed = 0
    if type(message) is inputs.Again:
        postponed, message = message.times, message.input
    page.turn = Turn(getattr(message, "ref", 0), postponed, answers_topics=type(message) is inputs.TopicMessages)
    try:
        auth.forget_permissions(page.request)
        yield from HANDLERS[type(message)](page, message)
    except BaseException as error:
        if is_interrupt(error) or (isinstance(error, GeneratorExit) and not page.is_stepping):
            raise
        _fail(page, message, as_failure(error))
    finally:
        page.attempt = None
    page.end_turn()


def _fail(page: "LivePage", message: Any, error: Exception) -> None:
    page.attempt = None
    page.undo_renders()
    page.undo_handlers(page.turn.kept)
    mounted = page.tree.get(getattr(message, "component", ""))
    name = getattr(message, "name", type(message).__name__.lower())
    if type(message) in (protocol.Join, inputs.Whole):  # there is nothing that could go on
        failures.report_page(page, error, name)
        return page.output(Close(CloseCode.INTERNAL, ""))
    failure = failures.report_page(page, error, name) if mounted is None else failures.report(mounted, error, name)
    page.answer(mounted.id if mounted is not None else "", error, failure)
    page.turn.is_cut_short = False
    try:
        page.finish()
    except Exception as again:  # of an address that nothing can be made of, say: it stays as it is
        failures.report_page(page, again, name)
        page.finish(history="")


# What comes from the browser


def join(page: "LivePage", message: protocol.Join) -> "Steps[None]":
    yield from ()
    joining.join(page, message)


def event(page: "LivePage", message: protocol.Event) -> "Steps[None]":
    if not _is_new(page, message.ref):
        return
    is_repeated = message.ref <= page.begun or bool(message.key)
    page.begun = max(page.begun, message.ref)
    try:
        if is_repeated and once.repeat(page, message):
            return page.finish()
        mounted, spec = _find_event(page, message)
        if is_repeated and not spec.once:
            raise Refused(ErrorCode.DOUBT, once.IN_DOUBT)
        if spec.once and message.key and once.give_up(page, message, spec.once):
            return page.finish()
        call = _bind_handler(page, mounted, spec, message)
    except PageGone:
        return _have_it_asked_again(page)
    except Exception as error:
        return _refuse(page, message.component, message.name, error)
    started = time.perf_counter()
    yield from handling.handle(mounted, message.name, call)
    if spec.once and page.turn.is_cut_short:
        return _have_it_asked_again(page)
    if signals.event_handled.receivers:
        _tell(mounted, message.name, not page.turn.is_answered, time.perf_counter() - started)
    page.finish()


def _find_event(page: "LivePage", message: protocol.Event) -> tuple[Mounted, events.EventSpec]:
    mounted = _component(page, message.component)
    spec = mounted.component.events.get(message.name)
    if spec is None:
        known = ", ".join(mounted.component.events) or "none"
        hint = f" Events of {mounted.component.name!r}: {known}." if django_settings.DEBUG else ""
        raise Refused(ErrorCode.UNKNOWN_EVENT, f"There is no event {message.name[:80]!r}.{hint}")
    return mounted, spec


def _bind_handler(
    page: "LivePage", mounted: Mounted, spec: events.EventSpec, message: protocol.Event
) -> Callable[[], Any]:
    auth.guard(mounted, spec.access)
    arguments = events.bind(spec, mounted.component, message.args, message.offered)
    call = functools.partial(spec.function, mounted.component, **arguments)
    if not spec.once:
        return call
    return once.Call(mounted, message.key or once.key_of(page, message.ref), spec.once, call)


def _have_it_asked_again(page: "LivePage") -> None:
    """Whether the event has happened is not known: nothing is said of it, and the browser comes back and asks."""
    page.turn.is_cut_short = True
    page.output(Close(CloseCode.TRY_LATER, "the database does not answer"))
    page.finish()


def _tell(mounted: Mounted, name: str, succeeded: bool, seconds: float) -> None:
    signals.event_handled.send_robust(
        type(mounted.component),
        request=mounted.page.request,
        page=mounted.page.id,
        component=mounted.component,
        name=name,
        succeeded=succeeded,
        seconds=seconds,
    )


def set_fields(page: "LivePage", message: protocol.Set) -> "Steps[None]":
    if not _is_new(page, message.ref):
        return
    try:
        mounted = _component(page, message.component)
        auth.guard(mounted)
        values, refused = navigation.bound_values(mounted.component, message.values)
        if refused is not None and not values:
            raise refused
    except Exception as error:
        return _refuse(page, message.component, "set", error)
    if refused is not None:
        handling.tell_failure(mounted, "set", refused)
    yield from handling.handle(mounted, "set", lambda: mounted.assign(values))
    page.finish(history="replace")


def url(page: "LivePage", message: protocol.Url) -> "Steps[None]":
    if not _is_new(page, message.ref):
        return
    if not is_page_url(message.path):
        return _refuse(page, "", "url", Refused(ErrorCode.BAD_ARGUMENTS, "Not a path of this site."))
    page.visit(message.path)
    page.told.moved(message.path)
    for mounted in list(page.tree.values()):
        if mounted.component.url_fields and handling.may_read_url(mounted):
            yield from handling.run(mounted, "url", functools.partial(page.read_url, mounted))
    page.finish(history="")


def unreadable(page: "LivePage", message: protocol.Unreadable) -> "Steps[None]":
    yield from ()
    if _is_new(page, message.ref):
        _refuse(page, message.component, "message", Refused(message.code, message.reason, message.field))


def ack(page: "LivePage", message: protocol.Ack) -> "Steps[None]":
    yield from ()
    page.acknowledged = message.version


def render(page: "LivePage", message: protocol.Render) -> "Steps[None]":
    yield from ()
    shared = message.component.partition("-")[0]
    if standing.is_shown(page, shared) and shared in page.shared:
        return page.attach(shared, "")
    mounted = page.tree.get(message.component)
    if mounted is not None and not mounted.is_shown:
        mounted = None
    wanted = [mounted] if mounted is not None else [root for root in page.roots() if root.is_shown]
    if mounted is None:
        for place in page.shared.values():
            if not place.parent and standing.is_shown(page, place.key.id):
                page.attach(place.key.id, "")
    patches: protocol.Patches = []
    first_new = page.number
    for each in wanted:
        page.dirty.discard(each.id)
        patches += joining.whole(each, "")
    page.begin(first_new)
    for each in wanted:
        page.listen(each)
    page.end_turn()
    page.send_render(patches)


def ping(page: "LivePage", message: protocol.Ping) -> "Steps[None]":
    yield from ()
    page.output(Send(protocol.pong()))


# What comes from the driver itself


def topic_messages(page: "LivePage", message: inputs.TopicMessages) -> "Steps[None]":
    for topic, messages in message.messages.items():
        yield from handling.deliver(page, topic, messages or [None], message.only)
    page.finish()


def timer_fired(page: "LivePage", message: inputs.TimerFired) -> "Steps[None]":
    owner, _, method = message.id.partition(":")
    mounted = page.tree.get(owner)
    if mounted is None:
        return
    if (mounted.broken or mounted.is_withheld) and message.id in mounted.later:
        return page.output(Postpone(message, page.turn.postponed + 1))
    if handling.may_act(mounted, message):
        once_only = mounted.later.pop(message.id, None)
        method, arguments, _ = once_only or (method, {}, 0.0)
        yield from handling.handle(mounted, method, lambda: getattr(mounted.component, method)(**arguments))
        if once_only and handling.was_taken_back(mounted, method):
            mounted.later[message.id] = once_only
    elif auth.was_refused(mounted):
        mounted.later.pop(message.id, None)
    page.finish()


def revalidated(page: "LivePage", message: inputs.Revalidated) -> "Steps[None]":
    """The visitor was looked at again. Who is not signed in any more leaves; the others see what they still may."""
    yield from ()
    if not message.allowed:
        return page.output(Close(CloseCode.SIGNED_OUT, "You have been signed out."))
    for mounted in page.tree.values():
        if handling.may_act(mounted, inputs.RenderAgain(mounted.id)) and mounted.reads_request:
            page.dirty.add(mounted.id)
    page.finish()


def render_again(page: "LivePage", message: inputs.RenderAgain) -> "Steps[None]":
    yield from ()
    mounted = page.tree.get(message.component)
    if mounted is not None:
        page.dirty.add(mounted.id)
        if mounted.must_resume:
            lifecycle.resume(mounted)
    else:  # a shared component, which its page does not render
        page.dirty.update(each.id for each in standing.all_around(page, message.component))
    page.finish()


def whole(page: "SharedPage", message: inputs.Whole) -> "Steps[None]":
    yield from ()
    page.whole()


def refusal(page: "LivePage", message: inputs.Refusal) -> "Steps[None]":
    """A message of the browser that is refused in its turn, so that its number has an outcome like any other."""
    yield from ()
    if not _is_new(page, message.ref):
        return
    reason = message.reason
    if message.name and (message.ref <= page.begun or message.key):  # an event that is sent again may have happened
        try:
            if once.repeat(page, message):
                return page.finish()
            if not once.happens_once(page, message):
                reason = Refused(ErrorCode.DOUBT, once.IN_DOUBT)
        except PageGone:
            return _have_it_asked_again(page)
        except Refused as refused:
            reason = refused
    _refuse(page, message.component, message.name, reason)


def _is_new(page: "LivePage", ref: int) -> bool:
    """Whether the message is not done yet. What is done gets its answer once more."""
    page.is_heard = True
    if ref <= page.ack:
        page.output(Send(page.failed.get(ref) or protocol.ack(page.ack, [])))
        return False
    return True


def _component(page: "LivePage", id: str) -> Mounted:
    mounted = page.tree.get(id)
    if mounted is not None and not mounted.is_withheld:
        return mounted
    gone = id[:1] == "c" and id[1:].isdecimal() and len(id) < 12 and int(id[1:]) < page.number
    raise Refused(
        ErrorCode.GONE if gone else ErrorCode.UNKNOWN_COMPONENT, f"There is no component {id[:40]!r} on this page."
    )


def _refuse(page: "LivePage", component: str, name: str, error: Exception) -> None:
    """Answer an event that did not come to its handler. Where the guard has refused it, the browser sees why."""
    mounted = page.tree.get(component)
    if mounted is None:
        page.answer(component, error, "")
    else:
        handling.tell_failure(mounted, name, error)
        if auth.was_refused(mounted) and not mounted.broken:
            page.dirty.add(mounted.id)
    page.finish()


HANDLERS: dict[type, Callable[[Any, Any], "Steps[None]"]] = {
    protocol.Join: join,
    protocol.Event: event,
    protocol.Set: set_fields,
    protocol.Url: url,
    protocol.Unreadable: unreadable,
    protocol.Ack: ack,
    protocol.Render: render,
    protocol.Ping: ping,
    inputs.TopicMessages: topic_messages,
    inputs.TimerFired: timer_fired,
    inputs.TaskProgress: task_results.progress,
    inputs.TaskUpdate: task_results.update,
    inputs.TaskDone: task_results.done,
    inputs.Revalidated: revalidated,
    inputs.RenderAgain: render_again,
    inputs.Whole: whole,
    inputs.Refusal: refusal,
}
