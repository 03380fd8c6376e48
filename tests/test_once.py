"""Events that happen exactly once: `@event(once=True)` (THREATS row 139)."""

import datetime
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection, transaction
from django.http import HttpResponseRedirect
from django.utils import timezone

from livecomp import LiveComponent, begun, event, inputs, once, protocol, resume, state
from livecomp.constants import CloseCode, ErrorCode
from livecomp.effects import Close, Publish
from livecomp.exceptions import ComponentError, Refused
from livecomp.models import OnceEvent
from tests.driver import Driver
from tests.testapp.models import Note

pytestmark = pytest.mark.django_db


class Checkout(LiveComponent):
    name = "once.checkout"
    template = "<div>{{ paid }} {% if paid and type_is_broken %}{{ broken.x }}{% endif %}</div>"
    breaks: ClassVar[str] = ""
    paid: int = 0
    remark: str = state("", bind=True)

    @property
    def type_is_broken(self) -> bool:
        return type(self).breaks == "template"

    @property
    def broken(self) -> Any:
        raise ValueError("the template")

    @event(once=True)
    def pay(self, amount: int = 1) -> None:
        Note.objects.create(text=f"paid {amount}")
        self.paid += amount
        self.flash("success", "Paid.")
        if type(self).breaks == "handler":
            raise ValueError("the handler")

    @event(once=True)
    def close(self, note: Note) -> None:
        note.delete()
        self.paid += 1

    @event
    def look(self) -> None:
        self.remark = "looked"


@pytest.fixture(autouse=True)
def nothing_breaks() -> Iterator[None]:
    Checkout.breaks = ""
    yield
    Checkout.breaks = ""


@pytest.fixture(autouse=True)
def nobody_knows_what_has_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(begun, "read", lambda joined_id: None)


def joined(user: Any = None) -> Driver:
    driver = Driver("once.checkout", user)
    driver.join()
    resume.save(driver.page)
    return driver


def come_back_after_a_kill(driver: Driver) -> None:
    """Without the state that the last event has left."""
    driver.join(resume=(driver.page.joined_id, driver.page.version), heard=0)


def again(driver: Driver, ref: int = 1, name: str = "pay", key: str = "", **args: Any) -> list[list[Any]]:
    return driver.give(protocol.Event(ref, "c0", name, args, {}, key))


def flashes(replies: list[list[Any]]) -> list[Any]:
    """What the browser is told to say, with a patch or with an acknowledgement."""
    return [
        tuple(effect)
        for reply in replies
        for part in reply[2:]
        if type(part) is list
        for effect in part
        if effect[0] == "flash"
    ]


def test_t139_after_a_kill_the_answer_is_the_first_one_s() -> None:
    driver = joined()
    first = driver.event("pay", amount=3)
    come_back_after_a_kill(driver)
    assert driver.component.paid == 0
    second = again(driver, amount=3)
    assert Note.objects.count() == 1
    assert driver.component.paid == 3
    assert flashes(first) == flashes(second) == [("flash", "success", "Paid.")]
    assert second[0][3] == first[0][3]


def test_t139_an_event_that_had_not_happened_happens() -> None:
    driver = joined()
    driver.ref = 1  # sent, and lost with the process
    come_back_after_a_kill(driver)
    assert flashes(again(driver)) == [("flash", "success", "Paid.")]
    assert Note.objects.count() == 1


def test_t139_what_failed_has_not_happened_and_can_be_tried_again() -> None:
    driver = joined()
    Checkout.breaks = "handler"
    [error] = [reply for reply in driver.event("pay") if reply[0] == "error"]
    assert error[2] == "failed"
    assert not Note.objects.exists()
    assert not OnceEvent.objects.exists()
    come_back_after_a_kill(driver)
    Checkout.breaks = ""
    again(driver)
    assert Note.objects.count() == 1


def test_t139_a_template_that_fails_afterwards_takes_nothing_back_and_nobody_is_told_to_try_again() -> None:
    driver = joined()
    Checkout.breaks = "template"
    replies = driver.event("pay")
    assert "error" not in [reply[0] for reply in replies]
    assert "livecomp-error" in str(replies)
    assert ("flash", "success", "Paid.") in flashes(replies)
    assert driver.component.paid == 1
    assert driver.page.ack == 1
    assert Note.objects.count() == 1


def test_t139_what_it_did_does_not_keep_its_arguments_from_being_found_again() -> None:
    driver = joined()
    note = Note.objects.create(text="open")
    driver.event("close", note=note.pk)
    come_back_after_a_kill(driver)
    replies = again(driver, name="close", note=note.pk)
    assert [reply[0] for reply in replies] == ["patch"]
    assert driver.component.paid == 1


def test_t139_two_tabs_and_two_processes_that_send_the_same_event_do_it_once() -> None:
    driver = joined()
    key = once.key_of(driver.page, 1)
    driver.event("pay")
    other = joined()
    replies = again(other, key=key)
    assert Note.objects.count() == 1
    assert flashes(replies) == [("flash", "success", "Paid.")]
    assert other.component.paid == 0  # its own components were rendered from the database


def test_t139_an_event_of_a_page_that_is_gone_never_happens_later() -> None:
    driver = joined()
    key = once.key_of(driver.page, 1)
    other = joined()
    [error] = again(other, key=key)
    assert error[2:4] == ["failed", once.GIVEN_UP]
    [late] = driver.event("pay")  # a process that was slow
    assert late[2:4] == ["failed", once.GIVEN_UP]
    assert not Note.objects.exists()


def test_t139_nobody_else_gets_the_answer() -> None:
    driver = joined(User.objects.create_user("anna"))
    key = once.key_of(driver.page, 1)
    driver.event("pay")
    stranger = joined(User.objects.create_user("bert"))
    [error] = again(stranger, key=key)
    assert error[2] == "doubt", "it has happened: nobody is told to try again"
    assert "Paid" not in str(error)


def test_an_event_without_once_is_not_carried_to_another_page() -> None:
    driver = joined()
    [error] = again(driver, name="look", key="html.tab:1")
    assert error[2] == "doubt"
    assert driver.component.remark == ""


class Order(LiveComponent):
    """What has happened takes away the right to see it, or to do it again."""

    name = "once.order"
    template = "{% load livecomp %}<div>{% if is_open %}{% live_component 'once.pay' %}{% endif %}</div>"

    @property
    def is_open(self) -> bool:
        return not Note.objects.filter(text="left").exists()


class Pay(LiveComponent):
    name = "once.pay"
    template = "<p>{{ paid }} {{ open }}</p>"
    paid: int = 0
    open: str = state("yes", url="open")

    def has_permission(self) -> bool:
        return not Note.objects.filter(text="closed").exists()

    @event(once=True)
    def close(self, how: str) -> None:
        Note.objects.create(text=how)
        self.paid += 1
        self.flash("success", "Paid.")
        self.replace_url("/thanks/")

    @event(once=True)
    def tell(self, fails: bool = False) -> None:
        self.paid += 1
        self.flash("success", "Paid.")
        self.publish("once.orders", "new")
        transaction.on_commit(lambda: after_the_commit.append(fails))
        if fails:
            transaction.on_commit(lambda: {}["no broker"])
        transaction.on_commit(lambda: after_the_commit.append("last"))

    @event(once=True)
    def answer_as_a_view(self) -> Any:
        Note.objects.create(text="paid")
        return HttpResponseRedirect("/")


after_the_commit: list[Any] = []


def joined_as(name: str) -> Driver:
    after_the_commit.clear()
    driver = Driver(name)
    driver.join()
    resume.save(driver.page)
    return driver


@pytest.mark.parametrize(("name", "how"), [("once.pay", "closed"), ("once.order", "closed"), ("once.order", "left")])
def test_t139_who_may_not_do_it_again_is_told_that_it_has_happened(name: str, how: str) -> None:
    driver = joined_as(name)
    component = "c0" if name == "once.pay" else "c1"
    first = driver.event("close", component, how=how)
    assert flashes(first) == [("flash", "success", "Paid.")]
    before = driver.page
    replies = driver.join(resume=(before.joined_id, before.version), heard=0)
    assert replies[0][0] == "joined", "the browser is told what became of its events"
    replies = driver.give(protocol.Event(1, component, "close", {"how": how}))
    assert flashes(replies) == [("flash", "success", "Paid.")]
    assert "error" not in [reply[0] for reply in replies]
    assert driver.page.ack == 1
    assert driver.page.url == "/thanks/"
    assert Note.objects.count() == 1


def test_a_first_join_is_refused_and_a_page_that_comes_back_shows_a_notice() -> None:
    driver = joined_as("once.pay")
    Note.objects.create(text="closed")
    (reply,) = driver.join(resume=(driver.page.joined_id, driver.page.version))
    assert reply[0] == "joined"
    assert "not allowed to see this" in str(reply)
    driver.join()
    assert driver.out(Close)[0].code is CloseCode.FORBIDDEN


@pytest.mark.parametrize("code", [ErrorCode.RATE_LIMITED, ErrorCode.FAILED])
def test_t139_an_event_that_the_connection_refuses_when_it_is_sent_again_has_happened(code: ErrorCode) -> None:
    driver = joined()
    driver.event("pay")
    driver.event("look")
    come_back_after_a_kill(driver)
    message = protocol.Event(1, "c0", "pay", {})
    assert flashes(driver.give(inputs.Refusal.of(message, Refused(code, "Not now.")))) == [
        ("flash", "success", "Paid.")
    ]
    [error] = driver.give(inputs.Refusal.of(protocol.Event(2, "c0", "look", {}), Refused(code, "Not now.")))
    assert error[2] == "doubt"


def test_t139_an_event_that_has_not_happened_is_refused_as_it_is() -> None:
    driver = joined()
    driver.ref = 1
    come_back_after_a_kill(driver)
    refused = Refused(ErrorCode.RATE_LIMITED, "Not now.")
    [error] = driver.give(inputs.Refusal.of(protocol.Event(1, "c0", "pay", {}), refused))
    assert error[2] == "rate_limited"


def test_t139_an_answer_that_the_present_code_cannot_read_is_an_answer() -> None:
    driver = joined()
    driver.event("pay")
    OnceEvent.objects.update(answer=b"of other code")
    come_back_after_a_kill(driver)
    assert again(driver) == [["ack", 1]]
    assert Note.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_t139_a_commit_whose_answer_was_lost_counts_and_is_answered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = joined_as("once.pay")
    real, lost = connection.commit, []

    def commit() -> None:
        real()
        if not lost and OnceEvent.objects.filter(answer__isnull=False).exists():
            lost.append(True)
            raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(connection, "commit", commit)
    replies = driver.event("tell", fails=False)
    assert lost
    assert flashes(replies) == [("flash", "success", "Paid.")]
    assert driver.page.tree["c0"].component.paid == 1
    assert driver.out(Publish) == [Publish("once.orders", "new")]
    assert after_the_commit == [False, "last"]
    assert driver.page.ack == 1


@pytest.mark.django_db(transaction=True)
def test_t139_a_commit_that_another_process_made_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = joined()
    driver.event("pay")
    row = OnceEvent.objects.get()
    row.delete()
    monkeypatch.setattr(once, "_answer_of", lambda page: (_ for _ in ()).throw(OperationalError("gone")))
    monkeypatch.setattr(once, "_after", lambda key, database, error: row)
    driver.event("pay")
    assert driver.out(Close)[0].code is CloseCode.TRY_LATER
    assert driver.component.paid == 1
    assert driver.page.ack == 1


@pytest.mark.django_db(transaction=True)
def test_t139_what_fails_after_the_commit_does_not_make_the_event_fail(caplog: pytest.LogCaptureFixture) -> None:
    driver = joined_as("once.pay")
    replies = driver.event("tell", fails=True)
    assert "error" not in [reply[0] for reply in replies]
    assert driver.component.paid == 1
    assert after_the_commit == [True, "last"]
    assert driver.out(Publish)
    assert "once.pay.on_commit failed" in caplog.text
    caplog.clear()


def test_t126_a_response_that_it_gives_back_is_an_error(caplog: pytest.LogCaptureFixture) -> None:
    driver = joined_as("once.pay")
    [error] = [reply for reply in driver.event("answer_as_a_view") if reply[0] == "error"]
    assert error[2] == "failed"
    assert not Note.objects.exists()
    caplog.clear()


def test_t139_while_the_database_does_not_say_the_browser_asks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = joined()

    def fail(*args: Any, **kwargs: Any) -> Any:
        raise OperationalError("no connection")

    with monkeypatch.context() as patch:
        patch.setattr(once, "_rows", fail)
        replies = driver.event("pay")
    assert [reply[0] for reply in replies if reply[0] in ("error", "ack")] == []
    assert driver.page.ack == 0
    assert driver.out(Close)[0].code is CloseCode.TRY_LATER
    resume.save(driver.page, clean=True)
    come_back_after_a_kill(driver)
    again(driver)
    assert Note.objects.count() == 1


def test_rows_expire(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> None:
    monkeypatch.setattr(once, "_cleaned", {})
    old = OnceEvent.objects.create(key="old:1", user="")
    OnceEvent.objects.filter(pk=old.pk).update(happened=timezone.now() - datetime.timedelta(days=8))
    OnceEvent.objects.create(key="new:1", user="")
    driver = joined()
    with django_capture_on_commit_callbacks(execute=True):
        driver.event("pay")
    assert sorted(OnceEvent.objects.values_list("key", flat=True)) == sorted(["new:1", once.key_of(driver.page, 1)])


def test_other_events_cost_no_query() -> None:
    driver = joined()
    with connection.execute_wrapper(pytest.fail):
        driver.event("look")


async def _async(self: Any) -> None: ...


def _generator(self: Any) -> Iterator[None]:
    yield


@pytest.mark.parametrize("function", [_async, _generator])
def test_what_cannot_run_in_one_transaction_is_refused_when_the_class_is_made(function: Any) -> None:
    with pytest.raises(ComponentError, match="plain `def` without `async` and `yield`"):
        type("Refused", (LiveComponent,), {"name": "once.refused", "pay": event(once=True)(function)})


def test_with_atomic_requests_it_has_a_transaction_of_its_own(settings: Any) -> None:
    settings.DATABASES["default"]["ATOMIC_REQUESTS"] = True
    connection.settings_dict["ATOMIC_REQUESTS"] = True
    try:
        driver = joined()
        driver.event("pay")
        come_back_after_a_kill(driver)
        again(driver)
        assert Note.objects.count() == 1
    finally:
        settings.DATABASES["default"]["ATOMIC_REQUESTS"] = connection.settings_dict["ATOMIC_REQUESTS"] = False


@pytest.fixture
def without_its_table(transactional_db: None) -> Iterator[None]:
    with connection.schema_editor() as editor:
        editor.delete_model(OnceEvent)
    yield
    with connection.schema_editor() as editor:
        editor.create_model(OnceEvent)


def test_t139_without_its_table_an_event_fails_and_the_page_goes_on(without_its_table: None) -> None:
    driver = joined()
    [error] = driver.event("pay")
    assert error[2] == "failed"
    come_back_after_a_kill(driver)
    [error] = [reply for reply in again(driver) if reply[0] == "error"]
    assert error[2] == "doubt"
    assert not driver.out(Close)
    assert Note.objects.count() == 0
    replies = driver.event("look")
    assert replies[-1][0] in ("ack", "patch")


def test_t139_a_page_gives_up_a_limited_number_of_events_of_other_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(once, "MAX_GIVEN_UP", 2)
    driver = joined()
    codes = [again(driver, ref, key=f"invented:{ref}")[0][2] for ref in (1, 2, 3, 4)]
    assert codes == ["failed", "failed", "doubt", "doubt"]
    assert OnceEvent.objects.count() == 2


def test_t139_a_key_is_no_longer_than_one_can_be() -> None:
    with pytest.raises(protocol.ProtocolError):
        protocol.decode(f'["event", 1, "c0", "pay", {{}}, {{}}, "{"x" * 151}"]')


def test_t139_what_happens_between_the_look_and_the_giving_up_has_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = joined()
    driver.event("pay")
    key = OnceEvent.objects.get().pk
    other = joined()
    monkeypatch.setattr(once, "_look_up", lambda key, database, error=None: None)  # it is not committed yet
    replies = again(other, 1, key=key)
    assert flashes(replies) == [("flash", "success", "Paid.")]
    assert "error" not in [reply[0] for reply in replies]
    assert Note.objects.count() == 1
