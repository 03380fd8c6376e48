"""The browser's end of the connection: numbers messages, keeps those that are not acknowledged, checks what comes.

What `js/src/outbox.ts` and `js/src/page.ts` do, and strict where they are lenient: a version that is skipped or comes
twice, a reply that is missing, or an effect that nobody knows is an error of the server.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.conf import settings
from django.http import HttpRequest

from livecomp import protocol
from livecomp.constants import PROTOCOL_VERSION
from livecomp.exceptions import ProtocolError
from livecomp.page import LivePage
from livecomp.testing.bindings import Done
from livecomp.testing.driver import Clock, Message, PageDriver

Patches = list[tuple[str, str]]
Effect = list[Any]

REPLIES = frozenset(protocol.SERVER_MESSAGES)


class LiveError(AssertionError):
    """The server answered a message with an error that the test did not expect.

    `code` and `message` are what the browser gets, `component` the component's id or "", `field` the name of the field or
    argument that it is about, or "".
    """

    def __init__(self, code: str, message: str, component: str = "", ref: int = 0, field: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.component = component
        self.ref = ref
        self.field = field


class LiveClosed(AssertionError):
    """The server closed the connection, and the test did not expect it."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"The server closed the connection with {code}: {reason or 'no reason given'}.")
        self.code = code
        self.reason = reason


@dataclass
class Entry:
    """A numbered message that is not acknowledged yet."""

    ref: int
    message: list[Any]
    done: Done | None = None
    is_sent: bool = False


class Receiver(Protocol):
    """What the wire needs of the page."""

    def apply(self, patches: Patches) -> None:
        """Brings patches into the DOM."""

    def send_again(self) -> Callable[[], None]:
        """Sends what the user has entered to a server that has lost it. Gives what is to be done after the patches."""

    def carry_out(self, effect: Effect) -> None:
        """Does what the server asks for beside patches."""

    def refused(self, error: LiveError) -> None:
        """The server answered with an error."""


class Wire:
    """One page's connection, over all its reconnects."""

    def __init__(self, receiver: Receiver, clock: Clock) -> None:
        self.receiver = receiver
        self.clock = clock
        self.driver: PageDriver | None = None
        self.page_id = ""
        self.version = 0
        self.shared_versions: dict[str, int] = {}
        self.last_ref = 0
        self.is_joined = False
        self.entries: list[Entry] = []
        self.sent: list[Message] = []
        """Every message to the server, in order."""
        self.received: list[Message] = []
        """Every message of the server, in order."""
        self._jobs: deque[Callable[[], None]] = deque()
        self._is_working = False

    # -- to the server -----------------------------------------------------------------------

    def join(self, request: HttpRequest, tokens: list[str], path: str) -> None:
        """Opens a connection, for the first time or again."""
        away = self.driver.away if self.driver is not None else {}
        self.driver = PageDriver(LivePage(request), self.clock, self._receive, self.run)
        self.driver.away = away
        resume = [self.page_id, self.version] if self.page_id else None
        heard = self.entries[0].ref - 1 if self.entries else self.last_ref
        sent = max((entry.ref for entry in self.entries if entry.is_sent), default=heard)
        self.transmit(["join", PROTOCOL_VERSION, tokens, resume, path, heard, sent])

    def cut(self) -> None:
        """The connection is gone; messages wait from now on."""
        self.is_joined = False

    def post(self, kind: str, *fields: Any, done: Done | None = None) -> None:
        """Numbers a message, and sends it now or when the page is joined again."""
        if kind == "set" and self._merge(*fields):
            return
        self.last_ref += 1
        entry = Entry(self.last_ref, [kind, self.last_ref, *fields], done)
        self.entries.append(entry)
        if self.is_joined:
            self._transmit_entry(entry)

    def _merge(self, component: str, values: dict[str, Any]) -> bool:
        """What is typed while offline changes the message that waits with the field."""
        for entry in reversed(self.entries):
            if entry.is_sent or entry.message[0] != "set":
                return False
            if entry.message[2] == component and not values.keys().isdisjoint(entry.message[3]):
                entry.message[3].update(values)
                return True
        return False

    def _transmit_entry(self, entry: Entry) -> None:
        entry.is_sent = True
        self.transmit(entry.message)

    def transmit(self, message: list[Any] | str) -> None:
        """Sends a message, or a frame as it is."""
        frame = message if isinstance(message, str) else json.dumps(message, default=str, separators=(",", ":"))
        self.sent.append(json.loads(frame) if isinstance(message, list) else [frame])
        self.run(lambda: self._give(frame))

    def _give(self, frame: str) -> None:
        assert self.driver is not None
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        try:
            if limit and len(frame) > limit and len(_as_sent(frame)) > limit:
                self.driver.give(protocol.too_large(frame, limit))
            else:
                self.driver.give_frame(frame)
        except ProtocolError as error:  # the consumer answers these, before a page sees them
            self._receive(["error", 0, "protocol", str(error)])

    def run(self, job: Callable[[], None]) -> None:
        """Does something with the page: now, or when it is done with what it is at."""
        self._jobs.append(job)
        if self._is_working:
            return
        self._is_working = True
        try:
            while self._jobs:
                self._jobs.popleft()()
        finally:
            self._is_working = False
            self._jobs.clear()

    # -- from the server ---------------------------------------------------------------------

    def _receive(self, message: Message) -> None:
        self.received.append(message)
        kind, *fields = message
        if kind not in REPLIES:
            raise AssertionError(f"The server sent a message that no browser knows: {message!r}.")
        getattr(self, f"_{kind}")(*fields)

    def _joined(
        self,
        page_id: str,
        version: int,
        ack: int,
        patches: list[list[str]],
        effects: Sequence[Effect] = (),
        failed: Sequence[Message] = (),
    ) -> None:
        if page_id == self.page_id and version < self.version:
            raise AssertionError(f"The page was at version {self.version} and joined at {version}.")
        self.page_id, self.version = page_id, version
        self.shared_versions.clear()
        for _, ref, *answer in failed:
            if any(entry.ref == ref for entry in self.entries):
                self._error(ref, *answer)
        is_in_doubt = any(kind == "doubt" for kind, *_ in effects)
        keep = self.receiver.send_again() if is_in_doubt else None
        self._settle(lambda ref: ref <= ack, patches, effects)
        if keep is not None:
            keep()
        self.is_joined = True
        for entry in list(self.entries):
            self._transmit_entry(entry)

    def _patch(self, version: int, ack: int, patches: list[list[str]], effects: Sequence[Effect] = ()) -> None:
        if version != self.version + 1:
            raise AssertionError(
                f"Version {version} came after version {self.version}: a browser would ask for all anew."
            )
        if not patches and not effects:
            raise AssertionError(f"Version {version} has nothing in it: it should have been an acknowledgement.")
        self.version = version
        self._settle(lambda ref: ref <= ack, patches, effects)
        self.transmit(["ack", version])

    def _shared(self, component: str, version: int, patches: list[list[str]], whole: bool = False) -> None:
        known = self.shared_versions.get(component)
        if not whole and version != (-1 if known is None else known) + 1:
            raise AssertionError(
                f"Version {version} of {component} came after {known}: a browser would ask for all of it anew."
            )
        self.shared_versions[component] = version
        self._settle(lambda ref: False, patches, ())

    def _ack(self, ack: int, effects: Sequence[Effect] = ()) -> None:
        self._settle(lambda ref: ref <= ack, [], effects)

    def _error(self, ref: int, code: str, text: str, component: str = "", field: str = "") -> None:
        error = LiveError(code, text, component, ref, field)
        self._settle(lambda each: each == ref, [], (), succeeded=False)
        self.receiver.refused(error)

    def _pong(self) -> None:
        """The heartbeat's answer."""

    def _settle(
        self,
        is_done: Callable[[int], bool],
        patches: list[list[str]],
        effects: Sequence[Effect],
        succeeded: bool = True,
    ) -> None:
        settled = [entry for entry in self.entries if is_done(entry.ref)]
        self.entries = [entry for entry in self.entries if not is_done(entry.ref)]
        if patches:
            self.receiver.apply([(address, html) for address, html in patches])
        for entry in settled:
            if entry.done is not None:
                entry.done(succeeded)
        for effect in effects:
            self.receiver.carry_out(effect)


def _as_sent(frame: str) -> bytes:
    """The bytes of a frame as a browser writes it, which escapes less."""
    try:
        return json.dumps(json.loads(frame), ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    except ValueError:
        return frame.encode(errors="replace")
