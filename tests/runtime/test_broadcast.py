"""livecomp.runtime.broadcast: shared components on the event loop, with real connections."""

import asyncio
import contextlib
import json
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, ClassVar

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection, transaction
from django.test import Client, override_settings

from livecomp import LiveComponent, consumer, event, on, publish_now, sharing, state
from livecomp.runtime import broadcast, process, visitor_check
from livecomp.runtime.process import Runtime
from livecomp.websocket import LiveWebSocket
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


class ForMembers(LiveComponent, shared=True):
    template = "<p>{{ count }}</p>"
    login_required = True
    count: int = 0

    @on("guarded")
    def changed(self, number: Any) -> None:
        self.count += 1


class Club(LiveComponent):
    """What stands in it is for those whom it admits."""

    template = "{% load livecomp %}<div>{% live_component 'ticker' %}</div>"
    closed_to = ""
    fails = False
    asked = 0

    def has_permission(self) -> bool:
        Club.asked += 1
        if Club.fails:
            raise RuntimeError("no answer")
        return self.user.username != Club.closed_to


class BusyClub(Club):
    has_begun, may_end = threading.Event(), threading.Event()

    @event
    def work(self) -> None:
        BusyClub.has_begun.set()
        BusyClub.may_end.wait(5)


class ClubHouse(LiveComponent):
    template = "{% load livecomp %}<div>{% live_component 'club_room' %}</div>"
    permission_required = "testapp.view_note"


class ClubRoom(LiveComponent):
    template = "{% load livecomp %}<div>{% live_component 'ticker' %}</div>"


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

    async def read_until_closed(self) -> int:
        """The close's code."""
        while (message := await self.read())[0] != "closed":
            self.seen.append(message)
        code: int = message[1]
        return code

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
    Ticker.renders = Club.asked = 0
    Club.closed_to, Club.fails = "", False
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
        await until(lambda: not page.is_live)


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


def sign_in(name: str) -> tuple[User, Driver, str]:
    user = User.objects.create_user("ann")
    user.user_permissions.add(Permission.objects.get(codename="view_note"))
    client = Client()
    client.force_login(user)
    return user, Driver(name, User.objects.get(pk=user.pk)), client.cookies["sessionid"].value


@contextlib.asynccontextmanager
async def ann_looks_at(name: str) -> AsyncIterator[tuple[User, Viewer]]:
    user, driver, session = await asyncio.to_thread(sign_in, name)
    viewer = await Viewer(driver, [*HEADERS, (b"cookie", f"sessionid={session}".encode())]).start()
    try:
        await viewer.shared()
        yield user, viewer
    finally:
        await viewer.leave()
        await nothing_lives()


def nobody_looks_at(page: Any) -> Callable[[], bool]:
    """The condition that a shared page has no viewers; without them it ends, a little later."""
    living = Runtime.current().living
    return lambda: page.id not in living or not living[page.id].views


async def is_led_away(viewer: Viewer) -> Callable[[], bool]:
    """The viewer is sent to another page at the next frame, without it. Gives the condition that nobody looks any more."""
    Club.closed_to = "ann"
    [page] = sharing.living.values()
    publish_now("ticker", 77)
    while "/login/" not in (message := json.dumps(await viewer.read())):
        assert ">77<" not in message
    return nobody_looks_at(page)


async def gets_nothing_more(viewer: Viewer, topic: str = "guarded") -> None:
    [page] = sharing.living.values()
    before = page.version
    publish_now(topic, 77)
    await until(lambda: page.version > before)
    await until(nobody_looks_at(page))
    while not await viewer.receive_nothing(0.05):  # the page may say that this is not for its visitor any more
        assert ">77<" not in json.dumps(await viewer.read())


async def test_t39_who_may_not_see_it_any_more_gets_nothing_more() -> None:
    async with ann_looks_at("guarded") as (_, viewer):
        publish_now("guarded", 1)
        await viewer.shared()
        await asyncio.to_thread(User.user_permissions.through.objects.all().delete)  # no signal
        await gets_nothing_more(viewer)
        await viewer.write("ack", 1)  # nor does reading bring it back
        publish_now("guarded", 3)
        assert await viewer.receive_nothing(0.05)


async def test_t118_a_component_that_it_stands_in_is_asked_before_each_frame() -> None:
    async with ann_looks_at("club") as (_, viewer):
        publish_now("ticker", 1)
        await viewer.shows(1)
        Club.closed_to = "ann"
        await gets_nothing_more(viewer, "ticker")


async def test_t118_all_that_it_stands_in_is_asked() -> None:
    async with ann_looks_at("club_house") as (user, viewer):
        publish_now("ticker", 1)
        await viewer.shows(1)
        await asyncio.to_thread(user.user_permissions.clear)
        await gets_nothing_more(viewer, "ticker")


@pytest.mark.parametrize("how", ["logout", "is_active", "session", "password", "delete"])
@pytest.mark.parametrize("name", ["for_members", "club", "ticker"])
async def test_t37_t38_who_is_not_signed_in_any_more_sees_nothing_more(how: str, name: str) -> None:
    def change() -> None:
        if how == "logout":
            client = Client()
            client.cookies["sessionid"] = Session.objects.get().session_key
            client.logout()
        elif how == "session":
            Session.objects.all().delete()
        elif how == "delete":
            user.delete()
        else:
            user.is_active = how != "is_active"
            user.set_password("other")
            user.save()

    async with ann_looks_at(name) as (user, viewer):
        await asyncio.to_thread(change)
        assert await viewer.read_until_closed() == 4401


@override_settings(LIVECOMP={"REVALIDATE_SESSION": 0.0})
@pytest.mark.parametrize("name", ["for_members", "club"])
async def test_t38_what_sends_no_signal_is_noticed_before_the_next_frame(name: str) -> None:
    async with ann_looks_at(name) as (_, viewer):
        [driver] = Runtime.current().pages.values()
        await until(lambda: driver._worker is None and driver._check._passed > 0 and not driver._agenda.check_due)
        await asyncio.to_thread(User.objects.update, is_active=False)
        publish_now("guarded", 1)
        publish_now("ticker", 1)
        assert await viewer.read_until_closed() == 4401
        assert all(">1<" not in json.dumps(frame) for frame in viewer.seen)


def test_the_database_of_the_tests_is_read_while_another_thread_writes() -> None:
    has_written, may_end = threading.Event(), threading.Event()

    def write() -> None:
        try:
            with transaction.atomic():
                User.objects.create_user("bob")
                has_written.set()
                may_end.wait(5)
        finally:
            connection.close()

    thread = threading.Thread(target=write)
    thread.start()
    assert has_written.wait(5)
    try:
        assert User.objects.count() == 0
    finally:
        may_end.set()
        thread.join()


@override_settings(LIVECOMP={"REVALIDATE_SESSION": 0.0})
async def test_t118_what_the_user_has_become_is_noticed_by_one_who_only_looks() -> None:
    async with ann_looks_at("club") as _:
        await asyncio.to_thread(User.objects.update, username="bob")
        Club.closed_to = "bob"
        [page] = sharing.living.values()
        publish_now("ticker", 1)
        await until(lambda: publish_now("ticker", 2) or not Runtime.current().living[page.id].views)


async def test_t118_a_viewer_who_cannot_be_checked_is_brought_up_to_date_later(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(broadcast, "RETRY", (0.01, 0.02))
    async with ann_looks_at("club") as (_, viewer):
        publish_now("ticker", 1)
        await viewer.shows(1)
        Club.fails, Club.asked = True, 0
        publish_now("ticker", 2)
        await until(lambda: Club.asked > 3)
        publish_now("ticker", 3)
        asked = Club.asked
        await until(lambda: Club.asked > asked + 3)
        assert await viewer.receive_nothing(0.01)
        assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [
            "A viewer of the shared component 'ticker' could not be checked."
        ]
        caplog.clear()
        Club.fails = False
        [_, _, _, patches, whole] = await viewer.shared()
        assert whole
        assert re.findall(r">(\d+)<", patches[0][1]) == ["1", "2", "3"]
        viewer.seen.clear()
        publish_now("ticker", 4)
        await viewer.shows(4)


async def test_t118_a_viewer_is_checked_while_a_handler_of_its_page_runs() -> None:
    """The handler has the page's context; the check once met a RuntimeError in it, and no frame came any more."""
    async with ann_looks_at("busy_club") as (_, viewer):
        BusyClub.may_end.clear()
        try:
            await viewer.write("event", 1, "c0", "work", {})
            await until(BusyClub.has_begun.is_set)
            publish_now("ticker", 1)
            await viewer.shows(1)
        finally:
            BusyClub.may_end.set()
        await viewer.read_until("ack")


async def test_who_may_see_what_everybody_may_is_never_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with viewers(3) as all_of_them:
        for viewer in all_of_them:
            await viewer.shared()
        monkeypatch.setattr(consumer.Connection, "ask", lambda *args: 1 / 0)
        publish_now("ticker", 7)
        for viewer in all_of_them:
            await viewer.shows(7)


async def test_a_stopping_server_ends_it() -> None:
    async with viewers(1) as (viewer,):
        await viewer.shared()
        await Runtime.current().drain()
        assert await viewer.read() == ["closed", 1012]
        assert not sharing.living


# Failures


class Shaky(LiveComponent, shared=True):
    """``fails`` times the database is away for a moment."""

    template = "<p>{{ n }}{{ text }}<br></p>"
    n: int = 0
    fails: ClassVar[int] = 0
    text_fails: ClassVar[bool] = False

    def mount(self) -> None:
        if Shaky.fails:
            Shaky.fails -= 1
            raise OperationalError("the database is away")
        self.n = 1

    @property
    def text(self) -> str:
        if Shaky.text_fails:
            raise OperationalError("the database is away")
        return ""

    @on("shaky")
    def heard(self, number: int) -> None:
        self.n = number


@pytest.fixture
def _shaky_is_well() -> Iterator[None]:
    yield
    Shaky.fails, Shaky.text_fails = 0, False


@pytest.mark.usefixtures("_shaky_is_well")
async def test_one_that_failed_to_mount_comes_back_by_itself(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(visitor_check, "RETRY", (0.01, 0.02))
    viewer = Viewer(await asyncio.to_thread(Driver, "shaky"))
    Shaky.fails = 3
    await viewer.start()
    assert "livecomp-error" in str(await viewer.shared())
    await viewer.shows(1)
    publish_now("shaky", 5)
    await viewer.shows(5)
    await viewer.leave()
    await nothing_lives()
    caplog.clear()


@pytest.mark.usefixtures("_shaky_is_well")
async def test_one_that_failed_to_mount_gets_another_try_with_each_viewer(caplog: pytest.LogCaptureFixture) -> None:
    viewer = Viewer(await asyncio.to_thread(Driver, "shaky"))
    Shaky.fails = 1
    await viewer.start()
    assert "livecomp-error" in str(await viewer.shared())
    late = Viewer(await asyncio.to_thread(Driver, "shaky"))
    assert "livecomp-error" not in late.html
    await late.start()
    assert (await late.shared())[3:] == [[], True], "the browser has it already"
    await viewer.shows(1)
    for each in (viewer, late):
        await each.leave()
    await nothing_lives()
    caplog.clear()


@pytest.mark.usefixtures("_shaky_is_well")
@pytest.mark.parametrize("who", ["a new viewer", "the browser"])
async def test_one_that_failed_to_render_gets_another_try_with_each_look(
    who: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with viewers(1, "shaky") as [viewer]:
        await viewer.shared()
        Shaky.text_fails = True
        publish_now("shaky", 2)
        assert "livecomp-error" in str(await viewer.shared())
        Shaky.text_fails = False
        if who == "the browser":
            await viewer.write("render", next(iter(sharing.living)))
        else:
            late = Viewer(await asyncio.to_thread(Driver, "shaky"))
            assert "livecomp-error" not in late.html
            await late.start()
            assert (await late.shared())[3:] == [[], True], "the browser has it already"
            await late.leave()
        await viewer.shows(1)
    caplog.clear()


class WayOutClub(LiveComponent):
    """Sends those whom it does not admit to another page."""

    name = "way_out_club"
    template = "{% load livecomp %}<div>{% live_component 'club_card' fills %}{% fill 'default' %}{% live_component 'ticker' %}{% endfill %}{% endlive_component %}</div>"


class ClubCard(LiveComponent):
    template = "<i>{{ fills.default }}</i>"

    def has_permission(self) -> bool:
        if self.user.username == Club.closed_to:
            self.redirect("/login/")
            return False
        return True


async def test_t118_a_rule_that_sends_the_viewer_elsewhere_does_so_at_a_frame() -> None:
    async with ann_looks_at("way_out_club") as (_, viewer):
        publish_now("ticker", 1)
        await viewer.shows(1)
        is_left = await is_led_away(viewer)
    await until(is_left)


class MovingClub(LiveComponent):
    """Gives the ticker to show first to anybody's card, then to one with a rule."""

    template = """{% load livecomp %}<div>{% if is_closed %}{% live_component 'club_card' fills %}{% fill 'default' %}{% live_component 'ticker' %}{% endfill %}{% endlive_component %}{% else %}{% live_component 'open_card' fills %}{% fill 'default' %}{% live_component 'ticker' %}{% endfill %}{% endlive_component %}{% endif %}</div>"""
    is_closed: bool = False

    @event
    def move(self) -> None:
        self.is_closed = True


class OpenCard(LiveComponent):
    template = "<i>{{ fills.default }}</i>"


async def test_t118_a_shared_component_that_moves_into_one_with_a_rule_is_asked_for() -> None:
    async with ann_looks_at("moving_club") as (_, viewer):
        await viewer.write("event", 1, "c0", "move", {})
        await viewer.read_until("patch")
        publish_now("ticker", 1)
        await until(lambda: Runtime.current().living)
        while ">1<" not in json.dumps(await viewer.shared()):
            pass
        is_left = await is_led_away(viewer)
    await until(is_left)
