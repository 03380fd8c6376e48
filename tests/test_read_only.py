"""What a live connection cannot keep is refused with words: the session, signing in, Django's messages."""

from typing import Any

import pytest
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.contrib.sessions.backends import cached_db, signed_cookies
from django.contrib.sessions.backends.db import SessionStore

from livecomp import LiveComponent, event
from livecomp.exceptions import SessionIsReadOnly
from livecomp.raised import contained
from livecomp.read_only import make_session_read_only
from livecomp.request import build_request, renew_visitor
from tests.driver import Driver, make_request

pytestmark = pytest.mark.django_db


class Shop(LiveComponent):
    name = "read_only.shop"
    template = "<p>{{ seen }}</p>"
    seen: str = ""

    @event
    def add(self) -> None:
        self.session["cart"] = ["tea"]

    @event
    def mark(self) -> None:
        self.session.modified = True

    @event
    def sign_in(self) -> None:
        login(self.request, User.objects.create_user("ann"), backend="django.contrib.auth.backends.ModelBackend")

    @event
    def say(self) -> None:
        messages.success(self.request, "Saved.")

    @event
    def look(self) -> None:
        self.seen = f"{self.session.get('cart')} {len(messages.get_messages(self.request))} {'cart' in self.session}"


@pytest.mark.parametrize(
    ("name", "words"),
    [("add", "ordinary view"), ("mark", "ordinary view"), ("sign_in", "login()"), ("say", "self.flash(")],
)
def test_t126_what_would_be_lost_is_refused_with_words(name: str, words: str, settings: Any) -> None:
    settings.DEBUG = True
    driver = Driver("read_only.shop")
    driver.join()
    [error] = driver.event(name)
    assert error[:3] == ["error", 1, "failed"]
    assert words in error[3]
    assert "None 0 False" in str(driver.event("look"))


@pytest.mark.parametrize("store", [SessionStore, cached_db.SessionStore, signed_cookies.SessionStore])
@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        *(("update", [{"a": 1}]), ("setdefault", ["a", 1]), ("pop", ["kept"]), ("clear", []), ("flush", [])),
        *(("cycle_key", []), ("save", []), ("set_expiry", [60]), ("__delitem__", ["kept"])),
    ],
)
def test_every_way_to_write_a_session_is_refused(store: Any, call: str, arguments: list[Any]) -> None:
    request = make_request()
    request.session = store()
    request.session["kept"] = 1
    request.session.save()
    make_session_read_only(request)
    with pytest.raises(SessionIsReadOnly), contained:
        getattr(request.session, call)(*arguments)
    assert request.session["kept"] == 1
    assert isinstance(request.session, store)
    make_session_read_only(request)
    assert type(request.session).__mro__.count(store) == 1


async def test_the_asynchronous_ways_too() -> None:
    request = make_request()
    make_session_read_only(request)
    with pytest.raises(SessionIsReadOnly):
        await request.session.aset("cart", 1)
    assert await request.session.aget("cart") is None


def test_a_session_that_cannot_be_read_is_an_empty_one() -> None:
    request = make_request()
    request.session = signed_cookies.SessionStore("forged")
    make_session_read_only(request)
    assert request.session.get("a") is None


def test_a_user_whose_password_changed_is_nobody_on_the_socket() -> None:
    user = User.objects.create_user("bob", password="old")
    request = make_request(user)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    request.session.save()
    User.objects.filter(pk=user.pk).update(password="new")
    scope = {"path": "/", "headers": [(b"cookie", f"sessionid={request.session.session_key}".encode())]}
    live = build_request(scope)
    make_session_read_only(live)
    assert not live.user.is_authenticated
    renew_visitor(live)
    with pytest.raises(SessionIsReadOnly):
        live.session["a"] = 1
    assert not live.user.is_authenticated
