"""The hub: who in this process subscribes to which topic. One per event loop, with one channel on the channel layer.

A message marks its subscribers; each renders at once, and then at most once in ``COALESCE`` seconds, whatever comes in
between. Over the layer come the messages of other processes. Layers lose messages (a full channel, a restarted Redis),
so the hub counts them and renders its subscribers again whenever it has missed something: nobody stays behind.
"""

import asyncio
import time
from typing import Any, Protocol

from livecomp import topics
from livecomp.conf import settings
from livecomp.presence import TELL_AFTER, Directory, directory
from livecomp.runtime.link import LayerLink
from livecomp.topics import Layer

LOOK = 1.0  # seconds between two looks at who is still present
MAX_RECENT = 10_000  # topics whose last message's time is remembered


class Subscriber(Protocol):
    """What the hub needs of a connection."""

    quiet_until: float
    """Monotonic time before which `wake` is not called."""
    topics: set[str]
    """What it subscribes to; the hub keeps it."""

    def mark(self, topic: str, messages: list[Any]) -> None:
        """Messages of a topic have come. An empty list: some were missed."""

    def wake(self) -> None:
        """It is time to deal with what was marked."""

    def control(self, kind: str, value: Any) -> None:
        """Word to all connections."""


class Hub:
    """Topics and subscribers of one event loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        layer: Layer | None = None,
        process: str = "",
        presence: Directory = directory,
    ) -> None:
        self.loop = loop
        self._layer = layer
        self.process = process or topics.outbox.process
        self.presence = presence
        self.topics: dict[str, set[Subscriber]] = {}
        self.subscribers: set[Subscriber] = set()
        self._due: set[Subscriber] = set()
        self._tick: asyncio.TimerHandle | None = None
        self._link: LayerLink | None = None
        self._recent: dict[str, float] = {}  # topic -> when its last message came
        self._forgotten = 0.0  # the latest time that was dropped from these
        self._look_again: asyncio.TimerHandle | None = None
        self._tell: asyncio.TimerHandle | None = None
        self.lost = 0  # messages that did not come

    # Subscribers

    def enter(self, subscriber: Subscriber) -> None:
        """A connection opens: it hears `Subscriber.control`."""
        if not self.subscribers:
            self._start()
        self.subscribers.add(subscriber)

    def leave(self, subscriber: Subscriber) -> None:
        """A connection closes: all its subscriptions end. With the last one the hub rests."""
        for topic in tuple(subscriber.topics):
            self.unsubscribe(subscriber, topic)
        self._due.discard(subscriber)
        self.subscribers.discard(subscriber)
        if not self.subscribers:
            self._stop()

    def subscribe(self, subscriber: Subscriber, topic: str, since: float = float("inf")) -> None:
        """Mark the subscriber for each message of the topic from now on, and at once if one came after ``since``
        (monotonic time): when it began to render what it subscribes for."""
        members = self.topics.get(topic)
        if members is None:
            members = self.topics[topic] = set()
            if self._link:
                self._link.want(topic)
        members.add(subscriber)
        subscriber.topics.add(topic)
        if self._recent.get(topic, self._forgotten) >= since:
            subscriber.mark(topic, [])
            subscriber.wake()

    def unsubscribe(self, subscriber: Subscriber, topic: str) -> None:
        """Undo `subscribe`."""
        if topic not in subscriber.topics:
            return
        subscriber.topics.discard(topic)
        members = self.topics[topic]
        members.discard(subscriber)
        if not members:
            del self.topics[topic]
            if self._link:
                self._link.unwant(topic)

    def _start(self) -> None:
        topics.add_listener(self)
        self.presence.start(self)
        self._look_again = self.loop.call_later(LOOK, self._look)
        if self._layer is not None:
            self._link = LayerLink(self, self._layer)
            self._link.start()

    def _stop(self) -> None:
        topics.remove_listener(self)
        for timer in (self._tick, self._look_again, self._tell):
            if timer:
                timer.cancel()
        self._tick = self._look_again = self._tell = None
        self._recent.clear()
        if self._link:
            self._link.stop()
            self._link = None
        self.presence.stop(self)

    # Presence

    def presence_changed(self) -> None:
        """Have it told soon (see `livecomp.presence.Clock`). From any thread."""
        self._on_loop(self._tell_presence_soon)

    def _tell_presence_soon(self) -> None:
        if self._tell is None and self.subscribers:
            self._tell = self.loop.call_later(TELL_AFTER, self._tell_presence)

    def _tell_presence(self) -> None:
        self._tell = None
        self.presence.tell()

    def _look(self) -> None:
        self._look_again = self.loop.call_later(LOOK, self._look)
        self.presence.look(is_cut_off=self._link is not None and self._link.is_down)
        before = time.monotonic() - settings.handler_timeout
        while self._recent and (len(self._recent) > MAX_RECENT or next(iter(self._recent.values())) < before):
            self._forgotten = self._recent.pop(next(iter(self._recent)))

    # Messages

    def deliver_soon(self, topic: str, messages: list[Any], origin: object) -> None:
        """`deliver`, from any thread."""
        self._on_loop(self.deliver, topic, messages, origin)

    def control_soon(self, kind: str, value: Any) -> None:
        """`control`, from any thread."""
        self._on_loop(self.control, kind, value)

    def _on_loop(self, function: Any, *args: Any) -> None:
        if topics.running_loop() is self.loop:
            function(*args)
            return
        try:
            self.loop.call_soon_threadsafe(function, *args)
        except RuntimeError:  # the loop was closed without a word, as tests do
            topics.remove_listener(self)

    def deliver(self, topic: str, messages: list[Any], origin: object = None) -> None:
        """Mark the topic's subscribers, except ``origin``, and wake those who have not rendered just now."""
        now = time.monotonic()
        self._recent.pop(topic, None)
        self._recent[topic] = now
        members = self.topics.get(topic)
        if not members:
            return
        quiet_until = now + settings.coalesce
        for member in members:
            if member is origin:
                continue
            member.mark(topic, messages)
            if member.quiet_until <= now:
                member.quiet_until = quiet_until
                member.wake()
            else:
                self._due.add(member)
        if self._due and self._tick is None:
            self._tick = self.loop.call_later(settings.coalesce, self._wake_due)

    def _wake_due(self) -> None:
        self._tick = None
        now = time.monotonic()
        ready = [member for member in self._due if member.quiet_until <= now]
        self._due.difference_update(ready)
        for member in ready:
            member.quiet_until = now + settings.coalesce
            member.wake()
        if self._due:
            first = min(member.quiet_until for member in self._due)
            self._tick = self.loop.call_later(max(first - now, 0.001), self._wake_due)

    def control(self, kind: str, value: Any) -> None:
        """Tell every connection."""
        for subscriber in tuple(self.subscribers):
            subscriber.control(kind, value)
