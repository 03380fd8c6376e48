"""What ends the connections of a visitor, and what has them looked at again: when it is said, and to whom."""

import asyncio
import functools
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import alogout, login, logout, update_session_auth_hash
from django.contrib.auth.models import Group, Permission, User
from django.contrib.auth.signals import user_logged_out
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection, models, transaction
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, RequestFactory, override_settings
from django.test.utils import isolate_apps
from django.urls import path
from django.utils import timezone

from livecomp import auth, signout, topics

ENGINES = ["db", "cache", "cached_db", "file", "signed_cookies"]
STORES = ENGINES[:4]  # of which the server keeps something


class Heard:
    """All that is said, with what was visible at that moment."""

    def __init__(self) -> None:
        self.words: list[tuple[str, str]] = []
        self.look: Any = None
        self.seen: list[Any] = []

    def deliver_soon(self, topic: str, messages: list[Any], origin: object) -> None:
        pass

    def control_soon(self, kind: str, value: Any) -> None:
        self.words += [(kind, mark) for mark in value]
        if self.look is not None:
            self.seen.append(self.look())

    def take(self) -> list[tuple[str, str]]:
        words, self.words = self.words, []
        return words


@pytest.fixture
def heard(transactional_db: Any) -> Iterator[Heard]:
    listener = Heard()
    topics.add_listener(listener)
    yield listener
    topics.remove_listener(listener)


@pytest.fixture
def user(heard: Heard) -> User:
    user = User.objects.create_user("alice", password="old")
    heard.words.clear()
    return user


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    module = f"django.contrib.sessions.backends.{request.param}"
    with override_settings(SESSION_ENGINE=module, SESSION_FILE_PATH=str(tmp_path), ROOT_URLCONF=__name__):
        yield request.param


@pytest.fixture
def client(heard: Heard, user: User) -> Client:
    """Alice's browser."""
    client = Client()
    client.force_login(user)
    heard.words.clear()
    return client


inside: list[Any] = []
"""What is called while a view runs, after it has done its work."""


def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return _answer()


async def sign_out_async(request: HttpRequest) -> HttpResponse:
    await alogout(request)
    return await asyncio.to_thread(_answer)


def sign_in(request: HttpRequest) -> HttpResponse:
    login(request, User.objects.get(username="alice"), "django.contrib.auth.backends.ModelBackend")
    return _answer()


def flush(request: HttpRequest) -> HttpResponse:
    request.session.flush()
    return _answer()


def write(request: HttpRequest) -> HttpResponse:
    request.session["number"] = request.session.get("number", 0) + 1
    return _answer()


def set_password(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    user.set_password("new")
    user.save()
    update_session_auth_hash(request, user)
    return _answer()


def fail(request: HttpRequest) -> HttpResponse:
    logout(request)
    _answer()
    raise RuntimeError("after the logout")


def _answer() -> HttpResponse:
    for function in inside:
        function()
    return HttpResponse("done")


urlpatterns = [path(f"{view.__name__}/", view) for view in (sign_out, sign_in, flush, write, set_password, fail)]
urlpatterns.append(path("sign_out_async/", sign_out_async))


def key_of(client: Client) -> str:
    return client.cookies["sessionid"].value


def mark_of(client: Client) -> str:
    return auth.session_mark(key_of(client))


@pytest.fixture
def during(heard: Heard) -> Iterator[list[int]]:
    """How many words had been said when the view was done."""
    counts: list[int] = []
    inside.append(lambda: counts.append(len(heard.words)))
    yield counts
    inside.clear()


def test_t37_signing_out_is_told_with_the_session_that_has_ended(
    heard: Heard, client: Client, user: User, engine: str, during: list[int]
) -> None:
    client.force_login(user)
    heard.take()
    key, mark = key_of(client), mark_of(client)
    store: Any = import_module(f"django.contrib.sessions.backends.{engine}").SessionStore
    heard.look = lambda: dict(store(key).items())
    assert client.get("/sign_out/").content == b"done"
    assert during == [0]  # not before the response is out
    if engine == "signed_cookies":
        assert heard.words == [("ended", f"user:{user.pk}")]
    else:
        assert heard.words == [("ended", mark)]
        assert heard.seen == [{}]  # nobody who reads the session now finds it


async def test_t37_signing_out_in_an_async_view(heard: Heard, client: Client) -> None:
    browser: Any = AsyncClient()
    browser.cookies["sessionid"] = key_of(client)
    with override_settings(ROOT_URLCONF=__name__):
        await browser.get("/sign_out_async/")
    assert heard.words == [("ended", mark_of(client))]


def test_t37_signing_out_in_a_transaction_that_lasts(heard: Heard, client: Client, user: User, engine: str) -> None:
    client.force_login(user)
    heard.take()
    with transaction.atomic():
        client.get("/sign_out/")
        if engine in ("db", "cached_db"):
            assert heard.words == []
    assert [kind for kind, _ in heard.words] == ["ended"]


@override_settings(ROOT_URLCONF=__name__)
def test_t37_signing_out_that_is_rolled_back_has_not_happened(
    heard: Heard, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    client.raise_request_exception, key = False, key_of(client)
    assert client.get("/fail/").status_code == 500
    assert heard.words == []
    assert Session.objects.filter(session_key=key).exists()


@override_settings(ROOT_URLCONF=__name__)
def test_t37_signing_out_with_atomic_requests(
    heard: Heard, client: Client, monkeypatch: pytest.MonkeyPatch, during: list[int]
) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    mark, key = mark_of(client), key_of(client)
    heard.look = lambda: (connection.in_atomic_block, Session.objects.filter(session_key=key).exists())
    client.get("/sign_out/")
    assert (heard.words, heard.seen, during) == ([("ended", mark)], [(False, False)], [0])


def test_t37_signing_out_outside_of_a_request(heard: Heard, client: Client, user: User) -> None:
    key, mark = key_of(client), mark_of(client)
    heard.look = lambda: Session.objects.filter(session_key=key).exists()
    client.logout()
    assert (heard.words, heard.seen) == ([("ended", mark)], [False])


def test_t37_a_receiver_that_is_slow_to_see_the_signal_changes_nothing(heard: Heard, client: Client) -> None:
    heard_at_signal: list[int] = []

    def slow(**kwargs: Any) -> None:
        heard_at_signal.append(len(heard.words))

    user_logged_out.connect(slow)
    try:
        client.logout()
    finally:
        user_logged_out.disconnect(slow)
    assert heard_at_signal == [0]
    assert len(heard.words) == 1


def test_t37_an_anonymous_sign_out_ends_its_session_only(heard: Heard) -> None:
    browser = Client()
    browser.logout()
    assert [mark[:8] for _, mark in heard.words] == ["session:"]


def test_a_session_that_is_flushed_without_a_logout(heard: Heard, client: Client, user: User, engine: str) -> None:
    client.force_login(user)
    heard.take()
    mark = mark_of(client)
    client.get("/flush/")
    assert heard.words == [("ended", mark if engine != "signed_cookies" else f"user:{user.pk}")]


def test_an_anonymous_session_that_is_flushed(heard: Heard, engine: str) -> None:
    browser = Client()
    browser.get("/write/")
    mark = mark_of(browser)
    assert heard.words == []
    browser.get("/flush/")
    assert heard.words == ([("ended", mark)] if engine != "signed_cookies" else [])


def test_a_session_whose_row_is_deleted(heard: Heard, client: Client) -> None:
    mark = mark_of(client)
    with transaction.atomic():
        Session.objects.get(session_key=key_of(client)).delete()
        assert heard.words == []
    assert heard.words == [("ended", mark)]


def test_many_sessions_that_are_cleared_are_few_words(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    frames: list[int] = []
    monkeypatch.setattr(heard, "control_soon", lambda kind, value: frames.append(len(value)))
    past = timezone.now() - timezone.timedelta(days=1)
    Session.objects.bulk_create(Session(session_key=f"key{number}", expire_date=past) for number in range(1200))
    call_command("clearsessions")
    assert frames == [500, 500, 200]


def test_what_is_rolled_back_to_a_savepoint_is_not_told(heard: Heard) -> None:
    for key in "abc":
        Session.objects.create(session_key=key, expire_date=timezone.now())
    with transaction.atomic():
        Session.objects.get(session_key="a").delete()
        try:
            with transaction.atomic():
                Session.objects.get(session_key="b").delete()
                raise ValueError
        except ValueError:
            pass
        Session.objects.get(session_key="c").delete()
    assert [mark for _, mark in heard.words] == [auth.session_mark("a"), auth.session_mark("c")]


def test_signing_in_ends_the_pages_that_were_opened_before(
    heard: Heard, user: User, engine: str, during: list[int]
) -> None:
    browser = Client()
    browser.get("/write/")
    mark = mark_of(browser)
    during.clear()
    browser.get("/sign_in/")
    assert mark_of(browser) != mark
    assert heard.words == [("ended", mark)]
    assert during == [0]  # a page that reloads before the response is out would have the old cookie deleted


def test_signing_in_again_ends_nothing(heard: Heard, client: Client) -> None:
    with override_settings(ROOT_URLCONF=__name__):
        client.get("/sign_in/")
    assert heard.words == []


@override_settings(ROOT_URLCONF=__name__)
def test_t38_a_password_changed_by_its_user_is_told_when_the_new_cookie_is_out(
    heard: Heard, client: Client, user: User, during: list[int]
) -> None:
    mark = mark_of(client)
    client.get("/set_password/")
    assert during == [0]
    assert sorted(heard.words) == [("ended", mark), ("revalidate", f"user:{user.pk}")]
    assert client.get("/write/").wsgi_request.user == user  # this session goes on


@pytest.mark.parametrize("change", ["password", "is_active", "delete"])
def test_t38_what_changes_an_account(heard: Heard, user: User, change: str) -> None:
    word = ("revalidate", f"user:{user.pk}")
    with transaction.atomic():
        if change == "password":
            user.set_password("new")
            user.save()
        elif change == "is_active":
            user.is_active = False
            user.save(update_fields=["is_active"])
        else:
            user.delete()
        assert heard.words == []
    assert heard.words == [word]


def test_t39_what_changes_somebodys_rights(heard: Heard, user: User) -> None:
    word = [("revalidate", f"user:{user.pk}")]
    permission = Permission.objects.get(codename="view_note")
    group, other = Group.objects.create(name="readers"), User.objects.create_user("bob")
    assert heard.take() == []
    for change in (
        lambda: user.user_permissions.add(permission),
        lambda: user.user_permissions.clear(),
        lambda: user.groups.set([group]),
        lambda: group.permissions.add(permission),
        lambda: permission.group_set.remove(group),
        lambda: group.permissions.set([permission]),
        lambda: group.permissions.clear(),
        lambda: group.user_set.clear(),
        lambda: permission.user_set.add(user),
        lambda: permission.delete(),
        lambda: group.user_set.add(user),
        lambda: group.delete(),
    ):
        change()
        assert heard.take() == word
    other.groups.clear()
    assert heard.take() == [("revalidate", f"user:{other.pk}")]


def test_a_word_names_no_session_key(heard: Heard, client: Client) -> None:
    key = key_of(client)
    client.logout()
    assert key not in repr(heard.words)


def test_a_visitor_is_known_by_the_session_of_the_handshake() -> None:
    request: Any = RequestFactory().get("/", HTTP_COOKIE="sessionid=abc")
    store: Any = import_module("django.contrib.sessions.backends.cache").SessionStore
    request.session = store("abc")
    mark = auth.session_mark("abc")
    assert auth.has_session_of(request, [mark, "user:1"])
    assert not auth.has_session_of(request, [auth.session_mark("abd"), "user:1", ""])
    request.session.flush()
    assert auth.has_session_of(request, [mark])


def test_flush_is_watched_once() -> None:
    watched = SessionBase.flush
    signout.connect()
    assert SessionBase.flush is watched


@pytest.mark.django_db
def test_t39_a_user_model_whose_groups_are_not_django_s_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.contrib.auth.models import Group, Permission

    from livecomp import signout

    monkeypatch.setattr(signout, "_leads_to", lambda model, field, related: False)
    Group.objects.create(name="a").delete()
    permission = Permission.objects.first()
    assert permission is not None
    permission.delete()
    assert signout._leads_to(User, "groups", Group) is False
    monkeypatch.undo()
    assert signout._leads_to(User, "groups", Group)
    assert not signout._leads_to(User, "groups", Permission)
    assert not signout._leads_to(User, "teams", Group)


@isolate_apps("tests.testapp")
def test_t37_an_account_that_is_changed_through_a_proxy_is_looked_at_again(heard: Heard) -> None:
    class Employee(User):
        class Meta:
            proxy = True
            app_label = "testapp"

    account = Employee.objects.create(username="eve")
    word = ("revalidate", f"user:{account.pk}")
    heard.take()
    account.is_active = False
    account.save()
    assert heard.take() == [word]
    account.groups.add(Group.objects.create(name="staff"))
    assert heard.take() == [word]
    account.delete()
    assert word in heard.take()


@isolate_apps("tests.testapp")
def test_t37_a_model_that_extends_the_users_is_an_account_too(heard: Heard) -> None:
    class Customer(User):
        number = models.CharField(max_length=20)

        class Meta:
            app_label = "testapp"

    kinds: dict[str, Any] = {"sender": Customer, "instance": Customer(id=7, user_ptr_id=7), "using": "default"}
    post_save.send(created=False, update_fields=None, raw=False, **kinds)
    assert heard.take() == [("revalidate", "user:7")]
    post_delete.send(origin=None, **kinds)
    assert heard.take() == [("revalidate", "user:7")]
    post_save.send(sender=Group, instance=Group(pk=7), created=False, update_fields=None, raw=False, using="default")
    assert heard.take() == []


@isolate_apps("tests.testapp")
def test_t39_a_group_that_is_deleted_through_a_proxy_takes_rights_away(heard: Heard, user: User) -> None:
    class Team(Group):
        class Meta:
            proxy = True
            app_label = "testapp"

    team = Team.objects.create(name="staff")
    user.groups.add(team)
    heard.take()
    team.delete()
    assert ("revalidate", f"user:{user.pk}") in heard.take()


def test_t117_a_flush_that_another_package_has_wrapped_is_listened_to_as_well(
    heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    django_s_own = SessionBase.flush.__wrapped__  # type: ignore[attr-defined]

    @functools.wraps(django_s_own)
    def of_another_package(session: SessionBase) -> None:
        django_s_own(session)

    monkeypatch.setattr(SessionBase, "flush", of_another_package)
    monkeypatch.setattr(SessionBase, "aflush", SessionBase.aflush)
    signout._watch_flush()
    assert SessionBase.flush is not of_another_package
    ours = SessionBase.flush
    signout._watch_flush()
    assert SessionBase.flush is ours, "once"
    store = import_module("django.contrib.sessions.backends.cache").SessionStore()
    store.save()
    key = store.session_key
    heard.words.clear()
    store.flush()
    assert auth.session_mark(key) in str(heard.words)
