"""livecomp.runtime.closing: the server's transport is found, and tells what waits in it."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from livecomp.constants import CloseCode
from livecomp.runtime import closing

Send = Callable[[dict[str, Any]], Awaitable[None]]


class Protocol:
    """A server's end of a connection, as uvicorn's: with the transport on it, and ``send`` as its method."""

    def __init__(self, transport: Any) -> None:
        self.transport = transport

    async def send(self, message: dict[str, Any]) -> None:
        self.transport.write(message["type"].encode())


class TwistedTransport:
    """What is asked of Twisted's."""

    dataBuffer, offset, _tempDataLen, disconnected = b"12345", 2, 4, False
    is_aborted = False

    def abortConnection(self) -> None:
        self.is_aborted = True


def wrapped(send: Send) -> Send:
    """As middleware does it."""

    async def wrapper(message: dict[str, Any]) -> None:
        await send(message)

    return wrapper


async def reply(protocol: Protocol, message: dict[str, Any]) -> None:
    """Daphne gives a partial of such a function."""


@pytest.mark.parametrize("wrap", [lambda send: send, wrapped, lambda send: wrapped(wrapped(send))])
def test_twisted_tells_what_waits_and_is_cut(wrap: Callable[[Any], Any]) -> None:
    transport = TwistedTransport()
    send = wrap(partial(reply, Protocol(transport)))
    assert closing.unsent_bytes(send) == 7
    closing.abort(send)
    assert transport.is_aborted


def test_a_server_that_lets_nobody_near_its_transport_is_left_alone() -> None:
    async def send(message: dict[str, Any]) -> None:
        pass

    assert closing.unsent_bytes(send) is None
    closing.abort(send)


@pytest.mark.parametrize("wrap", [lambda send: send, wrapped, lambda send: wrapped(wrapped(send))])
async def test_t130_what_does_not_get_out_is_cut_off_in_the_kernel_too(
    wrap: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "CLOSE_TIMEOUT", 0.1)
    listener = socket.create_server(("127.0.0.1", 0))
    far = socket.create_connection(listener.getsockname())
    near, _ = listener.accept()
    near.setblocking(False)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_accepted_socket(asyncio.Protocol, near)
    transport.write(b"x" * 20_000_000)
    send = wrap(Protocol(transport).send)
    assert (closing.unsent_bytes(send) or 0) > 0
    await closing.close_or_cut(send, CloseCode.RESTART, "", loop.create_future())
    assert transport.is_closing()
    with far, listener, pytest.raises(ConnectionResetError):
        await asyncio.to_thread(read_all, far)


def read_all(connected: socket.socket) -> None:
    """Until the other end has closed."""
    while connected.recv(1_000_000):
        pass


@pytest.mark.parametrize("wrap", [lambda send: send, wrapped])
@pytest.mark.parametrize("name", ["max_message_size", "max_size"])
def test_t08_the_server_itself_ends_messages_that_are_too_long(name: str, wrap: Callable[[Any], Any]) -> None:
    protocol = Protocol(None)
    owner = protocol
    if name == "max_message_size":
        owner = protocol.conn = Protocol(None)  # type: ignore[attr-defined]
    for before, after in ((16 << 20, 1000), (500, 500), (0, 1000)):
        setattr(owner, name, before)
        closing.limit_messages(wrap(protocol.send), 1000)
        assert getattr(owner, name) == after


def test_t08_a_server_that_has_no_such_limit_is_told_of_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(closing, "_is_told_of_limit", False)
    for _ in range(2):
        closing.limit_messages(Protocol(TwistedTransport()).send, 1000)
    assert caplog.text.count("--ws-max-size") == 1
