"""`LivePage`: all that the server knows about one open browser page.

No sockets, no event loop, no thread in it. A driver (the consumer, or the test client) gives it messages with `receive`
and takes what is to be done with `take_output`.
"""

import contextlib
import functools
import secrets
import zoneinfo
from collections.abc import Generator, Iterator, Mapping
from datetime import tzinfo
from typing import Any, TypeVar

from django.conf import settings as django_settings
from django.db import transaction
from django.http import HttpRequest, QueryDict
from django.middleware.csrf import get_token
from django.utils import timezone, translation

from livecomp import auth, handling, inputs, navigation, protocol, receiving, rendering, serving, shared, signals
from livecomp.component import LiveComponent
from livecomp.conf import settings
from livecomp.effects import Attach, Detach, Output, Publish, Save, Send, Step, Subscribe, Unsubscribe
from livecomp.exceptions import ComponentError
from livecomp.mounted import Mounted, Slot
from livecomp.request import is_page_url, set_page_url

_SETTLED = contextlib.nullcontext()
Result = TypeVar("Result")
Steps = Generator[Step, Any, Result]


@functools.cache
def _zone(name: str) -> tzinfo:
    """The one object of a time zone: comparing it is much cheaper than asking for the name of the current zone."""
    return zoneinfo.ZoneInfo(name)


def _current_zone_name() -> str:
    name = timezone.get_current_timezone_name()
    try:
        _zone(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):  # a fixed offset cannot be named again after a resume
        return django_settings.TIME_ZONE
    return name


class LivePage:
    """The components of one page with their state, subscriptions, timers and sequence numbers."""

    is_shared = False
    """Whether it is seen by many, see `livecomp.sharing`."""

    def __init__(self, request: HttpRequest, page_id: str = "") -> None:
        self.request = request
        self.id = page_id or secrets.token_urlsafe(12)
        self.joined_id = self.resumed_from = ""  # see `livecomp.resume.name`
        self.is_heard = False  # the browser has said something since the join, so it has heard of that
        self.url = request.get_full_path()
        self.tree: dict[str, Mounted] = {}
        self.shared: dict[str, shared.Place] = {}
        self.version = 0  # of the last render sent
        self.ack = 0  # highest event number applied
        self.number = 0  # last number given to a component, timer or task
        self.connected = False
        self.language = translation.get_language() or django_settings.LANGUAGE_CODE
        self.timezone = _current_zone_name()
        self.csrf_token_if_used = ""
        self.tracking = False  # while a handler runs
        self.touched: dict[str, dict[str, Any]] = {}  # component id -> old values of the fields that handlers touched
        self.dirty: set[str] = set()
        self.topics: dict[str, set[str]] = {}  # topic -> ids of the components that listen
        self.published: list[tuple[str, Any]] = []
        self._effects: protocol.Effects = []
        self._rendered_ref = 0  # the event whose outcome is being rendered
        self._outbox: list[Output] = []

    # The tree

    def add(self, cls: type[LiveComponent], parent: Mounted | None, slot: Slot, id: str = "") -> Mounted:
        """A new component in its place, not mounted yet. Raises `ComponentError` beyond ``MAX_COMPONENTS``."""
        if len(self.tree) >= settings.max_components:
            raise ComponentError(
                f"A page holds at most {settings.max_components} components (LIVECOMP['MAX_COMPONENTS']); "
                f"{cls.name!r} would be one more."
            )
        mounted = Mounted(self, id or self.id_of(self.next_number()), cls, parent, slot)
        self.tree[mounted.id] = mounted
        return mounted

    def remove(self, mounted: Mounted) -> None:
        """Take a component and its children out of the page."""
        for child in list(mounted.children.values()):
            self.drop(child)
        self.tree.pop(mounted.id, None)
        self.dirty.discard(mounted.id)
        if mounted.parent is not None:
            mounted.parent.children.pop(mounted.slot, None)
        _unmount(mounted)
        mounted.stop()
        self.listen(mounted, stop=True)

    def drop(self, id: str) -> None:
        """Take a child out of the page, whether its state is here or shared."""
        if id in self.tree:
            self.remove(self.tree[id])
        elif self.shared.pop(id, None) is not None:
            self.output(Detach(id))

    def id_of(self, number: int) -> str:
        """The id of the component with this number."""
        return f"c{number}"

    def roots(self) -> list[Mounted]:
        """The components placed by the page's own template."""
        return [mounted for mounted in self.tree.values() if mounted.parent is None]

    def next_number(self) -> int:
        """A number that this page has not used."""
        self.number += 1
        return self.number - 1

    # Shared components

    def place_shared(self, cls: type[LiveComponent], slot: Slot, kwargs: dict[str, Any], parent: str = "") -> str:
        """A shared component has its place here. Gives its id; raises `ComponentError` where it has two places."""
        key = shared.Key.of(cls.name, kwargs, self.language, self.timezone)
        place = self.shared.get(key.id)
        if place is None:
            auth.check(cls, self.request)
            place = self.shared[key.id] = shared.Place(key, parent, slot)
        elif (place.parent, place.slot) != (parent, slot):
            raise ComponentError(
                f"The shared component {cls.name!r} stands twice on this page with the same arguments. Give one of the "
                'two another `key="…"`: then they are two components.'
            )
        return key.id

    def shared_html(self, id: str) -> str:
        """Full HTML of a shared component, for a browser that does not have it."""
        from livecomp.sharing import html_of

        place = self.shared[id]
        html = html_of(place.key)
        place.digest = rendering.digest(html)
        if self.connected:
            self.attach(id, place.digest)
        return html

    def attach_rest(self, *, digests: bool) -> None:
        """`attach` all that this step has not attached yet. ``digests``: whether those of the first HTML still hold."""
        attached = {output.key.id for output in self._outbox if type(output) is Attach}
        for id in self.shared.keys() - attached:
            self.attach(id, self.shared[id].digest if digests else "")

    def attach(self, id: str, digest: str) -> None:
        """Keep the browser's copy of a shared component up to date. ``digest``: of the HTML that it has, or ``""``."""
        place = self.shared[id]
        self.output(Attach(place.key, digest, any(map(auth.is_restricted, place.chain(self.tree)))))

    # Over HTTP

    def render_root(self, name: str, kwargs: dict[str, Any], fills: Any = None, context: Any = None) -> str:
        """Mount a component for the page's HTML. Its root element carries a token to join it by."""
        return serving.render_root(self, name, kwargs, fills)

    def forget_output(self) -> None:
        """What a driver would do starts with the join."""
        self._outbox.clear()
        self._effects.clear()

    @property
    def csrf_token(self) -> str:
        """Masked once for the whole life of the page, so that it is no difference between two renders."""
        if not self.csrf_token_if_used:
            self.csrf_token_if_used = get_token(self.request)
        return self.csrf_token_if_used

    @property
    def visitor(self) -> HttpRequest:
        """The request of who has the page open."""
        return self.request

    @property
    def path(self) -> str:
        return self.url.partition("?")[0]

    @property
    def query(self) -> QueryDict:
        return QueryDict(self.url.partition("?")[2])

    # Messages in, output out

    def receive(self, message: protocol.Message | inputs.Input) -> Steps[None]:
        """Handle one message. Drive the steps with `advance`; then `take_output`."""
        return receiving.HANDLERS[type(message)](self, message)

    def advance(self, steps: Steps[None], value: Any = None, error: BaseException | None = None) -> Step | None:
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
        from livecomp.sharing import html_now

        with self._locale():
            return {mounted.id: rendering.fresh_html(mounted) for mounted in self.roots()} | {
                place.key.id: html_now(place.key) for place in self.shared.values() if not place.parent
            }

    def close(self) -> None:
        """The connection is gone: stop everything. The state stays, for a snapshot."""
        self.connected = False
        for mounted in list(self.tree.values()):
            _unmount(mounted)
            mounted.stop(is_cut=True)
        for topic in list(self.topics):
            self.output(Unsubscribe(topic))
        self.topics.clear()
        for id in self.shared:
            self.output(Detach(id))
        if not self.is_shared:
            signals.disconnected.send_robust(None, request=self.request, page=self.id)

    def _locale(self) -> contextlib.AbstractContextManager[None]:
        if translation.get_language() == self.language and timezone.get_current_timezone() is _zone(self.timezone):
            return _SETTLED
        return self._other_locale()

    @contextlib.contextmanager
    def _other_locale(self) -> Iterator[None]:
        with translation.override(self.language), timezone.override(_zone(self.timezone)):
            yield

    # After the handlers

    def finish(self, ref: int, history: str = "push", answered: bool = False) -> None:
        """Render what changed and send it, with the acknowledgement of event ``ref`` unless an error answered it."""
        if ref:
            self.ack = ref
        changed: set[str] = set()
        self._rendered_ref = ref
        patches = rendering.render_dirty(self, changed)
        answered = answered or self._rendered_ref != ref
        for id in changed:
            if (mounted := self.tree.get(id)) is not None:
                if mounted.listens:
                    self.listen(mounted)
                if mounted.component.url_fields and history:
                    self._write_url(mounted, history)
        if not self.send_patches(patches):
            effects = self.take_effects()
            if effects or (ref and not answered):
                self.output(Send(protocol.ack(self.ack, effects)))
        if changed:
            self.output(Save())

    def send_patches(self, patches: protocol.Patches) -> bool:
        if patches:
            self.version += 1
            self.output(Send(protocol.patch(self.version, self.ack, patches, self.take_effects())))
        return bool(patches)

    def take_effects(self) -> protocol.Effects:
        effects, self._effects = self._effects, []
        return effects

    def begin(self, first_new: int) -> None:
        """Start what the components mounted since a number declare."""
        if self.connected:
            for number in range(first_new, self.number):
                if (mounted := self.tree.get(self.id_of(number))) is not None:
                    mounted.begin()
                    self.listen(mounted)

    def listen(self, mounted: Mounted, *, stop: bool = False) -> None:
        """Subscribe to the component's topics as its state names them now, and to no others."""
        topics = {} if stop else mounted.current_topics()
        if topics == mounted.topics:
            return
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

    def tell_failure(self, mounted: Mounted, error: Exception) -> None:
        """A template failed with the state that a handler left; the state before it is shown."""
        handling.tell_failure(mounted, self._rendered_ref, "render", error)
        self._rendered_ref = 0

    # URL

    def read_url(self, mounted: Mounted) -> None:
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
            self.published.append((topic, message))

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


def _unmount(mounted: Mounted) -> None:
    try:
        mounted.component.unmount()
    except Exception as error:
        rendering.report(mounted, error, "unmount")


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
