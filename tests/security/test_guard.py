"""livecomp.auth.guard: whatever makes a component visible, or acts for it, asks it first."""

import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils.functional import SimpleLazyObject, cached_property

from livecomp import LiveComponent, auth, event, every, inputs, on, protocol, publish, resume, state
from livecomp.constants import CloseCode
from livecomp.effects import Close, Postpone, Publish, StartTask, StartTimer
from livecomp.presence import directory
from livecomp.receiving import HANDLERS
from livecomp.testing.client import LiveClient
from tests.driver import Driver, make_request
from tests.testapp import models as testapp

pytestmark = pytest.mark.django_db


class Vault(LiveComponent):
    """Its content is for those whom ``is_open`` lets in."""

    name = "guard.vault"
    template = "{% load livecomp %}<div>{{ secret }} {{ query.q }} {% for key in keys %}{% live_component 'guard.drawer' key=key label=key %}{% endfor %}</div>"
    is_open: ClassVar[Any] = True
    secret: str = state("first", bind=True)
    place: str = state("", url="place")
    keys: list[str] = state(["a"])

    def has_permission(self) -> bool:
        if isinstance(type(self).is_open, Exception):
            raise type(self).is_open
        return bool(type(self).is_open)

    @event
    def change(self) -> None:
        self.secret = "second"

    @event
    def begin(self) -> None:
        self.start_task(lambda: 1, then="take", progress="take")

    @on("vault")
    def heard(self, message: Any) -> None:
        self.secret = "second"

    @every(seconds=1)
    def tick(self) -> None:
        self.secret = "second"

    def take(self, value: Any) -> None:
        self.secret = "second"


class Drawer(LiveComponent):
    name = "guard.drawer"
    template = "<p>{{ label }} {{ content }}</p>"
    is_open: ClassVar[bool] = True
    label: str = ""
    content: str = "full"

    def has_permission(self) -> bool:
        return type(self).is_open

    @event
    def empty(self) -> None:
        self.content = "empty"


@pytest.fixture(autouse=True)
def everything_is_open() -> Iterator[None]:
    yield
    Vault.is_open = Drawer.is_open = True


def joined(name: str = "guard.vault", **arguments: Any) -> Driver:
    driver = Driver(name, **arguments)
    driver.join()
    return driver


TASK = "c0:1"
SHOWS = {
    protocol.Event: lambda: protocol.Event(2, "c0", "change", {}),
    protocol.Set: lambda: protocol.Set(2, "c0", {"secret": "second"}),
    protocol.Url: lambda: protocol.Url(2, "/?place=x&q=second"),
    protocol.Render: lambda: protocol.Render("c0"),
    inputs.TopicMessages: lambda: inputs.TopicMessages({"vault": [1]}),
    inputs.TimerFired: lambda: inputs.TimerFired("c0:tick"),
    inputs.TaskProgress: lambda: inputs.TaskProgress("TASK", 1),
    inputs.TaskUpdate: lambda: inputs.TaskUpdate("TASK", "c0", {"secret": "second"}),
    inputs.TaskDone: lambda: inputs.TaskDone("TASK", 1),
    inputs.Revalidated: lambda: inputs.Revalidated(True),
    inputs.RenderAgain: lambda: inputs.RenderAgain("c0"),
    inputs.Again: lambda: inputs.Again(inputs.TimerFired("c0:tick"), 1),
}
SHOWS_NOTHING = {protocol.Ack, protocol.Ping, protocol.Join, protocol.Unreadable, inputs.Whole, inputs.Refusal}
"""Answered without a look at a component; the join is tested below, and a shared component's viewers are asked for
themselves (tests/runtime/test_broadcast.py)."""


def test_t116_every_message_is_tested_here() -> None:
    assert SHOWS.keys() | SHOWS_NOTHING == HANDLERS.keys() | {inputs.Again}


@pytest.mark.parametrize("kind", SHOWS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("component", ["root", "child"])
def test_t116_after_a_withdrawal_no_message_shows_or_changes_anything(kind: type, component: str) -> None:
    driver = joined()
    driver.event("begin")
    (task,) = driver.out(StartTask)
    Vault.is_open = False
    message = SHOWS[kind]()
    if hasattr(message, "id") and message.id == "TASK":
        message = type(message)(
            **{name: getattr(message, name) if name != "id" else task.id for name in message.__dataclass_fields__}
        )
    if component == "child":  # which stands in what the visitor may not see
        if kind not in (protocol.Event, protocol.Render, inputs.RenderAgain):
            return
        message = {
            protocol.Event: protocol.Event(2, "c1", "empty", {}),
            protocol.Render: protocol.Render("c1"),
            inputs.RenderAgain: inputs.RenderAgain("c1"),
        }[kind]
    sent = str(driver.give(message))
    assert "second" not in sent
    assert "first" not in sent
    assert "full" not in sent
    assert "empty" not in sent
    assert driver.component.secret == "first"
    assert driver.page.tree["c1"].component.content == "full"
    if kind in (protocol.Event, protocol.Set):
        assert "'error', 2, 'forbidden'" in sent
    if kind in (protocol.Event, protocol.Set, protocol.Url):
        assert "not allowed to see this" in sent


def test_t116_what_is_not_allowed_any_more_is_gone_at_the_next_occasion_and_comes_back_when_it_is() -> None:
    driver = joined()
    Vault.is_open = False
    (patch,) = driver.give(inputs.TopicMessages({"vault": [1]}))
    assert "not allowed" in patch[3][0][1]
    assert driver.give(inputs.TopicMessages({"vault": [1]})) == []  # said once
    assert driver.give(inputs.RenderAgain("c1")) == []  # nothing of its children is in the browser
    Vault.is_open = True
    (patch,) = driver.give(inputs.TopicMessages({"vault": [1]}))
    assert "second" in patch[3][0][1]
    assert "full" in patch[3][0][1]


@pytest.mark.parametrize("is_same_process", [True, False])
def test_t116_children_are_asked_when_their_page_resumes(
    is_same_process: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from livecomp import resume, this_process

    driver = joined()
    driver.event("change")
    resume.save(driver.page, clean=True)
    if not is_same_process:
        monkeypatch.setattr(this_process, "_id", "another process1")
    Drawer.is_open = False
    (reply,) = driver.join(resume=(driver.page.joined_id, driver.page.version))
    assert reply[0] == "joined"
    assert "full" not in str(reply)
    assert driver.page.tree["c1"].is_refused


def test_t116_children_are_asked_at_the_first_join() -> None:
    driver = Driver("guard.vault")
    Drawer.is_open = False
    (reply,) = driver.join()
    assert "full" not in str(reply)
    assert "not allowed" in str(reply)


def test_t116_children_are_asked_when_their_parent_renders() -> None:
    class Shelf(LiveComponent):
        name = "guard.shelf"
        template = "{% load livecomp %}<div>{{ n }}{% live_component 'guard.drawer' label=n %}</div>"
        n: int = 0

        @event
        def more(self) -> None:
            self.n += 1

    driver = joined("guard.shelf")
    Drawer.is_open = False
    (reply,) = driver.event("more")
    assert "full" not in str(reply)
    assert driver.page.tree["c1"].is_refused
    Drawer.is_open = True
    (reply,) = driver.event("more")
    assert "2 full" in str(reply)


def test_t116_a_root_that_is_not_allowed_is_not_joined() -> None:
    driver = Driver("guard.vault")
    Vault.is_open = False
    assert driver.join() == []
    assert driver.out(Close)[0].code is CloseCode.FORBIDDEN


@pytest.mark.parametrize("name", ["guard.vault", "guard.reader"])
@pytest.mark.parametrize("is_same_process", [True, False])
def test_t116_a_page_whose_only_component_is_refused_when_it_resumes_shows_a_notice_and_comes_back(
    name: str, is_same_process: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from livecomp import this_process

    driver = joined(name)
    driver.event("change")
    resume.save(driver.page, clean=True)
    if not is_same_process:
        monkeypatch.setattr(this_process, "_id", "another_process1")
    Vault.is_open = False
    for _ in range(2):  # the second time the browser shows the notice already
        (reply,) = driver.join(resume=(driver.page.joined_id, driver.page.version))
        assert reply[0] == "joined"
        assert "not allowed to see this" in str(reply)
        assert "second" not in str(reply)
        assert driver.out(Close) == []
        driver.ref += 1
        assert driver.give(protocol.Event(driver.ref, "c0", "change", {}))[0][:3] == ["error", driver.ref, "forbidden"]
        resume.save(driver.page, clean=True)
    Vault.is_open = True
    sent = driver.join(resume=(driver.page.joined_id, driver.page.version))
    assert "second" in str(sent), "it comes back with its state"
    assert driver.component.secret == "second"


def test_t116_a_page_whose_state_is_lost_shows_a_notice_too() -> None:
    driver = joined()
    Vault.is_open = False
    cache.clear()
    (reply,) = driver.join(resume=(driver.page.joined_id, driver.page.version))
    assert "first" not in str(reply)
    assert "not allowed to see this" in str(reply)
    assert driver.out(Close) == []


@pytest.mark.parametrize("resumed", [False, True])
def test_a_rule_that_leads_away_does_so_when_a_page_is_joined(resumed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = Driver("guard.vault")
    if resumed:
        driver.join()
        resume.save(driver.page, clean=True)
    monkeypatch.setattr(Vault, "has_permission", lambda self: self.redirect("/login/"))
    (reply,) = driver.join(resume=(driver.page.joined_id, driver.page.version) if resumed else None)
    assert "first" not in str(reply)
    assert ["redirect", "/login/"] in [[*each] for each in reply[5]]


def test_t116_the_browser_shows_a_notice_after_a_reconnect_and_the_component_when_it_may(live: LiveClient) -> None:
    page = live.mount("guard.vault")
    page.call("change")
    Vault.is_open = False
    page.disconnect().reconnect()
    assert "not allowed to see this" in page.html
    assert "second" not in page.html
    Vault.is_open = True
    publish("vault", 1)
    live.deliver()
    assert "second" in page.html


def test_t116_the_browser_shows_what_a_fresh_render_does_after_a_withdrawal(live: LiveClient) -> None:
    page = live.mount("guard.vault")
    Vault.is_open = False
    live.deliver()
    publish("vault", 1)
    live.deliver()
    assert "first" not in page.html
    Vault.is_open = True
    publish("vault", 1)
    live.deliver()
    assert "second" in page.html


# Who the visitor is


class Staff(LiveComponent):
    name = "guard.staff"
    template = "<p>{{ n }}{% if perms.testapp.add_note %}may add{% endif %}{{ self.user.first_name }}</p>"
    n: int = 0

    def has_permission(self) -> bool:
        return bool(self.user.is_staff)

    @event
    def more(self) -> None:
        self.n += 1


class Adder(LiveComponent):
    name = "guard.adder"
    template = "<p>{{ n }}{% if perms.testapp.add_note %}may add{% endif %}</p>"
    n: int = 0

    @event
    def more(self) -> None:
        assert self.user.has_perm("testapp.add_note")
        self.n += 1


def test_t117_a_right_that_was_taken_away_and_saved_is_gone_at_the_next_event(live: LiveClient) -> None:
    user = User.objects.create_user("ann", is_staff=True)
    page = live.as_user(user).mount("guard.staff")
    page.call("more")
    User.objects.get(pk=user.pk)
    user.is_staff = False
    user.save()
    with pytest.raises(AssertionError, match=r"forbidden|not allowed"):
        page.call("more")


def test_t117_the_user_is_renewed(live: LiveClient) -> None:
    user = User.objects.create_user("ann", is_staff=True, first_name="Ann")
    page = live.as_user(user).mount("guard.staff")
    assert "Ann" in page.html
    user.first_name = "Anna"
    user.save()
    page.call("more")
    assert "Anna" in page.html


def test_t117_permissions_are_asked_for_in_each_message(live: LiveClient) -> None:
    user = User.objects.create_user("ann")
    add = Permission.objects.get(codename="add_note")
    user.user_permissions.add(add)
    page = live.as_user(user).mount("guard.adder")
    page.call("more")
    assert "may add" in page.html
    user.user_permissions.remove(add)
    with pytest.raises(AssertionError):
        page.call("more")
    user.user_permissions.add(add)
    page.call("more")
    assert "may add" in page.html


def as_lazy(user: User) -> Any:
    return SimpleLazyObject(lambda: user)


RULES = {
    "related": lambda user: user.membership.is_member,
    "prefetched": lambda user: any(group.name == "members" for group in user.groups.all()),
    "cached property": lambda user: user.is_member_of_the_club,
}


class Club(LiveComponent):
    """Its rule looks at what hangs on the user."""

    name = "guard.club"
    template = "<p>MEMBERS ONLY {{ n }}</p>"
    rule: ClassVar[str] = "related"
    n: int = 0

    def has_permission(self) -> bool:
        return bool(RULES[Club.rule](self.user))

    @event
    def add(self) -> None:
        self.n += 1

    @event
    def leave(self) -> None:
        leave_the_club(self.user)
        self.n += 1

    @on("guard.club")
    def hear(self, message: Any) -> None:
        self.n += 1


def leave_the_club(user: Any) -> None:
    testapp.Membership.objects.filter(user=user.pk).update(is_member=False)
    User.groups.through.objects.filter(user=user.pk).delete()


@pytest.fixture(params=RULES)
def member(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> User:
    ann = User.objects.create_user("ann")
    testapp.Membership.objects.create(user=ann)
    ann.groups.add(Group.objects.create(name="members"))
    of_the_club = cached_property(lambda user: testapp.Membership.objects.get(user=user).is_member)
    of_the_club.__set_name__(User, "is_member_of_the_club")
    monkeypatch.setattr(User, "is_member_of_the_club", of_the_club, raising=False)
    auth._kept_by.cache_clear()
    monkeypatch.setattr(Club, "rule", request.param)
    return User.objects.prefetch_related("groups").get()


@pytest.mark.parametrize("form", [as_lazy, lambda user: user])
def test_t117_what_hangs_on_the_user_is_read_again_in_each_message(form: Any, member: User) -> None:
    driver = Driver("guard.club", form(member))
    driver.join()
    assert driver.event("add")[0][0] == "patch"
    leave_the_club(member)
    sent = driver.event("add")
    assert sent[0][:3] == ["error", 2, "forbidden"]
    assert "not allowed to see this" in str(sent)


@pytest.mark.parametrize("form", [as_lazy, lambda user: user])
def test_t117_what_hangs_on_the_user_is_read_again_at_a_topics_message(form: Any, member: User) -> None:
    driver = Driver("guard.club", form(member))
    driver.join()
    assert driver.event("add")[0][0] == "patch"
    leave_the_club(member)
    (patch,) = driver.give(inputs.TopicMessages({"guard.club": [1]}))
    assert "not allowed to see this" in str(patch)


def test_t117_who_leaves_by_an_event_sees_nothing_of_it_afterwards(member: User) -> None:
    driver = Driver("guard.club", member)
    driver.join()
    sent = str(driver.event("leave"))
    assert "MEMBERS ONLY" not in sent
    assert "not allowed to see this" in sent


def test_t117_a_page_in_a_browser_reads_it_again(member: User, live: LiveClient) -> None:
    page = live.as_user(member).mount("guard.club")
    page.call("add")
    leave_the_club(member)
    with page.expect_error("forbidden"):
        page.call("add")


def test_what_hangs_on_the_user_stays_where_there_is_no_rule() -> None:
    ann = User.objects.create_user("ann")
    testapp.Membership.objects.create(user=ann)
    request = make_request(User.objects.select_related("membership").get())
    before = request.user
    auth.forget_permissions(request)
    assert request.user is before
    with CaptureQueriesContext(connection) as queries:
        assert request.user.membership.is_member
    assert len(queries) == 0


# A guard that cannot tell


@pytest.mark.parametrize("error", [OperationalError("gone"), PermissionDenied("no"), RuntimeError("a fault")])
@pytest.mark.parametrize("message", [protocol.Event, protocol.Set, protocol.Url])
def test_t126_a_guard_that_raises_is_an_answer(
    error: Exception, message: type, caplog: pytest.LogCaptureFixture
) -> None:
    driver = joined()
    driver.event("begin")
    Vault.is_open = error
    sent = driver.give(SHOWS[message]())
    is_refused = isinstance(error, PermissionDenied)
    answers = [["error", 2, "forbidden" if is_refused else "failed"]]
    if is_refused and message is protocol.Url:  # the page has moved, whatever one of its components says
        answers = []
    assert [each[:3] for each in sent if each[0] == "error"] == answers
    assert driver.page.ack == 2
    assert driver.out(Close) == []
    Vault.is_open = True
    driver.ref = 2
    assert "second" in str(driver.event("change"))
    caplog.clear()


@pytest.mark.parametrize("kind", [inputs.TopicMessages, inputs.TimerFired, inputs.TaskProgress, inputs.TaskDone])
def test_t126_what_the_server_has_to_say_waits_until_the_guard_can_tell(
    kind: type, caplog: pytest.LogCaptureFixture
) -> None:
    driver = joined()
    driver.event("begin")
    (task,) = driver.out(StartTask)
    message: Any = SHOWS[kind]()
    if kind in (inputs.TaskProgress, inputs.TaskDone):
        message = kind(task.id, 1)
    Vault.is_open = OperationalError("gone")
    for _ in range(3):
        assert driver.give(message) == []
        (postponed,) = driver.out(Postpone)
        message = inputs.Again(postponed.input, postponed.times)
    assert [record.levelno for record in caplog.records].count(logging.ERROR) == 1
    caplog.clear()
    Vault.is_open = True
    assert "second" in str(driver.give(message))
    assert driver.out(Postpone) == []


def test_t126_rows_that_are_refused_in_get_queryset() -> None:
    from tests.testapp.models import Note

    class Picky(LiveComponent):
        name = "guard.picky"
        template = "<p>{{ n }}</p>"
        n: int = 0

        def get_queryset(self, model: Any) -> Any:
            raise PermissionDenied

        @event
        def pick(self, note: Note) -> None:
            self.n += 1

    driver = joined("guard.picky")
    assert driver.event("pick", note=1) == [["error", 1, "forbidden", "You are not allowed to do this.", "c0"]]
    assert driver.page.ack == 1


def test_what_a_refused_handler_asked_for_is_not_started() -> None:
    driver = joined()
    Vault.is_open = False
    driver.event("begin")
    assert driver.out(StartTask) == driver.out(StartTimer) == driver.out(Publish) == []


@pytest.mark.parametrize("form", [as_lazy, lambda user: user])
def test_t117_permissions_are_forgotten_while_another_thread_reads_them(
    form: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = User.objects.create_user("ann")
    ann.user_permissions.add(Permission.objects.get(codename="add_note"))
    request = make_request(form(User.objects.get(pk=ann.pk)))
    asked_for = request.user

    def set_and_be_overtaken(user: User, name: str, value: Any) -> None:
        object.__setattr__(user, name, value)
        if name.endswith("perm_cache"):
            auth.forget_permissions(request)  # as the thread does that checks a viewer of a shared component

    with monkeypatch.context() as patched:
        patched.setattr(User, "__setattr__", set_and_be_overtaken, raising=False)
        assert asked_for.has_perm("testapp.add_note")
    ann.user_permissions.clear()
    auth.forget_permissions(request)
    assert not request.user.has_perm("testapp.add_note")
    assert request.user == ann


def test_t117_the_user_of_async_code_asks_again_too() -> None:
    request = make_request()
    request.__dict__["_acached_user"] = user = User.objects.create_user("ann")
    user.__dict__["_perm_cache"] = {"testapp.add_note"}
    auth.forget_permissions(request)
    assert not request.__dict__["_acached_user"].has_perm("testapp.add_note")


def test_t117_a_user_who_cannot_be_renewed_ends_no_page(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    driver = Driver("guard.adder", User.objects.create_user("ann"))
    driver.join()

    def fail(request: Any) -> None:
        raise RuntimeError("no copy of this one")

    with monkeypatch.context() as patched:
        patched.setattr(auth, "forget_permissions", fail)
        [[kind, ref, code, *_]] = driver.event("more")
    assert (kind, ref, code) == ("error", 1, "failed")
    caplog.clear()


class Membership(LiveComponent):
    name = "guard.membership"
    template = "{% load livecomp %}<p>{{ members }}{% live_component 'guard.drawer' label=n %}</p>"
    rule: ClassVar[str] = "class"
    is_member: ClassVar[bool] = True
    n: int = 0

    @property
    def members(self) -> str:
        return "members only" if self.n == 0 else "FRESH"

    def has_permission(self) -> bool:
        return self.user.has_perm("auth.delete_user") if Membership.rule == "perm" else Membership.is_member

    @event
    def leave(self, how: str) -> Iterator[None]:
        self.n += 1
        Membership.is_member = False
        self.user.user_permissions.clear()
        if how == "flash":
            self.flash("info", "bye")
        yield from ()

    @event
    def leave_at_once(self) -> None:
        self.n += 1
        Membership.is_member = False
        self.user.user_permissions.clear()

    @event
    def fail(self) -> None:
        self.leave_at_once()
        raise ValueError


@pytest.mark.parametrize("rule", ["class", "perm"])
@pytest.mark.parametrize("name", ["leave", "leave_at_once", "fail"])
def test_t116_a_handler_that_takes_away_the_visitors_own_right_shows_nothing_new(
    name: str, rule: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Membership, "rule", rule)
    monkeypatch.setattr(Membership, "is_member", True)
    ada = User.objects.create_user("ada")
    ada.user_permissions.add(Permission.objects.get(codename="delete_user"))
    driver = Driver("guard.membership", ada)
    driver.join()
    sent = str(driver.event(name, **({"how": "flash"} if name == "leave" else {})))
    assert "FRESH" not in sent
    assert "not allowed to see this" in sent
    caplog.clear()


class Reader(Vault):
    """Has nothing that listens, so that a resume is all that it renders for."""

    name = "guard.reader"
    template = "<p>{{ secret }} {{ comebacks }}</p>"
    comebacks: int = 0

    def resumed(self) -> None:
        self.comebacks += 1
        self.secret = "second"


@pytest.mark.parametrize("name", ["guard.vault", "guard.reader", "guard.house"])
@pytest.mark.parametrize("resumed", [False, True])
def test_t126_a_join_waits_where_the_guard_cannot_tell(
    resumed: bool, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    driver = Driver(name)
    if resumed:
        driver.join()
        resume.save(driver.page, clean=True)
    Vault.is_open = OperationalError("gone")
    sent = driver.join(resume=(driver.page.joined_id, driver.page.version) if resumed else None)
    assert driver.out(Close) == []
    assert sent[0][0] == "joined"
    assert sent[0][4] == [], "it stays as it is"
    waiting = driver.out(Postpone)
    assert waiting
    for each in waiting:
        assert driver.give(inputs.Again(each.input, each.times)) == []
        assert [one.input for one in driver.out(Postpone)] == [each.input], "it goes on waiting"
    Vault.is_open = True
    sent = [driver.give(inputs.Again(each.input, each.times)) for each in waiting]
    assert not resumed or name != "guard.reader" or "second 1" in str(sent), "it is told that its page is back"
    vault = next(id for id, each in driver.page.tree.items() if isinstance(each.component, Vault))
    assert driver.event("change", vault)[0][0] != "error"
    caplog.clear()


class House(LiveComponent):
    name = "guard.house"
    template = "{% load livecomp %}<div>{% live_component 'guard.reader' %}</div>"


@pytest.mark.parametrize("answer", [True, None])
def test_a_rule_that_sends_the_visitor_elsewhere_refuses_whatever_it_gives(answer: bool | None) -> None:
    class Away(LiveComponent):
        name = "guard.away"
        template = "<p>SECRET {{ n }}</p>"
        is_open: ClassVar[bool] = True
        n: int = 0

        def has_permission(self) -> Any:
            if not Away.is_open:
                self.redirect("/login/")
                return answer
            return True

        @event
        def add(self) -> None:
            self.n += 1

    driver = joined("guard.away")
    Away.is_open = False
    for sent in (driver.event("add"), driver.give(protocol.Render("c0")), driver.give(inputs.RenderAgain("c0"))):
        assert "SECRET" not in str(sent)
        assert driver.page.tree["c0"].component.n == 0  # type: ignore[attr-defined]
    Away.is_open = True
    driver.event("add")
    Away.is_open = False
    resume.save(driver.page, clean=True)
    sent = driver.join(resume=(driver.page.joined_id, driver.page.version))
    assert "SECRET" not in str(sent)


@pytest.mark.parametrize("message", [protocol.Event(1, "c0", "add", {}), protocol.Set(1, "c0", {"n": 1})])
def test_t116_a_rule_that_leads_away_does_so_at_a_refused_event_and_not_later(message: Any) -> None:
    class Led(LiveComponent):
        name = "guard.led"
        template = "<p>SECRET {{ n }}</p>"
        is_open: ClassVar[bool] = True
        n: int = state(0, bind=True)

        def has_permission(self) -> bool:
            if not Led.is_open:
                self.flash("warning", "not yours")
                self.redirect("/login/")
            return Led.is_open

        @event
        def add(self) -> None:
            self.n += 1

    driver = joined("guard.led")
    Led.is_open = False
    sent = driver.give(message)
    assert [each[:3] for each in sent if each[0] == "error"] == [["error", 1, "forbidden"]]
    assert str(sent).count("/login/") == str(sent).count("not yours") == 1
    assert "not allowed to see this" in str(sent), "what it may not be seen any more does not stay on the screen"
    assert driver.page.ack == 1
    Led.is_open = True
    driver.ref = 1
    sent = driver.event("add")
    assert "SECRET 1" in str(sent)
    assert "/login/" not in str(sent)


def test_t116_an_event_that_only_its_own_rule_refuses_leaves_its_component_there(live: LiveClient) -> None:
    driver = joined("guard.single")
    assert driver.event("forbidden") == [["error", 1, "forbidden", "'guard.single' is for signed-in users.", "c0"]]


class Single(LiveComponent):
    name = "guard.single"
    template = "<p>open</p>"

    @event(login_required=True)
    def forbidden(self) -> None: ...


def test_t117_a_declared_permission_and_has_perm_give_one_answer_and_read_no_user_again() -> None:
    user = User.objects.create_user("ann")
    user.user_permissions.add(Permission.objects.get(codename="add_note"))
    driver = Driver("guard.declared", User.objects.get(pk=user.pk))
    driver.join()
    User.objects.filter(pk=user.pk).update(is_active=False)  # which sends no signal: noticed when the user is renewed
    with CaptureQueriesContext(connection) as queries:
        assert "may add" in str(driver.event("more"))
    table = User._meta.db_table
    assert [each["sql"] for each in queries if f'FROM "{table}"' in each["sql"]] == []
    user.user_permissions.clear()
    assert driver.event("more")[0][2] == "forbidden"


class Declared(LiveComponent):
    name = "guard.declared"
    template = Adder.template
    permission_required = "testapp.add_note"
    n: int = 0

    @event
    def more(self) -> None:
        assert self.user.has_perm("testapp.add_note")
        self.n += 1


# A rule that gives no answer


class Unanswered(LiveComponent):
    name = "guard.unanswered"
    template = "<p>SECRET {{ n }}</p>"
    answer: ClassVar[Any] = staticmethod(lambda: True)
    n: int = 0

    def has_permission(self) -> Any:
        return Unanswered.answer()

    @event
    def add(self) -> None:
        self.n += 1


async def no_in_the_end() -> bool:
    return False


def no_when_asked() -> Iterator[bool]:
    yield False


async def no_bit_by_bit() -> AsyncIterator[bool]:
    yield False


NO_ANSWERS = {
    "coroutine": no_in_the_end,
    "generator": no_when_asked,
    "async generator": no_bit_by_bit,
    "method that was not called": lambda: no_in_the_end,
    "bound method": lambda: [].copy,
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", NO_ANSWERS)
def test_t116_a_rule_whose_answer_is_no_answer_lets_nobody_in(
    kind: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    driver = joined("guard.unanswered")
    monkeypatch.setattr(Unanswered, "answer", staticmethod(NO_ANSWERS[kind]))
    assert driver.event("add")[0][:3] == ["error", 1, "forbidden"]
    assert "SECRET" not in str(driver.give(protocol.Render("c0")))
    with pytest.raises(PermissionDenied):
        Driver("guard.unanswered")
    assert "neither true nor false" in caplog.text
    caplog.clear()


@pytest.mark.parametrize("answer", [1, "yes", [0], None, 0, "", []])
def test_a_rule_may_answer_with_what_is_true_or_false(answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = joined("guard.unanswered")
    monkeypatch.setattr(Unanswered, "answer", staticmethod(lambda: answer))
    assert (driver.event("add")[0][0] == "patch") is bool(answer)


# Who is there


class Lounge(Vault):
    """Whoever sees it is present."""

    name = "guard.lounge"
    template = """{% load livecomp %}<div>{{ secret }}{% if is_broken %}{% live_component 'nothing.of.this.name' %}{% endif %}
        {% live_component 'guard.seat' %}</div>"""
    is_broken: bool = False

    def mount(self) -> None:
        self.join_presence("guard.lounge", name="ann")

    @on("vault")
    def heard(self, message: Any) -> None:
        self.secret = "second"
        self.is_broken = message == "break"


class Seat(Drawer):
    """In it."""

    name = "guard.seat"

    def mount(self) -> None:
        self.join_presence("guard.seat", name="ann")


def present() -> list[bool]:
    return [bool(directory.present(topic)) for topic in ("guard.lounge", "guard.seat")]


def test_who_may_not_see_a_component_is_not_present_through_it() -> None:
    driver = joined("guard.lounge")
    assert present() == [True, True]
    Vault.is_open = False
    driver.give(inputs.TopicMessages({"vault": [1]}))
    assert present() == [False, False]
    Vault.is_open = True
    driver.give(inputs.TopicMessages({"vault": [1]}))
    assert present() == [True, True]
    Drawer.is_open = False
    driver.give(inputs.RenderAgain("c1"))
    assert present() == [True, False]
    Vault.is_open = False
    driver.give(inputs.TopicMessages({"vault": [1]}))
    Vault.is_open = True
    driver.give(inputs.TopicMessages({"vault": [1]}))
    assert present() == [True, False], "what is refused by itself stays away"
    Drawer.is_open = True
    driver.give(inputs.RenderAgain("c1"))
    assert present() == [True, True]
    driver.page.close()
    assert present() == [False, False]


def test_who_may_not_see_it_is_not_there_when_the_page_resumes() -> None:
    driver = joined("guard.lounge")
    resume.save(driver.page, clean=True)
    driver.page.close()
    Vault.is_open = False
    driver.join(resume=(driver.page.joined_id, driver.page.version))
    assert present() == [False, False]
    Vault.is_open = True
    driver.give(inputs.TopicMessages({"vault": [1]}))
    assert present() == [True, True]
    driver.page.close()


def test_a_return_that_is_undone_is_none(caplog: pytest.LogCaptureFixture) -> None:
    driver = joined("guard.lounge")
    Vault.is_open = False
    driver.give(inputs.TopicMessages({"vault": [1]}))
    Vault.is_open = True
    driver.give(inputs.TopicMessages({"vault": ["break"]}))
    assert driver.page.tree["c0"].component.is_broken is False  # type: ignore[attr-defined]
    assert present() == [True, True], "it is shown as it was before the message"
    driver.page.close()
    caplog.clear()
