"""DOM events and the `live-…` attributes that answer them: what `js/src/bindings.ts` does in the browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from lxml.etree import _Element as Element

from livecomp.spelling import unmark
from livecomp.testing.controls import Controls, Entry, Held, form_of, is_box, is_control, kind, model_of
from livecomp.testing.selectors import is_visible, select

UNBUBBLING = frozenset(
    ["focus", "blur", "mouseenter", "mouseleave", "pointerenter", "pointerleave", "load", "error", "scroll", "toggle"]
)
KEY_EVENTS = frozenset({"keydown", "keyup", "keypress"})
UNSAFE_KEYS = frozenset({"__proto__", "constructor", "prototype"})

Values = dict[str, Any]
Done = Callable[[bool], None]
"""Called when a message is acknowledged, with whether it succeeded."""


@dataclass
class DomEvent:
    """A DOM event on its way."""

    type: str
    target: Element
    key: str | None = None
    detail: Any = None
    submitter: Element | None = None
    is_prevented: bool = False
    is_stopped: bool = False
    heard: list[Element] = field(default_factory=list)
    """The elements that did something."""

    @property
    def bubbles(self) -> bool:
        return self.type not in UNBUBBLING


class Sender(Protocol):
    """Where the messages go."""

    def post(self, kind: str, *fields: Any, done: Done | None = None) -> None:
        """Numbers and sends an `event`, `set` or `url` message."""

    def is_patch(self, link: Element) -> bool:
        """Whether a `live-patch` link is the page's business, and not the browser's."""

    def follow(self, link: Element) -> None:
        """The user follows a `live-patch` link."""


class Bindings:
    """The delegated listeners of one page."""

    def __init__(self, root: Element, controls: Controls, sender: Sender) -> None:
        self.root = root
        self.controls = controls
        self.sender = sender
        self.is_confirming = True
        self.holds_debounced = False
        self._used: set[tuple[Element, str]] = set()
        self._waiting: dict[tuple[Element, str], Callable[[], None]] = {}

    # -- dispatch ----------------------------------------------------------------------------

    def dispatch(self, event: DomEvent) -> DomEvent:
        """Gives the event to every element that it concerns."""
        if event.type in ("input", "change") and is_control(event.target):
            self.controls.entered[event.target] = None
        if event.type in ("submit", "blur"):
            self.flush()
        if event.type == "click":
            self._away(event)
        path = [event.target, *event.target.iterancestors()] if event.bubbles else [event.target]
        for element in path:
            if self._react(element, event.type, event):
                break
        if event.bubbles and not event.is_stopped:
            for element in self._with(f"live-window-{event.type}"):
                self._react(element, f"window-{event.type}", event)
        if event.type == "blur" and is_control(event.target):
            self.controls.left(event.target)
        return event

    def _away(self, event: DomEvent) -> None:
        inside = {event.target, *event.target.iterancestors()}
        for element in self._with("live-click-away"):
            if element not in inside and is_visible(element):
                self._react(element, "click-away", event)

    def _with(self, attribute: str) -> list[Element]:
        return [each for each in self.root.iter() if _has(each, attribute)]

    def _react(self, element: Element, type_: str, event: DomEvent) -> bool:
        """Does what the attributes say. True when no element further out shall hear of it."""
        name = element.get(f"live-{type_}")
        model = model_of(element, type_) if is_control(element) else None
        commands = element.get("live-js") if type_ == ("submit" if element.tag == "form" else "click") else None
        is_link = type_ == "click" and element.tag == "a" and element.get("live-patch") is not None
        is_link = is_link and self.sender.is_patch(element)
        if not (name or model or commands or is_link):
            return False
        if element.get("live-self") is not None and event.target is not element:
            return False
        if event.type in KEY_EVENTS and not _is_wanted(element, event.key or ""):
            return False
        event.heard.append(element)
        if not model and not self._is_confirmed(element, event):
            event.is_prevented = True
            return True
        if is_link and not event.is_prevented:
            event.is_prevented = True
            self.sender.follow(element)
        if element.get("live-prevent") is not None or (name and type_ == "submit"):
            event.is_prevented = True
        for pushed in _pushed_by(commands or ""):
            self._call(element, pushed, {})
        if name or model:
            self._send(element, type_, event, name, model)
        stops = element.get("live-stop") is not None
        event.is_stopped = event.is_stopped or stops
        return stops

    def _is_confirmed(self, element: Element, event: DomEvent) -> bool:
        asks = any(each is not None and each.get("live-confirm") for each in (element, event.submitter))
        return self.is_confirming or not asks

    # -- pace --------------------------------------------------------------------------------

    def _send(self, element: Element, type_: str, event: DomEvent, name: str | None, model: str | None) -> None:
        if (element, type_) in self._used and element.get("live-once") is not None:
            return
        self._used.add((element, type_))

        def deliver() -> None:
            if model:
                self.sync(element)
            if name:
                self._invoke(element, type_, event, name)

        sources = [event.target, element] if model or not model_of(element) else []
        if self.holds_debounced and any(source.get("live-debounce") for source in sources):
            self._waiting[element, type_] = deliver
        else:
            self.flush()
            deliver()

    def flush(self) -> None:
        """Sends what waits because of `live-debounce`."""
        waiting, self._waiting = self._waiting, {}
        for deliver in waiting.values():
            deliver()

    # -- messages ----------------------------------------------------------------------------

    def _invoke(self, element: Element, type_: str, event: DomEvent, name: str) -> None:
        if type_ != "submit":
            self._call(element, name, self.offered(element, event))
            return
        before = self.controls.all_held(element)
        self._call(
            element, name, self.offered(element, event), lambda succeeded: self._submitted(element, before, succeeded)
        )

    def _submitted(self, form: Element, before: dict[Element, Held], succeeded: bool) -> None:
        if succeeded:
            for control in self.controls.submitted(form, before):
                self.sync(control)

    def send_again(self) -> Callable[[], None]:
        """The server has lost its state: what the user has entered is sent again, before anything is patched over it.

        Gives what is to be done after the patches.
        """
        there = [each for each in self.controls.entered if next(each.iterancestors("html"), None) is not None]
        hearers: dict[Element, Element] = {}
        others: dict[Element, Held] = {}
        for control in there:
            hearer = self._hearer(control)
            if hearer is not None:
                hearers.setdefault(hearer, control)
            if model_of(control):
                if kind(control) != "radio" or self.controls.held(control) is True:
                    self.sync(control)
            elif hearer is None:
                others[control] = self.controls.held(control)
        for hearer, control in hearers.items():
            name = hearer.get("live-input") or hearer.get("live-change")
            self._call(hearer, str(name), self.offered(hearer, DomEvent("input", control)))

        def keep() -> None:
            for control, value in others.items():
                self.controls.hold(control, value)

        return keep

    def _hearer(self, control: Element) -> Element | None:
        form = form_of(control)
        if form is not None and (form.get("live-input") or form.get("live-change")):
            return form
        around = () if is_box(control) else (control, *control.iterancestors())
        return next((each for each in around if each.get("live-input")), None)

    def _call(self, element: Element, name: str, offered: Values | list[Entry], done: Done | None = None) -> None:
        selector = element.get("live-target")
        found = select(self.root, selector) if selector else [element]
        component = component_of(found[0]) if found else None
        if component is None:
            raise AssertionError(f"No component to call {name!r} on: live-target={selector!r} finds none.")
        self.sender.post("event", component, name, values(element), offered, done=done)

    def call(self, element: Element, name: str) -> None:
        """Calls an event from an element without a DOM event (`live-init`, `live-poll`)."""
        self._call(element, name, {})

    def offered(self, element: Element, event: DomEvent) -> Values | list[Entry]:
        """What the browser knows about a DOM event."""
        if element.tag == "form":
            return self.controls.entries(element, event.submitter)
        found: Values = {}
        control = next((each for each in (element, event.target) if is_control(each)), None)
        if control is not None:
            found["value"] = (
                self.controls.held(control) if kind(control) == "checkbox" else self.controls.value(control)
            )
        if event.key is not None:
            found["key"] = event.key
        if event.detail is not None:
            found["detail"] = event.detail
        return found

    def sync(self, control: Element) -> None:
        """Sends a control's value to the field that it is bound to."""
        model, component = model_of(control), component_of(control)
        if model and component:
            self.sender.post("set", component, _safe({model: self._bound(control, model, component)}))

    def _bound(self, control: Element, model: str, component: str) -> Any:
        if kind(control) == "radio":
            return self.controls.value(control)
        if not is_box(control) or control.get("value") is None:
            return self.controls.held(control)
        return [
            box.get("value", "on")
            for box in self.root.iter("input")
            if is_box(box)
            and self.controls.held(box) is True
            and model_of(box) == model
            and component_of(box) == component
        ]


def component_of(element: Element) -> str | None:
    """The id of the component that an element belongs to."""
    for each in (element, *element.iterancestors()):
        address = each.get("lc")
        if address is not None:
            return str(address).partition(".")[0]
    return None


def values(element: Element) -> Values:
    """The arguments that the template's author wrote: `live-value-item-id="3"` is `item_id`."""
    prefix = "live-value-"
    own = {str(name): value for name, value in element.attrib.items() if str(name).startswith(prefix)}
    return _safe({name.removeprefix(prefix).replace("-", "_"): unmark(str(value)) for name, value in own.items()})


def _safe(given: dict[str, Any]) -> Values:
    return {name: value for name, value in given.items() if name not in UNSAFE_KEYS}


def _is_wanted(element: Element, key: str) -> bool:
    wanted = element.get("live-keys")
    return wanted is None or ("Space" if key == " " else key) in wanted.split(" ")


def _pushed_by(commands: str) -> Iterator[str]:
    """The events that `live-js` sends to the server; its other commands are the browser's own business."""
    for command in commands.split(";"):
        verb, _, rest = command.strip().partition(":")
        if verb == "push" and rest:
            yield rest.split()[0]


def _has(element: Element, attribute: str) -> bool:
    return isinstance(element.tag, str) and element.get(attribute) is not None
