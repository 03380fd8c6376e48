"""Form controls: what the server rendered into them, what the user did to them, and what a form submits.

The same rules as in `js/src/forms.ts` and `js/src/attributes.ts`: an attribute is the server's word, what the control
holds is the user's, and the server's word counts again where it changes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

from lxml.etree import _Element as Element

Held = str | bool | list[str]
Entry = tuple[str, str | None]
"""A field of a form: its name and a value, or none where it only says that the name is that of a choice of several."""

BUTTON_TYPES = frozenset({"submit", "button", "reset", "image"})
TEXTLESS_TYPES = BUTTON_TYPES | {"checkbox", "radio", "file", "hidden", "color", "range"}
TYPED_TYPES = frozenset(
    ["text", "search", "tel", "url", "email", "password", "date", "month", "week", "time", "datetime-local", "number"]
)
"""Of these a form without a button may have one, or Enter does not submit it."""
DIRECTED_TYPES = frozenset({"textarea", "text", "search", "tel", "url", "email", "password", "hidden"})
"""With `dirname` they submit the direction of their text as well."""
MODELS = ("live-model", "live-model.change", "live-model.blur")
CSRF = "csrfmiddlewaretoken"


def is_control(element: Element) -> bool:
    """Whether the element holds a value."""
    return element.tag in ("input", "select", "textarea")


def kind(control: Element) -> str:
    """The control's type, as JavaScript's `type` property gives it."""
    if control.tag == "select":
        return "select-multiple" if control.get("multiple") is not None else "select-one"
    if control.tag == "textarea":
        return "textarea"
    return str(control.get("type", "submit" if control.tag == "button" else "text")).lower()


def is_box(control: Element) -> bool:
    """Whether it is a checkbox or a radio button."""
    return control.tag == "input" and kind(control) in ("checkbox", "radio")


def is_text(control: Element) -> bool:
    """Whether a person types into it."""
    return control.tag == "textarea" or (control.tag == "input" and kind(control) not in TEXTLESS_TYPES)


def is_submitter(element: Element) -> bool:
    """Whether a click on it submits its form."""
    return element.tag in ("button", "input") and kind(element) in ("submit", "image")


def is_disabled(element: Element) -> bool:
    """Whether the browser would not let the user touch it."""
    if element.tag not in ("button", "input", "select", "textarea", "option", "optgroup", "fieldset"):
        return False
    if element.get("disabled") is not None:
        return True
    for fieldset in element.iterancestors("fieldset"):
        legend = fieldset.find("legend")
        if fieldset.get("disabled") is not None and (legend is None or legend not in element.iterancestors("legend")):
            return True
    return False


def option_value(option: Element) -> str:
    """The value that a chosen `<option>` stands for."""
    value = option.get("value")
    return str(value) if value is not None else " ".join("".join(option.itertext()).split())


def _selected(select: Element) -> list[str]:
    return [option_value(option) for option in select.iter("option") if option.get("selected") is not None]


def model_of(element: Element, event: str = "") -> str | None:
    """The field that `live-model` binds a control to, for one DOM event or for any."""
    names = ("live-model" if event == "input" else f"live-model.{event}",) if event else MODELS
    return next((str(element.get(name)) for name in names if element.get(name)), None)


def form_of(element: Element) -> Element | None:
    """The form that the element belongs to."""
    owner = element.get("form")
    if owner is not None:
        found = element.getroottree().getroot().xpath("//form[@id=$id]", id=owner)
        return found[0] if found else None
    return next(element.iterancestors("form"), None)


def controls_of(form: Element) -> list[Element]:
    """The form's controls and buttons, in document order."""
    root = form.getroottree().getroot()
    return [element for element in root.iter("input", "select", "textarea", "button") if form_of(element) is form]


def radio_group(radio: Element) -> list[Element]:
    """The radio buttons of which only one can be chosen."""
    form, name = form_of(radio), radio.get("name")
    others = radio.getroottree().getroot().iter("input")
    return [each for each in others if kind(each) == "radio" and each.get("name") == name and form_of(each) is form]


def direction(control: Element, text: str) -> str:
    """ "ltr" or "rtl", as its `dir` attribute or the nearest around it says."""
    for each in (control, *control.iterancestors()):
        said = str(each.get("dir", "")).lower()
        if said == "auto":
            strong = (unicodedata.bidirectional(letter) for letter in text)
            return "rtl" if next((each for each in strong if each in ("L", "R", "AL")), "L") != "L" else "ltr"
        if said in ("ltr", "rtl"):
            return said
    return "ltr"


def _choices(active: list[Element]) -> list[str]:
    """The names that stand for a choice of several: `<select multiple>`, and checkboxes that have a value or are many."""
    boxes = [str(control.get("name", "")) for control in active if kind(control) == "checkbox"]
    found = {
        name: None
        for control in active
        if (name := str(control.get("name", "")))
        and (
            kind(control) == "select-multiple"
            or (kind(control) == "checkbox" and (control.get("value") is not None or boxes.count(name) > 1))
        )
    }
    return list(found)


_TAKEN = {
    "number": re.compile(r"-?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d+)?", re.ASCII),
    "date": re.compile(r"\d{4,}-\d\d-\d\d", re.ASCII),
    "time": re.compile(r"\d\d:\d\d(:\d\d(\.\d{1,3})?)?", re.ASCII),
    "datetime-local": re.compile(r"\d{4,}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,3})?)?", re.ASCII),
    "month": re.compile(r"\d{4,}-\d\d", re.ASCII),
    "week": re.compile(r"\d{4,}-W\d\d", re.ASCII),
}


def _sanitized(type_: str, control: Element) -> str:
    """What an input makes of its `value` attribute: a text that its type does not take is none."""
    value = str(control.get("value", ""))
    if type_ == "range":
        return _in_range(value, control)
    if type_ == "color":
        return value.lower() if re.fullmatch("#[0-9a-fA-F]{6}", value) else "#000000"
    if type_ in _TAKEN:
        return value if _TAKEN[type_].fullmatch(value) else ""
    if type_ in TYPED_TYPES:
        value = value.replace("\n", "").replace("\r", "")
        return value.strip(" \t\f") if type_ in ("url", "email") else value
    return value


def _in_range(value: str, control: Element) -> str:
    def number(text: str, otherwise: float) -> float:
        return float(text) if _TAKEN["number"].fullmatch(text) else otherwise

    low = number(control.get("min", ""), 0)
    high = max(low, number(control.get("max", ""), 100))
    wanted = number(value, low + (high - low) / 2)
    return value if low <= wanted <= high and value else f"{min(max(wanted, low), high):g}"


def _box_key(control: Element) -> tuple[object, ...]:
    """What a box stands for: its form, its name and its value. () for one without."""
    name = control.get("name") or model_of(control)
    if not name or not is_box(control) or control.get("value") is None:
        return ()
    return form_of(control), kind(control), name, control.get("value")


class Controls:
    """What the controls of one page hold."""

    def __init__(self) -> None:
        self._held: dict[Element, Held] = {}
        self._overruled: set[Element] = set()
        self.focused: Element | None = None
        self.entered: dict[Element, None] = {}
        """What the user has changed since the page was loaded, less what was submitted."""

    # -- reading and writing -----------------------------------------------------------------

    def rendered(self, control: Element) -> Held:
        """What the server last said."""
        if is_box(control):
            return control.get("checked") is not None
        if control.tag == "select":
            chosen = _selected(control)
            return chosen if kind(control) == "select-multiple" else self._single_choice(control, chosen)
        if control.tag == "textarea":
            return "".join(control.itertext())
        return _sanitized(kind(control), control)

    def _single_choice(self, select: Element, chosen: list[str]) -> str:
        if chosen:
            return chosen[-1]
        return next((option_value(option) for option in select.iter("option") if not is_disabled(option)), "")

    def held(self, control: Element) -> Held:
        """What it holds now."""
        return self._held[control] if control in self._held else self.rendered(control)

    def hold(self, control: Element, value: Held) -> None:
        """Puts a value into the control, as the user does. Of radio buttons only one stays chosen."""
        self._held[control] = value
        if value is True and kind(control) == "radio":
            for other in radio_group(control):
                if other is not control:
                    self._held[other] = False

    def release(self, control: Element) -> None:
        """Has the control show the server's word."""
        self._held.pop(control, None)
        self._overruled.discard(control)

    def value(self, control: Element) -> str:
        """JavaScript's `value`."""
        if is_box(control):
            return str(control.get("value", "on"))
        held = self.held(control)
        return (held[0] if held else "") if isinstance(held, list) else str(held)

    # -- patches -----------------------------------------------------------------------------

    def server_says(self, old: Element, new: Element) -> None:
        """A patch is about to make `old` what `new` is: where the server's word changed, it counts again."""
        if not is_control(old) or old.get("live-ignore") is not None or kind(old) == "file":
            return
        if old.tag == "select":
            self._keep_choice(old, new)
        elif self.rendered(old) == self.rendered(new):
            return
        elif old is self.focused and is_text(old) and self.held(old) != self.rendered(old):
            if model_of(old):
                self._overruled.add(old)
        else:
            self.release(old)
            if kind(old) == "radio" and self.rendered(new):
                for other in radio_group(old):
                    self._held.pop(other, None)

    def _keep_choice(self, old: Element, new: Element) -> None:
        if old not in self._held:
            return
        if _selected(old) != _selected(new):
            self.release(old)
            return
        offered = {option_value(option) for option in new.iter("option")}
        held = self._held[old]
        if isinstance(held, list):
            self._held[old] = [value for value in held if value in offered]
        elif held not in offered:
            self.release(old)

    def remember_boxes(self, root: Element) -> Callable[[], None]:
        """Called before patches, with the page. What it gives is called after them: a box that stands for a value keeps
        the user's choice where another element has come to stand for it.
        """
        before = {element: _box_key(element) for element in root.iter("input") if _box_key(element)}
        touched = {before[box]: held for box, held in self._held.items() if before.get(box)}

        def restore() -> None:
            now = [element for element in root.iter("input") if element not in before and _box_key(element) in touched]
            there = {key for box, key in before.items() if self._is_there(box) and _box_key(box) == key}
            for box in now:
                if _box_key(box) not in there:
                    self.hold(box, touched[_box_key(box)])

        return restore

    def left(self, control: Element) -> None:
        """The focus is gone: a bound control takes the server's word if that changed meanwhile."""
        if control in self._overruled:
            self.release(control)

    # -- forms -------------------------------------------------------------------------------

    def submitted(self, form: Element, before: dict[Element, Held]) -> list[Element]:
        """The submit is acknowledged: the form's controls show what the server renders.

        Gives the bound controls whose new value has to be sent.
        """
        changed = []
        for control, value in before.items():
            if self.held(control) == value:
                self.entered.pop(control, None)
            if kind(control) == "file" or not self._is_there(control) or self._is_own(control):
                continue
            if self.held(control) != value or self.rendered(control) == value:
                continue
            self.release(control)
            if model_of(control) and control.get("value") is None:
                changed.append(control)
        return changed

    def _is_there(self, element: Element) -> bool:
        return next(element.iterancestors("html"), None) is not None

    def _is_own(self, element: Element) -> bool:
        return any(
            each.get("live-ignore") is not None or each.get("live-permanent") is not None
            for each in (element, *element.iterancestors())
        )

    def all_held(self, form: Element) -> dict[Element, Held]:
        """What every control of the form holds."""
        return {control: self.held(control) for control in controls_of(form) if is_control(control)}

    def entries(self, form: Element, submitter: Element | None = None) -> list[Entry]:
        """What `new FormData(form, submitter)` holds, without the CSRF token, and before it the names of the choices of
        several, without a value."""
        active = [
            control
            for control in controls_of(form)
            if not is_disabled(control) and next(control.iterancestors("datalist"), None) is None
        ]
        found: list[Entry] = [(name, None) for name in _choices(active)]
        for control in active:
            found += self._entries(control, str(control.get("name", "")), submitter)
        return [entry for entry in found if entry[0] != CSRF]

    def _entries(self, control: Element, name: str, submitter: Element | None) -> Iterator[Entry]:
        type_ = kind(control)
        if type_ == "image" and submitter is control:
            yield from ((f"{name}.{axis}" if name else axis, "0") for axis in "xy")
        elif not name or (type_ in BUTTON_TYPES and submitter is not control) or type_ == "image":
            return
        elif type_ in BUTTON_TYPES:
            yield name, str(control.get("value", ""))
        elif control.tag == "select":
            yield from ((name, value) for value in self._chosen(control))
        elif type_ == "file":
            yield from ((name, file) for file in [str(self._held.get(control, ""))] if file)
        elif type_ == "hidden" and name.lower() == "_charset_":
            yield name, "UTF-8"
        elif not is_box(control) or self.held(control) is True:
            yield name, self.value(control)
        if control.get("dirname") and type_ in DIRECTED_TYPES:
            yield str(control.get("dirname")), direction(control, self.value(control))

    def _chosen(self, select: Element) -> list[str]:
        """The values of the chosen options, of those that are not disabled."""
        held = self.held(select)
        chosen = held if isinstance(held, list) else [held]
        return [
            value
            for option in select.iter("option")
            if (value := option_value(option)) in chosen
            and option.get("disabled") is None
            and all(group.get("disabled") is None for group in option.iterancestors("optgroup"))
        ][: None if isinstance(held, list) else 1]
