"""The ASGI application for the WebSockets of all pages: who may connect, and how many at once."""

from collections.abc import Hashable, Iterator

from django.conf import settings as django_settings
from django.http import parse_cookie

from livecomp.conf import settings
from livecomp.constants import CloseCode
from livecomp.consumer import Connection, Receive, Scope, Send
from livecomp.counters import counters
from livecomp.origin import is_allowed
from livecomp.runtime.closing import limit_messages, reject, send_close
from livecomp.runtime.limits import network_of
from livecomp.runtime.pages import Pages
from livecomp.runtime.process import Runtime
from livecomp.runtime.shutdown import install


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
        limit_messages(send, 2 * settings.max_message_bytes)  # what is only a little too long is told in our own words
        await send({"type": "websocket.accept"})
        if not runtime.arrivals.admit(_address_of(scope)):
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


def _address_of(scope: Scope) -> str:
    """The visitor's network address as the server sees it; empty where it has none, as on a Unix socket."""
    return network_of(scope["client"][0] or "") if scope.get("client") else ""


def _visitors_of(scope: Scope) -> Iterator[tuple[Hashable, str]]:
    """What tells a visitor before the join does, with the setting that limits it: the session's cookie, and the network
    address as the server sees it, for cookies can be made up."""
    if settings.max_connections_per_address and scope.get("client"):
        yield ("address", _address_of(scope)), "MAX_CONNECTIONS_PER_ADDRESS"
    for name, value in scope["headers"]:
        if name == b"cookie":
            session = parse_cookie(value.decode("latin-1")).get(django_settings.SESSION_COOKIE_NAME)
            if session:
                yield ("cookie", session), "MAX_CONNECTIONS_PER_USER"
                return


live_websocket = LiveWebSocket()
