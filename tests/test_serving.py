"""livecomp.serving: what a component asks for while it is rendered over HTTP."""

import logging
from typing import Any

import pytest
from django.contrib import messages
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.test import Client, override_settings
from django.urls import path
from django.views.decorators.cache import cache_page

from livecomp import LiveComponent, event, state
from livecomp.constants import CloseCode
from livecomp.effects import Close, StartTask, StartTimer, Subscribe
from livecomp.page import LivePage
from livecomp.testing import LiveClient
from tests.driver import Driver, make_request
from tests.testapp.models import Note

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
SECRET = "for the owner only"


class NotYours(LiveComponent):
    """Sends away whoever it is not for, in one of its methods."""

    template = "<p>{{ secret }}{{ extra }}</p>"
    where: str = "mount"
    secret: str = ""
    guard = ""

    def has_permission(self) -> bool:
        if self.guard:
            self.redirect("/login/")
        return self.guard != "refuse"

    def mount(self, where: str = "mount", text: str = SECRET) -> None:
        self.where, self.secret = where, text
        if where.startswith("mount"):
            self.flash("warning", "Not yours.")
            self.redirect("/login/?next=/a/&x=\"'")
        if where == "mount, and raise":
            raise PermissionError
        if where == "mount, and refuse":
            from django.core.exceptions import PermissionDenied

            raise PermissionDenied

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if self.where == "context":
            self.redirect("/login/")
        return {"extra": "!"}


class AskedFirst(NotYours):
    guard = "allow"


class Refusing(NotYours):
    guard = "refuse"


class AroundNotYours(LiveComponent):
    template = """{% load livecomp %}<div><h1>Around</h1>{% if shown %}{% live_component "not_yours" where=where %}{% endif %}
</div>"""
    where: str = "mount"
    shown: bool = True

    @event
    def show(self) -> None:
        self.shown = True


class AroundLater(LiveComponent):
    template = """{% load livecomp %}<div>{% live_component "not_yours" defer %}</div>"""


class BesideIt(LiveComponent):
    template = "<i>beside</i>"


class GreetingVisitor(LiveComponent):
    template = "<p>Hello</p>"
    got: list[str] = state([])

    def mount(self, first: str = "") -> None:
        self.flash("success", "Welcome.")
        self.push_event("opened", {"by": "mount"})
        self.push_url("/seen/")
        self.subscribe("news")
        self.send_after(5, "heard", text="timer")
        self.start_task(len, "four", then="heard")

    def heard(self, text: Any) -> None:
        self.got = [*self.got, str(text)]


class GreetingAround(LiveComponent):
    template = """{% load livecomp %}<div>{% live_component "greeting_visitor" %}</div>"""


class ServedToMembers(LiveComponent):
    template = "<p>Members</p>"
    login_required = True
    permission_required = "testapp.delete_note"


def page(request: HttpRequest) -> HttpResponse:
    return render(request, "testapp/page.html", {"name": request.GET["name"]})


urlpatterns = [
    path("page/", page),
    path("cached/", cache_page(60)(page)),
    path("private/", NotYours.as_view()),
    path("refusing/", Refusing.as_view()),
    path("context/<str:where>/", NotYours.as_view()),
    path("around/", AroundNotYours.as_view()),
    path("beside/", BesideIt.as_view()),
    path("titled/", NotYours.as_view(title="A title"), {"where": "nowhere", "text": "from the route"}),
    path("members/", ServedToMembers.as_view()),
]


@pytest.mark.parametrize(
    "url", ["/private/", "/around/", "/context/context/", "/refusing/", "/context/mount, and refuse/"]
)
def test_a_redirect_in_mount_is_the_response_of_the_view(client: Client, url: str) -> None:
    response = client.get(url)
    assert response.status_code == 302
    assert response["Location"].startswith("/login/")
    assert SECRET not in response.content.decode()


def test_a_flash_before_it_is_shown_by_the_next_page(client: Client) -> None:
    response = client.get("/private/")
    request = make_request()
    request.COOKIES = {name: morsel.value for name, morsel in response.cookies.items()}
    request.session = client.session
    (message,) = FallbackStorage(request)
    assert (message.level, str(message)) == (messages.WARNING, "Not yours.")


@pytest.mark.parametrize("name", ["not_yours", "around_not_yours", "asked_first", "refusing"])
def test_through_the_tag_the_page_shows_nothing_of_it_and_goes_on(client: Client, name: str) -> None:
    html = client.get("/page/", {"name": name}).content.decode()
    assert SECRET not in html
    assert "Around" not in html
    assert "lc-token" not in html
    assert '<meta http-equiv="refresh" content="0;url=/login/' in html
    assert '<a href="/login/' in html


def test_the_address_is_escaped() -> None:
    html = LivePage(make_request()).render_root("not_yours", {})
    assert "url=/login/?next=/a/&amp;x=&quot;&#x27;" in html


def test_what_was_protected_is_in_no_token_and_no_snapshot() -> None:
    live_page = LivePage(make_request())
    before = live_page.render_root("beside_it", {})
    gone = live_page.render_root("around_not_yours", {})
    after = live_page.render_root("beside_it", {})
    assert "lc-token" in before
    assert gone == after
    assert [mounted.component.name for mounted in live_page.tree.values()] == ["beside_it"]


def test_another_exception_after_it_is_an_exception() -> None:
    with pytest.raises(PermissionError):
        LivePage(make_request()).render_root("not_yours", {"where": "mount, and raise"})


def test_on_the_socket_a_child_s_redirect_is_sent_and_nothing_of_the_child() -> None:
    driver = Driver("around_not_yours", where="mount", shown=False)
    driver.join()
    replies = driver.event("show")
    effects = [effect for reply in replies if reply[0] == "patch" for effect in reply[4]]
    assert [effect[:2] for effect in effects if effect[0] == "redirect"] == [("redirect", "/login/?next=/a/&x=\"'")]
    assert SECRET not in str(replies)
    assert [mounted.component.name for mounted in driver.page.tree.values()] == ["around_not_yours", "livecomp.left"]


def test_a_deferred_component_s_redirect_too(live: LiveClient) -> None:
    opened = live.mount("around_later")
    opened.tick()
    assert SECRET not in opened.html
    assert opened.redirects == ["/login/?next=/a/&x=\"'"]


@pytest.mark.parametrize("where", ["mount", "context"])
def test_at_a_join_without_a_snapshot_too(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NotYours, "redirect", lambda self, to: None)
    driver = Driver("not_yours", where=where)
    monkeypatch.undo()
    cache.clear()
    (reply,) = driver.join()
    assert reply[4] == []
    assert [effect[0] for effect in reply[5] if effect[0] == "redirect"] == ["redirect"]
    assert not driver.page.tree


@pytest.mark.parametrize("name", ["greeting_visitor", "greeting_around"])
@pytest.mark.parametrize("is_evicted", [False, True])
def test_what_mount_tells_the_browser_comes_once_with_the_join(name: str, is_evicted: bool) -> None:
    driver = Driver(name)
    if is_evicted:
        cache.clear()
    (joined,) = driver.join()
    assert [effect[:2] for effect in joined[5]] == [("flash", "success"), ("push", "opened"), ("url", "push")]
    assert driver.page.url == "/seen/"
    assert len({timer.id for timer in driver.out(StartTimer)}) == 1
    assert len(driver.out(StartTask)) == len(driver.out(Subscribe)) == 1
    from livecomp.runtime.pages import Pages

    Pages().save(driver.page)
    Pages().close(driver.page)
    (again,) = driver.join(resume=(joined[1], joined[2]))
    assert len(again) == 5 or not again[5]


def test_the_visitor_sees_it_once(live: LiveClient) -> None:
    opened = live.mount("greeting_visitor")
    assert [flash.text for flash in opened.flashes] == ["Welcome."]
    opened.disconnect()
    opened.reconnect()
    assert [flash.text for flash in opened.flashes] == ["Welcome."]


def test_a_test_is_told_of_the_redirect(live: LiveClient) -> None:
    with pytest.raises(AssertionError, match="'not_yours' asked for a redirect to /login/"):
        live.mount("not_yours")


# Without a snapshot

DUMMY = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}


@pytest.mark.parametrize("options", [{"CACHES": DUMMY}, {"LIVECOMP": {"SNAPSHOT": "off"}}], ids=["dummy", "off"])
def test_where_nothing_is_kept_a_page_with_fills_comes_to_life(
    live: LiveClient, settings: Any, options: dict[str, Any]
) -> None:
    for name, value in options.items():
        setattr(settings, name, value)
    opened = live.render(
        '{% live_component "filled_later" fills %}{% fill "title" %}<b>Tea</b>{% endfill %}{% endlive_component %}'
    )
    opened.call("add")
    assert "<b>Tea</b>" in opened.html
    opened.disconnect()
    opened.reconnect()
    assert "<b>Tea</b>" in opened.html


@override_settings(CACHES=DUMMY, LIVECOMP={"MAX_MESSAGE_BYTES": 4096})
def test_fills_in_tokens_leave_the_join_small(caplog: pytest.LogCaptureFixture) -> None:
    live_page = LivePage(make_request())
    html = [live_page.render_root("filled_later", {}, {"title": "x" * 600}) for _ in range(2)]
    assert [len(token) > 900 for each in html for token in _tokens(each)] == [True, False]
    assert "the page's fills are too long for its tokens" in caplog.text


class FilledLater(LiveComponent):
    template = "<p>{{ count }} {{ fills.title }}</p>"
    count: int = 0

    @event
    def add(self) -> None:
        self.count += 1


class ThingTaker(LiveComponent):
    template = "<p>thing</p>"

    def mount(self, thing: object = None) -> None:
        pass


@override_settings(CACHES=DUMMY)
def test_an_argument_without_a_form_costs_its_own_component_only(caplog: pytest.LogCaptureFixture) -> None:
    live_page = LivePage(make_request())
    html = live_page.render_root("thing_taker", {"thing": object()}) + live_page.render_root("beside_it", {})
    assert "'thing_taker' can be brought to life only from its snapshot" in caplog.text
    assert "because 'thing' cannot be in a token (object has no such form)" in caplog.text
    driver = Driver("beside_it")
    joined, error = driver.join(tokens=_tokens(html))
    assert joined[0] == "joined"
    assert error == ["error", 0, "gone", "This part of the page is out of date; load the page again.", "c0"]
    assert list(driver.page.tree) == ["c1"]


def test_a_cache_that_keeps_nothing_has_no_page_loaded_again_and_again(caplog: pytest.LogCaptureFixture) -> None:
    tokens = _tokens(LivePage(make_request()).render_root("thing_taker", {"thing": object()}))
    driver = Driver("beside_it")
    cache.clear()
    driver.join(tokens=tokens)
    assert driver.out(Close) == [Close(CloseCode.VERSION_CHANGED, "This page is out of date; load it again.")]
    with override_settings(CACHES=DUMMY):
        joined, error = driver.join(tokens=tokens)
    assert (joined[0], error[:3]) == ("joined", ["error", 0, "gone"])


def _tokens(html: str) -> list[str]:
    import re

    return re.findall(r'lc-token="([^"]+)"', html)


class OneNoteRow(LiveComponent):
    template = "<p>{{ text }}</p>"
    text: str = ""

    def mount(self, note: Note) -> None:
        self.text = note.text


def test_a_row_that_was_deleted_fails_its_own_component_only(caplog: pytest.LogCaptureFixture) -> None:
    note = Note.objects.create(text="here")
    live_page = LivePage(make_request())
    html = live_page.render_root("one_note_row", {"note": note}) + live_page.render_root("beside_it", {})
    note.delete()
    cache.clear()
    driver = Driver("beside_it")
    (joined,) = driver.join(tokens=_tokens(html))
    assert [address for address, _ in joined[4]] == ["c0.0"]
    assert "livecomp-error" in str(driver.page.fresh_html()["c0"])
    assert "Note matching query does not exist" in caplog.text
    caplog.clear()


# Caches of whole pages


def test_a_page_s_own_tokens_win_over_those_that_a_cache_mixed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 60)
    foreign = LivePage(make_request())
    html = "".join(foreign.render_root("greeting_visitor", {}) for _ in range(3))
    monkeypatch.setattr(time, "time", lambda: now)
    driver = Driver("beside_it")
    joined, *errors = driver.join(tokens=[*_tokens(html), driver.token])
    assert joined[0] == "joined"
    assert {error[2] for error in errors} == {"gone"}
    assert [mounted.component.name for mounted in driver.page.tree.values()] == ["beside_it"]


@pytest.mark.parametrize("bad", ["forged", "another visitor's"])
def test_a_bad_token_does_no_harm_to_the_components_beside_it(bad: str, django_user_model: Any) -> None:
    other = Driver("greeting_visitor", user=django_user_model.objects.create_user("other"))
    driver = Driver("beside_it")
    token = "x:y" if bad == "forged" else other.token
    joined, error = driver.join(tokens=[token, driver.token])
    assert (joined[0], error[:3]) == ("joined", ["error", 0, "gone"])


def test_a_view_s_page_is_kept_by_no_shared_cache(client: Client) -> None:
    assert "private" in client.get("/beside/")["Cache-Control"]


@override_settings(
    MIDDLEWARE=[
        "django.middleware.cache.UpdateCacheMiddleware",
        *__import__("tests.settings").settings.MIDDLEWARE,
        "django.middleware.cache.FetchFromCacheMiddleware",
    ]
)
@pytest.mark.parametrize("url", ["/page/", "/cached/"])
def test_django_s_cache_keeps_no_page_with_live_components(client: Client, url: str) -> None:
    first, second = (client.get(url, {"name": "beside_it"}).content.decode() for _ in range(2))
    assert set(_tokens(first)).isdisjoint(_tokens(second))


def test_nobody_is_told_where_a_token_fails_but_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "livecomp.security"):
        Driver("beside_it").join(tokens=["x:y"])
    assert "A page's token was refused: it is not one of this site's." in caplog.text


def test_as_view_takes_a_title_and_the_route_s_dict_the_arguments(client: Client) -> None:
    html = client.get("/titled/").content.decode()
    assert "<title>A title</title>" in html
    assert "from the route" in html


@pytest.mark.parametrize("name", ["where", "get", "setup", "component_class"])
def test_as_view_says_how_a_field_gets_its_value(name: str) -> None:
    with pytest.raises(
        TypeError, match=rf"'not_yours' takes title and http_method_names, not '{name}'.*\{{\"{name}\": …\}}"
    ):
        NotYours.as_view(**{name: 1})


def test_a_refused_visitor_of_a_view_signs_in_and_a_refused_user_gets_403(
    client: Client, django_user_model: Any
) -> None:
    response = client.get("/members/?a=1")
    assert (response.status_code, response["Location"]) == (302, "/login/?next=/members/%3Fa%3D1")
    client.force_login(django_user_model.objects.create_user("ada"))
    assert client.get("/members/").status_code == 403


class Loader(LiveComponent):
    name = "serving.loader"
    template = "<ul>{% for n in rows %}<li live-key='{{ n }}' live-init=\"load\" live-value-n='{{ n }}'>{{ note }}</li>{% endfor %}</ul>"
    rows: list[int] = state([1, 2, 3])
    note: str = ""

    @event
    def load(self, n: int) -> None:
        pass

    @event
    def more(self, note: str = "") -> None:
        self.note = note
        self.rows = [*self.rows, 4]


@pytest.mark.django_db
def test_a_page_knows_how_many_events_its_html_calls_by_itself() -> None:
    driver = Driver("serving.loader")
    driver.join()
    assert driver.page.own_calls == 3
    driver.event("more")
    assert driver.page.own_calls == 4


@pytest.mark.django_db
def test_t48_nobody_writes_such_elements_in_text() -> None:
    driver = Driver("serving.loader")
    driver.join()
    driver.event("more", note='live-init="x" live-init=\'x\' live-intersect="y"')
    assert driver.page.own_calls == 3 + 4  # each row was sent again, and its element only
