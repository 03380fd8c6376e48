"""`Mounted`: one component in its place on a page, and all that the page knows about it beside its state."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from livecomp.component import LiveComponent
from livecomp.effects import CancelTask, StartTask, StartTimer, StopTimer
from livecomp.state import MISSING, copy_value, is_plain
from livecomp.templating import RenderMemory

if TYPE_CHECKING:
    from livecomp.page import LivePage

Slot = tuple[object, ...]


class Mounted:
    """A component of a page: its place in the tree, its arguments, what the browser has of it, what it listens to."""

    __slots__ = (
        *("id", "page", "parent", "slot", "component", "arguments", "fills", "children", "memory", "html"),
        *("topics", "wanted", "later", "tasks", "skip", "failure", "depth"),
    )

    def __init__(self, page: "LivePage", id: str, cls: type[LiveComponent], parent: "Mounted | None", slot: Slot) -> None:
        self.page = page
        self.id = id
        self.parent = parent
        self.slot = slot
        self.depth: int = parent.depth + 1 if parent else 0
        self.arguments: dict[str, Any] | None = {}  # as last passed; None when a comparison could not be trusted
        self.fills: Mapping[str, Any] | None = None
        self.children: dict[Slot, str] = {}
        self.memory = RenderMemory()
        self.html: str | None = None  # of the first render, until its parent has taken it over
        self.topics: dict[str, list[str | None]] = {}  # topic -> methods to call; None: only render
        self.wanted: set[str] = set()  # topics of subscribe()
        self.later: dict[str, tuple[str, dict[str, Any]]] = {}  # timers of send_after
        self.tasks: dict[str, tuple[str, str, str]] = {}
        self.skip = False
        self.failure: str | None = None  # HTML of the error boundary while it is shown
        self.component = cls(self)

    @property
    def undo(self) -> dict[str, Any] | None:
        """Old values of the fields that the running handler touched; None while no handler runs."""
        page = self.page
        return page.touched.setdefault(self.id, {}) if page.tracking else None

    # Arguments from the parent

    def take_arguments(self, arguments: dict[str, Any], fills: Mapping[str, Any] | None) -> dict[str, Any]:
        """Remember the arguments and give those that differ from the last ones. When in doubt they differ."""
        before = self.arguments
        plain = all(map(is_plain, arguments.values()))
        self.arguments = {name: copy_value(value) for name, value in arguments.items()} if plain else None
        self.fills = fills
        if before is None or not plain:
            return arguments
        return {name: value for name, value in arguments.items() if name not in before or before[name] != value}

    # Topics

    def subscribe(self, topic: str) -> None:
        self.wanted.add(topic)

    def unsubscribe(self, topic: str) -> None:
        self.wanted.discard(topic)

    def current_topics(self) -> dict[str, list[str | None]]:
        """Topics to be subscribed to in the component's present state."""
        topics: dict[str, list[str | None]] = {topic: [None] for topic in self.wanted}
        for trigger in self.component.topics:
            topics.setdefault(trigger.topic(self.component), []).append(trigger.method)
        return topics

    # Timers and tasks

    def start_timers(self) -> None:
        for trigger in self.component.timers:
            self.page.output(StartTimer(f"{self.id}:{trigger.method}", trigger.seconds, repeat=True))

    def send_after(self, seconds: float, method: str, arguments: dict[str, Any]) -> None:
        _method(self.component, method)
        timer = f"{self.id}:{self.page.next_number()}"
        self.later[timer] = (method, arguments)
        self.page.output(StartTimer(timer, float(seconds), repeat=False))

    def start_task(
        self, call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], methods: tuple[str, str, str]
    ) -> str:
        for method in filter(None, methods):
            _method(self.component, method)
        task = f"{self.id}:{self.page.next_number()}"
        self.tasks[task] = methods
        self.page.output(StartTask(task, partial(call, *args, **kwargs)))
        return task

    def cancel_task(self, task: str) -> None:
        if self.tasks.pop(task, None):
            self.page.output(CancelTask(task))

    def stop(self) -> None:
        """End everything that was started for the component."""
        for trigger in self.component.timers:
            self.page.output(StopTimer(f"{self.id}:{trigger.method}"))
        for timer in self.later:
            self.page.output(StopTimer(timer))
        for task in list(self.tasks):
            self.cancel_task(task)
        self.later.clear()

    # State

    def state(self) -> dict[str, Any]:
        """The declared state, by field name."""
        values = self.component.__dict__
        return {name: values[name] for name in self.component.fields if name in values}

    def undo_changes(self) -> None:
        """Put back what the running handler changed here."""
        for name, value in self.page.touched.get(self.id, {}).items():
            if value is MISSING:
                self.component.__dict__.pop(name, None)
            else:
                self.component.__dict__[name] = value
        self.forget_computed()

    def forget_computed(self) -> None:
        """Have every ``cached_property`` computed afresh."""
        values = self.component.__dict__
        for name, cached in self.component.computed.items():
            if cached:
                values.pop(name, None)


def _method(component: LiveComponent, name: str) -> None:
    if not callable(getattr(component, name, None)):
        raise AttributeError(f"{type(component).__name__} has no method {name!r}.")
