"""Publishing: a message to a topic reaches every open page that subscribes to it, in every process.

A message is a *hint*: the subscriber renders again, with its own state and permissions. Inside this process the hubs get
it directly (see `livecomp.runtime.hub`), so a single process needs no channel layer; other processes get it over the layer.
Messages leave by a thread of their own: a view never waits for Redis, and a stopped Redis is only a delay.
"""

import asyncio
import atexit
import hashlib
import logging
import random
import threading
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, Protocol

from channels import DEFAULT_CHANNEL_LAYER
from channels.layers import InMemoryChannelLayer, channel_layers
from django.db import transaction

from livecomp import calling
from livecomp.sendable import Packed, find_unsendable, pack, unpack
from livecomp.this_process import after_fork, process_id

logger = logging.getLogger("livecomp.topics")

CONTROL_GROUP = "livecomp.control"
MESSAGE_TYPE, CONTROL_TYPE = "livecomp.message", "livecomp.control"
LAYER_TIMEOUT = 5.0  # seconds for one operation of a channel layer: a frozen Redis answers never
RETRY = (0.1, 5.0)  # seconds between attempts, first and longest
MAX_WAITING_TOPICS = 10_000
MAX_WAITING_MESSAGES = 100  # of one topic, the newest: who gets them is told that there were more
MAX_FAILURES = 3  # of one message while the layer takes others, then it is dropped
REMINDERS, REMIND_AFTER, MAX_NUMBERS = 3, 2.0, 500  # times, seconds, topics in one message
NUMBERS = "numbers"  # the kind of control message that reminds of the last numbers
LOST = "lost"  # … that says that messages of any topics were too many to be sent

Layer = Any


class Listener(Protocol):
    """What gets the messages of this process: the hubs, and the test client."""

    def deliver_soon(self, topic: str, messages: list[Any], origin: object) -> None:
        """Messages of a topic, from any thread. ``origin`` has seen them already."""

    def control_soon(self, kind: str, value: Any) -> None:
        """Word to all connections, such as a sign-out, from any thread."""


class PublishingPage(Protocol):
    """A page whose handler runs."""

    is_live: bool

    def publish(self, topic: str, message: Any) -> None:
        """Publish for the page, when the transaction commits."""


listeners: set[Listener] = set()
_listeners_lock = threading.Lock()


def add_listener(listener: Listener) -> None:
    """Have the listener told of every message published in this process."""
    with _listeners_lock:
        listeners.add(listener)


def remove_listener(listener: Listener) -> None:
    """Undo `add_listener`."""
    with _listeners_lock:
        listeners.discard(listener)


# What users call


def publish(topic: str, message: Any = None, *, using: str | None = None) -> None:
    """Tell everybody who subscribes to ``topic``, when the running transaction commits; at once when there is none.

    ``message``: anything with a JSON form (dates, decimals and UUIDs arrive as text). ``using``: the database whose
    transaction counts. Never waits and never fails for a channel layer that is down; raises TypeError for a message
    without a JSON form.
    """
    _on_commit({topic: [pack(topic, message)]}, using)


def publish_now(topic: str, message: Any = None) -> None:
    """As `publish`, without waiting for a commit: for news that has nothing to do with the database."""
    _send({topic: [pack(topic, message)]})


def publish_batch(messages: Iterable[tuple[str, Any]], *, using: str | None = None) -> None:
    """Publish many ``(topic, message)`` pairs at once; each topic is one message to the other processes. Of one topic they
    get the newest 100, with ``None`` before them for those that are left out."""
    page = _own_page()
    if page is not None and using is None:
        for topic, message in messages:
            publish(topic, message)
        return
    batch: dict[str, list[Packed]] = {}
    for topic, message in messages:
        batch.setdefault(topic, []).append(pack(topic, message))
    if batch:
        _on_commit(batch, using)


async def apublish(topic: str, message: Any = None) -> None:
    """`publish`, for those who like to see ``await``: it does not block either."""
    publish(topic, message)


def flush(timeout: float = LAYER_TIMEOUT) -> bool:
    """Wait until everything published so far has reached the channel layer, up to ``timeout`` seconds. A short-lived
    process does so by itself at its end. False when the layer did not take it."""
    return outbox.flush(timeout)


# What the framework calls


def publish_from(origin: object, topic: str, message: Any) -> None:
    """Publish what a page has seen already itself: ``origin`` is its connection and is left out."""
    _send({topic: [pack(topic, message)]}, origin)


def announce(kind: str, value: Any) -> None:
    """Tell all connections of all processes, see `livecomp.runtime.hub.Subscriber.control`. ``value``: what
    `find_unsendable` finds nothing in, else TypeError is raised."""
    if (reason := find_unsendable(value)) is not None:
        raise TypeError(f"announce({kind!r}, {value!r}): {reason}.")
    for listener in tuple(listeners):
        listener.control_soon(kind, value)
    if shared_layer() is not None:
        outbox.put_control(kind, value)


def group_name(topic: str) -> str:
    """The channel layer's group for a topic: layers allow few characters, topics may have any."""
    return "livecomp.topic." + hashlib.blake2b(topic.encode(errors="surrogatepass"), digest_size=16).hexdigest()


def shared_layer() -> Layer | None:
    """The channel layer that connects this process with others; None when there is none to speak of."""
    if DEFAULT_CHANNEL_LAYER not in channel_layers:
        return None
    layer = channel_layers[DEFAULT_CHANNEL_LAYER]
    return None if isinstance(layer, InMemoryChannelLayer) else layer


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop of this thread, if it runs one."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _on_commit(batch: dict[str, list[Packed]], using: str | None) -> None:
    # In a coroutine none can be running: Django's transactions are synchronous.
    if running_loop() is None and transaction.get_connection(using).in_atomic_block:
        transaction.on_commit(lambda: _committed(batch), using=using)
    else:
        _committed(batch)


def _own_page() -> PublishingPage | None:
    """Whose handler runs here. What it publishes is the page's own news: it does not come back to it as an echo."""
    page: PublishingPage | None = calling.page_in_turn()
    return page if page is not None and page.is_live else None


def _committed(batch: dict[str, list[Packed]]) -> None:
    page = _own_page()
    if page is None:
        _send(batch)
        return
    for topic, packed in batch.items():
        for message in unpack(packed):
            page.publish(topic, message)


def _send(batch: dict[str, list[Packed]], origin: object = None) -> None:
    for topic, packed in batch.items():
        if listeners:
            messages = unpack(packed)
            for listener in tuple(listeners):
                listener.deliver_soon(topic, messages, origin)
    if shared_layer() is not None:
        outbox.put(batch)


class Sender:
    """Sends waiting messages over a channel layer, from one event loop. While the layer is down they wait.

    Every message carries its number within its topic and sender, and the last numbers are told again a few times, so
    that a receiver notices what it has missed: a layer may drop messages without a word.
    """

    def __init__(self, process: str, layer: Callable[[], Layer | None] = shared_layer) -> None:
        self.process = process
        self._layer = layer
        self._waiting: dict[str, list[Packed]] = {}
        self._cut: dict[str, int] = {}  # topic -> messages before those that wait, too many to be kept
        self._control: list[tuple[str, Any]] = []
        self._numbers: dict[str, int] = {}
        self._recent: dict[str, int] = {}  # topics sent to lately -> how often their number is to be told again
        self._task: asyncio.Task[None] | None = None
        self._reminder: asyncio.TimerHandle | None = None
        self._is_down = False
        self._is_control_next = True
        self._failures: dict[object, int] = {}  # what failed -> how often, while others got through

    def put(self, batch: dict[str, list[Packed]]) -> None:
        """Send soon. Called on the event loop."""
        for topic, packed in batch.items():
            self._keep_newest(topic, [*self._waiting.get(topic, ()), *packed])
        while len(self._waiting) > MAX_WAITING_TOPICS:
            self._take_waiting(next(iter(self._waiting)))
            if (LOST, None) not in self._control:
                self.put_control(LOST, None)
        self._start()

    def _keep_newest(self, topic: str, packed: list[Packed]) -> None:
        """Have the newest of these wait. Those that are cut off count, so that the receivers notice it."""
        if (too_many := len(packed) - MAX_WAITING_MESSAGES) > 0:
            self._cut[topic] = self._cut.get(topic, 0) + too_many
        self._waiting[topic] = packed[-MAX_WAITING_MESSAGES:]

    def _take_waiting(self, topic: str) -> tuple[int, int, list[Packed]]:
        """What waits for a topic, and does no more: the number of the last message, how many were cut, the messages."""
        cut, packed = self._cut.pop(topic, 0), self._waiting.pop(topic)
        return self._numbers.get(topic, 0) + cut + len(packed), cut, packed

    def _drop_waiting(self, topic: str) -> None:
        number, _, _ = self._take_waiting(topic)
        self._remember(topic, number)  # so that the receivers notice it, and render again

    def put_control(self, kind: str, value: Any) -> None:
        """Send soon, to every process."""
        self._control.append((kind, value))
        del self._control[:-MAX_WAITING_MESSAGES]
        self._start()

    async def wait(self, timeout: float) -> bool:  # noqa: ASYNC109 (it says whether, it does not raise)
        """Wait until everything is sent; False when that took too long."""
        if self._task is not None and not self._task.done():
            await asyncio.wait([self._task], timeout=timeout)
        return self._task is None or self._task.done()

    def _start(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        delay, failed = RETRY[0], set[object]()
        while self._waiting or self._control:
            first, send, drop = self._first()
            try:
                async with asyncio.timeout(LAYER_TIMEOUT):
                    await send()
            except Exception as error:
                # What cannot be encoded never gets through; what fails while others get through is as bad
                if (
                    isinstance(error, (TypeError, ValueError, OverflowError, RecursionError))
                    or self._failures.get(first, 0) >= MAX_FAILURES
                ):
                    logger.error("A message is dropped, because the channel layer does not take it (%r).", error)
                    self._failures.pop(first, None)
                    drop()
                    continue
                self._is_control_next = not self._is_control_next  # one kind of message does not hold up the other
                failed.add(first)
                if not self._is_down:
                    self._is_down = True
                    logger.warning("The channel layer takes no messages (%r). They wait; trying again.", error)
                await asyncio.sleep(delay * random.uniform(0.5, 1))
                delay = min(delay * 2, RETRY[1])
            else:
                delay, self._is_control_next = RETRY[0], True
                self._failures.pop(first, None)
                self._failures.update((each, self._failures.get(each, 0) + 1) for each in failed - {first})
                failed.clear()
                if self._is_down:
                    self._is_down = False
                    logger.info("The channel layer takes messages again.")
        self._failures.clear()

    def _first(self) -> tuple[object, Callable[[], Awaitable[None]], Callable[[], None]]:
        """The first message that waits, how it is sent, and what is to be done when it is dropped."""
        if self._control and (self._is_control_next or not self._waiting):
            word = self._control.pop(0)
            return id(word), partial(self._send_control, word), lambda: self._control.remove(word)
        topic = next(iter(self._waiting))
        return topic, partial(self._send_topic, topic, *self._take_waiting(topic)), partial(self._drop_waiting, topic)

    async def _send_control(self, word: tuple[str, Any]) -> None:
        try:
            if (layer := self._layer()) is not None:  # else a test took it away
                await layer.group_send(CONTROL_GROUP, control_message(self.process, *word))
        except BaseException:
            self._control.append(word)  # behind the others: perhaps they get through
            raise

    async def _send_topic(self, topic: str, number: int, cut: int, packed: list[Packed]) -> None:
        try:
            if (layer := self._layer()) is not None:
                await layer.group_send(group_name(topic), topic_message(self.process, topic, number, packed, cut > 0))
        except BaseException:
            if cut:
                self._cut[topic] = self._cut.get(topic, 0) + cut
            self._keep_newest(topic, [*packed, *self._waiting.get(topic, ())])
            raise
        self._remember(topic, number)

    def _remember(self, topic: str, number: int) -> None:
        self._numbers.pop(topic, None)
        self._numbers[topic] = number
        if len(self._numbers) > MAX_WAITING_TOPICS:
            del self._numbers[next(iter(self._numbers))]
        self._recent[topic] = REMINDERS
        if self._reminder is None:
            self._reminder = asyncio.get_running_loop().call_later(REMIND_AFTER, self._remind)

    def _remind(self) -> None:
        self._reminder = None
        topics = list(self._recent)
        for start in range(0, len(topics), MAX_NUMBERS):
            chunk = topics[start : start + MAX_NUMBERS]
            self.put_control(NUMBERS, {topic: self._numbers[topic] for topic in chunk if topic in self._numbers})
        self._recent = {topic: times - 1 for topic, times in self._recent.items() if times > 1}
        if self._recent:
            self._reminder = asyncio.get_running_loop().call_later(REMIND_AFTER, self._remind)


def topic_message(process: str, topic: str, number: int, packed: list[Packed], is_cut: bool = False) -> dict[str, Any]:
    """What goes over the layer: the sender, the topic, the number of its last message, the messages. ``is_cut``: some
    before them were too many to be sent."""
    message = {"type": MESSAGE_TYPE, "process": process, "topic": topic, "number": number, "messages": packed}
    return message | {"is_cut": True} if is_cut else message


def control_message(process: str, kind: str, value: Any) -> dict[str, Any]:
    """A word to all processes."""
    return {"type": CONTROL_TYPE, "process": process, "kind": kind, "value": value}


class Outbox:
    """A `Sender` in a thread of its own, started with the first message. Safe to use from anywhere, also after a fork."""

    def __init__(self) -> None:
        self._reset()
        self.patience = 2.0  # seconds that the process waits for the layer at its end
        atexit.register(lambda: self.flush(self.patience))
        after_fork(self._reset)

    def _reset(self) -> None:
        self.process = process_id()
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sender = Sender(self.process)

    def put(self, batch: dict[str, list[Packed]]) -> None:
        """Send the batch over the channel layer."""
        self._started().call_soon_threadsafe(self._sender.put, batch)

    def put_control(self, kind: str, value: Any) -> None:
        """Send a word to all processes."""
        self._started().call_soon_threadsafe(self._sender.put_control, kind, value)

    def flush(self, timeout: float) -> bool:
        """Wait until all is sent."""
        if self._loop is None:
            return True
        return asyncio.run_coroutine_threadsafe(self._sender.wait(timeout), self._loop).result(timeout + 1)

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="livecomp-outbox", daemon=True).start()
            return self._loop


outbox = Outbox()


def _forget_listeners() -> None:  # hubs, and the page whose handler perhaps forked, live in the parent
    global _listeners_lock
    _listeners_lock = threading.Lock()
    listeners.clear()
    calling.current.set(None)


after_fork(_forget_listeners)
