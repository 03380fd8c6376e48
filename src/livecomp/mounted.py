"""`Mounted`: one component in its place on a page, and all that the page knows about it beside its state."""

import contextlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from livecomp import calling, progress, standing
from livecomp.arguments import Known, changed_arguments
from livecomp.component import LiveComponent
from livecomp.effects import CancelTask, Save, StartTask, StartTimer, StopTimer
from livecomp.presence import Meta, Present, checked_meta, directory, key_of, topic_of
from livecomp.protocol import Effects
from livecomp.sendable import check_topic
from livecomp.state import MISSING
from livecomp.templating import RenderMemory
from livecomp.values import copy_arguments, copy_value

if TYPE_CHECKING:
    from livecomp.page import LivePage

_KEPT = (
    *("arguments", "broken", "effects", "fills", "is_left_out", "own_calls", "url_defaults"),
    *("joined", "later", "looked", "tasks", "waiting", "wanted"),
)

Slot = tuple[object, ...]
Waiting = tuple[str, Callable[..., Any] | str, tuple[Any, ...], dict[str, Any]]


class Mounted:
    """A component of a page: its place in the tree, its arguments, what the browser has of it, what it listens to."""

    __slots__ = (
        *("id", "page", "parent", "slot", "component", "arguments", "fills", "children", "memory", "html"),
        *("topics", "wanted", "looked", "joined", "later", "tasks", "waiting", "failure", "given"),
        *("effects", "is_left_out", "is_refused", "noticed", "broken", "reads_request", "is_stale"),
        *("has_begun", "is_rendering", "must_resume", "url_defaults", "own_calls"),
    )

    def __init__(
        self, page: "LivePage", id: str, cls: type[LiveComponent], parent: "Mounted | None", slot: Slot
    ) -> None:
        self.page = page
        self.id = id
        self.parent = parent
        self.slot = slot
        self.arguments: Known = {}  # as last passed, see `livecomp.arguments`
        self.fills: Mapping[str, Any] | None = None
        self.given: frozenset[str] = frozenset()  # ids of the components that stand in these
        self.url_defaults: dict[str, Any] = {}  # those that mount() has set: what an address without them stands for
        self.own_calls = 0  # in the HTML of a root component that HTTP rendered, see `livecomp.outbox.count_own_calls`
        self.children: dict[Slot, str] = {}
        self.memory = RenderMemory()
        self.html: str | None = None  # of the first render, until its parent has taken it over
        self.topics: dict[str, list[str | None]] = {}  # topic -> methods to call; None: only render
        self.wanted: set[str] = set()  # topics of subscribe()
        self.looked: set[str] = set()  # topics of what the last render looked at
        self.joined: dict[str, Meta] = {}  # topics of join_presence(), and what was said there
        self.later: dict[str, tuple[str, dict[str, Any], float]] = {}  # timers of send_after, and the time they are due
        self.tasks: dict[str, tuple[str, str, str]] = {}
        self.waiting: list[Waiting] = []  # tasks that start with the connection
        self.effects: Effects = []  # of the HTTP render; the browser gets them with the join
        self.has_begun = False  # its timers run, and what its mount() asked for has gone out
        self.must_resume = False  # its page is back, and it could not be told yet
        self.is_left_out = False  # the tag or the component that it was given to does not show it at present
        self.is_rendering = False
        self.failure: str | None = None  # HTML of the error boundary while it is shown
        self.noticed: str | None = None  # the notice that the browser shows in its place
        self.is_stale = False  # its state changed without a render, as skip_render() asked
        self.broken = ""  # "mount" or "updated" failed: nothing of it is shown or called until its parent tries again
        self.is_refused = False  # what is shown as failure is the guard's refusal
        self.reads_request = True  # its last render looked at the URL, the user or the session; or none was here
        self.component = cls(self)

    @property
    def undo(self) -> dict[str, Any] | None:
        """Old values of the fields that the running handler touched; None while no handler runs, and in a task."""
        attempt = self.page.attempt
        if attempt is None or not attempt.notes_fields or not calling.is_in_turn(self.page):
            return None
        return attempt.touched.setdefault(self.id, {})

    @property
    def around(self) -> Sequence["Mounted"]:
        """What it stands in directly."""
        if self.page.holders:
            return standing.around(self.page, self.id)
        return () if self.parent is None else (self.parent,)  # the short way of most pages

    @property
    def depth(self) -> int:
        """How deep it stands."""
        if not self.page.holders:  # the short way of most pages
            return len(standing.parents(self))
        return 1 + max([each.depth for each in self.around], default=-1)

    @property
    def is_shown(self) -> bool:
        """Whether the browser has it."""
        return standing.is_shown(self.page, self.id)

    @property
    def is_withheld(self) -> bool:
        """Whether nothing of it is shown or called at present, see `livecomp.standing`."""
        return standing.is_withheld(self.page, self.id)

    # Arguments from the parent

    def is_placed_by(self, name: str, arguments: dict[str, Any]) -> bool:
        """Whether the tag with this name names the component that is here, be it one that comes later."""
        is_same = self.component.name == name
        return is_same and (name != "livecomp.later" or self.component.later_name == arguments["later_name"])  # type: ignore[attr-defined]

    def take_arguments(self, arguments: dict[str, Any], fills: Mapping[str, Any] | None) -> dict[str, Any]:
        """Remember the arguments and give those that differ from the last ones."""
        changed, self.arguments = changed_arguments(arguments, self.arguments)
        self.take_fills(fills)
        return changed

    def take_fills(self, fills: Mapping[str, Any] | None) -> None:
        """Remember what it is given to show."""
        self.fills = fills
        if fills or self.given:
            standing.hold(self, fills)

    def take_back(self, arguments: Known, fills: Mapping[str, Any] | None, broken: str) -> None:
        """Undo `take_arguments`, and what came of it."""
        self.arguments, self.broken = arguments, broken
        self.take_fills(fills)
        self.page.dirty.add(self.id)

    # Topics

    def subscribe(self, topic: str) -> None:
        check_topic(topic)
        if topic not in self.wanted:
            self.wanted.add(topic)
            self.page.on_undo(self.wanted.discard, topic)

    def unsubscribe(self, topic: str) -> None:
        check_topic(topic)
        if topic in self.wanted:
            self.wanted.discard(topic)
            self.page.on_undo(self.wanted.add, topic)

    @property
    def listens(self) -> bool:
        """Whether it has, or should have, any subscription."""
        return bool(self.component.topics or self.wanted or self.looked or self.topics)

    def current_topics(self) -> dict[str, list[str | None]]:
        """Topics to be subscribed to in the component's present state."""
        topics: dict[str, list[str | None]] = {topic: [None] for topic in self.wanted | self.looked}
        for trigger in self.component.topics:
            topics.setdefault(trigger.topic(self.component), []).append(trigger.method)
        return topics

    def topics_to_hear(self) -> dict[str, list[str | None]]:
        """What it is subscribed to from now on. What failed keeps its own; where its page has just come back, it has those
        of its state, if that names any, and so hears of what may make it well."""
        if self.failure is None:
            return self.current_topics()
        if not self.topics and not self.broken:
            with contextlib.suppress(Exception):
                return self.current_topics()
        return self.topics

    def check_topics(self) -> None:
        """Raise what a topic's pattern raises with the present state: then the state is as wrong as for a template."""
        if self.component.topics:
            self.current_topics()

    # Presence

    def presence(self, topic: str) -> list[Present]:
        check_topic(topic)
        if self.is_rendering:  # a handler's question is answered, and that is all
            self.looked.add(topic_of(topic))
        return directory.present(topic)

    def join_presence(self, topic: str, meta: Meta) -> None:
        check_topic(topic)
        self.page.on_undo(self._rejoin, dict(self.joined))
        self.joined[topic] = checked_meta(meta, getattr(self.page.request, "user", None))
        if self.page.is_live:
            self.be_present()

    def be_present(self) -> None:
        """Be where the component has joined."""
        for topic, meta in self.joined.items():
            directory.join(topic, key_of(self.page), self, self.page, meta)

    def leave_presence(self, topic: str) -> None:
        if topic in self.joined:
            self.page.on_undo(self._rejoin, dict(self.joined))
            del self.joined[topic]
            directory.leave(self, topic)

    def _rejoin(self, before: dict[str, Meta]) -> None:
        """Be where it was before a handler that failed."""
        for topic in self.joined.keys() - before.keys():
            directory.leave(self, topic)
        self.joined = before
        if self.page.is_live:
            self.be_present()

    # Timers and tasks

    def begin(self) -> None:
        """Start what the class declares, and what was asked for before there was a connection; where it is not shown, when
        it is."""
        if self.broken == "mount" or self.has_begun or self.is_withheld:
            return
        self.has_begun = True
        for trigger in self.component.timers:
            self.page.output(StartTimer(f"{self.id}:{trigger.method}", trigger.seconds, repeat=True))
        for timer, (_, _, due) in self.later.items():
            self.page.output(StartTimer(timer, max(0.0, due - time.time()), repeat=False))
        waiting, self.waiting = self.waiting, []
        for task, call, args, kwargs in waiting:
            function = getattr(self.component, call) if isinstance(call, str) else call
            self.page.output(StartTask(task, partial(function, *args, **kwargs)))
        effects, self.effects = self.effects, []
        for kind, *details in effects:
            if kind == "url":
                self.page.show_url(*details)
            else:
                self.page.effect(kind, *details)
        if waiting or effects:
            self.page.output(Save(is_urgent=True))  # so that they are not there again after a cut or a kill

    def kept(self) -> dict[str, Any]:
        """What a snapshot holds of the component beside its state."""
        return {name: value for name in _KEPT if (value := getattr(self, name))}

    def keep(self, kept: dict[str, Any]) -> None:
        """Undo `kept`."""
        self.take_fills(kept.pop("fills", None))
        for name, value in kept.items():
            setattr(self, name, value)

    def send_after(self, seconds: float, method: Any, arguments: dict[str, Any]) -> None:
        method = method_name(self.component, method, "send_after")
        _check_seconds(seconds)
        timer = f"{self.id}:{self.page.next_number()}"
        self.later[timer] = (method, copy_arguments(arguments), time.time() + seconds)
        self.page.on_undo(self._forget_timer, timer)
        if self.page.is_live:
            self.page.output(StartTimer(timer, float(seconds), repeat=False))

    def _forget_timer(self, timer: str) -> None:
        if self.later.pop(timer, None) is not None and self.page.is_live:
            self.page.output(StopTimer(timer))

    def start_task(
        self, call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], named: tuple[Any, Any, Any]
    ) -> str:
        if not callable(call):
            raise TypeError(f"start_task({call!r}): a function was expected, not called yet: start_task(work, 5).")
        methods = cast(tuple[str, str, str], tuple(map(self._named_method, named)))
        task = f"{self.id}:{self.page.next_number()}"
        args, kwargs = copy_value((args, kwargs))
        self.tasks[task] = methods
        self.page.on_undo(self.cancel_task, task)
        work = partial(call, *args, **kwargs)
        if self.page.is_live:
            self.page.output(StartTask(task, work))
        else:
            self.hold_task(task, work)
        return task

    def hold_task(self, task: str, work: partial[Any]) -> None:
        """Start the task when there is a connection."""
        own = getattr(work.func, "__self__", None) is self.component
        self.waiting.append((task, work.func.__name__ if own else work.func, work.args, work.keywords))

    def _named_method(self, method: Any) -> str:
        return method_name(self.component, method, "start_task") if method else ""

    def update(self, values: dict[str, Any]) -> None:
        for name in values.keys() - self.component.fields.keys():
            raise AttributeError(f"{type(self.component).__name__} has no field {name!r} to update.")
        report = progress.current.get()
        if report is None:
            self.assign(values)
        else:
            report(self.id, copy_arguments(values))

    def cancel_task(self, task: str) -> None:
        if task in self.tasks:
            self.page.on_undo(self._remember_task, task, self.tasks[task], self.waiting)
            self._forget_task(task)
            self.page.output(CancelTask(task))

    def _forget_task(self, task: str) -> None:
        self.tasks.pop(task, None)
        self.waiting = [each for each in self.waiting if each[0] != task]

    def _remember_task(self, task: str, methods: tuple[str, str, str], waiting: list[Waiting]) -> None:
        self.tasks[task], self.waiting = methods, waiting

    def stop(self, *, is_cut: bool = False) -> None:
        """End everything that was started for the component. ``is_cut``: its connection is gone, and may come back."""
        for trigger in self.component.timers:
            self.page.output(StopTimer(f"{self.id}:{trigger.method}"))
        for timer in self.later:
            self.page.output(StopTimer(timer))
        for task in list(self.tasks):
            self.cancel_task(task)
        self.later.clear()
        if self.joined:
            directory.leave(self, linger=is_cut)

    # State

    def assign(self, values: Mapping[str, Any]) -> None:
        """Set fields."""
        for name, value in values.items():
            setattr(self.component, name, value)

    def state(self) -> dict[str, Any]:
        """The declared state, by field name."""
        values = self.component.__dict__
        return {name: values[name] for name in self.component.fields if name in values}

    def put_back(self, values: Mapping[str, Any]) -> None:
        """Undo a handler's changes: ``values`` are the old ones."""
        for name, value in values.items():
            if value is MISSING:
                self.component.__dict__.pop(name, None)
            else:
                self.component.__dict__[name] = value
        self.forget_computed()

    def standing(self) -> tuple[Any, ...]:
        """How it stands on the page, beside its children."""
        return self.arguments, self.fills, self.broken, self.is_left_out

    def stand_as(self, before: tuple[Any, ...]) -> None:
        """Undo what came after `standing`."""
        self.arguments, fills, self.broken, self.is_left_out = before
        self.take_fills(fills)

    def shown(self) -> tuple[Any, ...]:
        """What the browser has of it."""
        first = self.memory, self.html, self.failure, self.noticed, self.is_refused
        return first, self.is_stale, self.looked, self.reads_request

    def show_as(self, before: tuple[Any, ...]) -> None:
        """Undo what came after `shown`."""
        first, self.is_stale, self.looked, self.reads_request = before
        self.memory, self.html, self.failure, self.noticed, self.is_refused = first

    def forget_html(self) -> None:
        """The browser has nothing of it."""
        self.memory, self.html = RenderMemory(), None

    def forget_failure(self) -> None:
        """It is rendered: no notice stands in its place any more."""
        self.failure = self.noticed = None
        self.is_refused = self.is_stale = False

    def forget_computed(self) -> None:
        """Have every ``cached_property`` computed afresh."""
        values = self.component.__dict__
        for name, cached in self.component.computed.items():
            if cached:
                values.pop(name, None)


def method_name(component: LiveComponent, method: Any, call: str) -> str:
    """The name of one of the component's methods, given by its name or as the method itself: a name outlives the process.
    Raises TypeError for another callable, AttributeError for a name that is none."""
    if not isinstance(method, str):
        name = getattr(method, "__name__", "")
        if getattr(method, "__self__", None) is not component or getattr(component, name, None) != method:
            raise TypeError(
                f"{call}(… {method!r}): a method of this {type(component).__name__} was expected, by its name or as "
                "self.method: it is called when the page is perhaps in another process."
            )
        return str(name)
    if not callable(getattr(component, method, None)):
        raise AttributeError(f"{type(component).__name__} has no method {method!r}.")
    return str.__str__(method)


def _check_seconds(seconds: Any) -> None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not math.isfinite(seconds):
        raise ValueError(f"send_after({seconds!r}, …): a finite number of seconds was expected.")
