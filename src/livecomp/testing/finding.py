"""Finding the one element that a test speaks of, by CSS selector or by visible text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NoReturn

from lxml.etree import _Element as Element

from livecomp.testing import controls
from livecomp.testing.selectors import describe, is_selector, is_visible, same_text, select, visible_text

MAX_LISTED = 20
CLICKABLE = frozenset({"a", "button", "summary", "label", "option"})


def find(root: Element, target: str, role: str, is_candidate: Callable[[Element], bool]) -> Element:
    """The element that `target` names: what matches it as a selector, else the candidate with this text.

    `role` names the candidates in messages ("to click"). Raises AssertionError unless there is exactly one.
    """
    found = select(root, target) if is_selector(target) else []
    if found:
        return the_one(target, found)
    candidates = [element for element in _elements(root) if is_candidate(element) and is_visible(element)]
    named = [element for element in candidates if any(same_text(name, target) for name in names_of(element))]
    if not named:
        named = [element for element in candidates if any(target in name for name in names_of(element))]
    if not named:
        raise AssertionError(
            f"Nothing on the page is {target!r}, neither as a selector nor as text.{_list(role, candidates)}"
        )
    return the_one(target, _innermost(named))


def the_one(target: str, found: list[Element]) -> Element:
    """The only element of a list. Raises AssertionError otherwise, and lists them."""
    if len(found) != 1:
        raise AssertionError(f"{target!r} is not one element but {len(found)}.{_list('that match', found)}")
    return found[0]


def missing(root: Element, selector: str) -> NoReturn:
    """Raises AssertionError for a selector that matches nothing, with what the page has instead."""
    ids = [element for element in _elements(root) if element.get("id")]
    raise AssertionError(f"No element matches {selector!r}.{_list('with an id', ids)}")


def is_clickable(element: Element) -> bool:
    """Whether a user would think of clicking it."""
    if element.tag in CLICKABLE or element.get("live-click") is not None or element.get("role") == "button":
        return True
    return element.tag == "input" and controls.kind(element) in (*controls.BUTTON_TYPES, "checkbox", "radio")


def is_field(element: Element) -> bool:
    """Whether a user would think of putting something in."""
    return controls.is_control(element) and controls.kind(element) not in (*controls.BUTTON_TYPES, "hidden")


def names_of(element: Element) -> list[str]:
    """What a user would call the element: its text, label, placeholder, name."""
    names = [visible_text(element)] if element.tag not in ("select", "textarea") else []
    if element.tag == "input" and controls.kind(element) in controls.BUTTON_TYPES:
        names.append(element.get("value", ""))
    names += [str(element.get(name, "")) for name in ("aria-label", "placeholder", "title", "alt")]
    if controls.is_control(element):
        names += [visible_text(label) for label in labels_of(element)]
        names.append(element.get("name", ""))
    return [name for name in names if name]


def labels_of(control: Element) -> list[Element]:
    """The `<label>`s of a control."""
    root, id_ = control.getroottree().getroot(), control.get("id")
    around = list(control.iterancestors("label"))
    return around + ([label for label in root.iter("label") if label.get("for") == id_] if id_ else [])


def labelled(label: Element) -> Element | None:
    """The control of a `<label>`."""
    wanted = label.get("for")
    if wanted is not None:
        found = label.getroottree().getroot().xpath("//*[@id=$id]", id=wanted)
        return found[0] if found else None
    return next(label.iter("input", "select", "textarea", "button"), None)


def _innermost(elements: list[Element]) -> list[Element]:
    around = {ancestor for element in elements for ancestor in element.iterancestors()}
    return [element for element in elements if element not in around]


def _elements(root: Element) -> Iterable[Element]:
    return (element for element in root.iter() if isinstance(element.tag, str))


def _list(role: str, elements: list[Element]) -> str:
    if not elements:
        return f" There are no elements {role}."
    lines = [f"\n  {describe(element)}" for element in elements[:MAX_LISTED]]
    more = f"\n  … and {len(elements) - MAX_LISTED} more" if len(elements) > MAX_LISTED else ""
    return f" Elements {role}:{''.join(lines)}{more}"
