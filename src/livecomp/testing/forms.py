"""Filling and submitting forms as a browser does."""

from __future__ import annotations

from typing import Self

from lxml.etree import _Element as Element

from livecomp.testing import controls
from livecomp.testing.bindings import DomEvent
from livecomp.testing.gestures import Gestures, Target
from livecomp.testing.selectors import describe


class Forms(Gestures):
    """A page whose forms can be submitted."""

    def submit(self, target: Target = "form", /, **fields: object) -> Self:
        """Fills fields by name, and submits the form as a click on its first button does (or Enter, without one).

        `target`: the form, or something in it. Values: text, True and False for a checkbox, a list for several.
        Raises AssertionError when the button is disabled or a `required` field empty: a browser would not submit.
        """
        node = self._node(target, "to submit", lambda element: element.tag in ("form", "button", "input"))
        form = node if node.tag == "form" else controls.form_of(node)
        if form is None:
            raise AssertionError(f"{describe(node)} belongs to no form.")
        for name, value in fields.items():
            self._fill_field(form, name, value)
        if controls.is_submitter(node):
            return self.click(self._element(node))
        self.step(lambda: self._submit_implicitly(form))
        return self

    def _fill_field(self, form: Element, name: str, value: object) -> None:
        named = [control for control in controls.controls_of(form) if control.get("name") == name]
        if not named:
            known = ", ".join(control.get("name", "") for control in controls.controls_of(form) if control.get("name"))
            raise AssertionError(f"{describe(form)} has no field {name!r}, but {known or 'none'}.")
        if all(map(controls.is_box, named)):
            for control in named:
                self._fill_box(control, value)
        elif named[0].tag == "select":
            self.select(self._element(named[0]), *(value if isinstance(value, (list, tuple)) else [value]))
        else:
            self.fill(self._element(named[0]), value)

    def _fill_box(self, control: Element, value: object) -> None:
        wanted = value if isinstance(value, (list, tuple)) else [value]
        checked = value if isinstance(value, bool) else self.controls.value(control) in map(str, wanted)
        if checked or controls.kind(control) == "checkbox":
            self._set_box(self._element(control), bool(checked))

    def _submit_implicitly(self, form: Element) -> None:
        all_ = controls.controls_of(form)
        button = next((control for control in all_ if controls.is_submitter(control)), None)
        if button is not None:
            self._assert_enabled(button)
            self._click(button)
            return
        typed = [
            control for control in all_ if control.tag == "input" and controls.kind(control) in controls.TYPED_TYPES
        ]
        if len(typed) > 1:
            raise AssertionError(
                f"{describe(form)} has no button, and {len(typed)} fields: Enter submits such a form only where it has one."
            )
        self._submit(form, None)

    def _submit(self, form: Element, submitter: Element | None) -> bool:
        validates = form.get("novalidate") is None and (submitter is None or submitter.get("formnovalidate") is None)
        if validates:
            self._assert_filled(form)
        if submitter is not None and controls.kind(submitter) != "image":
            self._focus(submitter)
        event = self.bindings.dispatch(DomEvent("submit", form, submitter=submitter))
        if not event.is_prevented:
            raise AssertionError(
                f"{describe(form)} has no live-submit: a browser would send it to {form.get('action') or self.url!r}. "
                "Use Django's test client for that: live.client.post(…)."
            )
        return True

    def _assert_filled(self, form: Element) -> None:
        for control in controls.controls_of(form):
            if control.get("required") is None or controls.is_disabled(control) or not controls.is_control(control):
                continue
            if controls.kind(control) == "radio":
                chosen = any(self.controls.held(each) for each in controls.radio_group(control))
            elif controls.is_box(control):
                chosen = self.controls.held(control) is True
            else:
                chosen = bool(self.controls.held(control)) or controls.kind(control) == "file"
            if not chosen:
                raise AssertionError(f"{describe(control)} is required and empty: a browser would not submit the form.")
