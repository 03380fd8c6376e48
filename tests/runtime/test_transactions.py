"""Transactions and cursors of handlers: what is open at a yield stays in its thread, and none outlives its handler."""

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, transaction

from livecomp import LiveComponent, event
from livecomp.runtime.pool import Pool, Seat, Threads, event_threads
from livecomp.runtime.process import Runtime
from livecomp.transactions import open_transactions
from livecomp.websocket import LiveWebSocket
from tests.driver import Driver
from tests.sockets import Socket
from tests.testapp.models import Note

pytestmark = pytest.mark.django_db(transaction=True)

THREADS: list[int] = []


class Keeper(LiveComponent):
    """Handlers that keep something of the database open."""

    name = "transactions.keeper"
    template = "<p>{{ n }}</p>"
    n: int = 0

    @event
    def add(self) -> None:
        Note.objects.create(text="added")
        self.n += 1

    @event
    def both(self, fail: bool = False) -> Iterator[None]:
        with transaction.atomic():
            THREADS.append(threading.get_ident())
            Note.objects.create(text="one")
            self.n += 1
            yield
            THREADS.append(threading.get_ident())
            Note.objects.create(text="two")
            if fail:
                raise ValueError("both or none")
        self.n += 1

    @event
    def rows(self) -> Iterator[None]:
        for _ in Note.objects.order_by("pk").iterator(chunk_size=1):
            self.n += 1
            yield

    @event
    async def async_rows(self) -> AsyncIterator[None]:
        async for _ in Note.objects.order_by("pk").aiterator(chunk_size=1):
            self.n += 1
            yield

    @event
    def forget(self) -> None:
        transaction.atomic().__enter__()
        Note.objects.create(text="forgotten")
        self.n += 1

    @event
    def forget_at_the_end(self) -> Iterator[None]:
        yield
        transaction.atomic().__enter__()
        Note.objects.create(text="forgotten")

    @event
    async def forget_async(self) -> None:
        await sync_to_async(transaction.atomic().__enter__)()
        await sync_to_async(Note.objects.create)(text="forgotten")
        self.n += 1


async def tab() -> Socket:
    socket = Socket(LiveWebSocket())
    await socket.connect(5)
    await socket.write("join", 1, [(await asyncio.to_thread(Driver, "transactions.keeper")).token], None, "/")
    await socket.read_until("joined")
    return socket


async def outcome(socket: Socket, name: str, **args: Any) -> list[Any]:
    """The message with which the event is done with."""
    ref = await socket.event(name, **args)
    while True:
        message = await socket.read()
        for each in message if isinstance(message[0], list) else [message]:
            if each[0] in ("error", "ack", "patch") and each[2 if each[0] == "patch" else 1] == ref:
                return each  # type: ignore[no-any-return]


async def texts() -> list[str]:
    return [text async for text in Note.objects.order_by("pk").values_list("text", flat=True)]


async def is_clean(socket: Socket) -> None:
    """Events after it go on in all threads as if nothing had been."""
    for _ in range(4):
        assert (await outcome(socket, "add"))[0] == "patch"


async def test_t79_a_transaction_around_a_yield_is_one_transaction() -> None:
    THREADS.clear()
    socket = await tab()
    assert (await outcome(socket, "both"))[0] == "patch"
    assert await texts() == ["one", "two"]
    assert len(set(THREADS)) == 1
    assert (await outcome(socket, "both", fail=True))[0] == "error"
    assert await texts() == ["one", "two"]
    await is_clean(socket)
    await socket.leave()


@pytest.mark.parametrize("name", ["rows", "async_rows"])
async def test_an_iterator_over_a_yield_goes_on(name: str) -> None:
    await Note.objects.abulk_create([Note(text=str(number)) for number in range(5)])
    socket = await tab()
    assert (await outcome(socket, name))[0] == "ack"
    [page] = Runtime.current().pages.values()
    assert page.page is not None
    assert page.page.tree["c0"].component.n == 5  # type: ignore[attr-defined]
    await is_clean(socket)
    await socket.leave()


@pytest.mark.parametrize("name", ["forget", "forget_at_the_end", "forget_async"])
async def test_a_transaction_that_is_left_open_is_a_failure_and_rolled_back(
    name: str, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    settings.DEBUG = True
    socket = await tab()
    error = await outcome(socket, name)
    assert error[0] == "error"
    assert "transaction was still open" in error[3]
    await is_clean(socket)
    assert await texts() == ["added"] * 4
    await socket.leave()
    caplog.clear()


async def test_a_generator_in_a_transaction_whose_page_goes_away_leaves_nothing_open() -> None:
    socket = await tab()
    await socket.event("both")
    await socket.leave()
    other = await tab()
    await is_clean(other)
    await other.leave()


async def test_a_thread_is_free_of_what_a_call_left_open(caplog: pytest.LogCaptureFixture) -> None:
    pool = Pool(asyncio.get_running_loop(), event_threads)

    def leave_open() -> None:
        transaction.atomic().__enter__()
        Note.objects.create(text="forgotten")

    def broken() -> None:
        transaction.atomic().__enter__()
        connection.close()

    for call in (leave_open, broken):
        await pool.run("a", contextvars.Context(), call)
        assert await pool.run("a", contextvars.Context(), open_transactions) == {}
        assert await pool.run("a", contextvars.Context(), Note.objects.count) == 0
    assert "a database transaction was still open" in caplog.text
    caplog.clear()


async def test_a_seat_keeps_its_thread_and_gives_it_back() -> None:
    threads = Threads("test")
    pool = Pool(asyncio.get_running_loop(), threads)
    context, seat = contextvars.Context(), Seat(lambda result: result[0] == "more")

    def step(kind: str) -> tuple[str, int]:
        return kind, threading.get_ident()

    try:
        _, first = await pool.run("a", context, step, "more", seat=seat)
        _, other = await pool.run("b", contextvars.Context(), step, "done")
        _, again = await pool.run("a", context, step, "more", seat=seat)
        assert first == again != other
        assert await pool.run("a", context, step, "done", seat=seat) == ("done", first)
        assert not seat.is_taken
        assert not pool._running
    finally:
        await asyncio.to_thread(threads.stop)


async def test_a_call_that_fails_gives_its_seat_back() -> None:
    threads = Threads("test")
    pool = Pool(asyncio.get_running_loop(), threads)
    seat = Seat(lambda result: result == "1")
    try:
        await pool.run("a", contextvars.Context(), str, 1, seat=seat)
        with pytest.raises(ZeroDivisionError):
            await pool.run("a", contextvars.Context(), lambda: 1 // 0, seat=seat)
        assert not seat.is_taken
        assert not pool._running
    finally:
        await asyncio.to_thread(threads.stop)
