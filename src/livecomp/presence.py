"""Presence: who is on a topic, in all processes.

Each process knows its own people from the pages that join here, and tells the others of them over the channel layer:
at once who joined, left or says something else, and every few seconds a sign of life with the number of its last change.
Who missed a change asks for the whole list. Nothing is stored: the people of a process that falls silent are gone with
it. What a change costs depends on how much changed, not on how many are there.
"""

import threading
import time
from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from django.utils.crypto import salted_hmac

from livecomp import topics
from livecomp.sendable import find_unsendable
from livecomp.this_process import after_fork
from livecomp.values import copy_value

if TYPE_CHECKING:
    from livecomp.page import LivePage

SILENCE = 12.0  # seconds without a sign of life, then the people of a process count as gone
LINGER = 1.5  # seconds that somebody stays whose connection broke: a reloaded page is back by then
TELL_AFTER = 0.1  # seconds in which changes become one message
KIND, ASK = "presence.changes", "presence.changes?"  # of control messages

Meta = dict[str, Any]
Entry = tuple[int, float, Meta]  # how many pages, since when, what they said: as it goes over the layer
Told = dict[str, dict[str, Entry | None]]  # topic -> key -> the person, None for one that left


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody who is there. ``count`` pages of theirs are open, the oldest ``since`` this time; ``meta`` is what they
    said when they joined, what was said last counting most. ``key`` is the same on all of their pages."""

    key: str
    said: Meta
    count: int
    since: datetime

    @property
    def meta(self) -> Meta:
        """A copy for who asks: the list is one for all pages."""
        copied: Meta = copy_value(self.said)
        return copied

    @property
    def name(self) -> str:
        """``meta["name"]``: what was given, else the user's name, else nothing."""
        return str(self.said.get("name", ""))


class Clock(Protocol):
    """An event loop's hub. It calls `Directory.look` about every second, and `Directory.tell` when asked to."""

    def presence_changed(self) -> None:
        """`Directory.tell` is to be called soon. From any thread."""


@dataclass(slots=True)
class _Seat:
    """One component of one page that has joined."""

    page: object
    meta: Meta
    since: float
    left: float = 0.0  # when its connection broke; 0 while it is there


@dataclass(slots=True)
class _Process:
    """What another process told."""

    heard: float
    number: int = 0
    topics: dict[str, dict[str, Entry]] = field(default_factory=dict)


class Directory:
    """The people of all topics, as this process knows them. Safe to use from any thread."""

    def __init__(self, sender: Any = None) -> None:
        self._sender = sender or topics.outbox
        self._lock = threading.RLock()
        self.clear()

    def clear(self) -> None:
        """Forget everything, as after a fork."""
        self._lock = threading.RLock()
        self._clocks: set[Clock] = set()
        self._seats: dict[str, dict[str, dict[object, _Seat]]] = {}  # topic -> key -> component -> seat
        self._keys: dict[object, dict[str, str]] = {}  # component -> topic -> key
        self._others: dict[str, _Process] = {}
        self._lingering: dict[tuple[str, str, object], float] = {}  # whose connection broke, and when; the oldest first
        self._known: dict[str, dict[str, Present]] = {}  # topic -> key -> the person, of all processes
        self._lists: dict[str, list[Present]] = {}  # the same people in order
        self._changed: set[str] = set()  # topics to tell the subscribers here of
        self._own_changed: dict[str, set[str]] = {}  # … and keys, to tell the other processes of
        self._number = 0  # of the last change told to them
        self._whole_wanted = False

    # For components

    def join(self, topic: str, key: str, seat: object, page: object, meta: Meta) -> None:
        """``seat`` (a component) of ``page`` is on the topic as ``key``; once more to say something else."""
        with self._lock:
            seats = self._seats.setdefault(topic, {}).setdefault(key, {})
            known = seats.get(seat)
            if known is not None and known.meta == meta and not known.left:
                return
            since = min((each.since for each in seats.values()), default=time.time())
            self._lingering.pop((topic, key, seat), None)
            seats.pop(seat, None)  # what is said last counts most
            seats[seat] = _Seat(page, meta, since if known is None else known.since)
            self._keys.setdefault(seat, {})[topic] = key
            self._note(topic, key, own=True)
        self._tell_soon()

    def leave(self, seat: object, topic: str | None = None, *, linger: bool = False) -> None:
        """Undo `join`, by default of all topics; with ``linger`` a little later, if the visitor is not back by then."""
        with self._lock:
            for each, key in tuple(self._keys.get(seat, {}).items()):
                if topic not in (None, each):
                    continue
                if linger and self._clocks:
                    self._seats[each][key][seat].left = time.monotonic()
                    self._lingering.pop((each, key, seat), None)
                    self._lingering[each, key, seat] = time.monotonic()
                else:
                    self._remove(each, key, seat)
            has_news = bool(self._changed)
        if has_news:
            self._tell_soon()

    def present(self, topic: str) -> list[Present]:
        """Who is there, the longest first."""
        with self._lock:
            return self._lists[topic].copy() if topic in self._lists else []

    def _own(self, topic: str, key: str) -> Entry | None:
        """The person as this process knows them."""
        seats = self._seats.get(topic, {}).get(key)
        if not seats:
            return None
        meta: Meta = {}
        for seat in seats.values():
            meta |= seat.meta
        return len({id(seat.page) for seat in seats.values()}), min(seat.since for seat in seats.values()), meta

    def _merged(self, topic: str, key: str) -> Present | None:
        """The person as all processes know them."""
        own = self._own(topic, key)
        entries = [own] if own is not None else []
        for process in self._others.values():
            if (entry := process.topics.get(topic, {}).get(key)) is not None:
                entries.append(entry)
        if not entries:
            return None
        meta: Meta = {}
        for entry in sorted(entries, key=lambda each: each[1]):
            meta |= entry[2]
        since = datetime.fromtimestamp(min(entry[1] for entry in entries), UTC)
        return Present(key, meta, sum(entry[0] for entry in entries), since)

    def _remove(self, topic: str, key: str, seat: object) -> None:
        people = self._seats[topic]
        del people[key][seat]
        del self._keys[seat][topic]
        if not self._keys[seat]:
            del self._keys[seat]
        if not people[key]:
            del people[key]
        if not people:
            del self._seats[topic]
        self._lingering.pop((topic, key, seat), None)
        self._note(topic, key, own=True)

    def _note(self, topic: str, key: str, *, own: bool = False) -> None:
        """The person joined, left or says something else: put that into the list."""
        known = self._known.setdefault(topic, {})
        people = self._lists.setdefault(topic, [])
        before, now = known.pop(key, None), self._merged(topic, key)
        if before is not None:
            del people[bisect_left(people, _order(before), key=_order)]
        if now is not None:
            known[key] = now
            insort(people, now, key=_order)
        if not people:
            del self._known[topic], self._lists[topic]
        self._changed.add(topic)
        if own:
            self._own_changed.setdefault(topic, set()).add(key)

    # Telling

    def _tell_soon(self) -> None:
        clocks = tuple(self._clocks)
        for clock in clocks:
            clock.presence_changed()
        if not clocks:
            self.tell()

    def tell(self) -> None:
        """Tell the subscribers here, and the other processes, what changed."""
        with self._lock:
            changed, self._changed = self._changed, set()
            own, self._own_changed = self._own_changed, {}
            word: dict[str, Any] | None = None
            if own:
                self._number += 1
                word = {"number": self._number, "topics": self._told(own)}
            if self._whole_wanted:
                self._whole_wanted = False
                word = {"number": self._number, "topics": self._told(self._seats), "whole": True}
            if word is not None:
                self._send(KIND, word)
        for topic in changed:
            for listener in tuple(topics.listeners):
                listener.deliver_soon(topic_of(topic), [None], None)

    def _told(self, keys: Mapping[str, Iterable[str]]) -> Told:
        return {topic: {key: self._own(topic, key) for key in each} for topic, each in keys.items()}

    def _send(self, kind: str, value: Any) -> None:
        if topics.shared_layer() is not None:
            self._sender.put_control(kind, value)

    # The hubs' part

    def start(self, clock: Clock) -> None:
        """A hub begins to call `look`."""
        with self._lock:
            self._clocks.add(clock)

    def stop(self, clock: Clock) -> None:
        """A hub has no connections any more. With the last one everybody here is gone."""
        with self._lock:
            self._clocks.discard(clock)
            if self._clocks:
                return
            self._end_lingering(0.0)
            for process in tuple(self._others):
                self._forget(process)
        self.tell()

    def look(self, *, is_cut_off: bool = False) -> None:
        """Let go of those who did not come back, and of processes that fell silent. While this process is cut off from
        the others their silence means nothing."""
        with self._lock:
            self._end_lingering(LINGER)
            if not is_cut_off:
                limit = time.monotonic() - SILENCE
                for process, other in tuple(self._others.items()):
                    if other.heard < limit:
                        self._forget(process)
            has_news = bool(self._changed)
        if has_news:
            self.tell()

    def _end_lingering(self, after: float) -> None:
        limit = time.monotonic() - after
        while self._lingering:
            place, left = next(iter(self._lingering.items()))
            if left > limit:
                return
            self._remove(*place)

    def connected(self) -> None:
        """The channel layer is there (again): ask who is where, and give the others time to answer."""
        with self._lock:
            now = time.monotonic()
            for other in self._others.values():
                other.heard = now
            self._whole_wanted = True
        self._send(ASK, "")
        self._tell_soon()

    def beat(self) -> None:
        """A sign of life to the other processes."""
        if self._seats:
            self._send(KIND, {"number": self._number})

    def hear(self, process: str, kind: str, value: Any) -> None:
        """Word of another process."""
        if kind == ASK:
            if value in ("", self._sender.process):
                self._whole_wanted = True
                self._tell_soon()
            return
        with self._lock:
            other = self._others.setdefault(process, _Process(0.0))
            other.heard = time.monotonic()
            number, told = value["number"], value.get("topics", {})
            if value.get("whole"):
                gone = {topic: dict.fromkeys(people) for topic, people in other.topics.items()}
                self._take(other, {topic: gone.get(topic, {}) | told.get(topic, {}) for topic in gone | told})
                other.number = number
            else:
                self._take(other, told)
                if number == other.number + bool(told):
                    other.number = number
                else:
                    self._send(ASK, process)
            has_news = bool(self._changed)
        if has_news:
            self._tell_soon()

    def _take(self, other: _Process, told: Told) -> None:
        for topic, people in told.items():
            known = other.topics.setdefault(topic, {})
            for key, entry in people.items():
                now = None if entry is None else (entry[0], entry[1], entry[2])
                if now == known.get(key):
                    continue
                if now is None:
                    del known[key]
                else:
                    known[key] = now
                self._note(topic, key)
            if not known:
                del other.topics[topic]

    def _forget(self, process: str) -> None:
        for topic, people in self._others.pop(process).topics.items():
            for key in people:
                self._note(topic, key)


def _order(person: Present) -> tuple[datetime, str]:
    return person.since, person.key


def topic_of(topic: str) -> str:
    """The topic that changes of a topic's people are published to."""
    return f"presence:{topic}"


def key_of(page: "LivePage") -> str:
    """What a visitor is known by: the user, else the session, else the page alone. Says nothing that could be misused."""
    user = getattr(page.request, "user", None)
    if user is not None and user.is_authenticated:
        return f"user:{user.pk}"
    session = getattr(page.request, "session", None)
    known = session.session_key if session is not None else None
    return f"visitor:{salted_hmac('livecomp.presence', known or page.id, algorithm='sha256').hexdigest()[:16]}"


def checked_meta(meta: Meta, user: Any) -> Meta:
    """What a component says of its visitor, as it arrives in every process. Raises TypeError for what does not."""
    plain: Meta = {}
    for key, value in meta.items():
        try:
            plain[key] = msgspec.json.decode(msgspec.json.encode(value))
            reason = find_unsendable(key) or find_unsendable(plain[key])
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            reason = f"it has no JSON form ({error})"
        if reason is not None:
            raise TypeError(f"join_presence(…, {key}={value!r}): {reason}.")
    if "name" not in plain and user is not None and user.is_authenticated:
        plain["name"] = user.get_username()
    return plain


directory = Directory()
present = directory.present
after_fork(directory.clear)
