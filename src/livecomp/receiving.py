"""What a page does with each message: those of the browser, and those of the driver itself."""

import functools
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings

from livecomp import auth, events, handling, inputs, joining, navigation, protocol, rendering, signals
from livecomp.constants import CloseCode, ErrorCode
from livecomp.effects import Close, Send
from livecomp.exceptions import Refused
from livecomp.mounted import Mounted
from livecomp.request import is_page_url, set_page_url

if TYPE_CHECKING:
    from livecomp.page import LivePage, Steps
    from livecomp.sharing import SharedPage

_DONE, _PROGRESS, _FAILED = range(3)  # which of a task's methods

# What comes from the browser


def join(page: "LivePage", message: protocol.Join) -> "Steps[None]":
    yield from ()
    joining.join(page, message)


def event(page: "LivePage", message: protocol.Event) -> "Steps[None]":
    if not _is_new(page, message.ref):
        return
    try:
        mounted = _component(page, message.component)
        spec = mounted.component.events.get(message.name)
        if spec is None:
            known = ", ".join(mounted.component.events) or "none"
            hint = f" Events of {mounted.component.name!r}: {known}." if django_settings.DEBUG else ""
            raise Refused(ErrorCode.UNKNOWN_EVENT, f"There is no event {message.name[:80]!r}.{hint}")
        auth.check(mounted.component, page.request, spec.access)
        arguments = events.bind(spec, mounted.component, message.args, message.offered)
    except Refused as refused:
        return _refuse(page, message.ref, message.component, refused)
    started = time.perf_counter()
    succeeded = yield from handling.handle(
        mounted, message.ref, message.name, lambda: spec.function(mounted.component, **arguments)
    )
    if signals.event_handled.receivers:
        _tell(mounted, message.name, succeeded, time.perf_counter() - started)
    page.finish(message.ref, answered=not succeeded)


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
        auth.check(mounted.component, page.request)
        values = navigation.bound_values(mounted.component, message.values)
    except Refused as refused:
        return _refuse(page, message.ref, message.component, refused)

    succeeded = yield from handling.handle(mounted, message.ref, "set", lambda: mounted.assign(values))
    page.finish(message.ref, history="replace", answered=not succeeded)


def url(page: "LivePage", message: protocol.Url) -> "Steps[None]":
    if not _is_new(page, message.ref):
        return
    if not is_page_url(message.path):
        return _refuse(page, message.ref, "", Refused(ErrorCode.BAD_ARGUMENTS, "Not a path of this site."))
    page.url = message.path
    set_page_url(page.request, message.path)
    for mounted in list(page.tree.values()):
        if mounted.component.url_fields:
            yield from handling.run(mounted, message.ref, "url", functools.partial(page.read_url, mounted))
    page.finish(message.ref, history="")


def ack(page: "LivePage", message: protocol.Ack) -> "Steps[None]":
    yield from ()


def render(page: "LivePage", message: protocol.Render) -> "Steps[None]":
    yield from ()
    shared = message.component.partition("-")[0]
    if shared in page.shared:
        return page.attach(shared, "")
    mounted = page.tree.get(message.component)
    wanted = [mounted] if mounted is not None else page.roots()
    if mounted is None:
        for place in page.shared.values():
            if not place.parent:
                page.attach(place.key.id, "")
    patches: protocol.Patches = []
    for each in wanted:
        page.dirty.discard(each.id)
        patches += joining.whole(each, "")
    page.send_patches(patches)


def ping(page: "LivePage", message: protocol.Ping) -> "Steps[None]":
    yield from ()
    page.output(Send(protocol.pong()))


# What comes from the driver itself


def topic_messages(page: "LivePage", message: inputs.TopicMessages) -> "Steps[None]":
    for topic, messages in message.messages.items():
        yield from handling.deliver(page, topic, messages or [None])
    page.finish(0)


def timer_fired(page: "LivePage", message: inputs.TimerFired) -> "Steps[None]":
    owner, _, method = message.id.partition(":")
    mounted = page.tree.get(owner)
    if mounted is None:
        return
    arguments: dict[str, Any] = {}
    if message.id in mounted.later:
        method, arguments, _ = mounted.later.pop(message.id)
    if handling.is_allowed(mounted):
        yield from handling.handle(mounted, 0, method, lambda: getattr(mounted.component, method)(**arguments))
    page.finish(0)


def task_progress(page: "LivePage", message: inputs.TaskProgress) -> "Steps[None]":
    yield from _task_result(page, message.id, _PROGRESS, message.value)


def task_update(page: "LivePage", message: inputs.TaskUpdate) -> "Steps[None]":
    mounted = page.tree.get(message.component)
    if mounted is not None and handling.is_allowed(mounted):
        yield from handling.handle(mounted, 0, "update", lambda: mounted.assign(message.values))
    page.finish(0)


def task_done(page: "LivePage", message: inputs.TaskDone) -> "Steps[None]":
    which = _FAILED if message.error else _DONE
    yield from _task_result(page, message.id, which, message.error or message.value, last=True)


def _task_result(page: "LivePage", task: str, which: int, value: Any, last: bool = False) -> "Steps[None]":
    mounted = page.tree.get(task.partition(":")[0])
    methods = mounted.tasks.get(task) if mounted else None
    if mounted is None or methods is None:
        return
    if last:
        del mounted.tasks[task]
    method = methods[which]
    if method and handling.is_allowed(mounted):
        yield from handling.handle(mounted, 0, method, lambda: getattr(mounted.component, method)(value))
    elif which == _FAILED:
        rendering.report(mounted, value, "task")
    else:
        page.dirty.add(mounted.id)
    page.finish(0)


def revalidated(page: "LivePage", message: inputs.Revalidated) -> "Steps[None]":
    yield from ()
    if not message.allowed:
        page.output(Close(CloseCode.SIGNED_OUT, "You have been signed out."))


def whole(page: "SharedPage", message: inputs.Whole) -> "Steps[None]":
    yield from ()
    page.whole()


def _is_new(page: "LivePage", ref: int) -> bool:
    page.is_heard = True
    if ref <= page.ack:
        page.output(Send(protocol.ack(page.ack, [])))
        return False
    return True


def _component(page: "LivePage", id: str) -> Mounted:
    mounted = page.tree.get(id)
    if mounted is not None:
        return mounted
    gone = id[:1] == "c" and id[1:].isdecimal() and len(id) < 12 and int(id[1:]) < page.number
    raise Refused(
        ErrorCode.GONE if gone else ErrorCode.UNKNOWN_COMPONENT, f"There is no component {id[:40]!r} on this page."
    )


def _refuse(page: "LivePage", ref: int, component: str, refused: Refused) -> None:
    page.ack = ref
    page.output(Send(protocol.error(ref, refused.code, str(refused), component[:40])))


HANDLERS: dict[type, Callable[[Any, Any], "Steps[None]"]] = {
    protocol.Join: join,
    protocol.Event: event,
    protocol.Set: set_fields,
    protocol.Url: url,
    protocol.Ack: ack,
    protocol.Render: render,
    protocol.Ping: ping,
    inputs.TopicMessages: topic_messages,
    inputs.TimerFired: timer_fired,
    inputs.TaskProgress: task_progress,
    inputs.TaskUpdate: task_update,
    inputs.TaskDone: task_done,
    inputs.Revalidated: revalidated,
    inputs.Whole: whole,
}
