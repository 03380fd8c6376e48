"""Calls from outside of the page's turn: what goes out, and what is refused with words."""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from livecomp import LiveComponent, event, on, publish
from livecomp.websocket import LiveWebSocket
from tests.driver import Driver
from tests.sockets import Socket, until

pytestmark = pytest.mark.django_db(transaction=True)


class Seen:
    """What a test and the work it watches share."""

    texts: list[str] = []
    gate: asyncio.Event
    thread_gate = threading.Event()
    kept: set[Any] = set()


@pytest.fixture(autouse=True)
async def seen() -> Any:
    Seen.texts.clear()
    Seen.gate = asyncio.Event()
    Seen.thread_gate.clear()
    yield
    Seen.gate.set()
    Seen.thread_gate.set()


class Outside(LiveComponent):
    template = "<p>{{ news }} {{ count }}</p>"
    news: str = ""
    count: int = 0

    @on("outside")
    def heard(self, message: str | None) -> None:
        self.news = message or ""

    @event
    async def task(self, call: str) -> None:
        async def later() -> None:
            await Seen.gate.wait()
            await asyncio.to_thread(self.try_out, call) if call == "publish_committed" else self.try_out(call)

        task = asyncio.get_running_loop().create_task(later())
        Seen.kept.add(task)

    @event
    def thread(self, call: str, inherits: bool = False) -> None:
        context = contextvars.copy_context() if inherits else contextvars.Context()

        def later() -> None:
            Seen.thread_gate.wait(30)
            context.run(self.try_out, call)

        threading.Thread(target=later, daemon=True).start()

    @event
    def in_task(self, call: str) -> None:
        self.start_task(self.try_out, call)

    @event
    async def gathers(self) -> None:
        async def part(number: int) -> None:
            self.count += number

        await asyncio.gather(part(1), part(2), asyncio.to_thread(self.add, 4))

    def add(self, number: int) -> None:
        self.count += number

    def try_out(self, call: str) -> None:
        try:
            CALLS[call](self)
        except Exception as error:
            Seen.texts.append(f"{type(error).__name__}: {error}")
        else:
            Seen.texts.append("done")


def publish_committed(component: LiveComponent) -> None:
    with transaction.atomic():
        component.publish("outside", "committed")


def set_count(component: Any) -> None:
    component.count = 7


CALLS: dict[str, Callable[[Any], Any]] = {
    "publish": lambda each: each.publish("outside", "hello"),
    "publish_function": lambda each: publish("outside", "hello"),
    "publish_committed": publish_committed,
    "flash": lambda each: each.flash("info", "hello"),
    "push_event": lambda each: each.push_event("hello"),
    "redirect": lambda each: each.redirect("/"),
    "push_url": lambda each: each.push_url("/"),
    "replace_url": lambda each: each.replace_url("/"),
    "send_after": lambda each: each.send_after(1, "add", number=1),
    "start_task": lambda each: each.start_task(print),
    "cancel_task": lambda each: each.cancel_task("nothing"),
    "subscribe": lambda each: each.subscribe("more"),
    "unsubscribe": lambda each: each.unsubscribe("more"),
    "join_presence": lambda each: each.join_presence("room"),
    "leave_presence": lambda each: each.leave_presence("room"),
    "skip_render": lambda each: each.skip_render(),
    "send_to": lambda each: each.send_to("c0", "add", number=1),
    "update": lambda each: each.update(count=7),
    "set": set_count,
}
PUBLISHING = [call for call in CALLS if call.startswith("publish")]
REFUSED = [call for call in CALLS if not call.startswith("publish")]


class Tab(Socket):
    async def open(self) -> "Tab":
        assert (await self.connect(5))[0]
        await self.write("join", 1, [Driver("outside").token], None, "/")
        await self.read_until("joined")
        return self

    async def start(self, name: str, **arguments: Any) -> None:
        """Call the event, and let go on what it started when its turn is over."""
        await self.event(name, **arguments)
        await self.read_until("ack")
        Seen.gate.set()
        Seen.thread_gate.set()


@pytest.fixture
async def tab() -> Any:
    tab = await Tab(LiveWebSocket()).open()
    yield tab
    await tab.leave()


WAYS = [("task", {}), ("thread", {}), ("thread", {"inherits": True}), ("in_task", {})]


@pytest.mark.parametrize("call", PUBLISHING)
@pytest.mark.parametrize(("way", "arguments"), WAYS)
async def test_what_is_published_beside_the_turn_goes_out_at_once(
    tab: Tab, way: str, arguments: dict[str, Any], call: str
) -> None:
    await tab.start(way, call=call, **arguments)
    assert ("committed" if call == "publish_committed" else "hello") in str(await tab.read_until("patch"))


@pytest.mark.parametrize("call", REFUSED)
@pytest.mark.parametrize(("way", "arguments"), WAYS[:3])
async def test_what_would_wait_for_the_next_message_is_refused_with_words(
    tab: Tab, way: str, arguments: dict[str, Any], call: str
) -> None:
    await tab.start(way, call=call, **arguments)
    (text,) = await until(lambda: Seen.texts)
    assert text.startswith("OutOfTurn: Outside.")
    assert "self.start_task(" in text


@pytest.mark.parametrize("call", [call for call in REFUSED if call != "update"])
async def test_a_background_task_is_told_where_to_call_it(tab: Tab, call: str) -> None:
    await tab.start("in_task", call=call)
    (text,) = await until(lambda: Seen.texts)
    assert text.startswith(("OutOfTurn: Outside.", "RuntimeError: Outside."))
    assert "self.update(" in text


async def test_what_a_handler_waits_for_is_in_its_turn(tab: Tab) -> None:
    await tab.event("gathers")
    assert "7" in str(await tab.read_until("patch"))


async def test_after_the_page_is_gone_it_is_refused_too() -> None:
    tab = await Tab(LiveWebSocket()).open()
    await tab.event("task", call="flash")
    await tab.read_until("ack")
    await tab.leave()
    Seen.gate.set()
    (text,) = await until(lambda: Seen.texts)
    assert text.startswith("OutOfTurn: Outside.flash()")


def test_the_test_client_refuses_it_in_a_task_too(live: Any) -> None:
    page = live.mount("outside")
    page.call("in_task", call="flash")
    (text,) = Seen.texts
    assert "Call it in the method" in text
