"""What a handler asks for: plain values of any text go through, what has no form is a failed handler with words."""

import datetime
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db.models import TextChoices
from django.utils.functional import lazystr
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from livecomp import LiveComponent, event, every, protocol
from livecomp.effects import Send, StartTask, StartTimer
from livecomp.exceptions import ComponentError
from livecomp.page import LivePage
from livecomp.runtime.stepping import advance
from tests.driver import Driver

pytestmark = pytest.mark.django_db


class Level(TextChoices):
    SUCCESS = "success", "went well"


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise ValueError("in __str__")


class UnspeakableDenied(PermissionDenied):
    def __str__(self) -> str:
        raise ValueError("in __str__")


class Asks(LiveComponent):
    name = "effects.asks"
    template = "<p>{{ n }}</p>"
    n: int = 0
    kind: str = "text"

    def has_permission(self) -> bool:
        if self.kind == "denied":
            raise PermissionDenied(format_html("You need <b>{}</b>", "more"))
        return True

    @event
    def safe(self, what: str) -> None:
        self.n += 1
        text = {"safe": mark_safe, "lazy": lazystr}[self.kind]
        match what:
            case "redirect":
                self.redirect(text("/x/"))
            case "push_url":
                self.push_url(text("/x/"))
            case "replace_url":
                self.replace_url(text("/x/"))
            case "push_event":
                self.push_event(text("x"), {"a": text("y")})
            case "flash":
                self.flash(text("info"), text("x"))
            case "publish":
                self.publish("effects", [text("x")])
            case "error":
                raise ValueError(text("x"))
            case "denied":
                raise PermissionDenied(text("x"))

    @event
    def choice(self) -> None:
        self.n += 1
        self.flash(Level.SUCCESS, "x")
        self.push_event(Level.SUCCESS, {"a": Level.SUCCESS})

    @event
    def wrong(self, what: str) -> None:
        self.n += 1
        match what:
            case "push_event(…): the name":
                self.push_event(None)  # type: ignore[arg-type]
            case "push_url(…): the address":
                self.push_url(3)  # type: ignore[arg-type]
            case "flash(…): the level":
                self.flash(None, "x")  # type: ignore[arg-type]
            case "non-empty string, got None":
                self.subscribe(None)  # type: ignore[arg-type]
            case "non-empty string, got 5":
                self.subscribe(5)  # type: ignore[arg-type]
            case "non-empty string, got ''":
                self.presence("")
            case "send_after(nan":
                self.send_after(float("nan"), "later")
            case "send_after(inf":
                self.send_after(float("inf"), "later")
            case "send_after(datetime":
                self.send_after(datetime.timedelta(1), "later")  # type: ignore[arg-type]
            case "a method of this Asks":
                self.send_after(1, print)
            case "a method of this Asks was":
                self.start_task(int, then=lambda value: None)
            case "a function was expected":
                self.start_task(None)  # type: ignore[arg-type]

    @event
    def start(self) -> None:
        self.start_task(int, then=self.put)
        self.send_after(5, self.put, value=1)
        self.send_to(self, self.put, value=7)

    @event
    def fail(self, what: str) -> None:
        raise {"failed": Unspeakable(), "forbidden": UnspeakableDenied()}[what]

    def put(self, value: int) -> None:
        self.n = value

    def later(self) -> None: ...


def joined() -> Driver:
    driver = Driver("effects.asks")
    driver.join()
    return driver


@pytest.mark.parametrize("kind", ["safe", "lazy"])
@pytest.mark.parametrize("what", ["redirect", "push_url", "replace_url", "push_event", "flash", "publish"])
def test_t126_text_of_any_kind_in_an_effect_is_plain_text(kind: str, what: str) -> None:
    driver = joined()
    driver.component.kind = kind
    replies = driver.event("safe", what=what)
    assert replies[0][0] == "patch", replies
    for reply in replies:
        assert "Safe" not in repr(reply)
        assert protocol.encode(reply)


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("what", ["error", "denied"])
def test_t126_text_of_any_kind_in_an_error_is_plain_text(what: str, debug: bool, settings: Any) -> None:
    settings.DEBUG = debug
    driver = joined()
    driver.component.kind = "safe"
    [error] = driver.event("safe", what=what)
    assert type(error[3]) is str
    assert protocol.encode(error)


def test_t126_a_permission_that_is_denied_with_safe_html_is_told_in_plain_text() -> None:
    driver = joined()
    driver.component.kind = "denied"
    [error, *_] = driver.event("choice")
    assert error == ["error", 1, "forbidden", "You need <b>more</b>", "c0"]
    assert type(error[3]) is str


def test_a_member_of_an_enum_of_texts_is_a_text() -> None:
    driver = joined()
    [patch] = driver.event("choice")
    assert ("flash", "success", "x") in patch[4]
    assert ("push", "success", {"a": "success"}, "c0") in patch[4]


@pytest.mark.parametrize(
    "what",
    [
        *("push_event(…): the name", "push_url(…): the address", "flash(…): the level", "non-empty string, got None"),
        *("non-empty string, got 5", "non-empty string, got ''", "send_after(nan", "send_after(inf"),
        *("send_after(datetime", "a method of this Asks", "a method of this Asks was", "a function was expected"),
    ],
)
def test_t126_what_has_no_form_is_a_failed_handler_with_words(what: str, settings: Any) -> None:
    settings.DEBUG = True
    driver = joined()
    [error] = driver.event("wrong", what=what)
    assert error[:3] == ["error", 1, "failed"]
    assert what in error[3]
    assert driver.component.n == 0


def test_methods_may_be_given_themselves() -> None:
    driver = joined()
    driver.event("start")
    assert driver.component.n == 7
    [task] = driver.out(StartTask)
    assert driver.page.tree["c0"].tasks[task.id][0] == "put"
    [timer] = driver.out(StartTimer)
    assert driver.page.tree["c0"].later[timer.id][0] == "put"


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_a_timer_that_would_never_fire_in_order_is_refused(seconds: float) -> None:
    with pytest.raises(ComponentError, match="a positive number"):
        every(seconds=seconds)


@pytest.mark.parametrize("what", ["failed", "forbidden"])
@pytest.mark.parametrize("debug", [True, False])
def test_t126_an_exception_without_a_text_is_an_answer(what: str, debug: bool, settings: Any) -> None:
    settings.DEBUG = debug
    driver = joined()
    [error] = driver.event("fail", what=what)
    assert error[:3] == ["error", 1, what]


@pytest.mark.parametrize(
    "message",
    [
        ["patch", 3, 1, [("c0.0", "<p>")], [("push", "x", object(), "c0")]],
        ["ack", 1, [("push", "x", object(), "c0")]],
        ["joined", "id", 1, 1, [], [("push", "x", object(), "c0")]],
        ["error", 1, "failed", object()],
    ],
    ids=lambda message: message[0],
)
def test_t126_a_reply_that_cannot_be_encoded_ends_no_page(
    message: list[Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    driver = joined()
    monkeypatch.setattr(LivePage, "advance", lambda *args: None)
    driver.page.output(Send(message))
    _, text, *_ = advance(driver.page, None, None, None)  # type: ignore[arg-type]
    assert text.startswith(f'["{message[0]}",')
    assert "the reply" in caplog.text
    caplog.clear()
