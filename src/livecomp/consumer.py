"""The WebSocket of one page, as a plain ASGI application: what may come in, what goes out, and when it ends.

The reader (`Connection.serve`) only checks messages and puts them in line, so it is never busy: pings are answered and a
lost connection is noticed while a handler runs. What the messages do happens in the page's `livecomp.runtime.driver.PageDriver`.
"""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Hashable
from typing import Any

from django.conf import settings as django_settings

from livecomp import inputs, protocol
from livecomp.conf import settings
from livecomp.constants import FINAL, PART, CloseCode, ErrorCode
from livecomp.counters import counters
from livecomp.effects import Attach, Detach, Rendered
from livecomp.exceptions import ProtocolError, Refused
from livecomp.runtime.broadcast import Views
from livecomp.runtime.closing import CLOSE_TIMEOUT, abort, close_or_cut, unsent_bytes
from livecomp.runtime.driver import PageDriver
from livecomp.runtime.pages import Pages
from livecomp.runtime.process import DRAIN, SWEEP, Runtime

logger = logging.getLogger("livecomp")

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

PONG = protocol.encode(protocol.pong())
UNREAD_BEHIND = 1024 * 1024  # bytes sent since the browser last said that it reads: nothing more on our own account
UNREAD_STALLED = 8 * 1024 * 1024  # … and from here on nothing at all
TAKEN_AT_ONCE = 16  # messages that wait in the socket; then the other connections have their turn
MALFORMED_PAUSE = 0.05  # seconds that the connection is not read after such a frame, so that the others are
REFUSED_PAUSE = 0.01  # … after each message that came too fast
TOO_FAST = "Too many messages; slow down."
SILENT_HEARTBEATS = 3  # close after so many intervals of silence
LONG_WAITING = 4  # messages that may wait for their turn when one that came in parts joins them
LONG_PAUSE = 0.05  # seconds between two looks whether they are fewer
LONGEST_PAUSE = 1.0  # seconds that the connection is not read when the visitor has asked for far too much already


class Connection:
    """One open WebSocket."""

    __slots__ = (
        *("acked", "sent", "unread", "is_joining", "_runtime", "_receive", "_send", "_driver", "_reader", "_counted"),
        *("_closing", "_is_cancelled", "_is_gone", "_opened", "_heard", "_malformed", "_refused", "_views", "_errors"),
        *("_sending", "_unsent", "_looks", "_progress", "_window", "_frames", "_pause", "_taken", "_parts", "_held"),
        *("_own_calls", "__weakref__"),
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send, runtime: Runtime, pages: Pages) -> None:
        self._runtime = runtime
        self._receive = receive
        self._send = send
        self._reader: asyncio.Task[Any] | None = None
        self._counted: tuple[Hashable, ...] = ()  # what the handshake counts under
        self.is_joining = False  # the join has come
        self.sent = self.acked = -1  # versions
        self.unread = 0  # bytes sent since the last word of the browser
        self._closing: tuple[CloseCode, str] | None = None
        self._is_cancelled = False  # by us, to end the reading
        self._is_gone = False
        self._opened = self._heard = self._window = runtime.loop.time()
        self._frames = 0  # in the present second
        self._sending: set[asyncio.Task[Any]] = set()  # who waits until the server takes a frame
        self._unsent: int | None = None  # bytes that waited in the server at the last look, if it tells
        self._looks = 0
        self._progress = 0.0  # when it was last seen that the browser reads, or need not
        self._malformed = self._refused = 0
        self._errors: list[str] = []  # replies to the frame that is being looked at
        self._pause, self._taken = 0.0, 0
        self._parts: list[str] = []  # of a message that is longer than a frame may be
        self._held = 0  # bytes in them
        self._own_calls = 0  # events that counted as the page's own doing
        self._views: Views | None = None
        self._driver = PageDriver(runtime, self, scope, pages)

    # From the handshake to the end

    async def serve(self, *counted: Hashable) -> None:
        """Read until the connection ends, then clean up. ``counted``: what the handshake was counted under."""
        self._reader = asyncio.current_task()
        self._counted = counted
        self._runtime.enter(self)
        counters.connections += 1
        try:
            await self._read()
        except asyncio.CancelledError:
            if not self._was_us():
                raise
        except Exception:
            logger.exception("A live connection failed.")
            self._closing = self._closing or (CloseCode.INTERNAL, "")
        finally:
            code = self._closing[0] if self._closing is not None else None
            at_most = DRAIN * settings.shutdown_timeout if code is CloseCode.RESTART else None
            stopped = self._driver.stop(at_most, is_final=code in FINAL)
            self._leave()
        ending = self._runtime.start(self._finish(stopped))
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError:
            if not self._was_us():
                raise
            await asyncio.shield(ending)

    def _was_us(self) -> bool:
        """The reader is cancelled: by `close`, and so it goes on with the end; or by the server, whose word is final."""
        if self._is_cancelled and self._reader is not None:
            self._is_cancelled = False
            self._reader.uncancel()
            return True
        self._is_gone = True
        return False

    def _leave(self) -> None:
        if self._views is not None:
            self._views.stop()
        self._runtime.leave(self)
        counted, self._counted = self._counted, ()
        for each in counted:
            self._runtime.counter.leave(each)

    async def _finish(self, stopped: "asyncio.Future[None]") -> None:
        """Close when the snapshot is saved, so that the page can resume wherever the browser comes next."""
        if self._closing is not None and not self._is_gone:
            await self._until_saved(stopped, settings.shutdown_timeout)
            if not self._is_gone:
                await close_or_cut(self._send, *self._closing, self._runtime.over)
        await self._until_saved(stopped)

    async def _until_saved(self, stopped: "asyncio.Future[None]", at_most: float = float("inf")) -> None:
        """Wait for the page's last snapshot. A browser that reads nothing does not hold it up, and the server's stop waits
        no longer than it may."""
        loop, saved = self._runtime.loop, [stopped, self._runtime.over]
        until = loop.time() + at_most
        while loop.time() < until:
            wait = min(SWEEP, until - loop.time())
            if (await asyncio.wait(saved, timeout=wait, return_when=asyncio.FIRST_COMPLETED))[0]:
                return
            if self._is_stuck(loop.time(), min(CLOSE_TIMEOUT, settings.send_timeout)):
                self._cut_off()

    def close(self, code: CloseCode, reason: str = "") -> None:
        """End the connection with this code, from anywhere on the event loop."""
        if self._closing is None and self._driver.stopped is None:
            self._closing = (code, reason)
            if code is not CloseCode.RESTART:
                self._give_up_sends()
            counters.count("closes", str(int(code)))
            if self._reader is not None and asyncio.current_task() is not self._reader:
                self._is_cancelled = True
                self._reader.cancel()

    def restart(self) -> None:
        """The server stops: finish what runs, then close."""
        self.close(CloseCode.RESTART, "the server restarts")

    def look(self, now: float) -> None:
        """Check the time limits; called about every second."""
        if not self.is_joining and now - self._opened > settings.join_timeout:
            self.close(CloseCode.IDLE, "no join came")
        elif now - self._heard > SILENT_HEARTBEATS * settings.heartbeat:
            self.close(CloseCode.GOING_AWAY, "no heartbeat came")
        elif self._is_stuck(now, settings.send_timeout):
            self._cut_off()
            self.close(CloseCode.GOING_AWAY, "nothing is read")
        self._driver.look(now)

    def _is_stuck(self, now: float, limit: float) -> bool:
        """Whether something waits for the browser, and for so many seconds it has taken nothing of it in."""
        self._looks += 1
        unsent = unsent_bytes(self._send) if self.unread or self._sending else 0
        if unsent == 0 or (unsent is not None and self._unsent is not None and unsent < self._unsent):
            self._progress = now
        self._unsent = unsent
        return bool(unsent or self._sending) and now - self._progress > limit

    def _cut_off(self) -> None:
        """The browser reads nothing any more, so no close frame either."""
        self._is_gone = True
        self._give_up_sends()
        abort(self._send)

    def _give_up_sends(self) -> None:
        """What waits to be sent is not worth waiting for any more. (The reader is ended by `close`.)"""
        given_up = {task for task in self._sending if task is not self._reader}
        self._sending -= given_up
        for task in given_up:
            task.cancel()

    # Out

    @property
    def is_behind(self) -> bool:
        """The browser has not applied the last renders."""
        return self.sent - self.acked >= settings.max_unacked_renders or self.unread > UNREAD_BEHIND

    @property
    def is_stalled(self) -> bool:
        """The browser reads nothing at all."""
        return self.unread > UNREAD_STALLED

    async def send(self, text: str, version: int = -1) -> None:
        """Send a frame; ``version`` of the render in it, if there is one. Nothing, when the browser is gone, or is sent away
        and does not read."""
        task, looks = asyncio.current_task(), self._looks
        is_sent_away = self._closing is not None and self._closing[0] is not CloseCode.RESTART
        if self._is_gone or task is None or (is_sent_away and unsent_bytes(self._send)):
            return
        if version > self.sent:
            self.acked = version if self.sent < 0 else self.acked  # the reply to the join is where counting starts
            self.sent = version
            counters.renders += 1
        counters.sent += (size := protocol.size_of(text))
        self.unread += size
        if not self._sending and not self._unsent:
            self._progress = self._runtime.loop.time()
        self._sending.add(task)
        try:
            await self._send({"type": "websocket.send", "text": text})
        except asyncio.CancelledError:
            if task in self._sending:
                raise
            task.uncancel()  # it was given up
        except OSError as error:
            logger.debug("Not sent: %r", error)
            self._is_gone = True
        except (
            Exception
        ) as error:  # a browser that is gone, or a frame that the server does not take: daphne, above 1 MiB
            logger.warning("A frame of %d bytes was not sent: %r", size, error)
            self._sending.discard(task)
            self._cut_off()
            self.close(CloseCode.INTERNAL, "not sent")
        finally:
            self._sending.discard(task)
            if self._unsent is None or looks != self._looks:  # it had to wait; sends overlap, and those are in line
                self._progress = self._runtime.loop.time()

    # Shared components

    def share(self, output: Attach | Detach | Rendered) -> None:
        """The page has a shared component on it, or has it no more."""
        self._views = self._views or Views(self._runtime, self)
        self._views.share(output)

    def ask(self, function: Callable[..., bool], *args: Any) -> Awaitable[bool]:
        """Call the function in the thread pool, with the page first."""
        return self._driver.ask(function, *args)

    def check_visitor(self) -> None:
        """Have the page look at its visitor again, in its turn."""
        self._driver.check_visitor()

    def look_around(self, id: str) -> None:
        """Have the page render again, in its turn, what the shared component of this id stands in."""
        self._driver.give(inputs.RenderAgain(id))

    def _error(self, ref: int, code: ErrorCode, text: str) -> None:
        """Reply with an error, as soon as the whole frame is looked at."""
        counters.count("errors", code.value)
        self._errors.append(protocol.encode(protocol.error(ref, code, text)))

    # In

    async def _read(self) -> None:
        while self._closing is None:
            message = await self._receive()
            if message["type"] != "websocket.receive":
                self._is_gone = True
                return
            self._heard = now = self._runtime.loop.time()
            if now - self._window >= 1.0:
                self._window, self._frames = now, 0
            self._frames += 1
            counters.received += 1
            text = message.get("text")
            if not text:
                self.close(CloseCode.PROTOCOL, "text frames only")
            elif protocol.size_of(text) > settings.max_message_bytes:
                self.close(CloseCode.PROTOCOL, f"at most {settings.max_message_bytes} bytes in a message")
            elif self._frames > settings.rate_limit[1] + 2 * settings.queue_size:
                self.close(CloseCode.FLOOD, "too many messages")
            elif text[0] == PART:
                await self._take_part(text[1:])
            else:
                await self._take(text)

    async def _take_part(self, part: str) -> None:
        """Hold a part of a long message, or, at the end, take the whole. Each ``MAX_MESSAGE_BYTES`` are paid for like a
        message, and nothing is read before that; nor is it taken while many wait. So little is held for a visitor."""
        limit = django_settings.DATA_UPLOAD_MAX_MEMORY_SIZE or sys.maxsize
        if part:
            self._held += (size := protocol.size_of(part))
            self._parts.append(part)
            if self._held > limit:
                del self._parts[1:]
            if size > settings.max_message_bytes // 8:
                self._frames -= 1  # it is paid for by its size
            if self._held % settings.max_message_bytes < size:
                wait = self._runtime.rates.admit(self._driver.visitor)
                await asyncio.sleep(LONGEST_PAUSE if wait is None else wait)
            return
        while self._driver.waiting > LONG_WAITING and self._closing is None:  # noqa: ASYNC110
            await asyncio.sleep(LONG_PAUSE)  # rare: an event would have to be set after every message
        text, is_cut = "".join(self._parts), self._held > limit
        self._parts, self._held = [], 0
        await self._take(text, limit if is_cut else 0)

    async def _take(self, text: str, exceeded: int = 0) -> None:
        """Take the messages of a frame. ``exceeded``: it is only the beginning of one that is longer than so many bytes."""
        try:
            messages = [protocol.too_large(text, exceeded)] if exceeded else protocol.decode(text)
            self._taken += len(messages)
            merged = protocol.merged(messages)
            for _ in range(len(messages) - len(merged)):
                self._charge()
            for message in merged:
                if self._closing is None:
                    await self._accept(message)
        except ProtocolError as error:
            self._malformed += 1
            self._error(0, ErrorCode.PROTOCOL, str(error))
            self._pause += MALFORMED_PAUSE
            if self._malformed >= settings.max_protocol_errors:
                self.close(CloseCode.PROTOCOL, "too many malformed messages")
        if self._errors:
            errors, self._errors = self._errors, []
            await self.send(errors[0] if len(errors) == 1 else f"[{','.join(errors)}]")
        if self._pause or self._taken >= TAKEN_AT_ONCE:
            pause, self._pause, self._taken = self._pause, 0.0, 0
            await asyncio.sleep(pause)

    async def _accept(self, message: protocol.Message) -> None:
        kind = type(message)
        if kind is protocol.Ack:
            acked = min(message.version, self.sent)  # type: ignore[union-attr]
            if not self.unread and acked <= self.acked:
                self._charge()  # one that answers something of ours was paid for by that
            if acked > self.acked:
                self.acked, self._progress = acked, self._runtime.loop.time()
            self.unread = 0
            if (page := self._driver.page) is not None:
                page.acknowledged = acked
            self._driver.work()
            if self._views is not None:
                self._views.catch_up()
        elif kind is protocol.Ping:
            self._charge()
            await self.send(PONG)
        elif (kind is protocol.Join) is self.is_joining:
            raise ProtocolError("a second join" if self.is_joining else "the first message has to be a join")
        else:
            self.is_joining = True
            self._enqueue(message)

    def _enqueue(self, message: protocol.Message) -> None:
        """In line, if there is room. What comes too fast waits longer; what comes far too fast is refused."""
        wait = None if self._driver.waiting >= settings.queue_size else self._wait_for(message)
        if wait is not None:
            if not wait:
                self._refused = 0
            self._driver.put(message, wait)
            return
        if self._refuse():
            if getattr(message, "ref", 0):
                self._driver.put(inputs.Refusal.of(message, Refused(ErrorCode.RATE_LIMITED, TOO_FAST)))
            else:
                self._error(0, ErrorCode.RATE_LIMITED, TOO_FAST)

    def _charge(self) -> None:
        """Count a message that does not wait in line. One too many slows the reading down, as any that is refused."""
        if self._runtime.rates.admit(self._driver.visitor) is None:
            self._refuse()

    def _refuse(self) -> bool:
        """Count a message that came far too fast. False when it was the last one of this connection."""
        self._refused += 1
        if self._refused > settings.queue_size:
            self.close(CloseCode.FLOOD, "too many messages")
            return False
        counters.count("drops", "rate")
        self._pause += REFUSED_PAUSE
        return True

    def _wait_for(self, message: protocol.Message) -> float | None:
        """The seconds that the visitor's rate asks for; None for too many. What the page itself calls does not count: it is
        no more than we have sent elements that do so."""
        page = self._driver.page
        if type(message) is protocol.Event and page is not None and self._own_calls < page.own_calls:
            self._own_calls += 1
            self._frames -= 1
            return 0.0
        return self._runtime.rates.admit(self._driver.visitor)
