"""livecomp.presence: who is there, here and in other processes."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User

from livecomp import LiveComponent, event, presence, topics
from livecomp.presence import ASK, KIND, LINGER, SILENCE, Directory
from livecomp.testing import LiveClient
from tests.driver import Driver


class Wire:
    """Stands where the channel layer stands: what a directory sends is heard by the others, or lost."""

    def __init__(self) -> None:
        self.directories: dict[str, Directory] = {}
        self.sent: list[tuple[str, str, Any]] = []
        self.is_cut = False

    def process(self, name: str) -> Directory:
        directory = Directory(_Sender(self, name))
        directory.start(_Clock())
        self.directories[name] = directory
        return directory

    def carry(self) -> None:
        """Let the processes tell what changed, until all have heard all."""
        for _ in range(10):
            for directory in self.directories.values():
                directory.tell()
            sent, self.sent = self.sent, []
            if not sent:
                return
            for name, kind, value in sent:
                for other, directory in self.directories.items():
                    if other != name and not self.is_cut:
                        directory.hear(name, kind, value)
        raise AssertionError("they never stop talking")


class _Sender:
    def __init__(self, wire: Wire, process: str) -> None:
        self.wire, self.process = wire, process

    def put_control(self, kind: str, value: Any) -> None:
        self.wire.sent.append((self.process, kind, value))


class _Clock:
    def presence_changed(self) -> None: ...


class Hints:
    """Stands where the hubs stand."""

    def __init__(self) -> None:
        self.topics: list[str] = []

    def deliver_soon(self, topic: str, messages: list[Any], origin: object) -> None:
        self.topics.append(topic)

    def control_soon(self, kind: str, value: Any) -> None: ...


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Any:
    class Now:
        value = 1000.0

    monkeypatch.setattr(presence.time, "monotonic", lambda: Now.value)
    monkeypatch.setattr(presence.time, "time", lambda: Now.value)
    return Now


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    monkeypatch.setattr(topics, "shared_layer", lambda: object())
    return Wire()


@pytest.fixture
def hints() -> Iterator[Hints]:
    hints = Hints()
    topics.add_listener(hints)
    yield hints
    topics.remove_listener(hints)


def names(directory: Directory, topic: str = "room") -> list[str]:
    return [each.name for each in directory.present(topic)]


def join(directory: Directory, name: str, seat: str = "", **meta: Any) -> str:
    seat = seat or f"{name}'s page"
    directory.join("room", f"user:{name}", seat, seat, {"name": name, **meta})
    return seat


# One process


def test_two_tabs_are_one_who_is_there_since_the_first(now: Any) -> None:
    directory = Directory()
    join(directory, "ann", "tab 1", device="phone", typing=False)
    now.value += 10
    join(directory, "bob")
    join(directory, "ann", "tab 2", device="laptop")
    ann, bob = directory.present("room")
    assert (ann.key, ann.name, ann.count, bob.count) == ("user:ann", "ann", 2, 1)
    assert ann.meta == {"name": "ann", "device": "laptop", "typing": False}
    assert ann.since.timestamp() == 1000
    directory.leave("tab 2")
    assert [(each.name, each.count) for each in directory.present("room")] == [("ann", 1), ("bob", 1)]
    assert directory.present("room")[0].meta["device"] == "phone"
    directory.leave("tab 1")
    assert names(directory) == ["bob"]


def test_t119_what_one_page_makes_of_the_list_is_its_own() -> None:
    directory = Directory()
    join(directory, "ann", tags=["a"])
    directory.present("room")[0].meta["tags"].append("b")
    assert directory.present("room")[0].meta["tags"] == ["a"]


def test_two_components_of_one_page_are_one_page() -> None:
    directory = Directory()
    directory.join("room", "k", "component 1", "page", {})
    directory.join("room", "k", "component 2", "page", {})
    assert [each.count for each in directory.present("room")] == [1]


def test_joining_again_changes_what_is_said(hints: Hints) -> None:
    directory = Directory()
    join(directory, "ann", typing=False)
    join(directory, "ann", typing=True)
    assert [each.meta["typing"] for each in directory.present("room")] == [True]
    assert hints.topics == ["presence:room"] * 2
    join(directory, "ann", typing=True)
    assert len(hints.topics) == 2, "nothing changed"


def test_who_comes_back_at_once_was_never_away(now: Any, hints: Hints) -> None:
    directory = Directory()
    directory.start(_Clock())
    join(directory, "ann", "before")
    now.value += 5
    directory.tell()
    hints.topics.clear()
    directory.leave("before", linger=True)
    directory.look()
    assert names(directory) == ["ann"]
    join(directory, "ann", "after")
    now.value += LINGER
    directory.look()
    [ann] = directory.present("room")
    assert ann.count == 1
    assert ann.since.timestamp() == 1000


def test_who_does_not_come_back_is_gone_after_a_moment(now: Any, hints: Hints) -> None:
    directory = Directory()
    directory.start(_Clock())
    directory.leave(join(directory, "ann"), linger=True)
    now.value += LINGER + 0.1
    hints.topics.clear()
    directory.look()
    assert names(directory) == []
    assert hints.topics == ["presence:room"]


def test_with_the_last_connection_of_a_process_everybody_in_it_is_gone() -> None:
    directory = Directory()
    clock = _Clock()
    directory.start(clock)
    directory.leave(join(directory, "ann"), linger=True)
    directory.stop(clock)
    assert names(directory) == []


def test_nothing_is_kept_of_those_who_left() -> None:
    directory = Directory()
    for number in range(100):
        directory.leave(join(directory, f"guest {number}"))
    assert not directory._seats
    assert not directory._keys


# Several processes


def test_the_people_of_another_process_are_here_too(wire: Wire, hints: Hints) -> None:
    one, two = wire.process("one"), wire.process("two")
    seat = join(one, "ann", device="phone")
    join(two, "ann", "other seat", device="laptop")
    join(two, "bob")
    wire.carry()
    assert [(each.name, each.count) for each in one.present("room")] == [("ann", 2), ("bob", 1)]
    assert [(each.name, each.count) for each in two.present("room")] == [("ann", 2), ("bob", 1)]
    hints.topics.clear()
    one.leave(seat)
    wire.carry()
    assert [(each.name, each.count) for each in two.present("room")] == [("ann", 1), ("bob", 1)]
    assert hints.topics == ["presence:room"] * 2, "a hint in each process"


def test_a_new_process_asks_who_is_where(wire: Wire) -> None:
    one = wire.process("one")
    join(one, "ann")
    wire.carry()
    two = wire.process("two")
    assert names(two) == []
    two.connected()
    wire.carry()
    assert names(two) == ["ann"]


def test_a_lost_change_is_noticed_at_the_next_sign_of_life(wire: Wire) -> None:
    one, two = wire.process("one"), wire.process("two")
    wire.is_cut = True
    join(one, "ann")
    wire.carry()
    wire.is_cut = False
    assert names(two) == []
    one.beat()
    wire.carry()
    assert names(two) == ["ann"]


def test_many_changes_of_a_moment_are_one_message(wire: Wire) -> None:
    one = wire.process("one")
    wire.process("two")
    for number in range(50):
        join(one, f"guest {number}")
    one.tell()
    assert len([kind for _, kind, _ in wire.sent if kind == KIND]) == 1


def test_t83_the_people_of_a_killed_process_are_gone_when_it_is_silent(wire: Wire, hints: Hints, now: Any) -> None:
    one, two = wire.process("one"), wire.process("two")
    join(one, "ann")
    wire.carry()
    del wire.directories["one"]
    now.value += SILENCE - 1
    two.look()
    assert names(two) == ["ann"]
    hints.topics.clear()
    now.value += 2
    two.look()
    assert names(two) == []
    assert hints.topics == ["presence:room"]


def test_a_sign_of_life_keeps_them(wire: Wire, now: Any) -> None:
    one, two = wire.process("one"), wire.process("two")
    join(one, "ann")
    wire.carry()
    for _ in range(5):
        now.value += 5
        one.beat()
        wire.carry()
        two.look()
    assert names(two) == ["ann"]


def test_t77_silence_means_nothing_while_the_layer_is_away(wire: Wire, now: Any) -> None:
    one, two = wire.process("one"), wire.process("two")
    join(one, "ann")
    wire.carry()
    now.value += 60
    two.look(is_cut_off=True)
    assert names(two) == ["ann"]
    two.connected()
    two.look()
    wire.carry()
    assert names(two) == ["ann"]


def test_a_process_answers_only_for_itself(wire: Wire) -> None:
    one = wire.process("one")
    join(one, "ann")
    wire.carry()
    one.hear("two", ASK, "three")
    one.tell()
    assert not wire.sent
    one.hear("two", ASK, "one")
    one.tell()
    [(_, kind, value)] = wire.sent
    assert (kind, value["whole"], list(value["topics"])) == (KIND, True, ["room"])


def test_one_that_joins_a_thousand_costs_the_bytes_of_one(wire: Wire) -> None:
    one, two = wire.process("one"), wire.process("two")
    for number in range(1000):
        join(one, f"guest {number}")
    wire.carry()
    seat = join(one, "ann")
    one.tell()
    [(_, _, joined)] = wire.sent
    assert len(msgspec.json.encode(joined)) < 200
    wire.carry()
    assert len(two.present("room")) == 1001
    one.leave(seat)
    one.tell()
    [(_, _, left)] = wire.sent
    assert left["topics"] == {"room": {"user:ann": None}}
    wire.carry()
    assert [each.key for each in one.present("room")] == [each.key for each in two.present("room")]
    assert len(two.present("room")) == 1000


def test_a_lost_change_is_noticed_at_the_next_change(wire: Wire) -> None:
    one, two = wire.process("one"), wire.process("two")
    gone = join(one, "ann")
    wire.carry()
    wire.is_cut = True
    one.leave(gone)
    join(one, "bob")
    wire.carry()
    wire.is_cut = False
    join(one, "cid")
    wire.carry()
    assert sorted(names(two)) == ["bob", "cid"]


def test_who_is_here_too_stays_when_the_other_process_falls_silent(wire: Wire, now: Any) -> None:
    one, two = wire.process("one"), wire.process("two")
    join(one, "ann", device="phone")
    now.value += 1
    join(two, "ann", "other", device="laptop")
    wire.carry()
    now.value += SILENCE + 1
    two.look()
    [ann] = two.present("room")
    assert (ann.count, ann.meta["device"], ann.since.timestamp()) == (1, "laptop", 1001)


def test_t133_names_that_were_asked_for_are_not_remembered() -> None:
    directory = Directory()
    for number in range(100):
        assert directory.present(f"room {number}") == []
    seat = join(directory, "ann")
    directory.leave(seat)
    assert not directory._lists
    assert not directory._known


@pytest.mark.parametrize("value", [2**64, "\ud800", {"a": [2**70]}, object()])
def test_t140_what_no_layer_takes_is_refused_by_name_and_value(value: Any) -> None:
    with pytest.raises(TypeError) as refused:
        presence.checked_meta({"fine": 1, "odd": value}, None)
    assert "odd" in str(refused.value)
    assert repr(value) in str(refused.value)


# Components


class Lobby(LiveComponent):
    template = """<ul>{% for each in people %}<li live-key="{{ each.key }}">{{ each.name }} {{ each.count }}</li>
{% endfor %}</ul>"""
    room: str = "lobby"
    is_open: bool = True

    def mount(self, room: str = "lobby", nick: str = "") -> None:
        self.room = room
        self.join_presence(f"room:{room}", **({"name": nick} if nick else {}))

    @property
    def people(self) -> list[presence.Present]:
        return self.presence(f"room:{self.room}") if self.is_open else []

    @event
    def go(self, room: str) -> None:
        self.leave_presence(f"room:{self.room}")
        self.room = room
        self.join_presence(f"room:{room}")

    @event
    def close(self) -> None:
        self.is_open = False

    @event
    def is_there(self, who: str) -> None:
        self.presence(f"user:{who}")
        self.skip_render()

    @event
    def say_nonsense(self) -> None:
        self.join_presence("room:lobby", what=object())


@pytest.mark.django_db
def test_who_opens_a_page_is_there_and_who_closes_it_is_not(live: LiveClient, django_user_model: type[User]) -> None:
    ann = live.as_user(django_user_model.objects.create_user("ann"))
    bob = live.as_user(django_user_model.objects.create_user("bob"))
    first = ann.mount("lobby")
    assert first.text == "ann 1"
    second = bob.mount("lobby")
    third = ann.mount("lobby")
    assert first.text == second.text == third.text == "ann 2 bob 1"
    second.disconnect()
    assert first.text == "ann 2"
    second.reconnect()
    assert first.text == second.text == "ann 2 bob 1"
    third.close()
    assert second.text == "ann 1 bob 1"


@pytest.mark.django_db
def test_another_room_is_another_list(live: LiveClient, django_user_model: type[User]) -> None:
    ann = live.as_user(django_user_model.objects.create_user("ann")).mount("lobby")
    bob = live.as_user(django_user_model.objects.create_user("bob")).mount("lobby")
    bob.call("go", room="bar")
    assert (ann.text, bob.text) == ("ann 1", "bob 1")
    ann.call("go", room="bar")
    assert ann.text == bob.text == "bob 1 ann 1"
    assert not presence.directory.present("room:lobby")


@pytest.mark.django_db
def test_only_what_the_last_render_looked_at_is_subscribed_to(live: LiveClient) -> None:
    page = live.mount("lobby", nick="guest")
    assert page.driver.topics == {"presence:room:lobby"}
    page.call("close")
    assert page.driver.topics == set()


@pytest.mark.django_db
def test_t133_names_that_a_handler_asks_for_are_not_listened_to(live: LiveClient) -> None:
    page = live.mount("lobby", nick="guest")
    for number in range(20):
        page.call("is_there", who=f"name {number}")
    assert page.driver.page.tree["c0"].looked == page.driver.topics == {"presence:room:lobby"}


@pytest.mark.django_db
def test_over_http_nobody_joins(live: LiveClient) -> None:
    driver = Driver("lobby", nick="ann")
    assert "ann" not in driver.html
    assert not presence.directory.present("room:lobby")
    [reply] = driver.join()
    assert "ann 1" in str(reply[4])
    driver.page.close()
    assert not presence.directory.present("room:lobby")


@pytest.mark.django_db
def test_visitors_without_an_account_are_told_apart_by_session_and_it_stays_secret(live: LiveClient) -> None:
    one, two = Driver("lobby", nick="x"), Driver("lobby", nick="y")
    one.join()
    two.join()
    keys = [each.key for each in presence.directory.present("room:lobby")]
    assert len(set(keys)) == 2
    assert all(key.startswith("visitor:") for key in keys)
    assert one.page.id not in keys[0]
    one.page.close()
    two.page.close()


@pytest.mark.django_db
def test_what_is_said_needs_a_json_form(live: LiveClient) -> None:
    page = live.mount("lobby", nick="x")
    with pytest.raises(TypeError, match="JSON form"):
        page.call("say_nonsense")
