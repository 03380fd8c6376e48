"""livecomp.tokens: what a page carries to be joined by."""

import json
import time
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.sessions.backends.db import SessionStore
from django.core import signing
from django.http import HttpRequest
from django.test import RequestFactory, override_settings
from django.utils.safestring import mark_safe

from livecomp import LiveComponent, state
from livecomp.exceptions import TokenRefused
from livecomp.tokens import Claims, issue, verify
from tests.driver import Driver
from tests.testapp.models import Note

pytestmark = pytest.mark.django_db
CLAIMS = Claims("page", "c0", "counter", {"start": 5}, "digest")


def request_of(user: Any = None, session_key: str | None = None) -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = user or AnonymousUser()
    request.session = SessionStore(session_key)
    return request


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice", password="x")


def test_a_token_gives_its_claims_back(alice: User) -> None:
    assert verify(issue(CLAIMS, request_of(alice)), request_of(alice)) == CLAIMS


def test_t26_any_changed_character_is_refused() -> None:
    request = request_of()
    token = issue(CLAIMS, request)
    for place, character in enumerate(token):
        for other in ("A", "B", "é", ""):
            if other != character:
                with pytest.raises(TokenRefused):
                    verify(token[:place] + other + token[place + 1 :], request)
    for bad in ("", ":", "a:b", token + "x", token.replace(":", "")):
        with pytest.raises(TokenRefused):
            verify(bad, request)


@pytest.mark.parametrize(("seconds", "valid"), [(86_399, True), (86_402, False)])
def test_t27_a_token_has_its_time(monkeypatch: pytest.MonkeyPatch, seconds: int, valid: bool) -> None:
    check_age(monkeypatch, seconds, valid)


@pytest.mark.parametrize(("seconds", "valid"), [(-59, True), (-62, False)])
def test_t28_a_token_of_the_future_is_refused(monkeypatch: pytest.MonkeyPatch, seconds: int, valid: bool) -> None:
    check_age(monkeypatch, seconds, valid)


def check_age(monkeypatch: pytest.MonkeyPatch, seconds: int, valid: bool) -> None:
    now = int(time.time())
    monkeypatch.setattr(time, "time", lambda: now)
    token = issue(CLAIMS, request_of())
    monkeypatch.setattr(time, "time", lambda: now + seconds)
    if valid:
        assert verify(token, request_of()) == CLAIMS
    else:
        with pytest.raises(TokenRefused):
            verify(token, request_of())


def test_t30_another_user_is_refused(alice: User) -> None:
    bob = User.objects.create_user("bob", password="x")
    with pytest.raises(TokenRefused):
        verify(issue(CLAIMS, request_of(alice)), request_of(bob))


def test_t31_sign_in_and_sign_out_end_a_token(alice: User) -> None:
    for first, second in ((None, alice), (alice, None)):
        with pytest.raises(TokenRefused):
            verify(issue(CLAIMS, request_of(first)), request_of(second))


def test_t31_a_new_password_ends_a_token(alice: User) -> None:
    token = issue(CLAIMS, request_of(alice))
    alice.set_password("y")
    with pytest.raises(TokenRefused):
        verify(token, request_of(alice))


def test_t30_another_session_of_a_visitor_without_account_is_refused() -> None:
    token = issue(CLAIMS, request_of(session_key="a" * 32))
    assert verify(token, request_of(session_key="a" * 32)) == CLAIMS
    for other in ("b" * 32, None):
        with pytest.raises(TokenRefused):
            verify(token, request_of(session_key=other))


def test_a_session_begun_after_the_render_does_not_end_a_token() -> None:
    assert verify(issue(CLAIMS, request_of()), request_of(session_key="a" * 32)) == CLAIMS


def test_t33_tokens_of_other_purposes_are_refused(alice: User) -> None:
    for salt in ("django.contrib.sessions", "livecomp.other", "django.core.signing"):
        with pytest.raises(TokenRefused):
            verify(signing.dumps(["page"], salt=salt), request_of())
    body = issue(CLAIMS, request_of()).rpartition(":")[0]
    with pytest.raises(TokenRefused):
        verify(signing.Signer(salt="another").sign(body), request_of())


def test_t34_a_rotated_key_is_honoured_as_fallback(alice: User) -> None:
    for user in (None, alice):
        with override_settings(SECRET_KEY="old"):
            token = issue(CLAIMS, request_of(user))
        with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["old"]):
            assert verify(token, request_of(user)) == CLAIMS
        with override_settings(SECRET_KEY="new"), pytest.raises(TokenRefused):
            verify(token, request_of(user))


def test_a_token_of_another_version_of_the_code_is_refused() -> None:
    token = issue(CLAIMS, request_of())
    with override_settings(LIVECOMP={"VERSION": "2"}), pytest.raises(TokenRefused):
        verify(token, request_of())


def test_t92_a_safe_string_is_a_plain_one_afterwards() -> None:
    claims = Claims("page", "c0", "x", {"html": mark_safe("<b>")}, "")
    arguments = verify(issue(claims, request_of()), request_of()).arguments
    assert arguments == {"html": "<b>"}
    assert type(arguments["html"]) is str


def test_t92_a_safe_argument_is_escaped_before_and_after_a_new_mount() -> None:
    class ShownArgument(LiveComponent):
        template = "<p>{{ text }} {{ parts.0 }}</p>"
        text: str = ""
        parts: list[str] = state([])

    driver = Driver("shown_argument", text=mark_safe("<b>&amp;"), parts=[mark_safe("<i>")])
    assert "&lt;b&gt;&amp;amp; &lt;i&gt;</p>" in driver.html
    driver.join()
    (reply,) = driver.join()  # the first join took the snapshot
    assert reply[4] == []
    assert driver.page.fresh_html()["c0"] == '<p lc="c0.0">&lt;b&gt;&amp;amp; &lt;i&gt;</p>'


def test_a_model_instance_comes_back_by_its_primary_key() -> None:
    note = Note.objects.create(text="hidden text")
    token = issue(Claims("page", "c0", "x", {"note": note}, ""), request_of())
    payload = json.loads(signing.b64_decode(token.partition(":")[0].encode()))
    assert "hidden text" not in json.dumps(payload)
    arguments = verify(token, request_of()).arguments
    assert arguments is not None
    assert arguments["note"] == note


def test_arguments_without_a_json_form_are_left_out() -> None:
    token = issue(Claims("page", "c0", "x", {"thing": object()}, ""), request_of())
    assert verify(token, request_of()).arguments is None
