"""What a user does to a page with mouse and keyboard, and the DOM events that a browser makes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self, cast

from lxml.etree import _Element as Element

from livecomp.testing import controls
from livecomp.testing.bindings import DomEvent
from livecomp.testing.browser import Browser
from livecomp.testing.controls import Held
from livecomp.testing.elements import PageElement
from livecomp.testing.finding import find, is_clickable, is_field, labelled
from livecomp.testing.history import is_hash
from livecomp.testing.selectors import describe, is_visible, visible_text

if TYPE_CHECKING:
    from livecomp.testing.page import TestPage

Target = str | PageElement
"""An element: by CSS selector, by its visible text or label, or as found before."""


class Gestures(Browser):
    """A page with a user in front of it. Methods that act return the page."""

    # -- pointing and clicking ---------------------------------------------------------------

    def click(self, target: Target, *, confirm: bool = True) -> Self:
        """Clicks an element.

        `confirm` answers a `live-confirm` question. Raises AssertionError for an element that is not there, hidden or
        disabled, and when the click would do nothing.
        """
        node = self._reachable(target, "to click", is_clickable)
        self.bindings.is_confirming = confirm
        self.step(lambda: self._click(node))
        self.bindings.is_confirming = True
        return self

    def _click(self, node: Element) -> None:
        if node.tag == "label" and (control := labelled(node)) is not None:
            self._assert_enabled(control)
            node = control
        self._focus(_focusable(node))
        if node.tag == "option":
            self._choose(next(node.iterancestors("select")), [controls.option_value(node)])
            return
        before = self.controls.held(node) if controls.is_control(node) else ""
        if controls.is_box(node):
            self.controls.hold(node, True if controls.kind(node) == "radio" else not before)
        event = self.bindings.dispatch(DomEvent("click", node))
        if event.is_prevented and controls.is_box(node):
            self.controls.hold(node, before)
        if not event.is_prevented and self._default_action(node, before) is False and not event.heard:
            self._nothing_happens(node)

    def _default_action(self, node: Element, before: Held) -> bool:
        """What a browser does with a click by itself; False for nothing."""
        if controls.is_box(node):
            if self.controls.held(node) != before:
                self._fire("input", node)
                self._fire("change", node)
            return True
        button = next((each for each in (node, *node.iterancestors()) if each.tag in ("button", "input")), node)
        form = controls.form_of(button)
        if form is not None and controls.is_submitter(button):
            return self._submit(form, button)
        if form is not None and controls.kind(button) == "reset":
            for control in self.controls.all_held(form):
                self.controls.release(control)
            return True
        around = (node, *node.iterancestors())
        if any(each.tag == "a" and is_hash(self.client, each.get("href", ""), self.url) for each in around):
            return True
        return any(each.tag == "summary" or controls.is_control(each) for each in around)

    def _nothing_happens(self, node: Element) -> None:
        link = next((each for each in (node, *node.iterancestors()) if each.tag == "a" and each.get("href")), None)
        if link is not None:
            raise AssertionError(f"{describe(link)} is an ordinary link: go there with live.get({link.get('href')!r}).")
        listening = self.dom.root.xpath("//*[@live-click]")
        known = "".join(f"\n  {describe(element)}" for element in listening) or " nothing"
        raise AssertionError(
            f"A click on {describe(node)} does nothing: there is no live-click on it or around it. "
            f"What listens to clicks:{known}"
        )

    def scroll_to(self, target: Target) -> Self:
        """Scrolls the element into view: its `live-intersect` event is called."""
        node = self._node(target, "with live-intersect", lambda element: element.get("live-intersect") is not None)
        name = node.get("live-intersect")
        if not name:
            raise AssertionError(f"{describe(node)} has no live-intersect.")
        self.step(lambda: self.bindings.call(node, name))
        return self

    def trigger(self, target: Target, event: str, *, detail: Any = None, key: str | None = None) -> Self:
        """Dispatches any DOM event, such as `"dblclick"`, at an element; `detail` as of a `CustomEvent`."""
        node = self._node(target, "on the page", lambda element: True)
        self.step(lambda: self.bindings.dispatch(DomEvent(event, node, key=key, detail=detail)))
        return self

    # -- typing ------------------------------------------------------------------------------

    def fill(self, target: Target, value: object) -> Self:
        """Replaces what is in a field, and leaves it: the DOM events focus, keydown, input, keyup, change and blur.

        `live-debounce` is over when this returns. `type` types key by key and stays in the field.
        """
        node = self._reachable(target, "to fill", is_field)
        self._assert_typable(node)
        text = str(value)
        self.step(lambda: self._fill(node, text))
        return self

    def _fill(self, node: Element, text: str) -> None:
        self._focus(node)
        self._type(node, text, text[-1:] or "Backspace")
        self._leave_field(node)

    def type(self, target: Target, text: str) -> Self:
        """Types key by key at the end of a field, and stays in it. Debounced events come once, after the last key."""
        node = self._reachable(target, "to type into", is_field)
        self._assert_typable(node)
        self.step(lambda: self._type_keys(node, text))
        return self

    def _type_keys(self, node: Element, text: str) -> None:
        self._focus(node)
        self.bindings.holds_debounced = True
        for key in text:
            self._type(node, f"{self.controls.held(node)}{key}", key)
        self.bindings.holds_debounced = False
        self.bindings.flush()

    def _type(self, node: Element, value: str, key: str) -> None:
        if self._fire("keydown", node, key=key).is_prevented:
            return
        if self.controls.held(node) != value:
            self.controls.hold(node, value)
            self._fire("input", node)
        self._fire("keyup", node, key=key)

    def press(self, key: str, on: Target | None = None) -> Self:
        """Presses a key, named as in JavaScript (`"Enter"`, `"Escape"`, `"a"`), on an element or where the focus is.

        Enter submits a form from its fields and clicks a button or link, Space clicks, Tab leaves the field.
        """
        node = self._reachable(on, "to press a key on", is_field) if on is not None else None
        self.step(lambda: self._press(key, node))
        return self

    def _press(self, key: str, node: Element | None) -> None:
        if node is not None:
            self._focus(_focusable(node))
        node = node if node is not None else self.controls.focused
        if node is None:
            node = next(iter(self.dom.root.iter("body")), self.dom.root)
        if not self._fire("keydown", node, key=key).is_prevented:
            self._key_action(key, node)
        self._fire("keyup", node, key=key)

    def _key_action(self, key: str, node: Element) -> None:
        is_button = node.tag in ("button", "a", "summary")
        form = controls.form_of(node)
        if key == "Tab":
            self._focus(None)
        elif (key == "Enter" and is_button) or (key == " " and (node.tag == "button" or controls.is_box(node))):
            self._click(node)
        elif key == "Enter" and node.tag == "input" and form is not None:
            self._leave_field(node, blur=False)
            self._submit_implicitly(form)
        elif len(key) == 1 and controls.is_text(node):
            self.controls.hold(node, f"{self.controls.held(node)}{key}")
            self._fire("input", node)

    # -- choosing ----------------------------------------------------------------------------

    def check(self, target: Target) -> Self:
        """Checks a checkbox or chooses a radio button; nothing happens when it is checked already."""
        return self._set_box(target, True)

    def uncheck(self, target: Target) -> Self:
        """Unchecks a checkbox; nothing happens when it is not checked."""
        return self._set_box(target, False)

    def _set_box(self, target: Target, checked: bool) -> Self:
        node = self._reachable(target, "to check", controls.is_box)
        if not controls.is_box(node):
            raise AssertionError(f"{describe(node)} is no checkbox and no radio button.")
        if not checked and controls.kind(node) == "radio":
            raise AssertionError(f"{describe(node)}: a radio button cannot be unchecked, only another one chosen.")
        if self.controls.held(node) is not checked:
            self.step(lambda: self._click(node))
        return self

    def select(self, target: Target, *options: object) -> Self:
        """Chooses options of a `<select>`, by value or by text; several where it is `multiple`."""
        node = self._reachable(target, "to choose from", lambda element: element.tag == "select")
        if node.tag != "select":
            raise AssertionError(f"{describe(node)} is no <select>.")
        chosen = [_option(node, str(option)) for option in options]
        self.step(lambda: self._choose(node, chosen))
        return self

    def _choose(self, select_: Element, chosen: list[str]) -> None:
        if controls.kind(select_) == "select-one" and len(chosen) != 1:
            raise AssertionError(f"{describe(select_)} takes one option, got {chosen}.")
        self._focus(select_)
        self.controls.hold(select_, chosen if controls.kind(select_) == "select-multiple" else chosen[0])
        self._fire("input", select_)
        self._fire("change", select_)

    # -- focus -------------------------------------------------------------------------------

    def focus(self, target: Target) -> Self:
        """Moves the focus to an element."""
        node = self._reachable(target, "to focus", is_field)
        self.step(lambda: self._focus(node))
        return self

    def blur(self, target: Target | None = None) -> Self:
        """Takes the focus away, from an element or from where it is."""
        if target is not None:
            self.focus(target)
        self.step(lambda: self._focus(None))
        return self

    def _focus(self, node: Element | None) -> None:
        old = self.controls.focused
        if old is node:
            return
        if old is not None and self._has(old):
            self._leave_field(old)
        self.controls.focused = node
        if node is not None:
            self._value_at_focus = self.controls.held(node) if controls.is_control(node) else ""
            self._fire("focus", node)
            self._fire("focusin", node)

    def _leave_field(self, node: Element, *, blur: bool = True) -> None:
        """`change` when the text changed since the focus came, then `blur`."""
        if controls.is_control(node) and controls.is_text(node) and self.controls.held(node) != self._value_at_focus:
            self._value_at_focus = self.controls.held(node)
            self._fire("change", node)
        if blur and self.controls.focused is node:
            self.controls.focused = None
            self._fire("blur", node)
            self._fire("focusout", node)

    # -- for forms, see `livecomp.testing.forms` ------------------------------------------------

    def _submit(self, form: Element, submitter: Element | None) -> bool:
        raise NotImplementedError

    def _submit_implicitly(self, form: Element) -> None:
        raise NotImplementedError

    # -- finding -----------------------------------------------------------------------------

    def _element(self, node: Element) -> PageElement:
        return PageElement(cast("TestPage", self), node)

    def _node(self, target: Target, role: str, is_candidate: Callable[[Element], bool]) -> Element:
        self.settle()
        if isinstance(target, str):
            return find(self.dom.root, target, role, is_candidate)
        if not self._has(target.node):
            raise AssertionError(f"{describe(target.node)} is not on the page any more.")
        return target.node

    def _reachable(self, target: Target, role: str, is_candidate: Callable[[Element], bool]) -> Element:
        node = self._node(target, role, is_candidate)
        if not is_visible(node):
            raise AssertionError(f"{describe(node)} is hidden: no user can reach it.")
        self._assert_enabled(node)
        return node

    def _assert_enabled(self, node: Element) -> None:
        if any(controls.is_disabled(each) for each in (node, *node.iterancestors("button", "fieldset"))):
            raise AssertionError(f"{describe(node)} is disabled.")

    def _assert_typable(self, node: Element) -> None:
        if not controls.is_control(node) or node.tag == "select" or controls.is_box(node) or not is_field(node):
            raise AssertionError(f"{describe(node)} is no field to type into.")
        if node.get("readonly") is not None:
            raise AssertionError(f"{describe(node)} is readonly.")

    def _fire(self, type_: str, node: Element, *, key: str | None = None) -> DomEvent:
        event = DomEvent(type_, node, key=key)
        return self.bindings.dispatch(event) if self._has(node) else event


def _focusable(node: Element) -> Element | None:
    for each in (node, *node.iterancestors()):
        if each.tag in ("input", "select", "textarea", "button", "summary") or each.get("tabindex") is not None:
            return each
        if each.tag == "a" and each.get("href") is not None:
            return each
    return None


def _option(select_: Element, wanted: str) -> str:
    options = list(select_.iter("option"))
    found = [each for each in options if controls.option_value(each) == wanted]
    found = found or [each for each in options if visible_text(each) == " ".join(wanted.split())]
    if not found:
        known = "".join(f"\n  {describe(each)}" for each in options) or " none"
        raise AssertionError(f"{describe(select_)} has no option {wanted!r}. Its options:{known}")
    if controls.is_disabled(found[0]):
        raise AssertionError(f"{describe(found[0])} is disabled.")
    return controls.option_value(found[0])
