"""Threads: bounded, fair, and nobody sees another's language."""

import asyncio
import contextvars
import threading
import time
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone, translation

from livecomp.runtime import pool
from livecomp.runtime.lane import AsyncLane
from livecomp.runtime.pool import Pool, Threads, async_threads
from tests.sockets import until


@pytest.fixture
def threads() -> Any:
    threads = Threads("test")
    yield threads
    threads.stop()


def new_pool(threads: Threads) -> Pool:
    return Pool(asyncio.get_running_loop(), threads)


def fresh() -> contextvars.Context:
    return contextvars.Context()


async def test_a_call_gives_its_result_or_raises(threads: Threads) -> None:
    pool = new_pool(threads)
    assert await pool.run("a", fresh(), divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await pool.run("a", fresh(), divmod, 7, 0)


@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt(), StopIteration(), asyncio.CancelledError()])
async def test_what_would_end_the_server_is_an_ordinary_error(threads: Threads, error: BaseException) -> None:
    def leave() -> None:
        raise error

    pool = new_pool(threads)
    with pytest.raises(RuntimeError, match="in a thread of the pool"):
        await pool.run("a", fresh(), leave)
    assert await pool.run("a", fresh(), int, "3") == 3


@override_settings(LIVECOMP={"THREADS": 3})
async def test_there_are_never_more_threads_than_allowed(threads: Threads) -> None:
    pool = new_pool(threads)
    await asyncio.gather(*(pool.run(number, fresh(), time.sleep, 0.01) for number in range(12)))
    assert len(threads) == 3


async def test_calls_that_wait_for_something_all_wait_at_once(threads: Threads) -> None:
    together = threading.Barrier(20, timeout=5)
    pool = new_pool(threads)
    await asyncio.gather(*(pool.run(number, fresh(), together.wait) for number in range(20)))


async def test_threads_that_were_stopped_start_again(threads: Threads) -> None:
    pool = new_pool(threads)
    for _ in range(3):
        calls = [pool.run(number, fresh(), time.sleep, 0.01) for number in range(10)]
        threads.stop()
        assert len(threads) == 0
        await asyncio.wait_for(asyncio.gather(*calls), 5)


async def test_one_thread_serves_one_call_after_the_other(threads: Threads) -> None:
    pool = new_pool(threads)
    for _ in range(20):
        await pool.run("a", fresh(), int, "1")
    assert len(threads) == 1


@override_settings(LIVECOMP={"THREADS_PER_USER": 2})
async def test_t79_a_greedy_visitor_gets_two_threads_and_the_others_do_not_wait(threads: Threads) -> None:
    pool = new_pool(threads)
    running = 0
    most = 0
    gate = threading.Event()
    lock = threading.Lock()

    def slow() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        gate.wait(10)
        with lock:
            running -= 1

    greedy = [pool.run("greedy", fresh(), slow) for _ in range(40)]
    assert await asyncio.wait_for(pool.run("other", fresh(), int, "5"), 5) == 5
    gate.set()
    await asyncio.gather(*greedy)
    assert most == 2
    assert not pool._running
    assert not pool._waiting


async def test_a_cancelled_call_gives_its_place_back_when_it_ends(threads: Threads) -> None:
    pool = new_pool(threads)
    gate = threading.Event()
    calls = [pool.run("a", fresh(), gate.wait, 10) for _ in range(3)]
    for call in calls:
        call.cancel()
    gate.set()
    await pool.run("a", fresh(), int, "1")
    assert await asyncio.wait_for(pool.run("a", fresh(), int, "1"), 5) == 1
    assert not pool._running


async def test_language_and_time_zone_do_not_reach_other_connections(threads: Threads) -> None:
    pool = new_pool(threads)
    german, other = fresh(), fresh()

    def settle_in() -> None:
        translation.activate("de")
        timezone.activate("Asia/Tokyo")

    def place() -> tuple[str, str]:
        return translation.get_language(), timezone.get_current_timezone_name()

    default = await pool.run("b", other, place)
    await pool.run("a", german, settle_in)
    for _ in range(10):
        assert await pool.run("b", other, place) == default


def test_old_database_connections_are_closed_around_each_call(threads: Threads, monkeypatch: Any) -> None:
    calls: list[str] = []
    monkeypatch.setattr(pool, "close_old_connections", lambda: calls.append("close"))
    done = threading.Event()

    def job() -> Any:
        calls.append("job")
        return done.set

    threads.submit(job)
    assert done.wait(5)
    assert calls == ["close", "job", "close"]


async def test_a_closed_event_loop_is_nobodys_error(threads: Threads) -> None:
    gate = threading.Event()
    loop = asyncio.new_event_loop()
    Pool(loop, threads).run("a", fresh(), gate.wait, 10)
    loop.close()
    gate.set()
    assert await new_pool(threads).run("a", fresh(), int, "1") == 1


async def test_t79_async_handlers_do_not_queue_for_one_thread() -> None:
    together = threading.Barrier(4)

    def meet() -> int:
        together.wait(30)  # breaks where one of them waits for another's thread
        return threading.get_ident()

    async def handler() -> int:
        return await sync_to_async(meet)()

    lanes = new_pool(async_threads)

    async def run() -> int:
        context = fresh()
        lane = AsyncLane(lanes, object(), context)
        try:
            return await asyncio.get_running_loop().create_task(handler(), context=context)
        finally:
            lane.release()

    idents = await asyncio.gather(*(run() for _ in range(4)))
    assert len(set(idents)) == 4


@override_settings(LIVECOMP={"THREADS_PER_USER": 2})
async def test_t79_async_handlers_of_a_greedy_visitor_get_two_threads(threads: Threads) -> None:
    lanes = new_pool(threads)
    gate = threading.Event()

    async def run(visitor: str, wait: bool) -> None:
        context = fresh()
        lane = AsyncLane(lanes, visitor, context)
        call = sync_to_async(gate.wait)(10) if wait else sync_to_async(int)("1")
        try:
            await asyncio.get_running_loop().create_task(call, context=context)
        finally:
            lane.release()

    greedy = [asyncio.create_task(run("greedy", wait=True)) for _ in range(40)]
    await asyncio.sleep(0)
    await asyncio.wait_for(run("other", wait=False), 5)
    assert len(threads) <= 3
    gate.set()
    await asyncio.gather(*greedy)
    await until(lambda: not lanes._running)


async def test_calls_of_one_async_handler_share_a_thread() -> None:
    async def handler() -> set[int]:
        return {await sync_to_async(threading.get_ident)() for _ in range(5)}

    context = fresh()
    lane = AsyncLane(new_pool(async_threads), "a", context)
    idents = await asyncio.get_running_loop().create_task(handler(), context=context)
    lane.release()
    assert len(idents) == 1
    assert threading.get_ident() not in idents


@override_settings(LIVECOMP={"THREADS": 1, "THREADS_PER_USER": 1})
async def test_t79_a_handler_that_waits_after_a_query_keeps_no_thread(threads: Threads) -> None:
    lanes = new_pool(threads)
    gate = asyncio.Event()
    waiting: list[asyncio.Task[int]] = []

    async def handler() -> int:
        first = await sync_to_async(int)("1")
        await gate.wait()
        return first + await sync_to_async(int)("2")

    used = []
    for visitor in ("a", "a", "b"):
        context = fresh()
        used.append(AsyncLane(lanes, visitor, context))
        waiting.append(asyncio.get_running_loop().create_task(handler(), context=context))
    await until(lambda: all(not lane._is_served for lane in used) and not lanes._running)
    assert not any(task.done() for task in waiting)
    assert await asyncio.wait_for(lanes.run("c", fresh(), int, "1"), 5) == 1
    gate.set()
    assert await asyncio.gather(*waiting) == [3, 3, 3]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["transaction", "generator", "cursor"])
async def test_what_is_open_in_the_database_keeps_its_thread(threads: Threads, kind: str) -> None:
    gate, opened = asyncio.Event(), asyncio.Event()
    lanes = new_pool(threads)
    context = fresh()
    lane = AsyncLane(lanes, "a", context)

    async def handler() -> None:
        if kind == "transaction":
            atomic = transaction.atomic()
            await sync_to_async(atomic.__enter__)()
            opened.set()
            await gate.wait()
            await sync_to_async(atomic.__exit__)(None, None, None)
        elif kind == "generator":
            rows = (number for number in range(3))
            assert await sync_to_async(next)(rows) == 0
            opened.set()
            await gate.wait()
            assert await sync_to_async(list)(rows) == [1, 2]
        else:
            cursor = await sync_to_async(lambda: connection.cursor())()
            opened.set()
            await gate.wait()
            await sync_to_async(cursor.execute)("SELECT 1")
            await sync_to_async(cursor.close)()
            del cursor
        await asyncio.Event().wait()

    task = asyncio.get_running_loop().create_task(handler(), context=context)
    await asyncio.wait_for(opened.wait(), 5)
    other_context = fresh()
    other = AsyncLane(lanes, "b", other_context)
    await asyncio.get_running_loop().create_task(sync_to_async(int)("1"), context=other_context)
    await until(lambda: not other._is_served)  # it was served later, and its thread is free again
    assert lane._is_served
    gate.set()
    await until(lambda: not lanes._running)
    task.cancel()
    lane.release()


async def test_what_a_handler_started_and_left_shares_its_visitors_threads(threads: Threads) -> None:
    lanes = new_pool(threads)
    gate = asyncio.Event()
    started: list[asyncio.Task[str]] = []

    async def later() -> str:
        await gate.wait()
        return await sync_to_async(lambda: threading.current_thread().name)()

    async def handler() -> None:
        started.append(asyncio.create_task(later()))

    context = fresh()
    lane = AsyncLane(lanes, "a", context)
    await asyncio.get_running_loop().create_task(handler(), context=context)
    lane.release()
    gate.set()
    assert (await started[0]).startswith(threads._name)


@pytest.mark.django_db(transaction=True)
async def test_an_async_lane_outlives_its_handler_while_a_transaction_is_open() -> None:
    """What the handler started, and did not wait for, has a transaction open: its next query belongs into that one."""
    lanes, context = new_pool(async_threads), fresh()
    lane = AsyncLane(lanes, "a", context)
    is_open, go_on = asyncio.Event(), asyncio.Event()
    threads: list[Any] = []

    async def beside() -> None:
        atomic = transaction.atomic()
        await sync_to_async(atomic.__enter__)()
        threads.append(await sync_to_async(threading.current_thread)())
        is_open.set()
        await go_on.wait()
        threads.append(await sync_to_async(threading.current_thread)())
        assert await sync_to_async(lambda: connection.in_atomic_block)()
        await sync_to_async(atomic.__exit__)(None, None, None)

    async def handler() -> "asyncio.Task[None]":
        task = asyncio.create_task(beside())
        await is_open.wait()
        return task

    task = await asyncio.get_running_loop().create_task(handler(), context=context)
    lane.release()
    await asyncio.sleep(0)
    other = AsyncLane(lanes, "b", other_context := fresh())
    used = await asyncio.get_running_loop().create_task(_thread_and_transaction(), context=other_context)
    go_on.set()
    await task
    assert threads[0] is threads[1]
    assert used[0] is not threads[0]
    assert not used[1]
    await until(lambda: not lanes._running)
    other.release()


async def _thread_and_transaction() -> tuple[threading.Thread, bool]:
    return await sync_to_async(lambda: (threading.current_thread(), connection.in_atomic_block))()


@pytest.mark.django_db(transaction=True)
async def test_a_transaction_that_nobody_ends_is_rolled_back_and_keeps_no_thread(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lanes, context = new_pool(async_threads), fresh()
    lane = AsyncLane(lanes, "a", context)

    async def handler() -> None:
        await sync_to_async(transaction.atomic().__enter__)()
        await User.objects.acreate(username="never")

    with override_settings(LIVECOMP={"HANDLER_TIMEOUT": 0.1}):
        await asyncio.get_running_loop().create_task(handler(), context=context)
        lane.release()
        await until(lambda: not lanes._running)
    assert "rolled back" in caplog.text
    other = AsyncLane(lanes, "b", other_context := fresh())
    used = await asyncio.get_running_loop().create_task(_thread_and_transaction(), context=other_context)
    assert not used[1]
    other.release()
    assert not await User.objects.filter(username="never").aexists()


async def test_an_async_lane_passes_errors_on() -> None:
    async def handler() -> None:
        await sync_to_async(divmod)(1, 0)

    context = fresh()
    lane = AsyncLane(new_pool(async_threads), "a", context)
    with pytest.raises(ZeroDivisionError):
        await asyncio.get_running_loop().create_task(handler(), context=context)
    lane.release()


@pytest.mark.django_db(transaction=True)
async def test_database_connections_of_the_pool_are_its_threads_own(threads: Threads) -> None:
    pool = new_pool(threads)

    def query() -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return cursor.fetchone()

    assert await pool.run("a", fresh(), query) == (1,)
