"""Rendering the components of a page: contexts, children, error boundaries.

A component is rendered by its compiled template. Children that the template places are mounted or updated on the way,
but each renders by itself: a parent's patch keeps them.
"""

import contextlib
import functools
import hashlib
import logging
import traceback
import uuid
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.signals import got_request_exception
from django.template import Context, RequestContext, Template, engines
from django.template.loader import get_template, render_to_string

from livecomp import auth, registry, tracing
from livecomp.component import LiveComponent
from livecomp.conf import settings as limits
from livecomp.constants import ADDRESS
from livecomp.exceptions import ComponentError, Refused
from livecomp.mounted import Mounted, Slot
from livecomp.shared import Key, refuse_fills, refuse_names
from livecomp.templating import CompiledTemplate, RenderMemory, compile_template, opaque

if TYPE_CHECKING:
    from livecomp.page import LivePage

logger = logging.getLogger("livecomp")

_compiled: dict[type[LiveComponent], CompiledTemplate] = {}


def compiled_template(cls: type[LiveComponent]) -> CompiledTemplate:
    """The compiled template of a component class. In DEBUG it is looked up each time, so that edits show."""
    compiled = _compiled.get(cls)
    if compiled is None or settings.DEBUG:
        compiled = compile_template(template_of(cls))
        _compiled[cls] = compiled
    return compiled


def template_of(cls: type[LiveComponent]) -> Template:
    """The template of a component class, as Django knows it."""
    if not cls.template:
        return get_template(cls.template_name).template  # type: ignore[attr-defined,no-any-return]
    made: Template | None = cls.__dict__.get("_inline_template")
    if made is None or made.source != cls.template:
        made = engines["django"].from_string(cls.template).template  # type: ignore[attr-defined]
        made.name = f"{cls.__module__}.{cls.__qualname__}.template"
        made.origin.name = made.origin.template_name = made.name
        cls._inline_template = made  # type: ignore[attr-defined]
    return made


def build_context(mounted: Mounted, names: frozenset[str] | None) -> Context:
    """What the template sees. ``names`` are those it can look up; None when that is not known."""
    component = mounted.component
    cls = type(component)
    if mounted.page.is_shared:
        refuse_names(cls, names)
    mounted.forget_computed()
    values: dict[str, Any] = mounted.state()
    for name in cls.computed if names is None else names & cls.computed.keys():
        values[name] = functools.partial(getattr, component, name)  # computed where the template comes to it
    values["self"] = component
    if cls.get_context_data is not LiveComponent.get_context_data:
        values.update(component.get_context_data())
    if mounted.fills:
        values["fills"] = mounted.fills
    page = mounted.page
    if names is None or "csrf_token" in names:
        values["csrf_token"] = page.csrf_token
    if names is not None and names <= values.keys():
        return Context(values)
    if names is not None and names <= values.keys() | {"request", "user"}:
        return Context({"request": page.request, "user": page.request.user, **values})
    context = RequestContext(page.request)
    context.push(values)
    return context


class Host:
    """What a live template talks to while it is rendered: it places children. See `livecomp.templating`."""

    def __init__(self, mounted: Mounted) -> None:
        self.mounted = mounted
        self.inlined: list[str] = []  # children inside nodes that only Django can render
        self._inlined_places: Counter[tuple[str, object]] = Counter()
        self.shared: set[str] = set()  # shared children placed by this render

    def place(self, name: str, slot: Slot, kwargs: dict[str, Any], fills: Mapping[str, Any] | None) -> str:
        """The id of the child at this place, mounted now or given its new arguments."""
        parent = self.mounted
        page = parent.page
        child = page.tree.get(parent.children.get(slot, ""))
        if child is not None and child.component.name == name:
            if fills != child.fills:
                page.dirty.add(child.id)
            changed = child.take_arguments(kwargs, fills)
            if changed:
                update(child, changed)
            return child.id
        cls = registry.get(name)
        if cls.shared:
            return self._place_shared(cls, slot, kwargs, fills)
        if child is not None:
            page.remove(child)
        return mount_child(parent, name, slot, kwargs, fills).id

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
        page.place_shared(cls, slot, arguments, parent.id)
        before = parent.children.get(slot, id)
        if before != id:
            page.drop(before)
        parent.children[slot] = id
        self.shared.add(id)
        return id

    def child_html(self, component_id: str) -> str:
        """Full HTML of a child that the browser does not have."""
        if component_id in self.mounted.page.shared:
            return self.mounted.page.shared_html(component_id)
        child = self.mounted.page.tree[component_id]
        if child.html is None:
            child.memory = RenderMemory()
            first_render(child)
        html, child.html = child.html, None
        return html or ""

    def render_root(self, name: str, kwargs: dict[str, Any], fills: Any, context: Context) -> str:
        """HTML of a child inside a node that only Django can render: it is part of the parent's HTML each time."""
        key = kwargs.pop("key", None)
        number = self._inlined_places[name, key]  # with a key of its own, a child keeps its state when it is moved
        self._inlined_places[name, key] += 1
        child = self.place(name, ("inlined", name, number, key), kwargs, fills)
        self.inlined.append(child)
        self.mounted.page.dirty.discard(child)
        if child in self.mounted.page.tree:
            self.mounted.page.tree[child].html = None
        html = self.child_html(child)
        return f"{opaque.CHILD_START}{html}{opaque.CHILD_END}" if opaque.steady is not None else html


class FreshHost(Host):
    """Renders anew without changing anything: for comparing what the browser has with what it should have."""

    def place(self, name: str, slot: Slot, kwargs: dict[str, Any], fills: Mapping[str, Any] | None) -> str:
        return self.mounted.children[slot]

    def child_html(self, component_id: str) -> str:
        from livecomp.sharing import html_now

        page = self.mounted.page
        if component_id in page.shared:
            return html_now(page.shared[component_id].key)
        return fresh_html(page.tree[component_id])


def fresh_html(mounted: Mounted) -> str:
    """The component's HTML as a first render of its present state would give it."""
    if mounted.failure is not None:
        return _with_address(mounted.failure, mounted.id)
    html: str = _render(mounted, RenderMemory(), FreshHost(mounted)).html()
    return html


def _render(mounted: Mounted, memory: RenderMemory, host: Host) -> Any:
    compiled = compiled_template(type(mounted.component))
    context = build_context(mounted, compiled.names)
    context.live_host = host  # type: ignore[attr-defined]
    return compiled.render(context, component_id=mounted.id, memory=memory, host=host)


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

    def mount() -> None:
        auth.check(child.component, page.request)
        child.component.mount(**kwargs)

    try:
        stays = page.stays(mount) and page.stays(lambda: first_render(child))
    except (ComponentError, Refused):
        page.remove(child)
        raise
    except Exception as error:
        if not page.connected:  # over HTTP it is an ordinary server error
            raise
        show_failure(child, error, "mount")
        child.html = _with_address(child.failure or "", child.id)
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


def update(child: Mounted, changed: dict[str, Any]) -> None:
    """Give a child its new arguments; it is rendered after its parent."""
    try:
        child.component.updated(**changed)
    except Exception as error:
        show_failure(child, error, "updated")
    child.page.dirty.add(child.id)


def first_render(mounted: Mounted) -> str:
    """Render a component that the browser does not have; its HTML waits in ``mounted.html``."""
    mounted.looked.clear()
    host = Host(mounted)
    rendering = _render(mounted, mounted.memory, host)
    mounted.html = rendering.html()
    rendering.commit()
    _keep_children(mounted, {*rendering.children, *host.inlined})
    mounted.failure = None
    mounted.page.dirty.discard(mounted.id)
    return mounted.html


def render_again(mounted: Mounted) -> list[tuple[str, str]]:
    """Patches that bring the browser's copy of the component up to date. Exceptions of the template come through."""
    if mounted.failure is not None:
        mounted.memory = RenderMemory()
    looked, mounted.looked = mounted.looked, set()
    host = Host(mounted)
    try:
        rendering = _render(mounted, mounted.memory, host)
    except Exception:
        mounted.looked |= looked
        raise
    patches: list[tuple[str, str]] = rendering.patches() if rendering.changed else []
    rendering.commit()
    mounted.failure = None
    _keep_children(mounted, {*rendering.children, *host.inlined})
    return patches


class WholeHost(Host):
    """Renders children anew too, and finds out what changed in them."""

    def __init__(self, mounted: Mounted) -> None:
        super().__init__(mounted)
        self.patches: list[tuple[str, str]] = []
        self.made: dict[str, str] = {}

    def child_html(self, component_id: str) -> str:
        if component_id not in self.made:
            child = self.mounted.page.tree[component_id]
            if child.html is not None:  # mounted just now
                html, child.html = child.html, None
            else:
                html, patches = whole(child)
                self.patches += patches
            self.made[component_id] = html
        return self.made[component_id]


def whole(mounted: Mounted) -> tuple[str, list[tuple[str, str]]]:
    """Render a component and its children. Gives the full HTML, and the patches that make it of what browsers have."""
    mounted.page.dirty.discard(mounted.id)
    if mounted.failure is not None:
        return _with_address(mounted.failure, mounted.id), []
    mounted.looked = set()
    host = WholeHost(mounted)
    try:
        rendering = _render(mounted, mounted.memory, host)
        patches = rendering.patches() if rendering.changed else []
        html = rendering.html()
        rendering.commit()
    except Exception as error:
        show_failure(mounted, error, "render")
        patch = failure_patch(mounted)
        return _with_address(patch[1], mounted.id), [patch]
    _keep_children(mounted, {*rendering.children, *host.inlined})
    return html, [*patches, *host.patches]


def _keep_children(mounted: Mounted, placed: set[str]) -> None:
    if len(placed) < len(mounted.children):
        for slot, id in list(mounted.children.items()):
            if id not in placed:
                del mounted.children[slot]
                mounted.page.drop(id)


def show_failure(mounted: Mounted, error: BaseException, doing: str) -> str:
    """Log an exception and make the component's error boundary of it. Gives the failure's id, for a report."""
    failure = report(mounted, error, doing)
    text = "".join(traceback.format_exception(error)) if settings.DEBUG else ""
    details = {"component": mounted.component.name, "failure": failure, "traceback": text, "debug": settings.DEBUG}
    mounted.failure = f"<livecomp-error>{render_to_string('livecomp/error.html', details).strip()}</livecomp-error>"
    mounted.memory = RenderMemory()
    return failure


def report(mounted: Mounted, error: BaseException, doing: str) -> str:
    """Log an exception with the component's name, and tell Django's signal that error trackers listen to."""
    failure = uuid.uuid4().hex[:8]
    tracing.record(error)
    logger.error("%s.%s failed (%s)", mounted.component.name, doing, failure, exc_info=error)
    got_request_exception.send(sender=type(mounted.component), request=mounted.page.request)
    return failure


def failure_patch(mounted: Mounted) -> tuple[str, str]:
    """The error boundary in place of the component."""
    return f"{mounted.id}.0", mounted.failure or ""


def _with_address(html: str, component_id: str) -> str:
    return html.replace("<livecomp-error>", f'<livecomp-error {ADDRESS}="{component_id}.0">', 1)


def digest(html: str) -> str:
    """A short fingerprint of a component's HTML that is the same in every process."""
    return hashlib.blake2b(html.encode(), digest_size=9).hexdigest()


def without_address(html: str, component_id: str) -> str:
    """The component's HTML as a patch has it: without the address of the patched element itself."""
    return html.replace(f' {ADDRESS}="{component_id}.0"', "", 1)


def render_dirty(page: "LivePage", rendered: set[str] | None = None) -> list[tuple[str, str]]:
    """Render every component that changed, parents first; gives the patches, and in ``rendered`` their ids."""
    patches: list[tuple[str, str]] = []
    while page.dirty:
        wave = sorted((page.tree[id] for id in page.dirty if id in page.tree), key=lambda each: each.depth)
        page.dirty.clear()
        for mounted in wave:
            if mounted.id in page.tree:
                first_new = page.number
                patches += _patches_of(mounted)
                page.dirty.discard(mounted.id)
                if rendered is not None:
                    rendered.add(mounted.id)
                if page.number != first_new:
                    page.begin(first_new)
    return patches


def _patches_of(mounted: Mounted) -> list[tuple[str, str]]:
    try:
        return render_again(mounted)
    except Exception as error:
        if mounted.id in mounted.page.touched:
            mounted.undo_changes()
            with contextlib.suppress(Exception):  # the state before the event renders as it did
                patches = render_again(mounted)
                mounted.page.tell_failure(mounted, error)
                return patches
        show_failure(mounted, error, "render")
        return [failure_patch(mounted)]
