"""The WebSocket of a page, with a fake page behind it."""

import asyncio
import contextlib
import json
import logging
import threading
import time
from typing import Any

import pytest
from django.core.cache import cache
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livecomp import liveness, topics
from livecomp.consumer import Connection
from livecomp.counters import counters
from livecomp.runtime import takeover
from livecomp.runtime.limits import AcceptRate
from livecomp.runtime.process import Runtime
from livecomp.this_process import process_id
from livecomp.websocket import LiveWebSocket
from tests.fake_page import FakePages
from tests.sockets import HEADERS, Socket, fake_socket, until


async def test_join_and_event() -> None:
    async with fake_socket() as socket:
        assert await socket.call("add", by=3) == ["patch", 1, 1, [["c0.0", "3"]]]
        assert await socket.call("nothing") == ["ack", 2]


async def test_messages_of_one_frame_are_handled_in_order() -> None:
    async with fake_socket() as socket:
        await socket.write(*(["event", ref, "c0", "add", {"by": ref}] for ref in range(1, 6)))
        versions = [await socket.read() for _ in range(5)]
        assert [message[3][0][1] for message in versions] == ["1", "3", "6", "10", "15"]


async def test_a_failing_handler_is_an_error_reply() -> None:
    async with fake_socket() as socket:
        await socket.event("fail")
        assert (await socket.read())[0] in ("error", ["error", 1, "failed", "ValueError: broken"])
        assert (await socket.call("add"))[0] == "patch"


async def test_a_handler_that_exits_does_not_take_the_server_with_it(caplog: pytest.LogCaptureFixture) -> None:
    async with fake_socket() as socket:
        await socket.event("exit")
        assert (await socket.read()) == ["closed", 1011]  # FakePage lets it through, a real page does not: test_turn.py
    async with fake_socket() as socket:
        await socket.event("exit_later")
        assert (await socket.read())[0][:3] == ["error", 1, "failed"]
    caplog.clear()


async def test_a_generator_event_sends_at_every_step() -> None:
    async with fake_socket() as socket:
        await socket.event("steps")
        assert [(await socket.read())[3][0][1] for _ in range(3)] == ["1", "2", "3"]


async def test_steps_run_in_the_pool() -> None:
    async with fake_socket() as socket:
        await socket.call("add")
        assert all(name.startswith("livecomp-event") for name in socket.page.threads)


async def test_an_async_handler_runs_in_the_pages_language_and_time_zone() -> None:
    async with fake_socket() as socket:
        await socket.call("where")
        assert socket.page.seen == [("de", "Asia/Tokyo")]


# Wire format


async def test_t01_malformed_json_is_an_error_reply_then_4400(caplog: pytest.LogCaptureFixture) -> None:
    async with fake_socket() as socket:
        await socket.write_text("{")
        assert (await socket.read())[:3] == ["error", 0, "protocol"]
        assert (await socket.call("add"))[0] == "patch"
        for _ in range(4):
            await socket.write_text("{")
            assert (await socket.read())[:3] == ["error", 0, "protocol"]
        assert await socket.read() == ["closed", 4400]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert not Runtime.current().hub.topics
    assert socket.pages is not None
    assert socket.pages.closed


_json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8) | st.sampled_from(["join", "event"]),
    lambda children: st.lists(children, max_size=5) | st.dictionaries(st.text(max_size=4), children, max_size=4),
    max_leaves=12,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(frames=st.lists(_json.map(json.dumps) | st.text(max_size=30), min_size=1, max_size=6))
def test_t02_any_frame_is_answered_or_closes(frames: list[str], caplog: pytest.LogCaptureFixture) -> None:
    async def session() -> None:
        async with fake_socket() as socket:
            for frame in frames:
                await socket.write_text(frame)
            await socket.write("ping")
            replies: list[Any] = []
            while not replies or replies[-1] not in (["pong"], ["closed", 4400]):
                replies.append(await socket.read())

    asyncio.run(session())
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_t03_deep_nesting_closes() -> None:
    async with fake_socket() as socket:
        await socket.write_text("[" * 100_000)
        assert await socket.read() == ["closed", 4400]
    async with fake_socket() as socket:
        for _ in range(5):
            await socket.write_text("[" * 60_000)
            assert (await socket.read())[:3] == ["error", 0, "protocol"]
        assert await socket.read() == ["closed", 4400]


@pytest.mark.parametrize("message", [{"bytes": b"\xff"}, {"text": ""}, {"bytes": b"", "text": None}])
async def test_t06_binary_and_empty_frames_close(message: dict[str, Any]) -> None:
    async with fake_socket() as socket:
        await socket.send_input({"type": "websocket.receive", **message})
        assert await socket.read() == ["closed", 4400]


@pytest.mark.parametrize("character", ["x", "é"])
async def test_t07_oversize_is_refused_before_it_is_parsed(character: str) -> None:
    async with fake_socket() as socket:
        await socket.write("event", 1, "c0", "add", {"x": character * (64 * 1024)})
        assert await socket.read() == ["closed", 4400]
    async with fake_socket() as socket:
        assert (await socket.call("add"))[0] == "patch"


def in_parts(message: list[Any], length: int = 10_000) -> list[str]:
    """The frames of a long message."""
    text = json.dumps(message, separators=(",", ":"))
    return [*("+" + text[at : at + length] for at in range(0, len(text), length)), "+"]


async def test_what_is_longer_than_a_frame_comes_in_parts() -> None:
    async with fake_socket() as socket:
        for frame in in_parts(["event", 1, "c0", "add", {"by": 2}, {"value": "x" * 70_000}], 16_000):
            await socket.write_text(frame)
        assert (await socket.read_until("patch"))[2] == 1


@override_settings(LIVECOMP={"MAX_MESSAGE_BYTES": 4_096, "RATE_LIMIT": (2_000, 100), "QUEUE_SIZE": 20})
async def test_many_small_parts_are_no_flood() -> None:
    async with fake_socket() as socket:
        for frame in in_parts(["event", 1, "c0", "add", {}, {"value": "x" * 1_000_000}], 1_000):
            await socket.write_text(frame)
        assert (await socket.read_until("patch", timeout=30))[2] == 1


async def test_parts_that_are_no_message_are_one_malformed_frame() -> None:
    async with fake_socket() as socket:
        for frame in ("+[", "+]x", "+", "+"):
            await socket.write_text(frame)
        for _ in range(2):
            assert (await socket.read())[:3] == ["error", 0, "protocol"]
        assert (await socket.call("add"))[0] == "patch"


@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=100_000)
async def test_t07_parts_are_as_limited_as_the_body_of_a_post() -> None:
    async with fake_socket() as socket:
        for frame in in_parts(["event", 1, "c0", "add", {}, {"value": "x" * 99_000}], 50_000):
            await socket.write_text(frame)
        assert (await socket.read_until("patch"))[2] == 1
        for frame in in_parts(["set", 2, "c0", {"note": "x" * 900_000}], 50_000):
            await socket.write_text(frame)
        assert await socket.read() == ["error", 2, "too_large", "At most 100000 bytes.", "c0", "note"]
        for frame in in_parts(["url", 3, "x" * 100_000], 50_000):
            await socket.write_text(frame)
        assert (await socket.read())[:3] == ["error", 0, "protocol"]


@override_settings(LIVECOMP={"RATE_LIMIT": (5, 4), "MAX_MESSAGE_BYTES": 1_000})
async def test_t48_parts_cost_what_as_many_messages_would() -> None:
    async with fake_socket() as socket:
        began = asyncio.get_running_loop().time()
        for frame in in_parts(["event", 1, "c0", "add", {}, {"value": "x" * 9_000}], 400):
            await socket.write_text(frame)
        assert (await socket.read_until("patch", timeout=20))[2] == 1
        assert (
            asyncio.get_running_loop().time() - began > 0.8
        )  # nine thousands, four at once, the others at five a second


async def test_t48_a_long_message_is_not_taken_while_many_wait() -> None:
    async with fake_socket() as socket:
        await socket.event("hold")
        for _ in range(10):
            await socket.event("add")
        for frame in in_parts(["event", 12, "c0", "add", {}, {"value": "x" * 70_000}]):
            await socket.write_text(frame)
        await socket.write("ping")
        await until(lambda: socket.input_queue.qsize() == 1)  # the ping is not read yet: nothing comes in meanwhile
        assert socket.page.seen == ["holding"]
        socket.page.gate.set()
        await socket.read_until("pong")
        await until(lambda: socket.page.ack == 12)


async def test_t09_unknown_message_type_is_an_error_reply() -> None:
    async with fake_socket() as socket:
        await socket.write("dance", 1)
        assert (await socket.read())[:3] == ["error", 0, "protocol"]
        assert (await socket.call("add"))[0] == "patch"


async def test_the_first_message_has_to_be_a_join() -> None:
    async with fake_socket(join=False) as socket:
        await socket.event("add")
        assert (await socket.read())[:3] == ["error", 0, "protocol"]
        assert (await socket.join())[0] == "joined"
        await socket.write("join", 1, ["page"], None, "/")
        assert (await socket.read())[:3] == ["error", 0, "protocol"]


async def test_a_refused_join_closes_with_its_code() -> None:
    async with fake_socket(join=False) as socket:
        await socket.write("join", 1, ["bad"], None, "/")
        assert await socket.read() == ["closed", 4409]


# The connection


async def test_t46_too_many_connections_are_closed_with_1013_and_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    pages = FakePages()
    pages.visitor = "user:1"
    open_sockets = []
    for _ in range(20):
        context = fake_socket(pages, token=f"page{len(open_sockets)}")
        await context.__aenter__()
        open_sockets.append(context)
    for _ in range(5):
        async with fake_socket(pages, join=False) as socket:
            await socket.write("join", 1, ["one too many"], None, "/")
            assert await socket.read() == ["closed", 1013]
    assert len([record for record in caplog.records if "refused more" in record.message]) == 1
    for context in open_sockets:
        await context.__aexit__(None, None, None)
    async with fake_socket(pages) as socket:
        assert (await socket.call("add"))[0] == "patch"


async def test_t46_one_session_is_limited_before_it_joins() -> None:
    headers = [(b"host", b"testserver"), (b"origin", b"http://testserver"), (b"cookie", b"a=b; sessionid=same")]
    sockets = [Socket(LiveWebSocket(FakePages()), headers=headers) for _ in range(21)]
    for socket in sockets:
        assert (await socket.connect())[0]
    assert await sockets[20].read() == ["closed", 1013]
    for socket in sockets:
        await socket.leave()


@override_settings(LIVECOMP={"ACCEPT_RATE": (20, 2)})
async def test_t84_arrivals_beyond_the_rate_are_told_to_come_later() -> None:
    before = counters.counts["drops", "arrival"]
    now = 1000.0
    Runtime.current().arrivals = AcceptRate(lambda: now)
    sockets = [Socket(LiveWebSocket(FakePages())) for _ in range(4)]
    for socket in sockets:
        assert (await socket.connect())[0]
    assert [await socket.read() for socket in sockets[2:]] == [["closed", 1013]] * 2
    assert counters.counts["drops", "arrival"] == before + 2
    now += 0.1
    async with fake_socket() as late:
        assert (await late.call("add"))[0] == "patch"
    for socket in sockets:
        await socket.leave()


@override_settings(LIVECOMP={"ACCEPT_RATE": (10, 40)})
async def test_t132_who_floods_the_handshake_is_refused_and_another_address_is_not() -> None:
    Runtime.current().arrivals = AcceptRate(lambda: 1000.0)
    flood = [Socket(LiveWebSocket(FakePages()), client=("2001:db8::1", number)) for number in range(20)]
    flood += [Socket(LiveWebSocket(FakePages()), client=("2001:db8::2", number)) for number in range(20)]
    for socket in flood:
        assert (await socket.connect())[0]
    assert await flood[-1].read() == ["closed", 1013]
    async with fake_socket(client=("10.0.0.2", 1)) as other:
        assert (await other.call("add"))[0] == "patch"
    for socket in flood:
        await socket.leave()


@override_settings(LIVECOMP={"MAX_CONNECTIONS_PER_ADDRESS": 2})
async def test_t46_one_address_is_limited_whatever_cookies_it_makes_up() -> None:
    async with contextlib.AsyncExitStack() as stack:
        for number in range(2):
            cookie = (b"cookie", f"sessionid=made-up-{number}".encode())
            await stack.enter_async_context(fake_socket(headers=[*HEADERS, cookie], client=("10.0.0.1", number)))
        refused = Socket(LiveWebSocket(FakePages()), client=("::ffff:10.0.0.1", 9))
        assert (await refused.connect(5))[0]
        assert await refused.read() == ["closed", 1013]
        await refused.leave()
        async with fake_socket(client=("10.0.0.2", 1)):
            pass
    assert len(Runtime.current().counter) == 0


@override_settings(LIVECOMP={"JOIN_TIMEOUT": 0.05})
async def test_t47_silence_instead_of_a_join_closes() -> None:
    async with fake_socket(join=False) as socket:
        assert await socket.read() == ["closed", 4408]


@override_settings(LIVECOMP={"RATE_LIMIT": (50, 5), "QUEUE_SIZE": 10})
async def test_t48_a_flood_is_delayed_then_closed() -> None:
    async with fake_socket() as socket:
        await socket.write(*(["event", ref, "c0", "add", {}] for ref in range(1, 31)))
        kinds: list[str] = []
        while "closed" not in kinds:
            frame = await socket.read()
            for message in frame if isinstance(frame[0], list) else [frame]:
                kinds.append(message[2] if message[0] == "error" else message[0])
        assert frame == ["closed", 4429]
        assert kinds.count("patch") <= 16


@override_settings(LIVECOMP={"RATE_LIMIT": (100, 1), "QUEUE_SIZE": 12})
async def test_t48_t124_who_sends_too_fast_is_read_more_slowly_and_answered_in_order() -> None:
    async with fake_socket() as socket:
        started = time.monotonic()
        await socket.write(*(["event", ref, "c0", "nothing", {}] for ref in range(1, 21)))
        await socket.write("ping")
        answers: list[Any] = []
        while len(answers) < 21:
            frame = await socket.read()
            answers += frame if isinstance(frame[0], list) else [frame]
            if answers[-1] == ["pong"]:
                assert time.monotonic() - started >= 0.01 * 5
        answers.remove(["pong"])
    assert [message[1] for message in answers] == list(range(1, 21))
    assert {message[2] for message in answers if message[0] == "error"} == {"rate_limited"}
    assert 5 <= sum(message[0] == "error" for message in answers) <= 8


@override_settings(LIVECOMP={"RATE_LIMIT": (1, 1), "QUEUE_SIZE": 400})
async def test_t48_what_the_page_itself_calls_is_not_held_back_as_the_visitors_doing() -> None:
    async with fake_socket() as socket:
        socket.pages.opened[0].own_calls = 300
        started = time.monotonic()
        for ref in range(1, 301):
            await socket.write("event", ref, "c0", "nothing", {})
        while (await socket.read())[:2] != ["ack", 300]:
            pass
        assert time.monotonic() - started < 10  # at one a second it would be five minutes
        for ref in range(301, 310):
            await socket.write("event", ref, "c0", "nothing", {})
        assert (await socket.read())[:2] == ["ack", 301]
        assert socket.pages.opened[0].ack < 309  # the rest is the visitor's, and waits


async def test_t48_frames_beyond_all_measure_close_at_once() -> None:
    async with fake_socket() as socket:
        for _ in range(500):
            await socket.write_text('["ping"]')
        assert await socket.read_until("closed", 60) == ["closed", 4429]


async def test_t134_many_pings_of_one_frame_are_one_answer() -> None:
    async with fake_socket() as socket:
        await socket.write(*[["ping"]] * 50)
        assert await socket.read() == ["pong"]
        assert (await socket.call("nothing")) == ["ack", 1]


async def test_t134_many_renders_of_one_frame_are_one_of_the_page() -> None:
    async with fake_socket() as socket:
        await socket.write(["render", "c0"], ["render", "c0"])
        await socket.write(*(["render", f"x{number}"] for number in range(50)))
        await socket.event("nothing")
        await socket.read_until("ack")
        assert socket.page.version == 2


async def test_t134_the_highest_ack_of_a_frame_counts() -> None:
    async with fake_socket() as socket:
        for _ in range(3):
            await socket.call("add")
        await socket.write(["ack", 1], ["ack", 3], ["ack", 2])
        await socket.call("nothing")
        (connection,) = Runtime.current().connections
        assert connection.acked == 3  # type: ignore[attr-defined]


@pytest.mark.parametrize("message", ['["ping"]', '["ack",0]', '["render",""]'])
@pytest.mark.parametrize("in_a_frame", [1, 50])
async def test_t134_what_has_no_number_is_counted_too(message: str, in_a_frame: int) -> None:
    with override_settings(LIVECOMP={"RATE_LIMIT": (1, 140), "QUEUE_SIZE": 50}):
        async with fake_socket() as socket:
            frame = f"[{','.join([message] * in_a_frame)}]" if in_a_frame > 1 else message
            for _ in range(260 // in_a_frame):
                await socket.write_text(frame)
            assert await socket.read_until("closed", 60) == ["closed", 4429]


@override_settings(LIVECOMP={"RATE_LIMIT": (0.001, 3), "QUEUE_SIZE": 10, "COALESCE": 0.0})
async def test_t134_an_ack_that_answers_a_render_is_free() -> None:
    async with fake_socket() as socket:
        await socket.call("subscribe", topic="news")
        for number in range(17):
            Runtime.current().hub.deliver("news", [number])
            version = (await socket.read_until("patch"))[1]
            await socket.write("ack", version)
        assert await socket.call("nothing") == ["ack", 2]


@override_settings(LIVECOMP={"RATE_LIMIT": (1, 3), "QUEUE_SIZE": 2})
async def test_t49_connections_of_one_visitor_share_the_limit() -> None:
    pages = FakePages()
    pages.visitor = "user:1"
    async with fake_socket(pages, token="a") as first, fake_socket(pages, token="b") as second:
        for _ in range(3):
            assert (await first.call("add"))[0] == "patch"
        await first.event("add")
        await first.event("add")
        assert (await second.call("add"))[:3] == ["error", 1, "rate_limited"]


@override_settings(LIVECOMP={"MAX_UNACKED_RENDERS": 3, "COALESCE": 0.0})
async def test_t50_a_browser_that_does_not_acknowledge_gets_only_the_newest() -> None:
    async with fake_socket() as socket:
        await socket.call("subscribe", topic="news")
        hub = Runtime.current().hub
        for number in range(50):
            hub.deliver("news", [number])
            await until(lambda number=number: socket.page.version >= min(number + 1, 3))
        for _ in range(3):
            last = await socket.read_until("patch")
        assert await socket.receive_nothing(0.05)
        await socket.write("ack", last[1])
        after = await socket.read_until("patch")
        assert after[1] == 4
        assert "49" in after[3][0][1]
        assert await socket.receive_nothing(0.05)


@override_settings(LIVECOMP={"MAX_UNACKED_RENDERS": 3})
async def test_an_event_is_answered_without_an_acknowledgement() -> None:
    async with fake_socket() as socket:
        for _ in range(12):
            assert (await socket.call("add"))[0] == "patch"


@override_settings(LIVECOMP={"SEND_TIMEOUT": 0.05})
async def test_t50_a_send_that_takes_too_long_ends_the_connection() -> None:
    pages = FakePages()
    stuck = asyncio.Event()
    outgoing: list[dict[str, Any]] = []
    incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def send(message: dict[str, Any]) -> None:
        outgoing.append(message)
        if message["type"] == "websocket.send":
            await stuck.wait()

    scope = Socket(None).scope
    task = asyncio.create_task(LiveWebSocket(pages)(scope, incoming.get, send))
    incoming.put_nowait({"type": "websocket.connect"})
    incoming.put_nowait({"type": "websocket.receive", "text": '["join",1,["page"],null,"/"]'})
    await asyncio.sleep(0)
    await until(lambda: len(outgoing) == 2)
    runtime = Runtime.current()
    await until(lambda: not runtime.connections)
    stuck.set()
    await asyncio.wait_for(task, 5)
    assert pages.closed


@override_settings(LIVECOMP={"HEARTBEAT": 0.05})
async def test_t52_a_silent_connection_is_closed_and_one_with_heartbeats_is_not() -> None:
    async with fake_socket(token="silent") as silent, fake_socket(token="alive") as alive:
        beating = True

        async def beat() -> None:
            while beating:
                await alive.write("ping")
                await asyncio.sleep(0.02)

        heart = asyncio.create_task(beat())
        assert await silent.read() == ["closed", 1001]
        beating = False
        await heart
        assert (await alive.read())[0] == "pong"


async def test_t57_limits_use_a_monotonic_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    async with fake_socket() as socket:
        monkeypatch.setattr("time.time", lambda: 9e12)
        for connection in Runtime.current().connections:
            connection.look(asyncio.get_running_loop().time())
        assert (await socket.call("add"))[0] == "patch"
        monkeypatch.undo()


# Order and time


async def test_t62_messages_of_one_page_never_overlap() -> None:
    async with fake_socket() as socket:
        await socket.call("subscribe", topic="news")
        hub = Runtime.current().hub
        for _ in range(20):
            await socket.event("double")
            hub.deliver("news", ["x"])
        await until(lambda: socket.page.ack == 21)
        assert socket.page.count == 20
        assert not socket.page.overlapped


async def test_t62_a_ping_is_answered_while_a_handler_runs() -> None:
    async with fake_socket() as socket:
        await socket.event("hold")
        await socket.write("ping")
        assert await socket.read() == ["pong"]
        socket.page.gate.set()
        assert (await socket.read())[0] == "patch"


@override_settings(LIVECOMP={"HANDLER_TIMEOUT": 0.05})
async def test_t79_an_async_handler_is_cancelled_after_its_time() -> None:
    async with fake_socket() as socket:
        await socket.event("wait")
        message = await socket.read()
        assert "HANDLER_TIMEOUT" in json.dumps(message)
        assert socket.page.seen == ["waiting", "waited"]
        assert (await socket.call("add"))[0] == "patch"


@override_settings(LIVECOMP={"HANDLER_TIMEOUT": 0.05})
async def test_t79_the_user_is_told_of_a_thread_that_takes_too_long() -> None:
    async with fake_socket() as socket:
        await socket.event("hold")
        assert (await socket.read())[:3] == ["error", 0, "timeout"]  # no answer: what becomes of it is not known yet
        socket.page.gate.set()
        assert (await socket.read())[:3] == ["patch", 1, 1]


@override_settings(LIVECOMP={"SLOW_EVENT": 0.001})
async def test_t79_slow_events_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with fake_socket() as socket:
        await socket.call("double")
        await until(lambda: [record for record in caplog.records if record.name == "livecomp.slow"])


# Timers, tasks, topics


async def test_a_timer_fires_once_or_again_and_again() -> None:
    async with fake_socket() as socket:
        await socket.call("timer", seconds=0.01)
        assert (await socket.read())[3] == [["c0.0", "timer"]]
        assert await socket.receive_nothing(0.05)
        await socket.call("timer", seconds=0.01, repeat=True)
        for _ in range(3):
            assert (await socket.read_until("patch"))[3] == [["c0.0", "timer"]]
        await socket.event("stop_timer")
        await socket.read_until("ack")
        assert await socket.receive_nothing(0.05)


@pytest.mark.parametrize("kind", ["plain", "coroutine"])
async def test_a_task_gives_its_result(kind: str) -> None:
    async with fake_socket() as socket:
        await socket.event("task", kind=kind)
        assert (await socket.read_until("patch"))[3] == [["c0.0", "done result"]]


async def test_a_task_gives_its_progress_and_its_error() -> None:
    async with fake_socket() as socket:
        await socket.event("task", kind="generator")
        texts = [(await socket.read_until("patch"))[3][0][1] for _ in range(3)]
        assert texts == ["progress 1", "progress 2", "done result"]
        await socket.event("task", kind="failing")
        assert (await socket.read_until("patch"))[3] == [["c0.0", "done ValueError('broken')"]]


@override_settings(LIVECOMP={"QUEUE_SIZE": 5, "MAX_UNACKED_RENDERS": 3})
async def test_a_task_waits_for_a_browser_that_is_behind() -> None:
    async with fake_socket() as socket:
        await socket.event("task", kind="endless")
        for _ in range(3):
            await socket.read_until("patch")
        assert await socket.receive_nothing(0.05)
        await socket.write("ack", socket.page.version)
        assert "progress" in (await socket.read_until("patch"))[3][0][1]
    await until(lambda: "ended" in socket.page.seen)


async def test_t65_nothing_runs_after_the_connection_is_gone() -> None:
    before = asyncio.all_tasks()
    pages = FakePages()
    async with fake_socket(pages) as socket:
        page = socket.page
        await socket.call("timer", seconds=0.01, repeat=True)
        await socket.call("subscribe", topic="news")
        await socket.event("task", kind="forever")
        [driver] = Runtime.current().pages.values()
    page.seen.clear()
    runtime = Runtime.current()
    assert not driver._timers._handles
    assert not driver._tasks
    assert not runtime.hub.topics
    assert not runtime.connections
    await until(lambda: asyncio.all_tasks() - before - {socket.future} == set())
    assert not [each for each in page.seen if each != "ended"]
    assert pages.closed == [page]


async def test_t65_a_hundred_connections_leave_nothing() -> None:
    before = len(asyncio.all_tasks())
    for _ in range(100):
        async with fake_socket() as socket:
            await socket.call("subscribe", topic="news")
    runtime = Runtime.current()
    await until(lambda: len(asyncio.all_tasks()) <= before)
    assert (len(runtime.connections), len(runtime.pages), len(runtime.counter)) == (0, 0, 0)


@override_settings(LIVECOMP={"HANDLER_TIMEOUT": 0.2})
async def test_t66_a_gone_browser_ends_the_async_handler_in_time_and_drops_what_waits() -> None:
    pages = FakePages()
    async with fake_socket(pages) as socket:
        await socket.event("wait")
        await until(lambda: socket.page.seen == ["waiting"])
        await socket.event("add")
    assert socket.page.seen == ["waiting", "waited"]
    assert socket.page.count == 0
    assert pages.closed == [socket.page]


async def test_t66_a_short_async_handler_is_finished() -> None:
    pages = FakePages()
    async with fake_socket(pages) as socket:
        await socket.event("wait", seconds=0.05)
        await until(lambda: socket.page.seen == ["waiting"])
    assert socket.page.count == 1
    assert pages.closed == [socket.page]


async def test_t66_a_sync_handler_sees_that_the_connection_is_gone() -> None:
    pages = FakePages()
    async with fake_socket(pages) as socket:
        await socket.event("hold")
        await socket.event("add")
        await until(lambda: socket.page.seen == ["holding"])
        await socket.send_input({"type": "websocket.disconnect", "code": 1006})
        await until(lambda: socket.page.is_cut)
        socket.page.gate.set()
    assert socket.page.seen == ["holding", ("cut", True)]
    assert socket.page.count == 1
    assert pages.closed == [socket.page]


async def test_t67_many_messages_become_few_renders() -> None:
    async with fake_socket() as socket:
        await socket.call("subscribe", topic="news")
        hub = Runtime.current().hub
        for number in range(1000):
            hub.deliver("news", [number])
        await until(lambda: socket.page.seen and 999 in socket.page.seen[-1]["news"])
        assert len(socket.page.seen) <= 3


async def test_t68_the_publisher_hears_no_echo() -> None:
    async with fake_socket(token="a") as first, fake_socket(token="b") as second:
        for socket in (first, second):
            await socket.call("subscribe", topic="news")
        await first.call("publish", topic="news", message={"n": 1})
        assert "{'n': 1}" in (await second.read())[3][0][1]
        await first.call("publish_plain", topic="news")
        assert (await second.read())[0] == "patch"
        assert await first.receive_nothing(0.08)
        assert first.page.seen == []


# Around the page


@override_settings(LIVECOMP={"REVALIDATE_SESSION": 0.0})
async def test_t36_a_visitor_who_is_signed_out_is_closed_before_the_next_event() -> None:
    pages = FakePages()
    async with fake_socket(pages) as socket:
        pages.allowed = False
        await socket.event("add")
        assert await socket.read() == ["closed", 4401]
        assert socket.page.count == 0


@override_settings(LIVECOMP={"REVALIDATE_SESSION": 0.0})
async def test_t75_without_a_database_nothing_is_done_until_it_is_back() -> None:
    pages = FakePages()
    async with fake_socket(pages) as socket:
        pages.database_is_up = False
        assert (await socket.call("add"))[:3] == ["error", 1, "failed"]
        pages.database_is_up = True
        assert (await socket.call("add"))[0] == "patch"


async def test_a_word_to_all_connections_has_a_visitor_checked() -> None:
    pages, others = FakePages(), FakePages()
    pages.visitor, others.visitor = "user:1", "user:2"
    async with fake_socket(pages, token="a") as socket, fake_socket(others, token="b") as other:
        pages.allowed = others.allowed = False
        Runtime.current().hub.control("revalidate", ["user:1"])
        assert await socket.read(1) == ["closed", 4401]
        assert (await other.call("add"))[0] == "patch"


@override_settings(LIVECOMP={"SNAPSHOT_DELAY": 0.5})
async def test_snapshots_are_saved_a_little_after_events() -> None:
    pages = FakePages()
    async with fake_socket(pages) as socket:
        for _ in range(5):
            await socket.call("add")
        await until(lambda: pages.saved)
        assert len(pages.saved) < 5


@override_settings(LIVECOMP={"SNAPSHOT_MAX_AGE": 0.2, "SNAPSHOT_DELAY": 0})
async def test_the_snapshot_of_an_idle_page_is_renewed_before_it_expires() -> None:
    async with fake_socket() as socket:
        assert socket.pages is not None
        await until(lambda: len(socket.pages.saved) >= 2)  # type: ignore[union-attr]


async def test_a_page_that_comes_back_ends_its_old_connection_first() -> None:
    pages = FakePages()
    async with fake_socket(pages) as old, fake_socket(pages, join=False) as new:
        old_page = old.page
        await old.event("hold")
        await until(lambda: old_page.seen)
        await new.write("join", 1, ["page"], ["page", 0], "/")
        assert await new.receive_nothing(0.05)
        old_page.gate.set()
        assert (await new.read())[0] == "joined"
        assert pages.closed == [old_page]
        assert await old.read_until("closed") == ["closed", 1008]
        assert (await new.call("add"))[0] == "patch"


async def test_a_page_that_came_back_in_another_process_ends_here() -> None:
    pages = FakePages()
    async with fake_socket(pages) as socket:
        await socket.call("add")
        Runtime.current().hub.control("supersede", "another page")
        assert (await socket.call("add"))[0] == "patch"
        Runtime.current().hub.control("supersede", "page")
        assert await socket.read() == ["closed", 1008]
    assert pages.closed == [socket.page]


class OtherProcess:
    """Hears what is announced, as a listener in another process would."""

    def __init__(self, pages: FakePages, answers: bool) -> None:
        self.pages = pages
        self.answers = answers
        self.words: list[Any] = []

    def deliver_soon(self, topic: str, messages: list[Any], origin: object) -> None:
        pass

    def control_soon(self, kind: str, value: Any) -> None:
        self.words.append((kind, value))
        page = self.pages.opened[0]
        page.id = "page"
        if self.answers:
            self.pages.closed.append(page)


@pytest.mark.parametrize(("answers", "held"), [(True, True), (False, True), (False, False)])
@override_settings(LIVECOMP={"HANDLER_TIMEOUT": 0.5})
async def test_a_page_is_asked_for_in_other_processes(
    answers: bool, held: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(takeover, "SAVING", 0.0)
    pages = FakePages()
    pages.held = held
    other = OtherProcess(pages, answers)
    topics.add_listener(other)
    async with fake_socket(pages, join=False) as socket:
        started = time.monotonic()
        await socket.write("join", 1, ["page"], ["page", 3], "/")
        assert (await socket.read())[0] == "joined"
        assert (time.monotonic() - started >= 0.5) is (held and not answers)  # a dead process is not waited for
    topics.remove_listener(other)
    assert other.words == [("supersede", "page")]


async def test_a_join_whose_browser_has_gone_meanwhile_is_none() -> None:
    pages = FakePages()
    async with fake_socket(pages, join=False) as socket:
        await socket.write("join", 1, ["page"], ["page", 3], "/")
        await until(lambda: pages.opened)
    assert pages.saved == pages.closed == []
    assert not pages.opened[0].is_live


async def test_a_process_with_connections_tells_that_it_lives() -> None:
    cache.clear()
    key = liveness._key(process_id())
    async with fake_socket():
        await until(lambda: cache.get(key))
        await Runtime.current().drain()
        assert cache.get(key) is None


async def test_t129_a_process_lives_until_its_last_page_is_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveness, "BEAT", 0.01)
    cache.clear()
    key = liveness._key(process_id())
    pages = FakePages()
    async with fake_socket(pages) as socket:
        await socket.event("hold")
        await until(lambda: socket.page.seen)
        runtime = Runtime.current()
        try:
            await socket.send_input({"type": "websocket.disconnect", "code": 1001})
            await until(lambda: not runtime.connections)
            cache.delete(key)
            await until(lambda: cache.get(key))
            assert runtime.pages, "the handler still runs"
        finally:
            socket.page.gate.set()
    await until(lambda: runtime not in liveness.heart._holders)
    assert pages.closed


async def test_t129_a_page_whose_connection_is_cut_while_it_joins_keeps_the_process_alive() -> None:
    opening, gate = threading.Event(), threading.Event()

    class SlowPages(FakePages):
        def open(self, scope: Any) -> Any:
            opening.set()
            gate.wait()
            return super().open(scope)

    async with fake_socket(SlowPages(), join=False) as socket:
        await socket.write("join", 1, ["page"], None, "/")
        await until(opening.is_set)
        runtime = Runtime.current()
        try:
            await socket.send_input({"type": "websocket.disconnect", "code": 1001})
            await until(lambda: not runtime.connections)
            assert not runtime.is_idle
            assert runtime in liveness.heart._holders
        finally:
            gate.set()
    await until(lambda: runtime not in liveness.heart._holders)


async def test_a_frame_that_the_server_does_not_take_ends_the_connection(caplog: pytest.LogCaptureFixture) -> None:
    """Daphne sends none above 1 MiB. The browser comes back instead of waiting for it."""
    incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "websocket.send":
            raise ValueError("payload limit exceeded")

    pages = FakePages()
    task = asyncio.create_task(LiveWebSocket(pages)(Socket(None).scope, incoming.get, send))
    incoming.put_nowait({"type": "websocket.connect"})
    incoming.put_nowait({"type": "websocket.receive", "text": '["join",1,["page"],null,"/"]'})
    await asyncio.wait_for(task, 5)
    assert "was not sent: ValueError('payload limit exceeded'" in caplog.text
    assert pages.closed


class _Clock:
    """An event loop's clock, for `Connection.look`."""

    def __init__(self) -> None:
        self.now = 1000.0

    def time(self) -> float:
        return self.now


@override_settings(LIVECOMP={"SEND_TIMEOUT": 10})
async def test_t50_a_viewer_that_reads_slowly_stays_and_one_that_reads_nothing_does_not() -> None:
    gates: list[asyncio.Event] = []

    async def send(message: dict[str, Any]) -> None:
        gates.append(asyncio.Event())
        await gates[-1].wait()

    async def receive() -> dict[str, Any]:
        raise AssertionError

    runtime = Runtime.current()
    connection = Connection(Socket(None).scope, receive, send, runtime, FakePages())
    clock = _Clock()
    loop, runtime.loop = runtime.loop, clock  # type: ignore[assignment]
    try:
        connection.is_joining = True
        sends = [loop.create_task(connection.send("x"))]
        for number in range(10):  # there is always one under way, and each takes 6 seconds
            sends.append(loop.create_task(connection.send("x")))
            await until(lambda number=number: len(gates) == number + 2)
            clock.now += 6
            connection._heard = clock.now
            connection.look(clock.now)
            assert connection._closing is None
            gates[number].set()
            await sends[number]
        clock.now += 11
        connection._heard = clock.now
        connection.look(clock.now)
        assert connection._closing == (1001, "nothing is read")
        gates[-1].set()
        await asyncio.gather(*sends)
    finally:
        runtime.loop = loop
        await connection._driver.stop()


async def test_a_stranger_cannot_end_a_connection() -> None:
    pages = FakePages()
    async with fake_socket(pages) as victim, fake_socket(pages, join=False) as stranger:
        await stranger.write("join", 1, ["mine"], ["page", 0], "/")
        assert (await stranger.read())[0] == "joined"
        assert (await victim.call("nothing"))[0] == "ack"


async def test_t81_a_restart_finishes_the_event_saves_and_closes_with_1012() -> None:
    pages = FakePages()
    async with fake_socket(pages) as socket:
        await socket.event("hold")
        await until(lambda: socket.page.seen)
        drain = asyncio.create_task(Runtime.current().drain())
        assert await socket.receive_nothing(0.03)
        socket.page.gate.set()
        assert (await socket.read())[0] == "patch"
        assert await socket.read() == ["closed", 1012]
        await drain
        assert pages.closed == [socket.page]
        late = Socket(LiveWebSocket(pages))
        assert (await late.connect())[0] is False


@override_settings(LIVECOMP={"SHUTDOWN_TIMEOUT": 0.1})
async def test_t81_a_restart_does_not_wait_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    async with fake_socket() as socket:
        await socket.event("hold")
        await until(lambda: socket.page.seen)
        await Runtime.current().drain()
        assert await socket.read() == ["closed", 1012]
        socket.page.gate.set()


async def test_a_connection_object_is_freed() -> None:
    import gc
    import weakref

    async with fake_socket() as socket:
        await socket.call("subscribe", topic="news")
        [connection] = Runtime.current().connections
        ghost = weakref.ref(connection)
        del connection
    del socket
    gc.collect()
    await until(lambda: gc.collect() is not None and ghost() is None)


@pytest.mark.parametrize("order", [0, 1])
async def test_a_close_and_a_disconnect_at_the_same_moment(order: int) -> None:
    async with fake_socket() as socket:
        [connection] = Runtime.current().connections
        steps = [
            lambda: socket.input_queue.put_nowait({"type": "websocket.disconnect", "code": 1006}),
            lambda: connection.restart(),
        ]
        steps[order]()
        steps[1 - order]()
        await asyncio.wait_for(asyncio.shield(socket.future), 5)
        assert not socket.future.cancelled()


async def test_a_server_that_cancels_the_connection_is_obeyed() -> None:
    pages = FakePages()
    async with fake_socket(pages) as socket:
        await socket.call("subscribe", topic="news")
        socket.future.cancel()
        with pytest.raises(asyncio.CancelledError):
            await socket.future
        await until(lambda: pages.closed)
        assert not Runtime.current().connections
        assert not Runtime.current().hub.topics
