"""`LivePage`: all that the server knows about one open browser page.

No sockets, no event loop, no thread in it. A driver (the consumer, or the test client) gives it messages with `receive`
and takes what is to be done with `take_output`.
"""

import contextlib
import inspect
import logging
import secrets
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

from django.conf import settings as django_settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, QueryDict
from django.middleware.csrf import get_token
from django.utils import timezone, translation

from livecomp import auth, events, inputs, navigation, protocol, registry, rendering, resume, tokens
from livecomp.component import LiveComponent
from livecomp.conf import settings
from livecomp.constants import PROTOCOL_VERSION, TOKEN, CloseCode, ErrorCode
from livecomp.effects import Await, Close, Flush, Output, Publish, Save, Send, Step, Subscribe, Unsubscribe
from livecomp.exceptions import ComponentError, Refused, TokenRefused
from livecomp.mounted import Mounted, Slot
from livecomp.request import is_page_url, set_page_url

logger = logging.getLogger("livecomp")

Steps = Generator[Step, Any, None]
_MAX_ROUNDS = 10  # of handlers that publish to topics which this page itself listens to


class LivePage:
    """The components of one page with their state, subscriptions, timers and sequence numbers."""

    def __init__(self, request: HttpRequest, page_id: str = "") -> None:
        self.request = request
        self.id = page_id or secrets.token_urlsafe(12)
        self.url = request.get_full_path()
        self.tree: dict[str, Mounted] = {}
        self.version = 0  # of the last render sent
        self.ack = 0  # highest event number applied
        self.number = 0  # last number given to a component, timer or task
        self.connected = False
        self.language = translation.get_language() or django_settings.LANGUAGE_CODE
        self.timezone = timezone.get_current_timezone_name()
        self.csrf_token_if_used = ""
        self.tracking = False  # while a handler runs
        self.touched: dict[str, dict[str, Any]] = {}  # component id -> old values of the fields that handlers touched
        self.dirty: set[str] = set()
        self.topics: dict[str, set[str]] = {}  # topic -> ids of the components that listen
        self._published: list[tuple[str, Any]] = []
        self._effects: protocol.Effects = []
        self._outbox: list[Output] = []

    # The tree

    def add(self, cls: type[LiveComponent], parent: Mounted | None, slot: Slot, id: str = "") -> Mounted:
        """A new component in its place, not mounted yet. Raises `ComponentError` beyond ``MAX_COMPONENTS``."""
        if len(self.tree) >= settings.max_components:
            raise ComponentError(
                f"A page holds at most {settings.max_components} components (LIVECOMP['MAX_COMPONENTS']); "
                f"{cls.name!r} would be one more."
            )
        mounted = Mounted(self, id or f"c{self.next_number()}", cls, parent, slot)
        self.tree[mounted.id] = mounted
        return mounted

    def remove(self, mounted: Mounted) -> None:
        """Take a component and its children out of the page."""
        for child in list(mounted.children.values()):
            if child in self.tree:
                self.remove(self.tree[child])
        self.tree.pop(mounted.id, None)
        self.dirty.discard(mounted.id)
        if mounted.parent is not None:
            mounted.parent.children.pop(mounted.slot, None)
        try:
            mounted.component.unmount()
        except Exception as error:
            rendering.report(mounted, error, "unmount")
        mounted.stop()
        self._listen(mounted, {})

    def roots(self) -> list[Mounted]:
        """The components placed by the page's own template."""
        return [mounted for mounted in self.tree.values() if mounted.parent is None]

    def next_number(self) -> int:
        """A number that this page has not used."""
        self.number += 1
        return self.number - 1

    # Over HTTP

    def render_root(self, name: str, kwargs: dict[str, Any], fills: Any = None, context: Any = None) -> str:
        """Mount a component for the page's HTML. Its root element carries a token to join it by."""
        kwargs.pop("key", None)
        cls = registry.get(name)
        mounted = self.add(cls, None, ("root", self.number))
        mounted.fills = fills
        try:
            auth.check(mounted.component, self.request)
        except Refused as refused:
            raise PermissionDenied(str(refused)) from None
        self._read_url(mounted)
        mounted.component.mount(**kwargs)
        html = rendering.first_render(mounted)
        mounted.html = None
        claims = tokens.Claims(self.id, mounted.id, name, kwargs if not fills else None, rendering.digest(html))
        token = tokens.issue(claims, self.request)
        self._outbox.clear()  # what a driver would do starts with the join
        self._effects.clear()
        resume.save(self)
        address = f' lc="{mounted.id}.0"'
        return html.replace(address, f'{address} {TOKEN}="{token}"', 1)

    @property
    def csrf_token(self) -> str:
        """Masked once for the whole life of the page, so that it is no difference between two renders."""
        if not self.csrf_token_if_used:
            self.csrf_token_if_used = get_token(self.request)
        return self.csrf_token_if_used

    @property
    def path(self) -> str:
        return self.url.partition("?")[0]

    @property
    def query(self) -> QueryDict:
        return QueryDict(self.url.partition("?")[2])

    # Messages in, output out

    def receive(self, message: protocol.Message | inputs.Input) -> Steps:
        """Handle one message. Drive the steps with `advance`; then `take_output`."""
        return _HANDLERS[type(message)](self, message)

    def advance(self, steps: Steps, value: Any = None, error: BaseException | None = None) -> Step | None:
        """Run to the next step, in the page's language and time zone. None at the end."""
        with self._locale():
            try:
                return steps.throw(error) if error is not None else steps.send(value)
            except StopIteration:
                return None

    def take_output(self) -> list[Output]:
        """What is to be done since the last call, in order."""
        output, self._outbox = self._outbox, []
        return output

    def output(self, output: Output) -> None:
        self._outbox.append(output)

    def effect(self, kind: str, *details: Any) -> None:
        """Have the browser do something after the next patch."""
        self._effects.append((kind, *details))

    def fresh_html(self) -> dict[str, str]:
        """Each root component's HTML as a first render would give it now. Changes nothing."""
        with self._locale():
            return {mounted.id: rendering.fresh_html(mounted) for mounted in self.roots()}

    def close(self) -> None:
        """The connection is gone: stop everything. The state stays, for a snapshot."""
        self.connected = False
        for mounted in self.tree.values():
            mounted.stop()
        for topic in list(self.topics):
            self.output(Unsubscribe(topic))
        self.topics.clear()

    @contextlib.contextmanager
    def _locale(self) -> Iterator[None]:
        if django_settings.USE_I18N and translation.get_language() != self.language:
            with translation.override(self.language), timezone.override(self.timezone):
                yield
        elif django_settings.USE_TZ and timezone.get_current_timezone_name() != self.timezone:
            with timezone.override(self.timezone):
                yield
        else:
            yield

    # Join and resume

    def _join(self, message: protocol.Join) -> Steps:
        yield from ()
        if message.protocol != PROTOCOL_VERSION:
            return self.output(Close(CloseCode.VERSION_CHANGED, "another version of the protocol"))
        if not is_page_url(message.path) or not message.tokens:
            return self.output(Close(CloseCode.PROTOCOL, "a join needs a path and tokens"))
        try:
            claims = [tokens.verify(token, self.request) for token in message.tokens]
            if len({(claim.page) for claim in claims}) != 1 or len({c.component for c in claims}) != len(claims):
                raise TokenRefused("This page is out of date; load it again.")
            self._join_as(claims, message)
        except TokenRefused as refused:
            self.output(Close(refused.code, str(refused)))
        except Refused as refused:
            self.output(Close(CloseCode.FORBIDDEN, str(refused)))

    def _join_as(self, claims: list[tokens.Claims], message: protocol.Join) -> None:
        self.id, self.url = claims[0].page, message.path
        set_page_url(self.request, message.path)
        self.connected = True
        resumed = message.resume is not None
        snapshot = resume.load(self.id, self)
        if resumed and (snapshot is None or not snapshot.clean):
            self.effect("doubt")
        exact = snapshot is not None and snapshot.version == (message.resume[1] if message.resume else 0)
        restored = self._restore(snapshot, exact) if snapshot is not None else set()
        patches: protocol.Patches = []
        for claim in claims:
            mounted = self.tree.get(claim.component)
            if mounted is None or mounted.component.name != claim.name:
                mounted = self._mount_again(claim)
            auth.check(mounted.component, self.request)
        if resumed:
            for mounted in list(self.tree.values()):
                self._guarded(mounted, "resumed", mounted.component.resumed)
        for claim in claims:
            if claim.component in restored:
                self.dirty.add(claim.component)
            else:
                patches += self._whole(self.tree[claim.component], claim.digest if not resumed else "")
        self.dirty.update(restored if resumed else {id for id in restored if self.tree[id].component.topics})
        patches += self._render_dirty()
        for mounted in self.tree.values():
            mounted.start_timers()
            self._listen(mounted, mounted.current_topics())
        self.version = max(self.version, message.resume[1] if message.resume else 0) + bool(patches)
        self.output(Send(protocol.joined(self.id, self.version, self.ack, patches, self._take_effects())))

    def _restore(self, snapshot: resume.Snapshot, exact: bool) -> set[str]:
        """Rebuild the components. Gives the ids of those whose HTML the browser has exactly as this process knows it."""
        self.version, self.ack, self.number = snapshot.version, snapshot.ack, snapshot.number
        self.csrf_token_if_used, self.language, self.timezone = snapshot.csrf_token, snapshot.language, snapshot.timezone
        known = set()
        exact = exact and snapshot.process == resume.PROCESS
        for saved in snapshot.components:
            parent = self.tree.get(saved.parent)
            if saved.parent and parent is None:
                continue
            mounted = self.add(registry.get(saved.name), parent, saved.slot, saved.id)
            if not resume.state_of(saved, mounted, snapshot.code_version):
                del self.tree[saved.id]  # its place mounts it again
                continue
            mounted.arguments = None
            if parent is not None:
                parent.children[saved.slot] = saved.id
            if exact and saved.memory is not None:
                mounted.memory = resume.pickle.loads(saved.memory)
                known.add(saved.id)
        return known

    def _mount_again(self, claim: tokens.Claims) -> Mounted:
        if claim.arguments is None:
            raise TokenRefused("This page is out of date; load it again.")
        self.number = max(self.number, int(claim.component[1:]) + 1)
        mounted = self.add(registry.get(claim.name), None, ("root", claim.component), claim.component)
        auth.check(mounted.component, self.request)
        self._read_url(mounted)
        self._guarded(mounted, "mount", mounted.component.mount, **claim.arguments)
        return mounted

    def _whole(self, mounted: Mounted, digest: str) -> protocol.Patches:
        """A patch of the component's whole HTML, none when it is what ``digest`` says the browser has."""
        if mounted.failure is not None:
            return [rendering.failure_patch(mounted)]
        mounted.memory = type(mounted.memory)()
        try:
            html = rendering.first_render(mounted)
        except Exception as error:
            rendering.show_failure(mounted, error, "render")
            return [rendering.failure_patch(mounted)]
        mounted.html = None
        if digest and digest == rendering.digest(html):
            return []
        return [(f"{mounted.id}.0", html.replace(f' lc="{mounted.id}.0"', "", 1))]

    # Events

    def _event(self, message: protocol.Event) -> Steps:
        if not self._is_new(message.ref):
            return
        try:
            mounted = self._component(message.component)
            spec = mounted.component.events.get(message.name)
            if spec is None:
                known = ", ".join(mounted.component.events) or "none"
                hint = f" Events of {mounted.component.name!r}: {known}." if django_settings.DEBUG else ""
                raise Refused(ErrorCode.UNKNOWN_EVENT, f"There is no event {message.name[:80]!r}.{hint}")
            auth.check(mounted.component, self.request, spec.access)
            arguments = events.bind(spec, mounted.component, message.args, message.offered)
        except Refused as refused:
            return self._refuse(message.ref, message.component, refused)
        yield from self._handle(mounted, message.ref, message.name, lambda: spec.function(mounted.component, **arguments))

    def _set(self, message: protocol.Set) -> Steps:
        if not self._is_new(message.ref):
            return
        try:
            mounted = self._component(message.component)
            auth.check(mounted.component, self.request)
            values = navigation.bound_values(mounted.component, message.values)
        except Refused as refused:
            return self._refuse(message.ref, message.component, refused)

        def assign() -> None:
            for name, value in values.items():
                setattr(mounted.component, name, value)

        yield from self._handle(mounted, message.ref, "set", assign, history="replace")

    def _url(self, message: protocol.Url) -> Steps:
        if not self._is_new(message.ref):
            return
        if not is_page_url(message.path):
            return self._refuse(message.ref, "", Refused(ErrorCode.BAD_ARGUMENTS, "Not a path of this site."))
        self.url = message.path
        set_page_url(self.request, message.path)
        for mounted in list(self.tree.values()):
            if mounted.component.url_fields:
                yield from self._call(mounted, 0, "url", lambda m=mounted: self._read_url(m))  # type: ignore[misc]
        self._finish(message.ref, history="")

    def _ack(self, message: protocol.Ack) -> Steps:
        yield from ()

    def _render(self, message: protocol.Render) -> Steps:
        yield from ()
        mounted = self.tree.get(message.component)
        wanted = [mounted] if mounted is not None else self.roots()
        patches: protocol.Patches = []
        for each in wanted:
            self.dirty.discard(each.id)
            patches += self._whole(each, "")
        self._send_patches(patches)

    def _ping(self, message: protocol.Ping) -> Steps:
        yield from ()
        self.output(Send(protocol.pong()))

    # What comes from the driver itself

    def _topic_messages(self, message: inputs.TopicMessages) -> Steps:
        for topic, messages in message.messages.items():
            yield from self._deliver(topic, messages or [None])
        self._finish(0)

    def _timer_fired(self, message: inputs.TimerFired) -> Steps:
        owner, _, method = message.id.partition(":")
        mounted = self.tree.get(owner)
        if mounted is None:
            return
        arguments: dict[str, Any] = {}
        if message.id in mounted.later:
            method, arguments = mounted.later.pop(message.id)
        if self._allowed(mounted):
            yield from self._call(mounted, 0, method, lambda: getattr(mounted.component, method)(**arguments))
        self._finish(0)

    def _task_progress(self, message: inputs.TaskProgress) -> Steps:
        yield from self._task_result(message.id, 1, message.value)

    def _task_done(self, message: inputs.TaskDone) -> Steps:
        yield from self._task_result(message.id, 2 if message.error else 0, message.error or message.value, last=True)

    def _task_result(self, task: str, which: int, value: Any, last: bool = False) -> Steps:
        mounted = self.tree.get(task.partition(":")[0])
        methods = mounted.tasks.get(task) if mounted else None
        if mounted is None or methods is None:
            return
        if last:
            del mounted.tasks[task]
        method = methods[which]
        if method:
            yield from self._call(mounted, 0, method, lambda: getattr(mounted.component, method)(value))
        elif which == 2:
            rendering.report(mounted, value, "task")
        else:
            self.dirty.add(mounted.id)
        self._finish(0)

    def _revalidated(self, message: inputs.Revalidated) -> Steps:
        yield from ()
        if not message.allowed:
            self.output(Close(CloseCode.SIGNED_OUT, "You have been signed out."))

    # Handlers

    def _is_new(self, ref: int) -> bool:
        if ref <= self.ack:
            self.output(Send(protocol.ack(self.ack, [])))
            return False
        return True

    def _component(self, id: str) -> Mounted:
        mounted = self.tree.get(id)
        if mounted is not None:
            return mounted
        gone = id[:1] == "c" and id[1:].isdecimal() and len(id) < 12 and int(id[1:]) < self.number
        raise Refused(
            ErrorCode.GONE if gone else ErrorCode.UNKNOWN_COMPONENT, f"There is no component {id[:40]!r} on this page."
        )

    def _refuse(self, ref: int, component: str, refused: Refused) -> None:
        self.ack = ref
        self.output(Send(protocol.error(ref, refused.code, str(refused), component[:40])))

    def _allowed(self, mounted: Mounted) -> bool:
        try:
            auth.check(mounted.component, self.request)
        except Refused:
            return False
        return True

    def _handle(self, mounted: Mounted, ref: int, name: str, call: Callable[[], Any], history: str = "push") -> Steps:
        mounted.skip = False
        yield from self._call(mounted, ref, name, call)
        for _ in range(_MAX_ROUNDS):
            if not self._published:
                break
            published, self._published = self._published, []
            for topic, message in published:
                yield from self._deliver(topic, [message])
        else:
            logger.error("%s.%s: publishing goes round and round; stopped.", mounted.component.name, name)
            self._published.clear()
        self._finish(ref, history)

    def _call(self, mounted: Mounted, ref: int, name: str, call: Callable[[], Any]) -> Steps:
        """Run one handler. Its failure puts back what it changed, and is told to the browser."""
        self.touched.clear()
        self.tracking = True
        mounted.forget_computed()
        try:
            result = call()
            if inspect.isawaitable(result):
                yield Await(result)
            elif inspect.isgenerator(result):
                for _ in result:
                    yield from self._flush(mounted)
            elif inspect.isasyncgen(result):
                while (yield Await(_next_or_end(result))) is not _END:
                    yield from self._flush(mounted)
        except Exception as error:
            self.tracking = False
            self._undo()
            self._tell_failure(mounted, ref, name, error)
            return
        finally:
            self.tracking = False
        self.dirty.update(self.touched)
        if mounted.skip:
            self.dirty.discard(mounted.id)
        else:
            self.dirty.add(mounted.id)

    def _guarded(self, mounted: Mounted, name: str, call: Callable[..., Any], **arguments: Any) -> None:
        """Run a life-cycle method; its failure becomes the component's error boundary."""
        try:
            call(**arguments)
        except Exception as error:
            rendering.show_failure(mounted, error, name)
            self.dirty.discard(mounted.id)

    def _flush(self, mounted: Mounted) -> Steps:
        self.tracking = False
        self.dirty.update(self.touched, {mounted.id})
        self._send_patches(self._render_dirty())
        yield Flush()
        self.tracking = True

    def _undo(self) -> None:
        for id in self.touched:
            if id in self.tree:
                self.tree[id].undo_changes()
                self.dirty.add(id)

    def _tell_failure(self, mounted: Mounted, ref: int, name: str, error: Exception) -> None:
        if isinstance(error, Refused):
            return self._error(ref, error.code, str(error), mounted.id)
        if isinstance(error, PermissionDenied):
            return self._error(ref, ErrorCode.FORBIDDEN, "You are not allowed to do this.", mounted.id)
        failure = rendering.report(mounted, error, name)
        code = ErrorCode.TIMEOUT if isinstance(error, TimeoutError) else ErrorCode.FAILED
        text = f"{type(error).__name__}: {error}" if django_settings.DEBUG else f"Something went wrong ({failure})."
        self._error(ref, code, text, mounted.id)

    def _error(self, ref: int, code: ErrorCode, text: str, component: str) -> None:
        self.output(Send(protocol.error(ref, code, text, component)))

    def _deliver(self, topic: str, messages: Any) -> Steps:
        for id in sorted(self.topics.get(topic, ())):
            mounted = self.tree.get(id)
            if mounted is None or not self._allowed(mounted):
                continue
            for method in mounted.topics.get(topic, ()):
                if method is None:
                    self.dirty.add(id)
                    continue
                handler = getattr(mounted.component, method)
                for message in messages:
                    yield from self._call(mounted, 0, method, lambda: handler(message))  # noqa: B023 (run at once)

    # After the handlers

    def _finish(self, ref: int, history: str = "push") -> None:
        """Render what changed and send it, with the acknowledgement of event ``ref``."""
        if ref:
            self.ack = ref
        changed = set(self.dirty)
        patches = self._render_dirty()
        for id in changed:
            if (mounted := self.tree.get(id)) is not None:
                if mounted.component.topics or mounted.wanted or mounted.topics:
                    self._listen(mounted, mounted.current_topics())
                if mounted.component.url_fields and history:
                    self._write_url(mounted, history)
        if not self._send_patches(patches):
            effects = self._take_effects()
            if ref or effects:
                self.output(Send(protocol.ack(self.ack, effects)))
        if changed:
            self.output(Save())

    def _send_patches(self, patches: protocol.Patches) -> bool:
        if patches:
            self.version += 1
            self.output(Send(protocol.patch(self.version, self.ack, patches, self._take_effects())))
        return bool(patches)

    def _take_effects(self) -> protocol.Effects:
        effects, self._effects = self._effects, []
        return effects

    def _render_dirty(self) -> protocol.Patches:
        patches: protocol.Patches = []
        while self.dirty:
            wave = sorted((self.tree[id] for id in self.dirty if id in self.tree), key=lambda each: each.depth)
            self.dirty.clear()
            for mounted in wave:
                if mounted.id in self.tree:
                    known = set(self.tree)
                    patches += self._patches_of(mounted)
                    self._begin(self.tree.keys() - known)
                    self.dirty.discard(mounted.id)
        return patches

    def _begin(self, new: Any) -> None:
        """Start what components mounted during a render declare."""
        if self.connected:
            for id in new:
                self.tree[id].start_timers()
                self._listen(self.tree[id], self.tree[id].current_topics())

    def _patches_of(self, mounted: Mounted) -> protocol.Patches:
        try:
            return rendering.render_again(mounted)
        except Exception as error:
            if mounted.id in self.touched:
                mounted.undo_changes()
                try:  # the state before the event renders as it did
                    patches = rendering.render_again(mounted)
                except Exception:
                    pass
                else:
                    self._tell_failure(mounted, 0, "render", error)
                    return patches
            rendering.show_failure(mounted, error, "render")
            return [rendering.failure_patch(mounted)]

    def _listen(self, mounted: Mounted, topics: dict[str, list[str | None]]) -> None:
        for topic in mounted.topics.keys() - topics.keys():
            listeners = self.topics.get(topic, set())
            listeners.discard(mounted.id)
            if not listeners and self.topics.pop(topic, None) is not None:
                self.output(Unsubscribe(topic))
        for topic in topics:
            if topic not in self.topics:
                self.topics[topic] = set()
                self.output(Subscribe(topic))
            self.topics[topic].add(mounted.id)
        mounted.topics = topics

    # URL

    def _read_url(self, mounted: Mounted) -> None:
        for name, value in navigation.fields_from_query(mounted.component, self.query).items():
            setattr(mounted.component, name, value)

    def _write_url(self, mounted: Mounted, history: str) -> None:
        url = navigation.url_with_fields(mounted.component, self.path, self.query)
        if url != self.url:
            self.show_url(history, url)

    def show_url(self, history: str, url: str) -> None:
        """Have the browser show another URL of this site."""
        if not is_page_url(url):
            raise ValueError(f"{url!r} is not a path of this site.")
        self.url = url
        set_page_url(self.request, url)
        self.effect("url", history, url)

    # Asked for by components

    def redirect(self, to: Any, *args: Any, **kwargs: Any) -> None:
        self.effect("redirect", navigation.safe_redirect(self.request, to, args, kwargs))

    def publish(self, topic: str, message: Any) -> None:
        if not self.connected:
            from livecomp.topics import publish

            return publish(topic, message)
        connection = transaction.get_connection()
        if connection.in_atomic_block:
            transaction.on_commit(lambda: self._publish_now(topic, message))
        else:
            self._publish_now(topic, message)

    def _publish_now(self, topic: str, message: Any) -> None:
        self.output(Publish(topic, message))
        if topic in self.topics:
            self._published.append((topic, message))

    def flash(self, level: int | str, text: str) -> None:
        self.effect("flash", navigation.level_name(level), str(text))

    def send_to(self, component: LiveComponent | str, method: str, arguments: Mapping[str, Any]) -> Any:
        mounted = self.tree.get(component if isinstance(component, str) else component.id)
        if mounted is None:
            raise LookupError(f"{component!r} is not on this page.")
        result = getattr(mounted.component, method)(**arguments)
        self.touched.setdefault(mounted.id, {})
        self.dirty.add(mounted.id)
        return result


_END = object()


async def _next_or_end(generator: Any) -> Any:
    return await anext(generator, _END)


_HANDLERS: dict[type, Callable[[LivePage, Any], Steps]] = {
    protocol.Join: LivePage._join,
    protocol.Event: LivePage._event,
    protocol.Set: LivePage._set,
    protocol.Url: LivePage._url,
    protocol.Ack: LivePage._ack,
    protocol.Render: LivePage._render,
    protocol.Ping: LivePage._ping,
    inputs.TopicMessages: LivePage._topic_messages,
    inputs.TimerFired: LivePage._timer_fired,
    inputs.TaskProgress: LivePage._task_progress,
    inputs.TaskDone: LivePage._task_done,
    inputs.Revalidated: LivePage._revalidated,
}


def page_for(request: HttpRequest) -> LivePage:
    """The page that is being rendered for this HTTP request."""
    page: LivePage | None = getattr(request, "_livecomp_page", None)
    if page is None:
        page = request._livecomp_page = LivePage(request)  # type: ignore[attr-defined]
    return page


def host_for(context: Any) -> Any:
    """What places components in this context: a live component, or the page of the request."""
    host = getattr(context, "live_host", None)
    if host is not None:
        return host
    request = getattr(context, "request", None) or context.get("request")
    if request is None:
        raise ComponentError(
            "{% live_component %} needs the request in the template's context: render with render(request, …), and keep "
            "'django.template.context_processors.request' in the context processors."
        )
    return page_for(request)
