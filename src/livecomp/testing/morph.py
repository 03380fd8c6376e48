"""Turns an element into another one, the nodes that mean the same staying the same.

The browser's morph keeps nodes so that focus, scroll and typed text survive. Here nodes stay so
that a test may hold on to an element, and so that what was typed survives exactly where it would
in a browser: as long as the server's word on it did not change.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection

from lxml.etree import _Element as Element

KEPT_ATTRIBUTES = frozenset({"lc", "lc-token"})
"""Attributes of a patched element that a patch never speaks of."""

Identity = tuple[str, ...]

_NUMBERS = re.compile(r"\d+")


def morph(
    old: Element,
    new: Element,
    kept: Collection[Element] = (),
    changed: Callable[[Element, Element], None] = lambda old, new: None,
) -> None:
    """Makes `old`, in place, what `new` is; `new` is used up.

    `kept`: nodes below `new` that are to be taken as they are. `changed(old, new)` is called for
    every pair of elements before the old one is touched.
    """
    changed(old, new)
    if old.get("live-ignore") is not None:
        _copy_data_attributes(old, new)
        return
    _copy_attributes(old, new)
    morph_content(old, new, kept, changed)


def morph_content(
    old: Element,
    new: Element,
    kept: Collection[Element] = (),
    changed: Callable[[Element, Element], None] = lambda old, new: None,
) -> None:
    """Makes the content of `old`, in place, what that of `new` is."""
    candidates = _candidates(old, kept)
    text, tails = new.text, [child.tail for child in new]
    children = list(new)
    matches = [None if child in kept else _take(candidates, child) for child in children]
    if None in matches and _is_in_row(old):
        _match_placeless(candidates, children, matches, kept)
    for index, (child, match) in enumerate(zip(children, matches, strict=True)):
        if match is not None:
            morph(match, child, kept, changed)
            children[index] = match
    old[:] = children
    old.text = text
    for child, tail in zip(children, tails, strict=True):
        child.tail = tail


def _candidates(old: Element, kept: Collection[Element]) -> dict[Identity, list[Element]]:
    found: defaultdict[Identity, list[Element]] = defaultdict(list)
    for child in reversed(old):
        if isinstance(child.tag, str) and child not in kept:
            found[identity(child)].append(child)
    return found


def _take(candidates: dict[Identity, list[Element]], child: Element) -> Element | None:
    if not isinstance(child.tag, str):
        return None
    same = candidates.get(identity(child))
    return same.pop() if same else None


def _is_in_row(element: Element) -> bool:
    """Whether the nearest loop item around it, or it itself, is known by a key: then numbers in names are its place."""
    loops = 0
    for each in (element, *element.iterancestors()):
        depth = len(each.get("lc", "").split("."))
        key = each.get("live-key") or (depth > 2 and each.get("id"))
        if key:
            return depth == 1 or depth >= loops
        loops = max(loops, depth)
    return False


def _match_placeless(
    candidates: dict[Identity, list[Element]],
    children: list[Element],
    matches: list[Element | None],
    kept: Collection[Element],
) -> None:
    """In a row that has a key, `form-2-title` is what was `form-3-title` when the row had another place."""
    left: defaultdict[Identity, list[Element]] = defaultdict(list)
    for same in candidates.values():
        for each in same:
            left[_placeless(each)].append(each)
    for index, child in enumerate(children):
        if matches[index] is None and isinstance(child.tag, str) and child not in kept:
            alike = left[_placeless(child)]
            matches[index] = alike.pop() if alike else None


def _placeless(element: Element) -> Identity:
    tag, *rest = identity(element)
    if rest[:1] in (["lc"], ["live-key"]):
        return tag, *rest
    names = [_NUMBERS.sub("", element.get(name, "")) for name in ("id", "name")]
    return tag, *names, element.get("type", ""), _box_value(element)


def _box_value(element: Element) -> str:
    is_box = element.tag == "input" and element.get("type", "").lower() in ("radio", "checkbox")
    return str(element.get("value", "")) if is_box else ""


def identity(element: Element) -> Identity:
    """What makes two elements the same one before and after a patch: its key, else what it stands for, else its id."""
    tag = str(element.tag)
    for attribute in ("lc", "live-key"):
        value = element.get(attribute)
        if value:
            return tag, attribute, value
    if tag == "option" and element.get("value"):
        return tag, "value", str(element.get("value"))
    names = ("name", "live-model", "live-model.change", "live-model.blur")
    name = next((str(element.get(each)) for each in names if element.get(each)), "")
    if name and _box_value(element):
        return tag, "name", name, element.get("type", ""), _box_value(element)
    if element.get("id"):
        return tag, "id", str(element.get("id"))
    if name:
        return tag, "name", name, element.get("type", ""), ""
    return (tag,)


def _copy_attributes(old: Element, new: Element) -> None:
    for name in list(old.attrib):
        if name not in new.attrib and name not in KEPT_ATTRIBUTES:
            del old.attrib[name]
    for name, value in new.attrib.items():
        old.set(name, value)


def _copy_data_attributes(old: Element, new: Element) -> None:
    for name in list(old.attrib):
        if str(name).startswith("data-") and name not in new.attrib:
            del old.attrib[name]
    for name, value in new.attrib.items():
        if str(name).startswith("data-"):
            old.set(name, value)
