"""The hub: who in this process subscribes to which topic. One per event loop, with one channel on the channel layer.

A message marks its subscribers; each renders at once, and then at most once in ``COALESCE`` seconds, whatever comes in
between. Over the layer come the messages of other processes. Layers lose messages (a full channel, a restarted Redis),
so the hub counts them and renders its subscribers again whenever it has missed something: nobody stays behind.
"""

import asyncio
import logging
import random
import time
from typing import Any, Protocol

from livecomp import topics
from livecomp.conf import settings
from livecomp.topics import (
    CONTROL_GROUP,
    CONTROL_TYPE,
    LAYER_TIMEOUT,
    MESSAGE_TYPE,
    NUMBERS,
    RETRY,
    Layer,
    group_name,
    unpack,
)

logger = logging.getLogger("livecomp.topics")

BEAT = 5.0  # seconds between two signs of life that the hub sends itself over the layer
GROUP_RENEWAL = 3600.0  # seconds, or a third of the layer's group_expiry
MAX_PROCESSES = 100  # whose message numbers are remembered for one topic


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

    def __init__(self, loop: asyncio.AbstractEventLoop, layer: Layer | None = None, process: str = "") -> None:
        self.loop = loop
        self._layer = layer
        self.process = process or topics.outbox.process
        self.topics: dict[str, set[Subscriber]] = {}
        self.subscribers: set[Subscriber] = set()
        self._due: set[Subscriber] = set()
        self._tick: asyncio.TimerHandle | None = None
        self._link: LayerLink | None = None
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

    def subscribe(self, subscriber: Subscriber, topic: str) -> None:
        """Mark the subscriber for each message of the topic from now on."""
        members = self.topics.get(topic)
        if members is None:
            members = self.topics[topic] = set()
            if self._link:
                self._link.want(topic)
        members.add(subscriber)
        subscriber.topics.add(topic)

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
        if self._layer is not None:
            self._link = LayerLink(self, self._layer)
            self._link.start()

    def _stop(self) -> None:
        topics.remove_listener(self)
        if self._tick:
            self._tick.cancel()
            self._tick = None
        if self._link:
            self._link.stop()
            self._link = None

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
        members = self.topics.get(topic)
        if not members:
            return
        now = time.monotonic()
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


class LayerLink:
    """A hub's line to the other processes: one channel, in one group for each topic, and one task that receives.

    Used once: from `start` to `stop`.
    """

    def __init__(self, hub: Hub, layer: Layer) -> None:
        self._hub = hub
        self._layer = layer
        self._groups: dict[str, str] = {}  # group -> topic, as wanted
        self._joined: set[str] = set()  # groups that the layer knows of
        self._numbers: dict[str, dict[str, int]] = {}  # topic -> process -> number of its last message
        self._changed = asyncio.Event()
        self._channel = ""
        self._receiver: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._heard = 0.0  # when something came over the layer
        self._is_down = False
        self._own_group = f"livecomp.process.{hub.process}"

    def start(self) -> None:
        """Receive, until `stop`."""
        self._task = self._hub.loop.create_task(self._run())

    def stop(self) -> None:
        """Leave the layer, as soon as it lets us."""
        if self._task:
            self._task.cancel()

    def want(self, topic: str) -> None:
        """The hub has a first subscriber of the topic."""
        self._groups[group_name(topic)] = topic
        self._changed.set()

    def unwant(self, topic: str) -> None:
        """The hub has no subscriber of the topic any more."""
        self._groups.pop(group_name(topic), None)
        self._numbers.pop(topic, None)
        self._changed.set()

    async def _run(self) -> None:
        delay = RETRY[0]
        try:
            while True:
                started = time.monotonic()
                try:
                    await self._stay_connected()
                except Exception as error:
                    if time.monotonic() - started > BEAT:
                        delay = RETRY[0]
                    self._warn_once(error)
                    await asyncio.sleep(delay * random.uniform(0.5, 1))
                    delay = min(delay * 2, RETRY[1])
        finally:
            await self._give_up_channel()

    def _warn_once(self, error: Exception) -> None:
        if not self._is_down:
            self._is_down = True
            logger.warning(
                "The channel layer is out of reach (%r): pages work, without news from other processes. Trying again.",
                error,
            )

    async def _stay_connected(self) -> None:
        """Have a channel in all groups, receive and keep everything fresh, until something fails."""
        if not self._channel:
            async with asyncio.timeout(LAYER_TIMEOUT):
                self._channel = await self._layer.new_channel("livecomp.")
            self._heard = time.monotonic()
        if self._receiver is None or self._receiver.done():
            self._receiver = self._hub.loop.create_task(self._receive(self._channel))
        self._joined.clear()
        await self._join()
        expiry = getattr(self._layer, "group_expiry", None) or 3 * GROUP_RENEWAL
        renew_at, beat_at = time.monotonic() + min(expiry / 3, GROUP_RENEWAL), 0.0
        while True:
            now = time.monotonic()
            if now >= renew_at:
                renew_at = now + min(expiry / 3, GROUP_RENEWAL)
                await self._renew()
            if now >= beat_at:
                beat_at = now + BEAT
                await self._beat(now)
            await self._until(min(renew_at, beat_at))
            if self._changed.is_set():
                await self._join()

    async def _beat(self, now: float) -> None:
        if now - self._heard > 2.5 * BEAT:
            await self._give_up_channel()
            raise ConnectionError("no message comes through")
        async with asyncio.timeout(LAYER_TIMEOUT):
            await self._layer.group_send(self._own_group, {"type": "livecomp.beat"})

    async def _until(self, moment: float) -> None:
        """Wait for the time, a change of groups, or the end of the receiver, which is an error."""
        assert self._receiver is not None
        changed = self._hub.loop.create_task(self._changed.wait())
        try:
            timeout = max(0.0, moment - time.monotonic())
            await asyncio.wait([changed, self._receiver], timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            changed.cancel()
        if self._receiver.done():
            self._receiver.result()

    async def _join(self) -> None:
        self._changed.clear()
        wanted = {CONTROL_GROUP, self._own_group, *self._groups}
        for group in self._joined - wanted:
            async with asyncio.timeout(LAYER_TIMEOUT):
                await self._layer.group_discard(group, self._channel)
            self._joined.discard(group)
        for group in wanted - self._joined:
            await self._add(group)
            self._joined.add(group)
            if group in self._groups:
                self._hub.deliver(self._groups[group], [])  # what was published before the layer knew of us

    async def _renew(self) -> None:
        for group in tuple(self._joined):
            await self._add(group)

    async def _add(self, group: str) -> None:
        async with asyncio.timeout(LAYER_TIMEOUT):
            await self._layer.group_add(group, self._channel)

    async def _give_up_channel(self) -> None:
        channel, self._channel = self._channel, ""
        if not channel:
            return
        try:
            async with asyncio.timeout(LAYER_TIMEOUT):
                for group in tuple(self._joined):
                    await self._layer.group_discard(group, channel)
        except Exception as error:
            logger.debug("The channel layer did not let go of a channel: %r", error)
        if self._receiver is not None:
            self._receiver.cancel()
            await asyncio.gather(self._receiver, return_exceptions=True)

    async def _receive(self, channel: str) -> None:
        while True:
            message = await self._layer.receive(channel)
            self._heard = time.monotonic()
            if self._is_down:
                self._is_down = False
                logger.info("The channel layer is back.")
            if message["type"] == MESSAGE_TYPE:
                self._take(message["process"], message["topic"], message["number"], unpack(message["messages"]))
            elif message["type"] == CONTROL_TYPE and message["process"] != self._hub.process:
                if message["kind"] == NUMBERS:
                    self._compare(message["process"], message["value"])
                else:
                    self._hub.control(message["kind"], message["value"])

    def _take(self, process: str, topic: str, number: int, messages: list[Any]) -> None:
        if process == self._hub.process or topic not in self._hub.topics:  # our own were delivered directly
            return
        last = self._last(process, topic, number)
        if last is not None and number > last + len(messages):
            self._hub.lost += number - last - len(messages)
            self._hub.deliver(topic, [])
        self._hub.deliver(topic, messages)

    def _compare(self, process: str, numbers: dict[str, int]) -> None:
        if process == self._hub.process:
            return
        for topic, number in numbers.items():
            if topic in self._hub.topics:
                last = self._last(process, topic, number)
                if last is None or last < number:
                    self._hub.lost += number - (last or number)
                    self._hub.deliver(topic, [])

    def _last(self, process: str, topic: str, number: int) -> int | None:
        """The number known so far, and remember this one."""
        numbers = self._numbers.setdefault(topic, {})
        last = numbers.pop(process, None)
        numbers[process] = max(number, last or 0)
        if len(numbers) > MAX_PROCESSES:
            del numbers[next(iter(numbers))]
        return last
