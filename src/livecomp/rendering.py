"""Rendering the components of a page: contexts, children, error boundaries.

A component is rendered by its compiled template. Children that the template places are mounted or updated on the way,
but each renders by itself: a parent's patch keeps them.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Any

from django.template import Context

from livecomp import inputs, lifecycle, registry, standing
from livecomp.component import LiveComponent
from livecomp.conf import settings as limits
from livecomp.constants import ADDRESS
from livecomp.context import build_context
from livecomp.effects import Postpone
from livecomp.exceptions import ComponentError, Refused
from livecomp.failures import (
    has_other_access,
    is_refused,
    show_error,
    with_address,
)
from livecomp.mounted import Mounted, Slot
from livecomp.shared import Key, refuse_fills
from livecomp.source import compiled_template
from livecomp.templating import RenderMemory, opaque
from livecomp.templating.loops import warn_about_child


class Host:
    """What a live template talks to while it is rendered: it places children. See `livecomp.templating`."""

    def __init__(self, mounted: Mounted) -> None:
        self.mounted = mounted
        self.inlined: set[str] = set()  # children inside nodes that only Django can render
        self.passed: set[str] = set()  # those of them in what other children are given to show
        self._places: Counter[Slot] = Counter()
        self.shared: set[str] = set()  # shared children placed by this render
        self.is_again = False  # the browser has the component: a child that leads elsewhere does not take it away

    @property
    def marks(self) -> opaque.Marks:
        """How the places of children in text are known."""
        return self.mounted.page.marks

    def begin(self) -> None:
        """A render of the template begins, the first one or another."""
        self.inlined.clear()
        self.passed.clear()
        self._places.clear()

    def place(self, name: str, slot: Slot, kwargs: dict[str, Any], fills: Mapping[str, Any] | None) -> str:
        """The id of the child at this place, mounted now or given its new arguments."""
        parent = self.mounted
        page = parent.page
        cls = registry.get(name)
        if cls.shared:
            return self._place_shared(cls, slot, kwargs, fills)
        slot = self.slot_of_its_own(slot)
        self.passed |= self.given_in(fills)
        child = page.tree.get(parent.children.get(slot, ""))
        if child is not None and child.broken != "mount" and child.is_placed_by(name, kwargs):
            if fills != child.fills:
                page.dirty.add(child.id)
            before = child.arguments, child.fills
            changed = child.take_arguments(kwargs, fills)
            if changed or child.broken or child.fills != before[1]:
                self._note(child, before)
            if changed or child.broken:
                lifecycle.update(child, kwargs if child.broken else changed)
            elif has_other_access(child):
                page.dirty.add(child.id)
            return child.id
        if child is not None:
            page.remove(child)
        leaving = page.leaving
        child = mount_child(parent, name, slot, kwargs, fills)
        page.leaving = leaving if self.is_again else page.leaving
        return child.id

    def _note(self, child: Mounted, before: tuple[Any, Any]) -> None:
        """The child is given something else than ``before``."""
        child.page.on_undo(partial(child.take_back, *before, child.broken))

    def slot_of_its_own(self, slot: Slot) -> Slot:
        """The slot, with a number where this render has used it: two children were given the same key."""
        number = self._places[slot]
        self._places[slot] += 1
        if not number:
            return slot
        warn_about_child(type(self.mounted.component).__name__, slot)
        return (*slot, number)

    def _place_shared(
        self, cls: type[LiveComponent], slot: Slot, kwargs: dict[str, Any], fills: Mapping[str, Any] | None
    ) -> str:
        parent = self.mounted
        page = parent.page
        refuse_fills(cls, fills)
        arguments = kwargs if slot[-1] is None else {**kwargs, "key": slot[-1]}
        id = Key.of(cls.name, arguments, page.language, page.timezone).id
        place = page.shared.get(id)
        if place is not None and place.parent == parent.id and place.slot != slot and id not in self.shared:
            parent.children.pop(place.slot, None)  # it has moved within the template
            place.slot = slot
        try:
            page.place_shared(cls, slot, arguments, parent.id)
        except Refused:
            if not page.is_live:
                raise
            return self._refuse_shared(slot, id)
        before = parent.children.get(slot, id)
        if before != id:
            page.drop(before)
        parent.children[slot] = id
        self.shared.add(id)
        return id

    def _refuse_shared(self, slot: Slot, shared: str) -> str:
        """Put a notice into the place of a shared component that the visitor may not see any more."""
        page, children = self.mounted.page, self.mounted.children
        before = children.get(slot, "")
        if before in page.tree and page.tree[before].component.name == "livecomp.refused":
            return before
        page.drop(shared)
        if before:
            page.drop(before)
        return mount_child(self.mounted, "livecomp.refused", slot, {}, None).id

    def child_html(self, component_id: str) -> str:
        """Full HTML of a child that the browser does not have."""
        page = self.mounted.page
        found = page.tree.get(component_id) or page.shared.get(component_id)
        if found is None:  # it stands in what was given, and could not come back with the page
            return ""
        if isinstance(found, Mounted):
            if found.is_left_out or found.html is None:
                page.note(found)
        elif found.is_left_out:
            page.on_undo(partial(setattr, found, "is_left_out", True))
        found.is_left_out = False
        first = page.first_html.pop(component_id, None)
        if first is not None:  # a component of the page, in what it gives another one to show
            return first
        if component_id in page.shared:
            return page.shared_html(component_id)
        child = page.tree[component_id]
        if not child.has_begun:
            page.late.append(child.id)
        if child.html is None:
            child.memory = RenderMemory()
            leaving = page.leaving
            render_in_place(child)
            page.leaving = leaving if self.is_again else page.leaving
        html, child.html = child.html, None
        return html or ""

    def render_root(self, name: str, kwargs: dict[str, Any], fills: Any, context: Context, place: str = "") -> str:
        """What stands for a child inside a node that only Django can render, until the parent is written.

        ``place``: where its tag is. Its HTML is no part of the parent's, as that of any other child.
        """
        key = kwargs.pop("key", None)
        slot: Slot = ("inlined", name, place, key)  # with a key of its own, a child keeps its state when it is moved
        if key is None:
            self._places[slot] += 1
            slot = ("inlined", name, place, self._places[slot] - 1, key)
        child = self.place(name, slot, kwargs, fills)
        self.inlined.add(child)
        return self.marks.mark(child)

    def inlined_children(self) -> frozenset[str]:
        """Children that stand inside of text: in nodes that only Django can render, and in what the parent has given to
        show."""
        return frozenset(self.inlined | self.mounted.given)

    def given_in(self, fills: Mapping[str, Any] | None) -> frozenset[str]:
        """Ids of the children that stand in what a component is given to show."""
        return self.marks.children_given(fills) if fills else frozenset()

    def commit(self, rendering: Any) -> None:
        """The browser is going to have this render: children that it does not place leave the page. Raises what the pattern
        of a topic raises with the present state, and then nothing of it has happened."""
        mounted = self.mounted
        mounted.check_topics()
        rendering.commit()
        for id in self.inlined_children().difference(rendering.children, self.passed):
            standing.leave_out(mounted.page, id)
        _keep_children(mounted, {*rendering.children, *self.inlined})


class FreshHost(Host):
    """Renders anew without changing anything: for comparing what the browser has with what it should have."""

    def place(self, name: str, slot: Slot, kwargs: dict[str, Any], fills: Mapping[str, Any] | None) -> str:
        if registry.get(name).shared:
            return self.mounted.children[slot]
        return self.mounted.children[self.slot_of_its_own(slot)]

    def child_html(self, component_id: str) -> str:
        from livecomp.sharing import html_now

        page = self.mounted.page
        if component_id in page.shared:
            return html_now(page.shared[component_id].key)
        return fresh_html(page.tree[component_id])


def fresh_html(mounted: Mounted) -> str:
    """The component's HTML as a first render of its present state would give it."""
    if mounted.failure is not None:
        return with_address(mounted.failure, mounted.id)
    html: str = render(mounted, RenderMemory(), FreshHost(mounted)).html()
    return html


def render(mounted: Mounted, memory: RenderMemory, host: Host) -> Any:
    compiled = compiled_template(type(mounted.component))

    def act() -> Any:
        mounted.is_rendering = True
        try:
            context = build_context(mounted, compiled.names)
            context.live_host = host  # type: ignore[attr-defined]
            return compiled.render(context, component_id=mounted.id, memory=memory, host=host)
        finally:
            mounted.is_rendering = False

    return mounted.page.hold_effects(act)


def mount_child(
    parent: Mounted, name: str, slot: Slot, kwargs: dict[str, Any], fills: Mapping[str, Any] | None
) -> Mounted:
    """Mount a component in its parent and render it. Its own failure does not reach the parent."""
    page = parent.page
    if parent.depth + 1 >= limits.max_nesting:
        raise ComponentError(f"Components are nested deeper than {limits.max_nesting}: {_chain(parent)} > {name}.")
    child = page.add(registry.get(name), parent, slot)
    parent.children[slot] = child.id
    child.take_arguments(kwargs, fills)
    try:
        stays = lifecycle.mount(child, kwargs)
        stays = stays and page.stays(lambda: page.try_render(child, lambda: first_render(child)))
    except (ComponentError, Refused):
        page.remove(child)
        raise
    except Exception as error:
        if not page.is_live:  # over HTTP it is an ordinary server error
            raise
        show_error(child, error, "render")
        child.noticed = child.failure
        child.html = with_address(child.failure or "", child.id)
        return child
    if not stays:
        page.remove(child)
        return mount_child(parent, "livecomp.left", slot, {}, None)
    return child


def _chain(mounted: Mounted | None) -> str:
    names: list[str] = []
    while mounted is not None:
        names.insert(0, mounted.component.name)
        mounted = mounted.parent
    return " > ".join(names)


def first_render(mounted: Mounted) -> str:
    """Render a component that the browser does not have; its HTML waits in ``mounted.html``."""
    if is_refused(mounted):
        mounted.noticed = mounted.failure
        mounted.html = with_address(mounted.failure or "", mounted.id)
        mounted.page.dirty.discard(mounted.id)
        return mounted.html
    mounted.looked = set()
    host = Host(mounted)
    rendering = render(mounted, mounted.memory, host)
    mounted.html = rendering.html()
    host.commit(rendering)
    mounted.forget_failure()
    mounted.page.dirty.discard(mounted.id)
    return mounted.html


def render_in_place(child: Mounted) -> None:
    """Render a child that is mounted, as a part of its parent's HTML. On the WebSocket its failure is its own."""
    page = child.page
    try:
        if not page.stays(lambda: page.try_render(child, lambda: first_render(child))) and page.is_live:
            page.note(child)
            child.memory = RenderMemory()
            child.html = f'<span {ADDRESS}="{child.id}.0" hidden></span>'
    except ComponentError:
        raise
    except Exception as error:
        if not page.is_live:
            raise
        page.note(child)
        show_error(child, error, "render")
        page.output(Postpone(inputs.RenderAgain(child.id), page.turn.postponed + 1))
        child.noticed = child.failure
        child.html = with_address(child.failure or "", child.id)


def render_again(mounted: Mounted) -> list[tuple[str, str]]:
    """Patches that bring the browser's copy of the component up to date; none when it asks for a redirect. Exceptions of
    the template come through."""
    page = mounted.page
    before, page.leaving = page.leaving, ""
    try:
        return _render_again(mounted)
    finally:
        page.leaving = page.leaving or before


def _render_again(mounted: Mounted) -> list[tuple[str, str]]:
    if mounted.failure is not None:
        mounted.memory = RenderMemory()
    looked, mounted.looked = mounted.looked, set()
    host = Host(mounted)
    host.is_again = True
    try:
        rendering = render(mounted, mounted.memory, host)
        patches: list[tuple[str, str]] = rendering.patches() if rendering.changed else []
        if mounted.page.leaving:
            mounted.looked |= looked
            return []
        host.commit(rendering)
    except Exception:
        mounted.looked |= looked
        raise
    mounted.forget_failure()
    return patches


def _keep_children(mounted: Mounted, placed: set[str]) -> None:
    if not placed.issuperset(mounted.children.values()):
        for slot, id in list(mounted.children.items()):
            if id not in placed:
                del mounted.children[slot]
                mounted.page.drop(id)


def digest(html: str) -> str:
    """A short fingerprint of a component's HTML that is the same in every process."""
    return hashlib.blake2b(html.encode(), digest_size=9).hexdigest()


def without_address(html: str, component_id: str) -> str:
    """The component's HTML as a patch has it: without the address of the patched element itself."""
    return html.replace(f' {ADDRESS}="{component_id}.0"', "", 1)
