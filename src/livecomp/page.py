"""`LivePage`: all that the server knows about one open browser page.

No sockets, no event loop, no thread in it. A driver (the consumer, or the test client) gives it messages with `receive`
and takes what is to be done with `take_output`.
"""

import contextlib
import logging
import secrets
from collections.abc import Generator, Mapping
from typing import Any, TypeVar

from django.db import transaction
from django.http import HttpRequest
from django.middleware.csrf import get_token

from livecomp import (
    auth,
    calling,
    changes,
    failures,
    inputs,
    locale,
    navigation,
    protocol,
    receiving,
    rendering,
    sendable,
    serving,
    shared,
    signals,
    standing,
    tokens,
    topics,
)
from livecomp.attempts import Attempts
from livecomp.component import LiveComponent
from livecomp.conf import settings
from livecomp.effects import Attach, Detach, Postpone, Publish, Save, Send, StartTask, Step, Unsubscribe
from livecomp.exceptions import ComponentError
from livecomp.mounted import Mounted, Slot, method_name
from livecomp.outbox import count_own_calls
from livecomp.synchronous import Promises
from livecomp.templating import opaque
from livecomp.turn import Attempt
from livecomp.values import copy_arguments, copy_value

logger = logging.getLogger("livecomp")

Result = TypeVar("Result")
Steps = Generator[Step, Any, Result]


class LivePage(Attempts):
    """The components of one page with their state, subscriptions, timers and sequence numbers."""

    is_shared = False
    """Whether it is seen by many, see `livecomp.sharing`."""

    def __init__(self, request: HttpRequest, page_id: str = "") -> None:
        super().__init__(request)
        self.id = page_id or secrets.token_urlsafe(12)
        self.joined_id = self.resumed_from = ""  # see `livecomp.resume.name`
        self.is_heard = False  # the browser has said something since the join, so it has heard of that
        self.parts: list[Any] = []  # of its snapshot, while HTTP renders it: see `livecomp.resume.save_root`
        self.holders: dict[str, dict[str, None]] = {}  # id -> ids of those that show it in a fill
        self.marks = opaque.Marks()
        self.late: list[str] = []  # ids of components that are shown and have not begun
        self.first_html: dict[str, str] = {}  # of roots that were rendered over HTTP, with their tokens
        self.claims: dict[str, tokens.Claims] = {}  # what these say
        self.version = 0  # of the last render sent
        self.ack = 0  # highest event number that is done: applied, refused or failed
        self.begun = 0  # highest event number whose handler has begun
        self.number = 0  # last number given to a component, timer or task
        self.language, self.timezone = locale.current_language(), locale.current_zone()
        self.carried = 0  # characters of fills in its tokens
        self.csrf_token_if_used = ""
        self.promises = Promises()

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
        self.on_undo(self.put_out, mounted)
        return mounted

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
        auth.check(cls, self.request, self.turn.verdicts)
        if place is None:
            place = self.shared[key.id] = shared.Place(key, parent, slot)
            self.on_undo(self.shared.pop, key.id, None)
        elif (place.parent, place.slot) != (parent, slot):
            raise ComponentError(
                f"The shared component {cls.name!r} stands twice on this page with the same arguments. Give one of the "
                'two another `key="…"`: then they are two components.'
            )
        return key.id

    def shared_html(self, id: str) -> str:
        """Full HTML of a shared component, for a browser that does not have it. On the WebSocket its failure is its own."""
        from livecomp.sharing import html_of

        place = self.shared[id]
        try:
            html = html_of(place.key)
        except Exception as error:
            if not self.is_live or isinstance(error, ComponentError):
                raise
            html = failures.with_address(failures.shared_failure(self, place.key.name, error), id)
        place.digest = rendering.digest(html)
        if self.is_live:
            self.attach(id, place.digest)
        return html

    def attach_rest(self, *, digests: bool) -> None:
        """`attach` all that this step has not attached yet. ``digests``: whether those of the first HTML still hold."""
        attached = {output.key.id for output in self.waiting_output if type(output) is Attach}
        for id in self.shared.keys() - attached:
            if standing.is_shown(self, id):
                self.attach(id, self.shared[id].digest if digests else "")

    def attach(self, id: str, digest: str) -> None:
        """Keep the browser's copy of a shared component up to date. ``digest``: of the HTML that it has, or ``""``."""
        place = self.shared[id]
        self.output(Attach(place.key, digest, any(map(auth.is_restricted, standing.asked_for(self, id)))))

    # Over HTTP

    def render_root(
        self, name: str, kwargs: dict[str, Any], fills: Any = None, context: Any = None, place: str = ""
    ) -> str:
        """Mount a component for the page's HTML. Its root element carries a token to join it by."""
        return serving.render_root(self, name, kwargs, fills)

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

    # Messages in, output out

    def receive(self, message: protocol.Message | inputs.Input) -> Steps[None]:
        """Handle one message. Drive the steps with `advance`; then `take_output`."""
        return receiving.take_turn(self, message)

    def advance(self, steps: Steps[None], value: Any = None, error: BaseException | None = None) -> Step | None:
        """Run to the next step, in the page's language and time zone. None at the end."""
        self.enter_turn()
        step = None
        self.is_stepping = True
        try:
            with self.in_locale():
                step = steps.throw(error) if error is not None else steps.send(value)
        except StopIteration:
            pass
        finally:
            self.is_stepping = False
            if step is None:
                self.leave_turn()
        return step

    def postpone(self, input: inputs.Input, mounted: Mounted, error: Exception) -> None:
        """The guard gave no answer (there was no database, say): the input comes again. It is logged the first time."""
        if not self.turn.postponed:
            failures.report(mounted, error, "has_permission")
        self.output(Postpone(input, self.turn.postponed + 1))

    def fresh_html(self) -> dict[str, str]:
        """Each root component's HTML as a first render would give it now. Changes nothing."""
        from livecomp.sharing import html_now

        with self.in_locale():
            shown = [place.key for place in self.shared.values() if not place.parent]
            return {mounted.id: rendering.fresh_html(mounted) for mounted in self.roots() if mounted.is_shown} | {
                key.id: html_now(key) for key in shown if standing.is_shown(self, key.id)
            }

    def close(self) -> None:
        """The connection is gone: stop everything. The state stays, for a snapshot."""
        self.is_live = False
        self.enter_turn()
        for mounted in list(self.tree.values()):
            self.unmount(mounted)
            try:
                mounted.stop(is_cut=True)
            except Exception as error:
                failures.report(mounted, error, "stop")
        self.leave_turn()
        for topic in list(self.topics):
            self.output(Unsubscribe(topic))
        self.topics.clear()
        for id in self.shared:
            self.output(Detach(id))
        if not self.is_shared:
            signals.disconnected.send_robust(None, request=self.request, page=self.id)

    def hold_task(self, output: StartTask) -> None:
        """The connection was gone before the task could begin: it begins with the next one."""
        mounted = self.tree.get(output.id.partition(":")[0])
        if mounted is not None and output.id in mounted.tasks:
            mounted.hold_task(output.id, output.call)

    def in_locale(self) -> contextlib.AbstractContextManager[None]:
        """The page's language and time zone are active within."""
        return locale.override(self.language, self.timezone)

    # After the handlers

    def finish(self, history: str = "push") -> None:
        """Show what the turn has led to, with the acknowledgement of its event unless an error answered it."""
        ref = 0 if self.turn.is_cut_short else self.turn.ref
        if ref:
            self.ack = max(self.ack, ref)
        if self.show(history) or ref:
            self.output(Save())

    def show(self, history: str = "push", at_yield: Attempt | None = None) -> set[str]:
        """Bring the browser and the driver up to date with what the handlers have done: address, HTML, effects, topics.
        ``history``: how a new address comes into the browser's history, ``""`` where the browser has made it.
        ``at_yield``: the handler that stands at one, and can still be undone; otherwise the turn is over. Gives the ids of
        the components that were rendered."""
        changed: set[str] = set()
        if history:
            self.follow_url_fields()
        patches = changes.render_dirty(self, changed)
        if history and self.turn.is_undone and self.follow_url_fields(changed):
            patches += changes.render_dirty(self, changed)
        if at_yield is None:
            self.end_turn()
        else:
            self.hand_over(at_yield)
        self.tell_url(history)
        for id in changed:
            if (mounted := self.tree.get(id)) is not None and mounted.listens:
                self.listen(mounted)
        if not self.send_patches(patches):
            effects = self.take_effects()
            is_done = at_yield is None and self.turn.ref and not self.turn.is_cut_short
            if effects or (is_done and not self.turn.is_answered):
                self.output(Send(protocol.ack(self.ack, effects)))
        return changed

    def send_patches(self, patches: protocol.Patches) -> bool:
        if patches:
            self.version += 1
            self.own_calls += sum(count_own_calls(html) for _, html in patches)
            self.output(Send(protocol.patch(self.version, self.ack, patches, self.take_effects())))
        return bool(patches)

    def begin(self, first_new: int) -> None:
        """Start what the components mounted since a number declare."""
        if self.is_live:
            for number in range(first_new, self.number):
                if (mounted := self.tree.get(self.id_of(number))) is not None:
                    mounted.begin()
                    self.listen(mounted)
            for mounted in standing.take_late(self):
                mounted.begin()

    # Asked for by components

    def redirect(self, to: Any, *args: Any, **kwargs: Any) -> None:
        self.on_undo(setattr, self, "leaving", self.leaving)
        self.leaving = navigation.safe_redirect(self.request, to, args, kwargs)
        if self.is_live:
            self.effect("redirect", self.leaving)

    def publish(self, topic: str, message: Any) -> None:
        if not calling.is_in_turn(self) or not self.is_live:
            return topics.publish(topic, message)
        (message,) = sendable.unpack([sendable.pack(topic, message)])  # as everybody gets it
        connection = transaction.get_connection()
        if connection.in_atomic_block:
            transaction.on_commit(lambda: self._publish_now(topic, message))
        else:
            self._publish_now(topic, message)

    def _publish_now(self, topic: str, message: Any) -> None:
        if not calling.is_in_turn(self):  # the transaction outlived the turn
            return topics.publish_now(topic, message)
        handler = None if self.attempt is self.turn.renders or self.turn.answers_topics else self.attempt
        listens = topic in self.topics
        self.output(Publish(topic, message, comes_back=listens and handler is None))
        if listens and handler is not None:
            handler.published.append((topic, message))

    def flash(self, level: int | str, text: str) -> None:
        self.effect("flash", navigation.level_name(level), str.__str__(str(text)))

    def send_to(self, component: LiveComponent | str, method: Any, arguments: Mapping[str, Any]) -> Any:
        mounted = self.tree.get(component if isinstance(component, str) else component.id)
        if mounted is None:
            raise LookupError(f"{component!r} is not on this page.")
        auth.guard(mounted)
        name = method_name(mounted.component, method, "send_to")
        result = copy_value(getattr(mounted.component, name)(**copy_arguments(arguments)))
        self.promises.note(f"send_to(…, {name!r})", result)
        if self.attempt is not None and self.attempt.notes_fields:
            self.attempt.touched.setdefault(mounted.id, {})
        self.dirty.add(mounted.id)
        auth.forget_rule(mounted)
        return result
