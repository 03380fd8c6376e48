"""Closing a WebSocket with a code, also where the server does not let an application choose it; and cutting its TCP
connection when the browser reads nothing any more, not even that.

Daphne refuses every code below 3000 except 1000, although the protocol has 1001, 1008, 1009 and 1011-1013 for just these
cases. Its connection object can send them; where that is out of reach, the code goes out 3000 higher (4012 for 1012), and
the client takes both for the same.

ASGI has no word for cutting a connection, nor for how much of what was sent still waits in the server. Both are asked of
the server's own transport, asyncio's under uvicorn and Twisted's under daphne.
"""

import asyncio
import logging
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from livecomp.constants import CloseCode

logger = logging.getLogger("livecomp")

Send = Callable[[dict[str, Any]], Awaitable[None]]
PRIVATE = 3000  # added to a code below 3000 that the server refuses
CLOSE_TIMEOUT = 5.0  # seconds for the close frame to get out; then the connection is cut
LAST_CLOSE_TIMEOUT = 0.2  # … when the server's stop waits no longer
LOOK_AGAIN = 0.02  # seconds until it is looked whether the frame is out
_is_told_of_limit = False
_MAX_SEEN = 20  # objects that are looked into for the transport


async def send_close(send: Send, code: CloseCode, reason: str = "") -> None:
    """Close an accepted connection. A connection that is gone already is left in peace."""
    text = reason.encode()[:120].decode(errors="ignore")  # a close frame has room for 123 bytes
    try:
        await send({"type": "websocket.close", "code": int(code), "reason": text})
    except OSError:
        return
    except Exception as error:
        logger.debug("The server does not close with %d: %r", code, error)
        await _close_otherwise(send, int(code))


async def _close_otherwise(send: Send, code: int) -> None:
    protocol: Any = (getattr(send, "args", ()) or (None,))[0]  # daphne gives a partial of its method
    try:
        if hasattr(protocol, "sendCloseFrame"):
            protocol.sendCloseFrame(code=code)
        elif code < PRIVATE:
            await send({"type": "websocket.close", "code": code + PRIVATE})
    except Exception as error:
        logger.debug("The connection could not be closed with %d: %r", code, error)


async def close_or_cut(send: Send, code: CloseCode, reason: str, over: "asyncio.Future[None]") -> None:
    """Close an accepted connection, and cut it when the close frame does not get out, or the server would wait for that as
    long as it runs. ``over`` is done when it stops."""
    closing = asyncio.ensure_future(_close_and_look(send, code, reason))
    try:
        await asyncio.wait([closing, over], timeout=CLOSE_TIMEOUT, return_when=asyncio.FIRST_COMPLETED)
        if over.done():
            await asyncio.wait([closing], timeout=LAST_CLOSE_TIMEOUT)
        if not closing.done():
            abort(send)
    finally:
        closing.cancel()


async def _close_and_look(send: Send, code: CloseCode, reason: str) -> None:
    await send_close(send, code, reason)
    while unsent_bytes(send):  # noqa: ASYNC110 (servers tell nobody)
        await asyncio.sleep(LOOK_AGAIN)


def unsent_bytes(send: Send) -> int | None:
    """How much waits in the server because the browser does not read. None when the server does not tell."""
    transport = _transport_of(send)
    while transport is not None:
        if hasattr(transport, "get_write_buffer_size"):  # asyncio
            return int(transport.get_write_buffer_size())
        if hasattr(transport, "_tempDataLen"):  # Twisted
            waiting = len(transport.dataBuffer) - transport.offset + transport._tempDataLen
            return 0 if transport.disconnected else int(waiting)
        transport = getattr(transport, "transport", None)  # below TLS
    return None


def limit_messages(send: Send, limit: int) -> None:
    """Have the server itself end a connection (1009) whose message grows beyond so many bytes, before all of it is here: we
    only see whole ones. The log says once when the server does not let us."""
    global _is_told_of_limit
    for each in _objects_behind(send):
        owner = getattr(each, "conn", each)
        for name in ("max_message_size", "max_size"):  # websockets, and its older form
            if isinstance(getattr(owner, name, None), int):
                setattr(owner, name, min(limit, getattr(owner, name) or limit))
                return
        if hasattr(
            owner, "maxMessagePayloadSize"
        ):  # daphne has a limit of its own, 1 MiB; it would count for what we send too
            return
    if not _is_told_of_limit and _transport_of(send) is not None:
        _is_told_of_limit = True
        logger.warning(
            "This server does not let livecomp limit the size of a WebSocket message before it is complete, so a visitor can "
            "fill the memory with one that is not. With uvicorn use --ws websockets-sansio, and give --ws-max-size."
        )


def abort(send: Send) -> None:
    """Cut the TCP connection, whatever waits in it, here and in the kernel."""
    transport = _transport_of(send)
    cut = getattr(transport, "abort", None) or getattr(transport, "abortConnection", None)
    if cut is None:
        logger.debug("The server does not let its connection be cut: %r", send)
        return
    if hasattr(transport, "get_extra_info"):  # asyncio leaves what the kernel has to the kernel, Twisted does not
        _discard_unsent(transport.get_extra_info("socket"))
    cut()


def _discard_unsent(connected: Any) -> None:
    """Have the kernel reset the connection when it is closed. Without this it would go on sending to the browser."""
    try:
        with socket.socket(fileno=os.dup(connected.fileno())) as same:
            same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except (AttributeError, OSError, ValueError) as error:
        logger.debug("The connection will be closed, not reset: %r", error)


def _transport_of(send: Any) -> Any:
    """The transport below what the server gave as ``send``. None when it is out of reach."""
    transports = (getattr(each, "transport", None) for each in _objects_behind(send))
    return next((transport for transport in transports if transport is not None), None)


def _objects_behind(send: Any) -> Iterator[Any]:
    """The server's objects behind ``send``, the nearest first, also where middleware has wrapped it in functions of its own."""
    seen = [send]
    for each in seen:
        yield each
        cells = getattr(each, "__closure__", None) or ()
        inner = (getattr(each, "__self__", None), *getattr(each, "args", ()), *(_content(cell) for cell in cells))
        seen += [other for other in inner if other is not None][: _MAX_SEEN - len(seen)]


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not set yet
        return None


async def reject(scope: dict[str, Any], send: Send, status: int) -> None:
    """Answer a handshake with an HTTP status where the server can, else with its own (403)."""
    if "websocket.http.response" in scope.get("extensions", {}):
        await send({"type": "websocket.http.response.start", "status": status, "headers": []})
        await send({"type": "websocket.http.response.body", "body": b""})
    else:
        await send({"type": "websocket.close", "code": int(CloseCode.POLICY)})
