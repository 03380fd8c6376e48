"""The WebSocket of one page, as a plain ASGI application: what may come in, what goes out, and when it ends.

The reader (`Connection.serve`) only checks messages and puts them in line, so it is never busy: pings are answered and a
lost connection is noticed while a handler runs. What the messages do happens in the page's `livecomp.runtime.driver.PageDriver`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable, Iterator
from typing import Any

from django.conf import settings as django_settings
from django.http import parse_cookie

from livecomp import protocol
from livecomp.conf import settings
from livecomp.constants import CloseCode, ErrorCode
from livecomp.counters import counters
from livecomp.effects import Attach, Detach, Rendered
from livecomp.exceptions import ProtocolError
from livecomp.origin import is_allowed
from livecomp.runtime.broadcast import Views
from livecomp.runtime.closing import reject, send_close
from livecomp.runtime.driver import PageDriver
from livecomp.runtime.pages import Pages
from livecomp.runtime.process import Runtime
from livecomp.runtime.shutdown import install

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
CLOSE_TIMEOUT = 5.0  # seconds for the close frame to get out
MISSED_HEARTBEATS = 3  # two missed, and the third not there yet


class Connection:
    """One open WebSocket."""

    __slots__ = (
        *("acked", "sent", "unread", "is_joining", "_runtime", "_receive", "_send", "_driver", "_reader", "_counted"),
        *(
            "_closing",
            "_is_cancelled",
            "_is_gone",
            "_opened",
            "_heard",
            "_sends",
            "_progress",
            "_malformed",
            "_refused",
        ),
        *("_window", "_frames", "_views", "_errors", "_pause", "_taken", "_own_calls"),
        "__weakref__",
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
        self._sends = 0  # under way
        self._progress = 0.0  # when it was last seen that the browser reads, or need not
        self._malformed = self._refused = 0
        self._errors: list[str] = []  # replies to the frame that is being looked at
        self._pause = 0.0
        self._taken = 0
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
            restarting = self._closing is not None and self._closing[0] is CloseCode.RESTART
            stopped = self._driver.stop(settings.shutdown_timeout) if restarting else self._driver.stop()
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
            await asyncio.wait([stopped], timeout=settings.shutdown_timeout)
            try:
                async with asyncio.timeout(CLOSE_TIMEOUT):
                    await send_close(self._send, *self._closing)
            except TimeoutError:
                logger.debug("The close frame did not get out.")
        await asyncio.wait([stopped])

    def close(self, code: CloseCode, reason: str = "") -> None:
        """End the connection with this code, from anywhere on the event loop."""
        if self._closing is None and self._driver.stopped is None:
            self._closing = (code, reason)
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
        elif now - self._heard > MISSED_HEARTBEATS * settings.heartbeat:
            self.close(CloseCode.GOING_AWAY, "no heartbeat came")
        elif self._sends and now - self._progress > settings.send_timeout:
            self._is_gone = True  # a close frame would not get through either
            self.close(CloseCode.GOING_AWAY, "nothing is read")
        self._driver.look(now)

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
        """Send a frame; ``version`` of the render in it, if there is one. Nothing, when the browser is gone."""
        if self._is_gone:
            return
        if version > self.sent:
            self.acked = version if self.sent < 0 else self.acked  # the reply to the join is where counting starts
            self.sent = version
            counters.renders += 1
        counters.sent += (size := _size(text))
        self.unread += size
        if not self._sends:
            self._progress = self._runtime.loop.time()
        self._sends += 1
        try:
            await self._send({"type": "websocket.send", "text": text})
        except Exception as error:  # each server has its own for a browser that is gone
            logger.debug("Not sent: %r", error)
            self._is_gone = True
        finally:
            self._sends -= 1
            self._progress = self._runtime.loop.time()  # sends overlap, and those that wait are in line

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
            elif _size(text) > settings.max_message_bytes:
                self.close(CloseCode.PROTOCOL, f"at most {settings.max_message_bytes} bytes in a message")
            elif self._frames > settings.rate_limit[1] + 2 * settings.queue_size:
                self.close(CloseCode.FLOOD, "too many messages")
            else:
                await self._take(text)

    async def _take(self, text: str) -> None:
        try:
            messages = protocol.decode(text)
            self._taken += len(messages)
            for message in messages:
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
            if acked > self.acked:
                self.acked, self._progress = acked, self._runtime.loop.time()
            self.unread = 0
            self._driver.work()
            if self._views is not None:
                self._views.catch_up()
        elif kind is protocol.Ping:
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
        self._refused += 1
        if self._refused > settings.queue_size:
            self.close(CloseCode.FLOOD, "too many messages")
        else:
            counters.count("drops", "rate")
            self._pause += REFUSED_PAUSE
            self._error(getattr(message, "ref", 0), ErrorCode.RATE_LIMITED, "Too many messages; slow down.")

    def _wait_for(self, message: protocol.Message) -> float | None:
        """The seconds that the visitor's rate asks for; None for too many. What the page itself calls does not count: it is
        no more than we have sent elements that do so."""
        page = self._driver.page
        if type(message) is protocol.Event and page is not None and self._own_calls < page.own_calls:
            self._own_calls += 1
            self._frames -= 1
            return 0.0
        return self._runtime.rates.admit(self._driver.visitor)


class LiveWebSocket:
    """The ASGI application for the WebSockets of all pages."""

    def __init__(self, pages: Pages | None = None) -> None:
        self._pages = pages or Pages()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one WebSocket."""
        if (await receive())["type"] != "websocket.connect":
            return
        if not is_allowed(scope):
            await send({"type": "websocket.close", "code": int(CloseCode.POLICY)})  # 403
            return
        runtime = Runtime.current()
        install(runtime)
        if runtime.is_draining:
            await reject(scope, send, 503)
            return
        await send({"type": "websocket.accept"})
        if not runtime.arrivals.admit():
            counters.count("drops", "arrival")
            await send_close(send, CloseCode.TRY_LATER, "too many arrivals")
            return
        counted: list[Hashable] = []
        for visitor, key in _visitors_of(scope):
            if not runtime.admit(visitor, key):
                for each in counted:
                    runtime.counter.leave(each)
                await send_close(send, CloseCode.TRY_LATER, "too many connections")
                return
            counted.append(visitor)
        await Connection(scope, receive, send, runtime, self._pages).serve(*counted)


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))


def _visitors_of(scope: Scope) -> Iterator[tuple[Hashable, str]]:
    """What tells a visitor before the join does, with the setting that limits it: the session's cookie, and the network
    address as the server sees it, for cookies can be made up."""
    if settings.max_connections_per_address and scope.get("client"):
        yield ("address", scope["client"][0]), "MAX_CONNECTIONS_PER_ADDRESS"
    for name, value in scope["headers"]:
        if name == b"cookie":
            session = parse_cookie(value.decode("latin-1")).get(django_settings.SESSION_COOKIE_NAME)
            if session:
                yield ("cookie", session), "MAX_CONNECTIONS_PER_USER"
                return


live_websocket = LiveWebSocket()
