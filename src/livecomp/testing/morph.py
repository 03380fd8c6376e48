"""Turns an element into another one, the nodes that mean the same staying the same.

The browser's morph keeps nodes so that focus, scroll and typed text survive. Here nodes stay so
that a test may hold on to an element, and so that what was typed survives exactly where it would
in a browser: as long as the server's word on it did not change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection

from lxml.etree import _Element as Element

KEPT_ATTRIBUTES = frozenset({"lc", "lc-token"})
"""Attributes of a patched element that a patch never speaks of."""

Identity = tuple[str, ...]


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
    text, tails, children = new.text, [child.tail for child in new], []
    for child in list(new):
        match = None if child in kept else _take(candidates, child)
        if match is not None:
            morph(match, child, kept, changed)
        children.append(child if match is None else match)
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


def identity(element: Element) -> Identity:
    """What makes two elements the same one before and after a patch."""
    tag = str(element.tag)
    for attribute in ("lc", "id", "live-key"):
        value = element.get(attribute)
        if value:
            return tag, attribute, value
    name = element.get("name")
    if name:
        value = element.get("value", "") if element.get("type") == "radio" else ""
        return tag, "name", name, element.get("type", ""), value
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
