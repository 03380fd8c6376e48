"""livecomp.auth.guard: whatever makes a component visible, or acts for it, asks it first."""

import logging
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from django.contrib.auth.models import Permission, User
from django.core.exceptions import PermissionDenied
from django.db import OperationalError

from livecomp import LiveComponent, event, every, inputs, on, protocol, state
from livecomp.constants import CloseCode
from livecomp.effects import Close, Postpone, Publish, StartTask, StartTimer
from livecomp.receiving import HANDLERS
from livecomp.testing.client import LiveClient
from tests.driver import Driver

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
    if kind in (protocol.Event, protocol.Set, protocol.Url):
        assert "'error', 2, 'forbidden'" in sent


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


def test_t116_the_browser_shows_what_a_fresh_render_does_after_a_withdrawal(live: LiveClient) -> None:
    page = live.mount("guard.vault")
    Vault.is_open = False
    live.deliver()
    from livecomp import publish

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
    code = "forbidden" if isinstance(error, PermissionDenied) else "failed"
    assert [each[:3] for each in sent if each[0] == "error"] == [["error", 2, code]]
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
