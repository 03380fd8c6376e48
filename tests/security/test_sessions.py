"""Two tabs of one browser, with every session engine: what the one does to the session, the other is told."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import login, logout
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.checks import run_checks
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template import engines
from django.test import Client, override_settings
from django.urls import path

from livecomp import LiveComponent, event
from livecomp.websocket import live_websocket
from tests.sockets import HEADERS, Socket

pytestmark = pytest.mark.django_db(transaction=True)
ENGINES = ["db", "cache", "cached_db", "file", "signed_cookies"]


class TabClicks(LiveComponent):
    template = "<p>{{ count }}</p>"
    count: int = 0

    @event
    def add(self) -> None:
        self.count += 1


def page(request: HttpRequest) -> HttpResponse:
    source = "{% load livecomp %}{% live_component 'tab_clicks' %}"
    return HttpResponse(engines["django"].from_string(source).render({}, request))


def writing_page(request: HttpRequest) -> HttpResponse:
    """Counts visits in the session, before the component is rendered and after it."""
    request.session["visits"] = request.session.get("visits", 0) + 1
    answer = page(request)
    request.session["rendered"] = request.session["visits"]
    return answer


def sign_in(request: HttpRequest) -> HttpResponse:
    login(request, User.objects.get(username="ann"), "django.contrib.auth.backends.ModelBackend")
    return redirect("/page/")


def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("/page/")


def rotate(request: HttpRequest) -> HttpResponse:
    request.session.cycle_key()
    return HttpResponse()


urlpatterns = [path(f"{view.__name__}/", view) for view in (page, writing_page, sign_in, sign_out, rotate)]


class Tab:
    """A page that the browser has open."""

    def __init__(self, browser: Client, where: str) -> None:
        self.html = browser.get(where).content.decode()
        cookies = "; ".join(f"{name}={cookie.value}" for name, cookie in browser.cookies.items() if cookie.value)
        self.socket = Socket(live_websocket, [*HEADERS, *([(b"cookie", cookies.encode())] if cookies else [])])

    async def join(self) -> list[Any]:
        assert (await self.socket.connect(5))[0]
        [token] = re.findall(r'lc-token="([^"]+)"', self.html)
        return await self.socket.join(token)

    async def lives(self) -> bool:
        return (await self.socket.call("add"))[0] == "patch"


class Browser:
    """Cookies, and tabs. All of it from the event loop."""

    def __init__(self) -> None:
        self.client = Client()
        self.tabs: list[Tab] = []

    async def get(self, where: str) -> HttpResponse:
        return await asyncio.to_thread(self.client.get, where)  # type: ignore[return-value]

    async def open(self, where: str = "/page/") -> Tab:
        tab = await asyncio.to_thread(Tab, self.client, where)
        self.tabs.append(tab)
        assert (await tab.join())[0] == "joined"
        return tab

    async def close(self) -> None:
        for tab in self.tabs:
            await tab.socket.leave()


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    module = f"django.contrib.sessions.backends.{request.param}"
    with override_settings(SESSION_ENGINE=module, SESSION_FILE_PATH=str(tmp_path), ROOT_URLCONF=__name__):
        User.objects.create_user("ann", password="x")
        yield request.param


async def test_t37_signing_out_in_one_tab_ends_the_others(engine: str) -> None:
    browser, elsewhere = Browser(), Browser()
    for each in (browser, elsewhere):
        await each.get("/sign_in/")
    first, second, other = await browser.open(), await browser.open(), await elsewhere.open()
    await browser.get("/sign_out/")
    for tab in (first, second):
        assert await tab.socket.read() == ["closed", 4401]
    if engine != "signed_cookies":  # nothing tells these sessions apart: the other page reloads, and is signed in
        assert await other.lives()
    assert await (await elsewhere.open()).lives()
    assert await (await browser.open()).lives()  # as nobody
    await browser.close()
    await elsewhere.close()


async def test_t37_signing_out_in_a_view_that_goes_on_for_a_while(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also with ATOMIC_REQUESTS: nobody is told before the session is really gone."""
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    browser = Browser()
    await browser.get("/sign_in/")
    tab = await browser.open()
    await browser.get("/sign_out/")
    assert await tab.socket.read() == ["closed", 4401]
    assert await (await browser.open()).lives()
    await browser.close()


async def test_t31_signing_in_ends_the_tabs_that_were_opened_before(engine: str) -> None:
    browser = Browser()
    await browser.get("/writing_page/")
    tab = await browser.open()
    await browser.get("/sign_in/")
    assert await tab.socket.read() == ["closed", 4401]
    assert await (await browser.open()).lives()
    await browser.close()


async def test_t31_a_tab_of_a_visitor_without_a_session_stays_nobodys(engine: str) -> None:
    """Nothing connects it with who signs in later in the same browser, so it stays what it is."""
    browser = Browser()
    tab = await browser.open()
    await browser.get("/sign_in/")
    assert await tab.lives()
    await browser.get("/sign_out/")
    assert await tab.lives()
    await browser.close()


async def test_a_view_that_writes_the_session_leaves_its_page_alive(engine: str) -> None:
    browser = Browser()
    for _ in range(3):
        assert await (await browser.open("/writing_page/")).lives()
    await browser.get("/sign_in/")
    for _ in range(3):
        assert await (await browser.open("/writing_page/")).lives()
    await browser.close()


async def test_a_session_that_changes_between_the_page_and_its_join(engine: str) -> None:
    browser = Browser()
    old = await asyncio.to_thread(Tab, browser.client, "/page/")  # without a session
    await browser.get("/writing_page/")
    old.socket = (await asyncio.to_thread(Tab, browser.client, "/page/")).socket
    browser.tabs.append(old)
    assert (await old.join())[0] == "joined"
    await browser.close()


async def test_t31_a_page_that_was_made_for_nobody_is_not_joined_by_somebody(engine: str) -> None:
    browser = Browser()
    await browser.get("/writing_page/")
    old = await asyncio.to_thread(Tab, browser.client, "/page/")
    await browser.get("/sign_in/")
    old.socket = (await asyncio.to_thread(Tab, browser.client, "/page/")).socket
    browser.tabs.append(old)
    assert await old.join() == ["closed", 4409]
    await browser.close()


async def test_a_key_that_is_renewed_reloads_at_most_once(engine: str) -> None:
    browser = Browser()
    await browser.get("/sign_in/")
    await browser.open()
    await browser.get("/rotate/")
    assert await (await browser.open()).lives()
    await browser.close()


@pytest.mark.parametrize("how", ["is_active", "password", "delete", "session"])
async def test_t38_what_ends_an_account_ends_its_pages(how: str, engine: str) -> None:
    if how == "session" and engine not in ("db", "cached_db"):
        how = "delete"  # there is no row of a session to delete
    browser = Browser()
    await browser.get("/sign_in/")
    tab = await browser.open()

    def change() -> None:
        user = User.objects.get()
        if how == "is_active":
            user.is_active = False
            user.save()
        elif how == "password":
            user.set_password("y")
            user.save()
        elif how == "delete":
            user.delete()
        else:
            Session.objects.all().delete()

    await asyncio.to_thread(change)
    assert await tab.socket.read() == ["closed", 4401]
    await browser.close()


def test_sessions_that_only_the_browser_keeps_are_warned_of() -> None:
    with override_settings(SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies"):
        [warning] = [each for each in run_checks(tags=["livecomp"]) if each.id == "livecomp.W010"]
    assert "signed_cookies" in str(warning.msg)
    for engine in ENGINES[:4]:
        with override_settings(SESSION_ENGINE=f"django.contrib.sessions.backends.{engine}"):
            assert not [each for each in run_checks(tags=["livecomp"]) if each.id == "livecomp.W010"]
