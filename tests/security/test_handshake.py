"""Hostile visitors against real pages: what a WebSocket lets in, and what it says."""

import asyncio
import contextlib
import json
import logging
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from livecomp.page import LivePage
from livecomp.runtime.process import Runtime
from livecomp.websocket import live_websocket
from tests.driver import make_request
from tests.sockets import HEADERS, Socket

TOKEN = re.compile(r'lc-token="([^"]+)"')


def rendered(name: str) -> str:
    """The token of a page that an anonymous visitor got over HTTP."""
    found = TOKEN.search(LivePage(make_request()).render_root(name, {}))
    assert found
    return found[1]


@contextlib.asynccontextmanager
async def connected(headers: Any = None) -> AsyncIterator[Socket]:
    """A WebSocket to the real pages."""
    socket = Socket(live_websocket, headers=headers)
    assert (await socket.connect(5))[0]
    try:
        yield socket
    finally:
        await socket.leave()


@contextlib.asynccontextmanager
async def joined(name: str = "counter") -> AsyncIterator[Socket]:
    """A page with one component, joined."""
    async with connected() as socket:
        assert (await socket.join(rendered(name)))[0] == "joined"
        yield socket


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


async def test_t01_malformed_frames_leave_a_page_as_it_was(caplog: pytest.LogCaptureFixture) -> None:
    async with joined("room") as socket:
        for frame in ("{", "[]", "null", '"join"'):
            await socket.write_text(frame)
            assert (await socket.read())[:3] == ["error", 0, "protocol"]
        assert Runtime.current().hub.topics
        await socket.write_text("[1]")
        assert (await socket.read_until("closed"))[1] == 4400
    assert not Runtime.current().hub.topics
    assert errors(caplog) == []


async def test_t09_another_version_of_the_protocol_closes_with_4409() -> None:
    async with connected() as socket:
        await socket.write("join", 99, [rendered("counter")], None, "/")
        assert await socket.read() == ["closed", 4409]


@pytest.mark.parametrize("tokens", [[], [""], ["x"], ["a:b"], ["x" * 5000], ["\u2028:é"]])
async def test_t45_without_a_token_of_the_page_nothing_is_joined(tokens: list[str]) -> None:
    async with connected() as socket:
        await socket.write("join", 1, tokens, None, "/")
        kind, code = await socket.read()
        assert kind == "closed"
        assert code in (4400, 4409)


@pytest.mark.parametrize("count", [350, 2_000])
async def test_t127_many_components_join(count: int) -> None:
    page = LivePage(make_request())
    tokens = TOKEN.findall("".join(page.render_root("counter", {}) for _ in range(count)))
    assert len(tokens) == count
    async with connected() as socket:
        text = json.dumps(["join", 1, tokens, None, "/"])
        assert len(text) > 65_536
        for at in range(0, len(text), 60_000):
            await socket.write_text("+" + text[at : at + 60_000])
        await socket.write_text("+")
        assert (await socket.read(60))[0] == "joined"
        await socket.write("event", 1, f"c{count - 1}", "add", {})
        assert (await socket.read_until("patch", timeout=60))[3][0][0].startswith(f"c{count - 1}.")


@pytest.mark.parametrize(
    "frame",
    [
        '["event",1,"c0","add",{"by":"\\u0000"}]',
        '["event",1,"c0","add",{"\\u0000":1}]',
        '["event",1,"c0","add",{"by":"\\ud800"}]',
        '["event",1,"c0","add",{"by":1e20}]'.replace("1e20", "100000000000000000000"),
        '["event",1,"c0","add",{"by":' + "[" * 30 + "]" * 30 + "}]",
        '["event",1,"c0","add",{"by":' + "[" * 20_000 + "]" * 20_000 + "}]",
        '["set",1,"c0",{"count":"\\u0000"}]',
    ],
    ids=lambda frame: frame[:40],
)
async def test_t126_values_that_nobody_can_use_are_answered_with_their_number_and_never_close(frame: str) -> None:
    async with joined() as socket:
        for ref in range(1, 8):
            await socket.write_text(frame.replace(",1,", f",{ref},", 1))
            reply = await socket.read()
            assert reply[:2] == ["error", ref]
            assert reply[2] in ("bad_arguments", "forbidden_field")
        await socket.write("event", 8, "c0", "add", {})
        assert (await socket.read_until("patch"))[2] == 8


async def test_t45_a_token_in_the_url_is_worth_nothing() -> None:
    socket = Socket(live_websocket)
    socket.scope["query_string"] = f"token={rendered('counter')}".encode()
    assert (await socket.connect(5))[0]
    await socket.event("add")
    assert (await socket.read())[:3] == ["error", 0, "protocol"]
    await socket.leave()


async def test_t45_cookies_alone_join_nothing() -> None:
    async with connected([*HEADERS, (b"cookie", b"sessionid=somebody")]) as socket:
        await socket.event("add")
        assert (await socket.read())[:3] == ["error", 0, "protocol"]


@pytest.mark.parametrize(
    "path", ["", "//evil.com", "https://evil.com/", "javascript:1", "/a\nb", "/\\evil", "x" * 9000]
)
async def test_t45_the_url_of_a_join_is_a_path_of_this_site(path: str) -> None:
    async with connected() as socket:
        await socket.write("join", 1, [rendered("counter")], None, path)
        assert await socket.read() == ["closed", 4400]


NAMES = st.sampled_from(
    [
        *("add", "count", "_live", "__init__", "__class__", "mount", "render", "has_permission", "publish", "redirect"),
        *("handler.__globals__.settings.SECRET_KEY", "", "c0", "os.path", "../../x", "add\u0000", "é" * 300),
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(NAMES | st.text(max_size=5), children, max_size=4)
    ),
    max_leaves=10,
)
ARGUMENTS = st.dictionaries(NAMES | st.sampled_from(["by", "self", "ref"]), VALUES, max_size=4)
REFS = st.integers(min_value=-3, max_value=2**60)
MESSAGES = st.one_of(
    st.tuples(st.just("event"), REFS, NAMES, NAMES, ARGUMENTS),
    st.tuples(st.just("event"), REFS, NAMES, NAMES, ARGUMENTS, ARGUMENTS),
    st.tuples(st.just("set"), REFS, NAMES, ARGUMENTS),
    st.tuples(st.just("render"), NAMES),
    st.tuples(st.just("url"), REFS, NAMES | st.just("/")),
    st.tuples(st.just("ack"), REFS),
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(messages=st.lists(MESSAGES, min_size=1, max_size=8))
def test_t02_well_formed_nonsense_never_fails_the_server(messages: list[Any], caplog: pytest.LogCaptureFixture) -> None:
    async def session() -> None:
        async with joined("parent") as socket:
            for message in messages:
                await socket.write_text(json.dumps(message))
            await socket.write("ping")
            while (await socket.read())[0] not in ("pong", "closed"):
                pass

    caplog.clear()
    asyncio.run(session())
    assert errors(caplog) == []


async def test_t96_what_a_visitor_sends_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with joined() as socket:
        await socket.write("event", 1, "c0", "add", {"by": "hunter2"})
        assert (await socket.read())[0] == "error"
        await socket.write("set", 2, "c0", {"step": "hunter2"})
        assert (await socket.read())[0] == "error"
        await socket.write_text('["event", "hunter2"]')
        assert (await socket.read())[0] == "error"
    logged = [record.getMessage() for record in caplog.records if record.name.startswith("livecomp")]
    assert "hunter2" not in " ".join(logged)
