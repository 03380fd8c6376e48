"""Rows of the threat list that a page by itself answers: tokens of another place, failures, what comes out."""

import json
import logging
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.core.checks import run_checks
from django.test import RequestFactory, override_settings

from livecomp import LiveComponent, event, state
from livecomp.effects import Close
from livecomp.testing import LiveClient
from tests.driver import Driver

pytestmark = pytest.mark.django_db
HOSTILE = '"><img src=x onerror=window.x=1></textarea></title><script>window.x=1</script>'


class Echo(LiveComponent):
    template = """<div title="{{ text }}"><p id="text">{{ text }}</p><input name="a" value="{{ text }}">
<textarea name="b">{{ text }}</textarea><a href="/?q={{ text|urlencode }}">{{ text }}</a></div>"""
    text: str = state("", bind=True)

    @event
    def show(self, text: str) -> None:
        self.text = text

    @event
    def tell(self, text: str) -> None:
        self.push_event("told", {"text": text, "__proto__": {"polluted": True}})


class Fragile(LiveComponent):
    template = "<div><p>{{ value }}</p>{% if broken %}{{ explode }}{% endif %}</div>"
    value: int = 1
    broken: bool = False

    @property
    def explode(self) -> str:
        raise RuntimeError("in the template")

    @event
    def break_it(self) -> None:
        self.value, self.broken = 2, True

    @event
    def add(self) -> None:
        self.value += 1


class FragileMount(LiveComponent):
    template = "<div>{{ value }}</div>"
    value: int = 1
    refuses = False

    def mount(self) -> None:
        if type(self).refuses:
            raise RuntimeError("no")


def test_t29_a_replay_by_the_same_visitor_mounts_anew_and_harms_nothing() -> None:
    driver = Driver("counter", start=5)
    driver.join()
    driver.event("add")
    first = driver.page
    driver.join()
    assert (first.tree["c0"].component.count, driver.component.count) == (6, 5)  # type: ignore[attr-defined]


def test_t32_a_token_is_good_for_its_own_place_only() -> None:
    counter, table = Driver("counter"), Driver("table")
    counter.join(tokens=[table.token])
    assert counter.component.name == "table"  # it is the other page, with the other page's component
    assert counter.page.id == table.page.id or counter.page.id != ""
    (reply,) = counter.join(tokens=[counter.token, counter.token])
    assert (reply[0], list(counter.page.tree)) == ("joined", ["c0"])  # once, however often it is shown


def test_t35_an_argument_that_is_named_like_a_secret_is_warned_of() -> None:
    class Leaky(LiveComponent):
        template = "<p></p>"

        def mount(self, api_key: str = "") -> None: ...

    warnings = [message for message in run_checks(tags=["livecomp"]) if message.id == "livecomp.W001"]
    assert any(message.obj is Leaky for message in warnings)


def test_t71_an_exception_in_the_template_leaves_the_html_as_it_was(caplog: pytest.LogCaptureFixture) -> None:
    driver = Driver("fragile")
    driver.join()
    replies = driver.event("break_it")
    assert replies[0][:3] == ["error", 1, "failed"]
    assert all(reply[0] != "patch" for reply in replies)
    assert (driver.component.value, driver.component.broken) == (1, False)
    assert "fragile.render failed" in caplog.text
    assert driver.event("add")[0][0] == "patch"
    caplog.clear()


def test_t73_an_exception_in_mount_on_the_socket_is_shown_in_place(caplog: pytest.LogCaptureFixture) -> None:
    driver = Driver("fragile_mount")
    driver.join()  # takes the snapshot
    FragileMount.refuses = True
    try:
        (reply,) = driver.join()
    finally:
        FragileMount.refuses = False
    assert reply[0] == "joined"
    ((address, html),) = reply[4]
    assert address == "c0.0"
    assert "Something went wrong here" in html
    assert not driver.out(Close)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    caplog.clear()


def test_t87_state_never_becomes_markup(live: LiveClient) -> None:
    page = live.mount("echo")
    page.call("show", text=HOSTILE)
    assert page.one("#text").text == HOSTILE
    assert not page.all("img, script")
    assert page.one("textarea").text == HOSTILE


def test_t88_no_tag_writes_attribute_names_from_data() -> None:
    from livecomp.templatetags.livecomp import register

    assert set(register.tags) == {"live_component", "live_scripts"}


def test_t90_the_payload_of_a_pushed_event_is_data() -> None:
    driver = Driver("echo")
    driver.join()
    ((kind, _, _, patches, effects),) = driver.event("tell", text=HOSTILE)
    assert (kind, patches) == ("patch", [])
    ((push, name, payload, component),) = effects
    assert (push, name, component) == ("push", "told", "c0")
    assert json.loads(json.dumps(payload))["text"] == HOSTILE


@override_settings(DEBUG=False)
def test_t95_an_error_reply_holds_no_detail_in_production(caplog: pytest.LogCaptureFixture) -> None:
    driver = Driver("counter")
    driver.join()
    text = driver.event("fail")[0][3]
    assert "no" not in text.replace("Something went wrong", "")
    caplog.clear()


def test_t97_a_model_instance_in_state_is_never_sent(django_user_model: Any) -> None:
    user = django_user_model.objects.create_user("alice", password="secret")

    class Profile(LiveComponent):
        template = "<p>{{ person.username }}</p>"
        person: Any = None

        @event
        def touch(self) -> None:
            self.person = django_user_model.objects.get(pk=user.pk)

    driver = Driver("profile", person=user)
    frames = [driver.html, json.dumps(driver.join()), json.dumps(driver.event("touch"))]
    assert all(user.password not in frame for frame in frames)


def test_t93_a_token_is_safe_inside_an_attribute() -> None:
    request = RequestFactory().get("/")
    request.user, request.session = AnonymousUser(), SessionStore()
    driver = Driver("echo", text="</script><!--\"'>")
    assert not set(driver.token) & set("<>\"'&")
