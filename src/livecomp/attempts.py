"""What a page tries: the handlers of a turn, and the renders after them. Each is kept or undone as a whole.

What a render changes in other components (it mounts some, gives some their new arguments, others leave) lasts only when
the turn's handlers do: when one of them is undone because a template fails with what it left, all is as before it. A
component that a render leaves out is therefore not gone before the turn is over.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied

from livecomp import failures
from livecomp.address import Address
from livecomp.effects import Detach, Subscribe, Unsubscribe
from livecomp.exceptions import Refused
from livecomp.mounted import Mounted
from livecomp.outbox import way_on
from livecomp.raised import contained
from livecomp.shared import Place
from livecomp.turn import Attempt

Result = TypeVar("Result")


class Attempts(Address):
    """The part of a page that keeps or undoes what its components do."""

    def __init__(self, request: Any) -> None:
        super().__init__(request)
        self.is_live = False  # joined: from here to `close` what fails is shown in its place, and not as over HTTP
        self.is_cut = False  # the browser is gone, while a handler still works: only components look at it
        self.shared: dict[str, Place] = {}
        self.topics: dict[str, set[str]] = {}  # topic -> ids of the components that listen

    # Trying

    def try_out(self, act: Callable[[], object]) -> None:
        """Do this, a call of a component's life. Where it fails, or leads to another page, nothing else of it happens."""
        if not self.is_live or self.attempt is not None:
            with contained:
                act()
            return
        attempt = self.attempt = Attempt(self.shown_url, is_handler=False)
        try:
            with contained:
                act()
        except Exception:
            self.attempt = None
            self.undo(attempt)
            raise
        finally:
            self.attempt = None
        if (to := self.leaving) and any(kind == "redirect" for kind, *_ in attempt.effects):
            self.undo(attempt)
            self.leaving = to
            attempt = Attempt(self.shown_url, is_handler=False, effects=attempt.effects_of("redirect", "flash"))
        if self.rendering is not None:
            self.rendering.take_in(attempt, self._take_back)
        else:
            self.waiting_output += attempt.outputs
            self._effects += attempt.effects

    def try_render(self, mounted: Mounted, act: Callable[[], Result]) -> Result:
        """Do this, a render of the component. Where it fails, it has changed nothing, in no component."""
        if not self.is_live:
            with contained:
                return act()
        outer = self.rendering
        attempt = self.rendering = outer or Attempt(self.shown_url, is_handler=False)
        mark = attempt.mark()
        self.note(mounted)
        try:
            with contained:
                result = act()
        except Exception as error:
            self.rendering = None
            to, failed = self.leaving, attempt.split(mark)
            self._take_back(failed)
            if isinstance(error, (Refused, PermissionDenied)) and (kept := way_on(failed.effects, [])):
                self.leaving = to  # a refusal does not undo a redirect
                (self._effects if outer is None else outer.effects).extend(kept)
            raise
        finally:
            self.rendering = outer
        if outer is None:
            self.turn.renders.append(attempt)
        return result

    def note(self, mounted: Mounted) -> None:
        """The render at work changes how the component stands there, and what the browser has of it."""
        if self.rendering is not None:
            self.rendering.shown.append((mounted, mounted.shown()))
            self.rendering.undo_steps.append(functools.partial(self._stand_as, mounted, mounted.standing()))

    def _stand_as(self, mounted: Mounted, before: tuple[Any, ...]) -> None:
        mounted.stand_as(before)
        self.dirty.add(mounted.id)

    # Undoing

    def undo(self, attempt: Attempt) -> None:
        """A handler has failed: nothing of it has happened."""
        if attempt.is_undone:
            return
        self.turn.is_undone = attempt.is_undone = True
        self._take_back(attempt)
        self.shown_url = attempt.shown_url
        self.waiting_output += attempt.facts()

    def _take_back(self, attempt: Attempt) -> None:
        for mounted, shown in reversed(attempt.shown):
            mounted.show_as(shown)
        for step in reversed(attempt.undo_steps):
            step()
        for id, values in attempt.touched.items():
            if (touched := self.tree.get(id)) is not None:
                touched.put_back(values)
                self.dirty.add(id)

    def begin_renders(self) -> None:
        """What is rendered from here on is kept or undone together."""
        self.rendering = Attempt(self.shown_url, is_handler=False)

    def end_renders(self) -> None:
        """Keep it."""
        attempt, self.rendering = self.rendering, None
        if attempt is not None:
            self.turn.renders.append(attempt)

    def undo_renders(self, since: int) -> None:
        """Undo the renders of this turn after the first ``since``: the browser has not got them."""
        for attempt in reversed(self.turn.renders[since:]):
            self._take_back(attempt)
        del self.turn.renders[since:]
        self.turn.verdicts.clear()

    def guilty_of(self, mounted: Mounted) -> list[Attempt]:
        """The handlers of this turn that touched a component which cannot be rendered."""
        guilty: list[Attempt] = []
        for attempt in self.turn.kept:
            if not attempt.is_final and (mounted.id in attempt.touched or attempt.cause in guilty):
                guilty.append(attempt)
        return guilty

    def undo_handlers(self, attempts: list[Attempt]) -> None:
        """Undo handlers that had succeeded, until a template failed."""
        for attempt in reversed(attempts):
            self.turn.kept.remove(attempt)
            self.undo(attempt)

    # Keeping

    def let_out(self) -> None:
        """What the handlers and the renders of this turn asked for happens now."""
        for attempt in self.turn.kept:
            self.waiting_output += attempt.outputs
            self._effects += attempt.effects
        self.turn.kept.clear()
        for attempt in self.turn.renders:
            self.waiting_output += attempt.outputs
            self._effects += attempt.effects
        self.turn.renders.clear()

    def end_turn(self) -> None:
        """Nothing can be undone any more: what the renders left out is gone."""
        self.let_out()
        leaving, self.turn.leaving = self.turn.leaving, []
        for mounted in leaving:
            self._end(mounted)

    # Components that leave

    def remove(self, mounted: Mounted) -> None:
        """Take a component and its children out of the page: for good when the render that leaves it out lasts."""
        for child in list(mounted.children.values()):
            self.drop(child)
        self.tree.pop(mounted.id, None)
        self.dirty.discard(mounted.id)
        if mounted.parent is not None:
            mounted.parent.children.pop(mounted.slot, None)
        if self.rendering is None:
            self._end(mounted)
        else:
            self.turn.leaving.append(mounted)
            self.on_undo(functools.partial(self._take_in_again, mounted, mounted.fills))
        mounted.take_fills(None)

    def _take_in_again(self, mounted: Mounted, fills: Mapping[str, Any] | None) -> None:
        self.turn.leaving.remove(mounted)
        self.tree[mounted.id] = mounted
        mounted.take_fills(fills)
        mounted.forget_html()
        if mounted.parent is not None:
            mounted.parent.children[mounted.slot] = mounted.id

    def put_out(self, mounted: Mounted) -> None:
        """The render that mounted the component is undone."""
        if mounted.id in self.tree:
            self.tree.pop(mounted.id)
            self.dirty.discard(mounted.id)
            mounted.take_fills(None)
            self._end(mounted)

    def drop(self, id: str) -> None:
        """Take a child out of the page, whether its state is here or shared."""
        if id in self.tree:
            self.remove(self.tree[id])
        elif (place := self.shared.pop(id, None)) is not None:
            self.on_undo(functools.partial(self.shared.__setitem__, id, place))
            self.output(Detach(id))

    def _end(self, mounted: Mounted) -> None:
        self.unmount(mounted)
        mounted.stop()
        self.listen(mounted, stop=True)

    def unmount(self, mounted: Mounted) -> None:
        """Tell a component that it leaves. What it raises is its own failure."""
        try:
            with contained:
                mounted.component.unmount()
        except Exception as error:
            failures.report(mounted, error, "unmount")

    def listen(self, mounted: Mounted, *, stop: bool = False) -> None:
        """Subscribe to the component's topics as its state names them now, and to no others."""
        topics = {} if stop else mounted.topics_to_hear()
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
