"""What waits to be done for one page, and what is next: the browser's messages in their order, the server's own between."""

import asyncio
from typing import Any

from livecomp import inputs
from livecomp.effects import Save
from livecomp.protocol import Message
from livecomp.runtime.outlet import Outlet

MAX_MARKED = 100  # messages of one topic that wait for a page, the newest
UPDATE_PACE = 0.05  # seconds between two renders of what a task reports: more often is more than an eye sees
CHECK = object()  # the visitor is to be looked at again


class Agenda:
    """The waiting work of one page."""

    __slots__ = (
        *("_after_client", "_marked", "_room", "_updates_from"),
        *("check_due", "held_until", "inbox", "inputs", "save_due", "topics_due"),
    )

    def __init__(self) -> None:
        self.inbox: list[
            tuple[float, Message | inputs.Refusal]
        ] = []  # messages of the browser, with the time of their turn
        self.inputs: list[inputs.Input] = []
        self.topics_due = self.save_due = self.check_due = False
        self.held_until = 0.0  # time before which nothing of the server's own is dealt with
        self._marked: dict[str, list[Any]] | None = None
        self._room: asyncio.Event | None = None
        self._after_client = False
        self._updates_from = 0.0  # when the next update of a task may be shown

    def mark(self, topic: str, messages: list[Any]) -> None:
        """Messages of a topic have come, or, an empty list, some were missed: a None stands for those. They are dealt with
        when ``topics_due`` is set."""
        if self._marked is None:
            self._marked = {}
        marked = self._marked.get(topic)
        if not marked:
            self._marked[topic] = messages or [None]
        elif messages or marked[-1] is not None:
            marked = marked + (messages or [None])
            self._marked[topic] = marked if len(marked) <= MAX_MARKED else [None, *marked[1 - MAX_MARKED :]]

    def add_fired(self, timer: str) -> None:
        """A timer is due. A page that is behind hears of it once, not as often as it missed."""
        fired = inputs.TimerFired(timer)
        if fired not in self.inputs:
            self.inputs.append(fired)

    def drop_fired(self, timer: str) -> None:
        """The timer was stopped: what it left is not heard of any more."""
        fired = inputs.TimerFired(timer)
        if fired in self.inputs:
            self.inputs.remove(fired)

    def add_result(self, result: inputs.TaskProgress | inputs.TaskUpdate | inputs.TaskDone) -> None:
        """What a task gives. An update joins the one that still waits before it."""
        last = self.inputs[-1] if self.inputs else None
        if type(result) is inputs.TaskUpdate and type(last) is inputs.TaskUpdate and last.component == result.component:
            self.inputs[-1] = inputs.TaskUpdate(result.id, result.component, {**last.values, **result.values})
        else:
            self.inputs.append(result)

    def put_back(self, item: Any, until: float) -> None:
        """The item could not be dealt with: it is the next one again, but nothing of the server's own is until then."""
        self.held_until = until
        if item is CHECK:
            self.check_due = True
        elif type(item) is inputs.TopicMessages and not item.only:
            marked, self._marked = self._marked or {}, {topic: [*messages] for topic, messages in item.messages.items()}
            for topic, messages in marked.items():
                self.mark(topic, messages)
            self.topics_due = True
        else:
            self.inputs.insert(0, item)

    async def wait_for_room(self) -> None:
        """Wait until some of the inputs are dealt with, or all are dropped."""
        self._room = self._room or asyncio.Event()
        self._room.clear()
        await self._room.wait()

    def clear(self) -> None:
        """Drop everything."""
        self.inbox.clear()
        self.inputs.clear()
        self._marked = None
        if self._room is not None:
            self._room.set()

    def wait(self, now: float) -> float | None:
        """Seconds until something that is here may be dealt with; None when nothing waits for a time."""
        times = [self.inbox[0][0]] if self.inbox else []
        if now < self.held_until:
            times.append(self.held_until)
        if self._is_paced(now):
            times.append(self._updates_from)
        return max(0.0, min(times) - now) if times else None

    def next(self, outlet: Outlet, is_joined: bool, now: float) -> Any:
        """Take the next thing to do: a message of the browser or of the server, `Save`, `CHECK`, or None."""
        if self.check_due and is_joined and now >= self.held_until:
            self.check_due = False
            return CHECK
        after_client, self._after_client = self._after_client, False
        if after_client and (item := self._next_of_server(outlet, is_joined, now)) is not None:
            return item
        if self.inbox and self.inbox[0][0] <= now and not outlet.is_stalled:
            self._after_client = True
            return self.inbox.pop(0)[1]
        return self._next_of_server(outlet, is_joined, now)

    def _next_of_server(self, outlet: Outlet, is_joined: bool, now: float) -> Any:
        if not is_joined:
            return None
        if self.save_due:
            self.save_due = False
            return Save()
        if outlet.is_behind or now < self.held_until:
            return None
        if self.inputs and not self._is_paced(now):
            if self._room is not None:
                self._room.set()
            if type(self.inputs[0]) is inputs.TaskUpdate:
                self._updates_from = now + UPDATE_PACE
            return self.inputs.pop(0)
        if self.topics_due and self._marked is not None:
            marked, self._marked, self.topics_due = self._marked, None, False
            return inputs.TopicMessages(marked)
        return None

    def _is_paced(self, now: float) -> bool:
        """There is only an update, and the last one was just shown: more of them may join it until its time comes."""
        return len(self.inputs) == 1 and type(self.inputs[0]) is inputs.TaskUpdate and now < self._updates_from
