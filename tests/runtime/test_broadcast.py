"""livecomp.runtime.broadcast: shared components on the event loop, with real connections."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from livecomp import LiveComponent, consumer, on, publish_now, sharing, state
from livecomp.consumer import LiveWebSocket
from livecomp.runtime import broadcast, process
from livecomp.runtime.process import Runtime
from tests.driver import Driver
from tests.sockets import HEADERS, Socket, until

pytestmark = pytest.mark.django_db(transaction=True)


class Ticker(LiveComponent, shared=True):
    template = "<ul>{% for number in numbers %}<li live-key='{{ number }}'>{{ number }}</li>{% endfor %}</ul>"
    numbers: list[int] = state([])
    renders = 0

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        Ticker.renders += 1
        return kwargs

    @on("ticker")
    async def changed(self, number: Any) -> None:
        await asyncio.sleep(0)
        if number is not None:
            self.numbers.append(number)


class Guarded(LiveComponent, shared=True):
    template = "<p>{{ count }}</p>"
    permission_required = "testapp.view_note"
    count: int = 0

    @on("guarded")
    def changed(self, number: Any) -> None:
        self.count += 1


class Viewer(Socket):
    """A browser that has loaded a page with one component, and looks at it."""

    def __init__(self, driver: Driver, headers: Any = None) -> None:
        super().__init__(LiveWebSocket(), headers)
        self.tokens = [driver.token]
        self.html = driver.html
        self.seen: list[list[Any]] = []

    async def start(self) -> "Viewer":
        accepted, _ = await self.connect(5)
        assert accepted
        await self.write("join", 1, self.tokens, None, "/")
        assert (await self.read_until("joined"))[4] == []
        return self

    async def shared(self) -> list[Any]:
        """The next message of a shared component."""
        self.seen.append(await self.read_until("shared"))
        return self.seen[-1]

    async def shows(self, number: int) -> None:
        """Reads until the number is there; every version comes after the one before."""
        while f">{number}<" not in json.dumps(await self.shared()):
            pass
        versions = [version for _, _, version, *_ in self.seen]
        assert versions == list(range(versions[0], versions[0] + len(versions)))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(broadcast, "KEEP", 0.1)
    monkeypatch.setattr(process, "SWEEP", 0.02)
    Ticker.renders = 0
    yield
    assert not sharing.living


@contextlib.asynccontextmanager
async def viewers(number: int, name: str = "ticker") -> AsyncIterator[list[Viewer]]:
    opened = [await Viewer(await asyncio.to_thread(Driver, name)).start() for _ in range(number)]
    try:
        yield opened
    finally:
        for viewer in opened:
            await viewer.leave()
        await nothing_lives()


async def nothing_lives() -> None:
    await until(lambda: not sharing.living and not Runtime.current().connections and not Runtime.current().hub.topics)


async def test_one_change_is_one_render_and_the_same_bytes_for_all() -> None:
    async with viewers(20) as all_of_them:
        for viewer in all_of_them:
            assert (await viewer.shared())[3:] == [[], True]
        Ticker.renders = 0
        publish_now("ticker", 7)
        messages = [await viewer.shared() for viewer in all_of_them]
        assert all(message == messages[0] for message in messages)
        assert messages[0][2] == 1
        assert ">7<" in messages[0][3][0][1]
        assert Ticker.renders == 1


async def test_t67_many_changes_of_a_moment_are_one_render() -> None:
    async with viewers(2) as (one, two):
        await one.shared()
        await two.shared()
        publish_now("ticker", -1)
        await one.shows(-1)
        Ticker.renders = 0
        for number in range(100):
            publish_now("ticker", number)
        await one.shows(99)
        await two.shows(99)
        assert Ticker.renders <= 3


async def test_what_changed_since_the_page_was_made_comes_whole() -> None:
    async with viewers(1) as (first,):
        await first.shared()
        late = Viewer(await asyncio.to_thread(Driver, "ticker"))
        publish_now("ticker", 1)
        await first.shows(1)
        await late.start()
        [_, id, version, patches, whole] = await late.shared()
        assert (version, whole) == (1, True)
        assert patches[0][0] == f"{id}.0"
        assert "<ul>" in patches[0][1]
        publish_now("ticker", 2)
        await late.shows(2)
        await late.leave()


async def test_a_viewer_who_comes_while_it_changes_misses_nothing() -> None:
    async with viewers(1) as (first,):
        await first.shared()
        late = []
        for number in range(20):
            publish_now("ticker", number)
            late.append(await Viewer(await asyncio.to_thread(Driver, "ticker")).start())
        publish_now("ticker", 100)
        for viewer in (first, *late):
            shown = re.findall(r">(\d+)<", viewer.html)
            while "100" not in shown:
                [_, _, _, patches, *whole] = await viewer.shared()
                found = re.findall(r">(\d+)<", json.dumps(patches))
                shown = found if whole and patches else [*shown, *found]
            assert shown == [*map(str, range(20)), "100"]
        for viewer in late:
            await viewer.leave()


async def test_t50_a_viewer_who_does_not_read_gets_nothing_and_then_the_present_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consumer, "UNREAD_BEHIND", 300)
    async with viewers(2) as (reading, busy):
        await reading.shared()
        await busy.shared()
        for number in range(30):
            publish_now("ticker", number)
            await reading.shows(number)
            await reading.write("ack", 0)
        assert len(busy.output_queue._queue) < 10  # type: ignore[attr-defined]
        await busy.write("ack", 0)
        while True:
            [_, _, version, patches, *whole] = await busy.shared()
            if whole:
                break
        assert version == 30
        assert re.findall(r">(\d+)<", patches[0][1]) == [*map(str, range(30))]
        await busy.write("ack", 0)
        publish_now("ticker", 30)
        await busy.shared()
        assert ">30<" in json.dumps(busy.seen[-1])


async def test_it_lives_on_for_a_reload_and_ends_after_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast, "KEEP", 60.0)
    async with viewers(1) as (first,):
        await first.shared()
        publish_now("ticker", 5)
        await first.shows(5)
        [page] = sharing.living.values()
        await first.leave()
        again = Viewer(await asyncio.to_thread(Driver, "ticker"))
        assert ">5<" in again.html
        await again.start()
        assert (await again.shared())[3:] == [[], True]
        assert list(sharing.living.values()) == [page]
        monkeypatch.setattr(broadcast, "KEEP", 0.0)
        await again.leave()
        await nothing_lives()
        assert not page.connected


async def test_one_that_cannot_be_driven_is_begun_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with viewers(1) as (viewer,):
        await viewer.shared()
        with monkeypatch.context() as patched:
            patched.setattr(sharing.SharedPage, "receive", lambda self, message: 1 / 0)
            publish_now("ticker", 1)
            assert await viewer.read() == ["closed", 1011]
        await viewer.leave()
        again = await Viewer(await asyncio.to_thread(Driver, "ticker")).start()
        await again.shared()
        publish_now("ticker", 2)
        await again.shows(2)
        await again.leave()
    caplog.clear()


async def test_t39_who_may_not_see_it_any_more_gets_nothing_more() -> None:
    def sign_in() -> tuple[User, Driver, str]:
        user = User.objects.create_user("ann")
        user.user_permissions.add(Permission.objects.get(codename="view_note"))
        client = Client()
        client.force_login(user)
        return user, Driver("guarded", User.objects.get(pk=user.pk)), client.cookies["sessionid"].value

    user, driver, session = await asyncio.to_thread(sign_in)
    viewer = await Viewer(driver, [*HEADERS, (b"cookie", f"sessionid={session}".encode())]).start()
    await viewer.shared()
    publish_now("guarded", 1)
    await viewer.shared()
    await asyncio.to_thread(user.user_permissions.clear)
    publish_now("guarded", 2)
    [page] = sharing.living.values()
    await until(lambda: page.version == 2)
    await until(lambda: not Runtime.current().living[page.id].views)
    assert await viewer.receive_nothing(0.05)
    await viewer.leave()
    await nothing_lives()


async def test_a_stopping_server_ends_it() -> None:
    async with viewers(1) as (viewer,):
        await viewer.shared()
        await Runtime.current().drain()
        assert await viewer.read() == ["closed", 1012]
        assert not sharing.living
