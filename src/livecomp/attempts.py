"""What a page tries: the handlers of a turn, and the renders after them. Each is kept or undone as a whole.

What a render changes in other components (it mounts some, gives some their new arguments, others leave) lasts only when
the turn's handlers do: when one of them is undone because a template fails with what it left, all is as before it. A
component that a render leaves out is therefore not gone before the turn is over.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied

from livecomp import failures
from livecomp.address import Address
from livecomp.effects import Detach, Subscribe, Unsubscribe
from livecomp.exceptions import Refused
from livecomp.mounted import Mounted, Slot
from livecomp.raised import contained
from livecomp.shared import Place
from livecomp.synchronous import call_to_end
from livecomp.turn import START, Attempt, Mark, Touched

WAY_ON = ("redirect", "flash")  # effects that stay of what leads to another page


class Attempts(Address):
    """The part of a page that keeps or undoes what its components do."""

    def __init__(self, request: Any) -> None:
        super().__init__(request)
        self.is_live = False  # joined: from here to `close` what fails is shown in its place, and not as over HTTP
        self.is_cut = False  # the browser is gone, while a handler still works: only components look at it
        self.shared: dict[str, Place] = {}
        self.topics: dict[str, set[str]] = {}  # topic -> ids of the components that listen

    # Trying

    def try_out(self, act: Callable[[], object], *, notes_fields: bool = False, renders: Mounted | None = None) -> bool:
        """Do this: ask a component's code, make a call of its life, or render it. False when it asks for a redirect.

        What asks for a redirect, or fails, has changed nothing, in no component. Of what it asked the browser for only the
        way to the other page stays, if it was refused, too. ``notes_fields``: it may set fields. ``renders``: the component
        that it renders. Over HTTP, where one failure ends all, nothing is undone."""
        before, self.leaving = self.leaving, ""
        if not self.is_live and self.attempt is None:
            try:
                with contained:
                    act()
                return not self.leaving
            finally:
                self.leaving = self.leaving or before
        outer = self.attempt
        attempt = self.attempt = self.turn.renders if outer is None else outer
        mark = attempt.mark()
        if notes_fields:
            noted = attempt.touched, attempt.notes_fields
            attempt.touched, attempt.notes_fields = {}, True
            attempt.undo_steps.append((self._put_back, (attempt.touched,)))
        if renders is not None:
            attempt.undo_steps.append((self._restore, (renders, renders.standing(), renders.shown())))
        try:
            with contained:
                act()
            if self.leaving:
                self._take_back_but_the_way_on(attempt, mark)
            return not self.leaving
        except (Refused, PermissionDenied):
            self._take_back_but_the_way_on(attempt, mark)
            raise
        except BaseException:
            self._take_back(attempt, mark)
            raise
        finally:
            if notes_fields:
                attempt.touched, attempt.notes_fields = noted
            self.attempt = outer
            self.leaving = self.leaving or before

    def try_render(self, mounted: Mounted, act: Callable[[], object]) -> bool:
        """`try_out` a render of the component."""
        return self.try_out(act, renders=mounted)

    def ask_unseen(self, act: Callable[[], object]) -> bool:
        """Ask the code of a component that the visitor does not see. False when it asks for a redirect. Nothing that it
        asks for happens: nobody is led away by what is not shown."""
        outer, before = self.attempt, self.leaving
        attempt = self.attempt = Attempt(notes_fields=False)  # of its own: what the handler at work notes stays noted
        self.leaving = ""
        try:
            with contained:
                act()
            return not self.leaving
        finally:
            facts = attempt.take_back(START)
            self.attempt, self.leaving = outer, before
            for fact in facts:
                self.output(fact)

    def note(self, mounted: Mounted) -> None:
        """The render at work changes how the component stands there, and what the browser has of it."""
        if self.attempt is not None:
            self.attempt.undo_steps.append((self._restore, (mounted, mounted.standing(), mounted.shown())))

    # Undoing

    def _take_back(self, attempt: Attempt, mark: Mark) -> None:
        """Undo what came after the mark."""
        self.turn.is_undone = True
        facts = attempt.take_back(mark)
        (self.waiting_output if self.attempt is None else attempt.outputs).extend(facts)

    def _take_back_but_the_way_on(self, attempt: Attempt, mark: Mark) -> None:
        to, asked, dirty = self.leaving, attempt.effects[mark[1] :], self.dirty.copy()
        self._take_back(attempt, mark)
        if to:
            self.leaving, self.dirty = to, dirty  # nothing is shown again
            attempt.effects += [effect for effect in asked if effect[0] in WAY_ON]

    def _put_back(self, touched: Touched) -> None:
        for id, values in touched.items():
            if (mounted := self.tree.get(id)) is not None:
                mounted.put_back(values)
                self.dirty.add(id)

    def _restore(self, mounted: Mounted, standing: tuple[Any, ...], shown: tuple[Any, ...] | None) -> None:
        mounted.stand_as(standing)
        if shown is not None:
            mounted.show_as(shown)
        self.dirty.add(mounted.id)

    def undo(self, attempt: Attempt) -> None:
        """A handler has failed: nothing of it has happened."""
        if attempt.is_undone:
            return
        attempt.is_undone = True
        self.attempt = None
        self._take_back(attempt, START)
        self._put_back(attempt.touched)
        self.shown_url = attempt.shown_url

    def undo_renders(self, since: Mark = START) -> None:
        """Undo the renders of this turn since then: the browser has not got them."""
        self._take_back(self.turn.renders, since)
        self.turn.verdicts.clear()

    def undo_handlers(self, attempts: list[Attempt]) -> None:
        """Undo handlers that had succeeded, until a template failed. What happened once and for all stays."""
        for attempt in attempts[::-1]:
            if not attempt.is_final:
                self.turn.kept.remove(attempt)
                self.undo(attempt)

    def guilty_of(self, mounted: Mounted) -> list[Attempt]:
        """The handlers of this turn that touched a component which cannot be rendered, and can be undone."""
        guilty: list[Attempt] = []
        for attempt in self.turn.kept:
            if not attempt.is_final and (mounted.id in attempt.touched or attempt.cause in guilty):
                guilty.append(attempt)
        return guilty

    # Keeping

    def hand_over(self, handler: Attempt) -> None:
        """The browser gets what was rendered so far. What that changed in other components is undone with the handler."""
        for call, arguments in self.turn.renders.undo_steps:
            handler.undo_steps.append((call, (*arguments[:2], None) if call == self._restore else arguments))
        self.let_out()

    def let_out(self) -> None:
        """What the handlers and the renders of this turn asked for happens now."""
        kept, renders = self.turn.kept, self.turn.renders
        for attempt in kept:
            self.waiting_output += attempt.outputs
            self._effects += attempt.effects
        kept.clear()
        self.waiting_output += renders.outputs
        self._effects += renders.effects
        renders.outputs, renders.effects, renders.undo_steps = [], [], []

    def end_turn(self) -> None:
        """Nothing can be undone any more: what the renders left out is gone."""
        if self.turn.kept or not self.turn.renders.is_empty:
            self.let_out()
        if self.turn.leaving:
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
            self.set_child(mounted.parent, mounted.slot, None)
        if self.attempt is None:
            self._end(mounted)
        else:
            self.turn.leaving.append(mounted)
            self.on_undo(self._take_in_again, mounted, mounted.fills)
        mounted.take_fills(None)

    def _take_in_again(self, mounted: Mounted, fills: Mapping[str, Any] | None) -> None:
        self.turn.leaving.remove(mounted)
        self.tree[mounted.id] = mounted
        mounted.take_fills(fills)

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
            self.on_undo(self.shared.__setitem__, id, place)
            self.output(Detach(id))

    def set_child(self, parent: Mounted, slot: Slot, id: str | None) -> None:
        """The component with this id, of the page itself or a shared one, stands here in its parent; None: nothing does."""
        before = parent.children.get(slot)
        if before == id:
            return
        self.on_undo(self.set_child, parent, slot, before)
        if id is None:
            del parent.children[slot]
        else:
            parent.children[slot] = id

    def _end(self, mounted: Mounted) -> None:
        self.unmount(mounted)
        mounted.stop()
        self.listen(mounted, stop=True)

    def unmount(self, mounted: Mounted) -> None:
        """Tell a component that it leaves. What it raises is its own failure."""
        try:
            with contained:
                call_to_end(mounted.component, "unmount", {})
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
