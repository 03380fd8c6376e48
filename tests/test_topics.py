"""Publishing, the hub, and the way to other processes over a channel layer."""

import asyncio
import contextlib
import datetime
import decimal
import itertools
import logging
import time
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from channels.layers import InMemoryChannelLayer
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.test import override_settings

from livecomp import publish, publish_batch, publish_now, sendable, topics
from livecomp.runtime import link
from livecomp.runtime.hub import Hub
from livecomp.topics import Sender, apublish, group_name
from tests.sockets import until


class Subscriber:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.quiet_until = 0.0
        self.topics: set[str] = set()
        self.marked: list[tuple[str, list[Any]]] = []
        self.wakes: list[float] = []
        self.words: list[tuple[str, Any]] = []

    def mark(self, topic: str, messages: list[Any]) -> None:
        self.marked.append((topic, messages))

    def wake(self) -> None:
        self.wakes.append(time.monotonic())

    def control(self, kind: str, value: Any) -> None:
        self.words.append((kind, value))

    @property
    def messages(self) -> list[Any]:
        return [message for _, messages in self.marked for message in messages]


class Heard:
    """A listener that is not a hub."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, list[Any], object]] = []
        self.words: list[tuple[str, Any]] = []

    def deliver_soon(self, topic: str, messages: list[Any], origin: object) -> None:
        self.messages.append((topic, messages, origin))

    def control_soon(self, kind: str, value: Any) -> None:
        self.words.append((kind, value))


@pytest.fixture
def heard() -> Any:
    listener = Heard()
    topics.add_listener(listener)
    yield listener
    topics.remove_listener(listener)


# publish


def test_publish_without_a_transaction_is_at_once(heard: Heard, transactional_db: Any) -> None:
    publish("poll:3", {"votes": 12})
    assert heard.messages == [("poll:3", [{"votes": 12}], None)]


def test_t67_publish_waits_for_the_commit(heard: Heard, transactional_db: Any) -> None:
    with transaction.atomic():
        publish("a")
        assert heard.messages == []
    assert heard.messages == [("a", [None], None)]


def test_t67_a_rollback_publishes_nothing(heard: Heard, transactional_db: Any) -> None:
    with transaction.atomic():
        publish("outer")
        with contextlib.suppress(ZeroDivisionError), transaction.atomic():
            publish("inner")
            raise ZeroDivisionError
    assert [topic for topic, _, _ in heard.messages] == ["outer"]


def test_publish_now_does_not_wait(heard: Heard, transactional_db: Any) -> None:
    with transaction.atomic():
        publish_now("a", 1)
        assert heard.messages == [("a", [1], None)]


async def test_apublish(heard: Heard) -> None:
    await apublish("a", [1, 2])
    assert heard.messages == [("a", [[1, 2]], None)]


def test_publish_batch_puts_the_messages_of_a_topic_together(heard: Heard, transactional_db: Any) -> None:
    publish_batch([("a", 1), ("b", 2), ("a", 3)])
    assert [(topic, messages) for topic, messages, _ in heard.messages] == [("a", [1, 3]), ("b", [2])]
    publish_batch([])
    assert len(heard.messages) == 2


def test_a_message_arrives_as_over_the_wire(heard: Heard) -> None:
    key = uuid.uuid4()
    publish_now("a", {"at": datetime.date(2024, 1, 2), "price": decimal.Decimal("1.50"), "key": key, 1: ("x",)})
    [(_, [message], _)] = heard.messages
    assert message == {"at": "2024-01-02", "price": "1.50", "key": str(key), "1": ["x"]}


@pytest.mark.parametrize("message", [AnonymousUser(), object(), lambda: None])
def test_a_message_without_json_form_is_refused_at_once(heard: Heard, message: Any) -> None:
    with pytest.raises(TypeError, match="no JSON form"):
        publish_now("a", message)
    with pytest.raises(TypeError, match="no JSON form"):
        publish("a", message)
    assert heard.messages == []


@pytest.mark.parametrize("topic", ["", None, 3])
def test_a_topic_is_a_non_empty_string(topic: Any) -> None:
    with pytest.raises(TypeError, match="non-empty string"):
        publish_now(topic)


@pytest.mark.parametrize("topic", ["a", "room:1", "ümläut / space\n", "x" * 5000, "🙂", "a.b-c_d"])
def test_any_topic_has_a_valid_group_name(topic: str) -> None:
    assert InMemoryChannelLayer().require_valid_group_name(group_name(topic))


def test_group_names_differ() -> None:
    assert len({group_name(f"room:{number}") for number in range(1000)}) == 1000


# The hub


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    hub = Hub(asyncio.get_running_loop())
    yield hub
    for subscriber in tuple(hub.subscribers):
        hub.leave(subscriber)


def subscribed(hub: Hub, *names: str) -> Subscriber:
    subscriber = Subscriber()
    hub.enter(subscriber)
    for name in names:
        hub.subscribe(subscriber, name)
    return subscriber


async def test_subscribers_hear_their_topics_and_no_other(hub: Hub) -> None:
    first, second = subscribed(hub, "a"), subscribed(hub, "a", "b")
    publish_now("a", 1)
    publish_now("b", 2)
    publish_now("c", 3)
    assert first.messages == [1]
    assert second.messages == [1, 2]


async def test_t68_the_origin_is_left_out(hub: Hub) -> None:
    first, second = subscribed(hub, "a"), subscribed(hub, "a")
    topics.publish_from(first, "a", 1)
    assert (first.messages, second.messages) == ([], [1])


async def test_t67_the_first_message_wakes_at_once_then_once_in_a_while(hub: Hub) -> None:
    subscriber = subscribed(hub, "a")
    hub.deliver("a", [0])
    assert len(subscriber.wakes) == 1
    deadline = time.monotonic() + 0.3
    count = 0
    while time.monotonic() < deadline:
        count += 1
        hub.deliver("a", [count])
        await asyncio.sleep(0.001)
    await until(lambda: hub._tick is None)
    gaps = [after - before for before, after in zip(subscriber.wakes, subscriber.wakes[1:], strict=False)]
    assert min(gaps) > 0.045
    assert len(subscriber.wakes) <= 8
    assert subscriber.messages[-1] == count


async def test_publishing_from_another_thread(hub: Hub) -> None:
    subscriber = subscribed(hub, "a")
    await asyncio.to_thread(publish_now, "a", 1)
    await until(lambda: subscriber.messages == [1])


async def test_unsubscribed_is_unheard(hub: Hub) -> None:
    subscriber = subscribed(hub, "a", "b")
    hub.unsubscribe(subscriber, "a")
    hub.unsubscribe(subscriber, "never subscribed")
    publish_now("a", 1)
    publish_now("b", 2)
    assert subscriber.messages == [2]


async def test_t65_leaving_ends_every_subscription(hub: Hub) -> None:
    subscriber, other = subscribed(hub, "a", "b"), subscribed(hub, "b")
    hub.deliver("a", [1])
    hub.deliver("a", [2])
    hub.leave(subscriber)
    assert set(hub.topics) == {"b"}
    assert not hub._due
    hub.leave(other)
    assert not hub.topics
    assert hub not in topics.listeners


async def test_a_word_to_all(hub: Hub) -> None:
    subscriber = subscribed(hub)
    topics.announce("revalidate", "user:1")
    assert subscriber.words == [("revalidate", "user:1")]


def test_a_hub_of_a_closed_loop_is_dropped() -> None:
    loop = asyncio.new_event_loop()
    hub = Hub(loop)
    subscriber = subscribed(hub, "a")
    loop.close()
    publish_now("a", 1)
    assert hub not in topics.listeners
    hub.leave(subscriber)


# Other processes: two hubs on one layer


class FlakyLayer(InMemoryChannelLayer):
    """A layer that can be down, and can lose messages."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.is_down = False
        self.loses: Callable[[dict[str, Any]], bool] = lambda message: False

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self._check()
        if not self.loses(message):
            await super().group_send(group, message)

    async def group_add(self, group: str, channel: str) -> None:
        self._check()
        await super().group_add(group, channel)

    async def new_channel(self, prefix: str = "specific.") -> str:
        self._check()
        name: str = await super().new_channel(prefix)
        return name

    async def receive(self, channel: str) -> dict[str, Any]:
        self._check()
        message: dict[str, Any] = await super().receive(channel)
        self._check()
        return message

    def _check(self) -> None:
        if self.is_down:
            raise ConnectionError("the layer is down")


class Process:
    """A hub and a sender, as another process would have them."""

    def __init__(self, name: str, layer: Any) -> None:
        self.hub = Hub(asyncio.get_running_loop(), layer, name)
        self.sender = Sender(name, lambda: layer)

    def publish(self, topic: str, *messages: Any) -> None:
        packed = [sendable.pack(topic, message) for message in messages]
        self.sender.put({topic: packed})

    def stop(self) -> None:
        for subscriber in tuple(self.hub.subscribers):
            self.hub.leave(subscriber)
        if self.sender._reminder:
            self.sender._reminder.cancel()


@pytest.fixture
async def layer() -> FlakyLayer:
    return FlakyLayer()


@pytest.fixture
async def here(layer: FlakyLayer) -> AsyncIterator[Process]:
    process = Process("here", layer)
    yield process
    process.stop()


@pytest.fixture
async def there(layer: FlakyLayer) -> AsyncIterator[Process]:
    process = Process("there", layer)
    yield process
    process.stop()


async def is_listening(layer: FlakyLayer, process: Process, topic: str) -> None:
    link = process.hub._link
    assert link is not None
    await until(lambda: link._channel in layer.groups.get(group_name(topic), ()))


async def test_a_message_reaches_another_process(layer: FlakyLayer, here: Process, there: Process) -> None:
    subscriber = subscribed(here.hub, "room:ä")
    await is_listening(layer, here, "room:ä")
    there.publish("room:ä", 1, 2)
    await until(lambda: subscriber.messages == [1, 2])


async def test_one_channel_and_one_group_membership_for_many_subscribers(layer: FlakyLayer, here: Process) -> None:
    for _ in range(20):
        subscribed(here.hub, "a")
    await is_listening(layer, here, "a")
    assert len(layer.groups[group_name("a")]) == 1


async def test_a_process_does_not_hear_itself_over_the_layer(layer: FlakyLayer, here: Process, there: Process) -> None:
    subscriber = subscribed(here.hub, "a")
    await is_listening(layer, here, "a")
    here.publish("a", "own")
    there.publish("a", "other")
    await until(lambda: "other" in subscriber.messages)
    assert "own" not in subscriber.messages


async def test_what_was_published_before_the_subscription_arrived_is_not_missed(
    layer: FlakyLayer, here: Process
) -> None:
    subscriber = subscribed(here.hub, "a")
    await until(lambda: ("a", []) in subscriber.marked)


async def test_t65_the_last_subscriber_leaves_the_group(layer: FlakyLayer, here: Process) -> None:
    subscriber, other = subscribed(here.hub, "a"), subscribed(here.hub, "b")
    await is_listening(layer, here, "a")
    here.hub.unsubscribe(subscriber, "a")
    await until(lambda: group_name("a") not in layer.groups)
    here.hub.leave(subscriber)
    here.hub.leave(other)
    await until(lambda: not layer.groups)


async def test_t69_a_lost_message_is_noticed_at_the_next(layer: FlakyLayer, here: Process, there: Process) -> None:
    subscriber = subscribed(here.hub, "a")
    await is_listening(layer, here, "a")
    there.publish("a", 1)
    await until(lambda: 1 in subscriber.messages)
    layer.loses = lambda message: True
    there.publish("a", 2)
    await there.sender.wait(5)
    layer.loses = lambda message: False
    subscriber.marked.clear()
    there.publish("a", 3)
    await until(lambda: 3 in subscriber.messages)
    assert ("a", []) in subscriber.marked
    assert here.hub.lost == 1


async def test_t69_a_lost_last_message_is_noticed_too(
    layer: FlakyLayer, here: Process, there: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topics, "REMIND_AFTER", 0.02)
    subscriber = subscribed(here.hub, "a")
    await is_listening(layer, here, "a")
    there.publish("a", 1)
    await until(lambda: 1 in subscriber.messages)
    subscriber.marked.clear()
    layer.loses = lambda message: message["type"] == topics.MESSAGE_TYPE
    there.publish("a", 2)
    await until(lambda: ("a", []) in subscriber.marked)
    assert here.hub.lost == 1
    subscriber.marked.clear()
    await until(lambda: not there.sender._recent)
    assert subscriber.marked == []


async def test_t69_a_full_channel_drops_messages_and_the_page_still_catches_up(
    there: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topics, "REMIND_AFTER", 0.05)
    layer = FlakyLayer(capacity=5)
    here = Process("here", layer)
    there.sender = Sender("there", lambda: layer)
    subscriber = subscribed(here.hub, "a")
    await is_listening(layer, here, "a")
    there.publish("a", 0)
    await until(lambda: 0 in subscriber.messages)
    link = here.hub._link
    assert link is not None
    queue = layer.channels[link._channel]
    for number in range(1, 301):
        with contextlib.suppress(asyncio.QueueFull):
            queue.put_nowait((time.time() + 60, topics.topic_message("there", "a", number + 1, [str(number)])))
    there.sender._remember("a", 301)
    await until(lambda: here.hub.lost > 200)
    assert subscriber.marked[-1] == ("a", [])  # in the same step in which the gap was noticed
    here.stop()


def without_last(subscriber: Subscriber, last: Any) -> bool:
    """Whether the last message has come, and word of those that were lost before it."""
    return last in subscriber.messages and ("a", []) in subscriber.marked


@pytest.mark.parametrize("is_known", [True, False])
async def test_t69_more_messages_than_are_sent_are_noticed(
    layer: FlakyLayer, here: Process, there: Process, is_known: bool
) -> None:
    subscriber = subscribed(here.hub, "a")
    await is_listening(layer, here, "a")
    if is_known:
        there.publish("a", 0)
        await until(lambda: 0 in subscriber.messages)
    subscriber.marked.clear()
    there.publish("a", *range(1, 251))
    await until(lambda: without_last(subscriber, 250))
    assert subscriber.marked == [("a", []), ("a", [*range(151, 251)])]
    assert here.hub.lost == (150 if is_known else 0), "without a number before it, nobody can tell how many"
    subscriber.marked.clear()
    there.publish("a", 251)
    await until(lambda: 251 in subscriber.messages)
    assert subscriber.marked == [("a", [251])]


async def test_t69_a_loop_that_is_faster_than_the_layer_is_noticed(
    layer: FlakyLayer, here: Process, there: Process
) -> None:
    subscriber = subscribed(here.hub, "a")
    await is_listening(layer, here, "a")
    there.publish("a", 0)
    await until(lambda: 0 in subscriber.messages)
    subscriber.marked.clear()
    for number in range(1, 351):
        there.publish("a", number)
        if number == 50:
            await asyncio.sleep(0)  # the first are on their way
    await until(lambda: without_last(subscriber, 350))
    assert here.hub.lost == 350 - len(set(subscriber.messages) - {0})
    assert here.hub.lost > 0


@pytest.mark.usefixtures("fast")
async def test_t69_messages_that_were_too_many_while_the_layer_was_down_are_noticed(
    layer: FlakyLayer, here: Process, there: Process, caplog: pytest.LogCaptureFixture
) -> None:
    subscriber = subscribed(here.hub, "a")
    await is_listening(layer, here, "a")
    there.publish("a", 0)
    await until(lambda: 0 in subscriber.messages)
    tries: list[int] = []

    def fails(message: dict[str, Any]) -> bool:
        if message["type"] == topics.MESSAGE_TYPE:
            tries.append(message["number"])
            raise ConnectionError("not now")
        return False

    layer.loses = fails  # and its receivers do not notice
    for number in range(1, 251):
        there.publish("a", number)
        if number in (1, 120):
            await until(lambda number=number: number + 1 in tries)
    subscriber.marked.clear()
    layer.loses = lambda message: False
    await until(lambda: without_last(subscriber, 250))
    assert subscriber.marked == [("a", []), ("a", [*range(151, 251)])]
    assert here.hub.lost == 150
    caplog.clear()


async def test_t69_topics_that_were_too_many_to_wait_are_noticed(
    layer: FlakyLayer, here: Process, there: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topics, "MAX_WAITING_TOPICS", 3)
    subscriber = subscribed(here.hub, "a")
    await is_listening(layer, here, "a")
    there.publish("a", 0)
    await until(lambda: 0 in subscriber.messages)
    subscriber.marked.clear()
    there.sender.put({topic: ["1"] for topic in "abcd"})
    await until(lambda: ("a", []) in subscriber.marked)
    assert 1 not in subscriber.messages


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "RETRY", (0.01, 0.02))
    monkeypatch.setattr(topics, "RETRY", (0.01, 0.02))
    monkeypatch.setattr(link, "BEAT", 0.05)
    monkeypatch.setattr(link, "LAYER_TIMEOUT", 0.2)
    monkeypatch.setattr(topics, "LAYER_TIMEOUT", 0.2)


@pytest.mark.usefixtures("fast")
async def test_t77_a_layer_that_is_down_at_the_start(
    layer: FlakyLayer, here: Process, there: Process, caplog: pytest.LogCaptureFixture
) -> None:
    layer.is_down = True
    subscriber = subscribed(here.hub, "a")
    here.hub.deliver("a", ["local"])
    assert subscriber.messages == ["local"]
    there.publish("a", "waits")

    def warned() -> list[str]:
        return [record.message for record in caplog.records if record.levelno == logging.WARNING]

    await until(lambda: len(warned()) == 2)
    warnings = warned()
    assert "out of reach" in warnings[0]
    layer.is_down = False
    await until(lambda: "waits" in subscriber.messages or ("a", []) in subscriber.marked)
    await is_listening(layer, here, "a")
    there.publish("a", "after")
    await until(lambda: "after" in subscriber.messages)


@pytest.mark.usefixtures("fast")
async def test_t77_a_layer_that_goes_down_and_forgets(
    layer: FlakyLayer, here: Process, there: Process, caplog: pytest.LogCaptureFixture
) -> None:
    subscriber = subscribed(here.hub, "a")
    await is_listening(layer, here, "a")
    layer.is_down = True
    layer.groups.clear()
    there.publish("a", "published meanwhile")
    await until(lambda: any("out of reach" in record.message for record in caplog.records))
    subscriber.marked.clear()
    layer.is_down = False
    await until(lambda: ("a", []) in subscriber.marked)
    await is_listening(layer, here, "a")
    there.publish("a", "after")
    await until(lambda: "after" in subscriber.messages)


@pytest.mark.usefixtures("fast")
async def test_t77_a_layer_that_forgot_its_groups_without_a_word(layer: FlakyLayer, here: Process) -> None:
    subscriber = subscribed(here.hub, "a")
    await is_listening(layer, here, "a")
    await until(lambda: ("a", []) in subscriber.marked)
    subscriber.marked.clear()
    layer.groups.clear()
    await until(lambda: ("a", []) in subscriber.marked)
    await is_listening(layer, here, "a")


@pytest.mark.usefixtures("fast")
async def test_t77_a_frozen_layer(
    layer: FlakyLayer, here: Process, there: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "BEAT", 2.0)  # nobody gives the channel up, however busy the machine is
    subscriber = subscribed(here.hub, "a")
    await is_listening(layer, here, "a")
    frozen = asyncio.Event()
    real = FlakyLayer.group_send

    tried = asyncio.Event()

    async def hang(self: FlakyLayer, group: str, message: dict[str, Any]) -> None:
        tried.set()
        await frozen.wait()
        await real(self, group, message)

    layer.group_send = hang.__get__(layer)  # type: ignore[method-assign]
    there.publish("a", "late")
    await asyncio.wait_for(tried.wait(), 30)
    assert "late" not in subscriber.messages
    frozen.set()
    await until(lambda: "late" in subscriber.messages)


async def test_t58_groups_are_renewed_before_they_expire() -> None:
    layer = FlakyLayer(group_expiry=1)
    here, there = Process("here", layer), Process("there", layer)
    subscriber = subscribed(here.hub, "a")
    await is_listening(layer, here, "a")
    started = layer.groups[group_name("a")]
    [joined] = started.values()
    await until(lambda: max(layer.groups[group_name("a")].values()) > joined + 2.5)
    there.publish("a", "still here")
    await until(lambda: "still here" in subscriber.messages)
    here.stop()
    there.stop()


async def test_a_word_reaches_another_process(layer: FlakyLayer, here: Process, there: Process) -> None:
    subscriber = subscribed(here.hub, "a")
    await is_listening(layer, here, "a")
    there.sender.put_control("revalidate", "user:1")
    await until(lambda: subscriber.words == [("revalidate", "user:1")])


def test_t78_without_a_channel_layer_publishing_works(heard: Heard) -> None:
    with override_settings():
        from django.conf import settings

        if hasattr(settings, "CHANNEL_LAYERS"):
            del settings.CHANNEL_LAYERS
        publish_now("a", 1)
    assert heard.messages == [("a", [1], None)]


@override_settings(CHANNEL_LAYERS={"default": {"BACKEND": "tests.test_topics.RecordingLayer"}})
def test_a_process_without_connections_publishes_over_the_layer(transactional_db: Any) -> None:
    publish_now("a", 1)
    publish_batch([("b", 2), ("b", 3)])
    topics.announce("revalidate", "user:1")
    assert topics.flush(5)
    kinds = [(group, message.get("messages", message.get("kind"))) for group, message in RecordingLayer.sent]
    assert (group_name("a"), ["1"]) in kinds
    assert (group_name("b"), ["2", "3"]) in kinds
    assert (topics.CONTROL_GROUP, "revalidate") in kinds


class RecordingLayer:
    """A layer of some other kind."""

    sent: list[tuple[str, dict[str, Any]]] = []

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self.sent.append((group, message))


async def test_a_message_between_render_and_subscription_is_not_missed() -> None:
    hub = Hub(asyncio.get_running_loop())
    other = subscribed(hub, "other")
    began = time.monotonic()
    hub.deliver("a", ["missed"])
    late = Subscriber()
    hub.enter(late)
    hub.subscribe(late, "a", since=began)
    assert late.marked == [("a", [])]
    assert len(late.wakes) == 1
    later = Subscriber()
    hub.enter(later)
    hub.subscribe(later, "a", since=time.monotonic())
    assert not later.marked
    for each in (other, late, later):
        hub.leave(each)


class ChokingLayer:
    """Takes everything but what names the poison, of which it says what kind of error it is told to."""

    def __init__(self, error: Exception) -> None:
        self.error, self.sent = error, list[Any]()

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        if "poison" in str(message):
            raise self.error
        self.sent.append(message.get("value", message.get("messages")))


@pytest.mark.parametrize("error", [OverflowError("too large"), TypeError("what?"), RuntimeError("no room for that")])
async def test_t140_what_a_layer_never_takes_does_not_hold_up_the_rest(
    error: Exception, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topics, "RETRY", (0.001, 0.002))
    layer = ChokingLayer(error)
    sender = Sender("here", lambda: layer)
    sender.put_control("poison", 1)
    sender.put({"poisoned": ["poison"]})
    for number in itertools.count():
        sender.put_control("good", number)
        sender.put({f"topic {number}": [str(number)]})
        await until(lambda number=number: number in layer.sent and [str(number)] in layer.sent)
        dropped = [record for record in caplog.records if "is dropped" in record.getMessage()]
        if len(dropped) == 2:
            break
    await until(lambda: not sender._control and not sender._waiting)
    if sender._reminder is not None:
        sender._reminder.cancel()


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1, "\ud800", {"\ud800": 1}, [[object()]], {"a": {"b": 2**70}}])
def test_t140_a_word_that_no_layer_takes_is_refused_where_it_is_said(value: Any) -> None:
    with pytest.raises(TypeError, match="announce"):
        topics.announce("presence", value)


def test_t140_a_topic_that_no_layer_takes_is_refused_where_it_is_named() -> None:
    with pytest.raises(TypeError, match="surrogate"):
        publish_now("room:\ud800", 1)
    assert group_name("room:\ud800"), "who subscribes to what a browser said is not disconnected"


async def test_t140_what_another_version_says_does_not_end_the_line(
    layer: FlakyLayer, here: Process, there: Process, caplog: pytest.LogCaptureFixture
) -> None:
    subscriber = subscribed(here.hub, "a")
    await is_listening(layer, here, "a")
    there.sender.put_control(topics.NUMBERS, "what is this?")
    there.sender.put_control("revalidate", "user:1")
    await until(lambda: subscriber.words == [("revalidate", "user:1")])
    assert "could not be understood" in caplog.text
