"""What a component stands in: the component whose template places it, and those that it is given to in a fill.

All of these are asked whether the visitor may see it. Where one of them does not show it, the browser does not have it:
then nothing of it is sent, and no message reaches it.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from livecomp import registry
from livecomp.component import LiveComponent
from livecomp.effects import Detach

if TYPE_CHECKING:
    from livecomp.mounted import Mounted
    from livecomp.page import LivePage


def around(page: "LivePage", id: str) -> list["Mounted"]:
    """What the component with this id, its own or a shared one, stands in directly. As `is_shown`, it may be asked in another
    thread than the page's own, while a handler changes the page."""
    tree = page.tree
    mounted = tree.get(id)
    if mounted is not None:
        found = [] if mounted.parent is None else [mounted.parent]
    else:
        place = page.shared.get(id)
        parent = tree.get(place.parent) if place is not None else None
        found = [] if parent is None else [parent]
    if page.holders:
        found += filter(None, map(tree.get, tuple(page.holders.get(id, ()))))
    return found


def all_around(page: "LivePage", id: str) -> Iterator["Mounted"]:
    """Everything that the component stands in, from the inside out."""
    seen = {id}
    waiting = around(page, id)
    for each in waiting:
        if each.id not in seen:
            seen.add(each.id)
            waiting += around(page, each.id)
            yield each


def asked_for(page: "LivePage", id: str) -> Iterator[type[LiveComponent] | LiveComponent]:
    """All that is asked whether the visitor may see a shared component: its class, and what it stands in."""
    if (place := page.shared.get(id)) is not None:
        yield registry.get(place.key.name)
    for mounted in all_around(page, id):
        yield mounted.component


def within(page: "LivePage", id: str) -> Iterator[str]:
    """Ids of all that stands in the component: its children, what it is given, and what stands in these."""
    seen = {id}
    waiting = [id]
    for each in waiting:
        mounted = page.tree.get(each)
        if mounted is not None:
            new = [inner for inner in (*mounted.children.values(), *mounted.given) if inner not in seen]
            seen.update(new)
            waiting += new
            yield from new


def with_all_within(page: "LivePage", id: str) -> set[str]:
    """Ids of the component and of all that stands in it."""
    return {id, *within(page, id)}


def take_late(page: "LivePage") -> "list[Mounted]":
    """The components that are shown for the first time, with all that stands in them."""
    late, page.late = page.late, []
    ids = [id for first in late for id in (first, *within(page, first))]
    return [page.tree[id] for id in ids if id in page.tree]


def is_shown(page: "LivePage", id: str) -> bool:
    """Whether the browser has it: it is placed, and no notice stands in the place of what it stands in."""
    found = page.tree.get(id) or page.shared.get(id)
    if found is None or found.is_left_out:
        return False
    if not page.holders and (mounted := page.tree.get(id)) is not None:  # the short way of most pages
        parent = mounted.parent
        while parent is not None and parent.failure is None:
            parent = parent.parent
        return parent is None
    return all(each.failure is None and not each.is_left_out for each in all_around(page, id))


def is_withheld(page: "LivePage", id: str) -> bool:
    """Whether a template leaves it out at present, or what it stands in may not be seen: then nothing of it is called."""
    found = page.tree.get(id) or page.shared.get(id)
    if found is None or found.is_left_out:
        return True
    return any(each.is_left_out or each.is_refused for each in all_around(page, id))


def hold(mounted: "Mounted", fills: Mapping[str, Any] | None) -> None:
    """The component is given this to show, and what it was given before no more."""
    page = mounted.page
    given = page.marks.children_given(fills) if fills else frozenset[str]()
    for id in mounted.given - given:
        holders = page.holders.get(id, {})
        holders.pop(mounted.id, None)
        if not holders:
            page.holders.pop(id, None)
    for id in given - mounted.given:
        page.holders.setdefault(id, {})[mounted.id] = None
        for each in with_all_within(page, id):
            page.turn.verdicts.pop(each, None)  # it was asked for another place
    mounted.given = given


def leave_out(page: "LivePage", id: str) -> None:
    """What was to show the component does not. When it is shown again, it is rendered as it is then."""
    found = page.tree.get(id) or page.shared.get(id)
    if found is None:
        return
    if id in page.tree:
        page.note(page.tree[id])
    elif not found.is_left_out:
        page.on_undo(partial(setattr, found, "is_left_out", False))
    found.is_left_out = True
    _forget_html(page, id)
    forget_html_within(page, id)


def forget_html_within(page: "LivePage", id: str) -> None:
    """The browser has nothing of what stands in the component, and what that has ready may be old when it comes back."""
    for each in within(page, id):
        _forget_html(page, each)


def _forget_html(page: "LivePage", id: str) -> None:
    if id in page.tree:
        page.tree[id].html = None
    elif id in page.shared and page.is_live:
        page.output(Detach(id))
