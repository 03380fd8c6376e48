"""What a handler gives back, and what it raises, in the ways of a view."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpResponse
from django.shortcuts import redirect

from livecomp import LiveComponent, auth, event, inputs, on, presence, protocol, resume, state
from livecomp.effects import Send, Subscribe, Unsubscribe
from livecomp.runtime.pages import Pages
from tests.driver import Driver

pytestmark = pytest.mark.django_db


class Views(LiveComponent):
    """Handlers written as a view is."""

    name = "handling.views"
    template = "<p>{{ n }}</p>"
    n: int = 0

    @event
    def plain(self) -> Any:
        self.n += 1
        return redirect("/elsewhere/")

    @event
    async def asynchronous(self) -> Any:
        self.n += 1
        return HttpResponse("text")

    @event
    def generator(self) -> Any:
        yield
        self.n += 1
        return redirect("/elsewhere/")

    @event
    def yielded(self) -> Any:
        self.n += 1
        yield redirect("/elsewhere/")

    @event
    async def yielded_async(self) -> Any:
        self.n += 1
        yield redirect("/elsewhere/")

    @event
    def other(self) -> Any:
        self.n += 1
        return {"any": "value"}

    @event
    def denied(self, why: str = "") -> None:
        raise PermissionDenied(why) if why else PermissionDenied

    @event
    def be_there(self) -> None:
        self.join_presence("handling.room")

    def unmount(self) -> None:
        self._left = True


def joined() -> Driver:
    driver = Driver("handling.views")
    driver.join()
    return driver


@pytest.mark.parametrize("name", ["plain", "asynchronous", "generator", "yielded", "yielded_async"])
def test_t126_a_response_that_a_handler_gives_back_is_an_error_that_says_what_to_do(name: str, settings: Any) -> None:
    settings.DEBUG = True
    driver = joined()
    [error] = [reply for reply in driver.event(name) if reply[0] == "error"]
    assert error[2] == "failed"
    assert "self.redirect(to)" in error[3]
    assert driver.component.n == 0
    assert driver.event("other")[0][0] == "patch"


def test_what_an_event_denies_it_says_in_its_own_words() -> None:
    driver = joined()
    assert driver.event("denied", why="nope for you") == [["error", 1, "forbidden", "nope for you", "c0"]]
    assert driver.event("denied") == [["error", 2, "forbidden", "You are not allowed to do this.", "c0"]]


@pytest.mark.parametrize("what", ["bindings", "save"])
def test_a_page_that_closes_does_all_its_parts_whatever_one_of_them_raises(
    what: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*args: Any, **kwargs: Any) -> Any:
        raise OperationalError("the database is away")

    class Clock:
        def presence_changed(self) -> None: ...

    presence.directory.start(Clock())  # type: ignore[arg-type]
    try:
        driver = joined()
        driver.event("be_there")
        if what == "bindings":
            monkeypatch.setattr(auth, "visitor_bindings", away)
        else:
            monkeypatch.setattr(resume, "save", away)
        component = driver.component
        if what == "bindings":
            Pages().close(driver.page)
            assert "could not be saved" in caplog.text
        else:
            with pytest.raises(OperationalError):
                Pages().close(driver.page)
        assert component._left
        assert not driver.page.is_live
        assert driver.page.topics == {}
    finally:
        presence.directory.clear()
    caplog.clear()


def test_t126_a_snapshot_that_cannot_be_taken_is_logged_and_the_page_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*args: Any, **kwargs: Any) -> Any:
        raise OperationalError("the database is away")

    driver = joined()
    with monkeypatch.context() as patch:
        patch.setattr(auth, "visitor_bindings", away)
        Pages().save(driver.page)
    assert "could not be saved" in caplog.text
    caplog.clear()
    assert driver.event("other")[0][0] == "patch"
    assert driver.give(inputs.RenderAgain("c0")) == []


# What the browser sees at a yield, and after a failure: the same as at the end


class Showing(LiveComponent):
    name = "handling.showing"
    template = (
        "{% load livecomp %}<div>{{ q }}|{{ request.GET.q }}|{% querystring page=2 %}|{{ n }} {{ boom }}"
        "{% if has_kid %}{% live_component 'handling.kid' %}{% endif %}</div>"
    )
    q: str = state("", url="q")
    room: str = "a"
    n: int = 0
    is_bad: bool = False
    has_kid: bool = True

    @property
    def boom(self) -> str:
        if self.is_bad:
            raise ValueError("the template")
        return ""

    @on("showing:{room}")
    def heard(self, message: Any) -> None:
        self.n += 1

    @event
    def search(self, fail: bool = False) -> Iterator[None]:
        self.q = "tea"
        self.room = "b"
        yield
        self.q = "teapot"
        self.room = "c"
        if fail:
            raise ValueError("no")

    @event
    def say(self) -> Iterator[None]:
        self.flash("info", "working")
        yield
        self.n += 1

    @event
    def fail_in_finally(self) -> Iterator[None]:
        try:
            self.has_kid = False
            yield
            self.is_bad = True
            yield
        finally:
            self.n += 1
            self.flash("info", "late")
            raise KeyError("in finally")

    @event
    def spoil_the_address(self) -> None:
        self.q = "x"
        kid: Any = self._live.page.tree["c1"].component
        self.send_to(kid, "spoil")


class ShowingKid(LiveComponent):
    name = "handling.kid"
    template = "<p>{{ k }}</p>"
    k: int = state(0, url="k")

    def spoil(self) -> None:
        self.k = object()  # type: ignore[assignment]


def steps_of(driver: Driver, name: str, **args: Any) -> list[tuple[list[Any], list[Any]]]:
    """What goes to the browser and what to the driver, step by step."""
    driver.ref += 1
    steps = driver.page.receive(protocol.Event(driver.ref, "c0", name, args))
    found, step = [], driver.page.advance(steps)
    while True:
        output = driver.page.take_output()
        found.append(([each.message for each in output if type(each) is Send], output))
        if step is None:
            return found
        step = driver.page.advance(steps)


def shown_at(url: str = "/") -> Driver:
    driver = Driver("handling.showing", path=url)
    driver.join()
    return driver


def test_a_generator_shows_its_address_at_a_yield_as_at_the_end() -> None:
    driver = shown_at()
    (first, _), (last, _) = steps_of(driver, "search")
    assert ">tea|tea|?q=tea&amp;page=2|" in str(first)
    assert ("url", "push", "/?q=tea") in first[0][4]
    assert ">teapot|teapot|?q=teapot&amp;page=2|" in str(last)
    assert ("url", "replace", "/?q=teapot") in last[0][4], "one event is one step in the history"


def test_t125_a_generator_that_fails_after_a_yield_has_its_old_address_and_topics(
    caplog: pytest.LogCaptureFixture,
) -> None:
    driver = shown_at()
    *_, (last, _) = steps_of(driver, "search", fail=True)
    assert driver.page.url == driver.page.shown_url == "/"
    assert "'/'" in str(last)
    assert driver.page.topics.keys() == {"showing:a"}
    caplog.clear()


def test_a_generator_listens_at_a_yield_to_what_it_has_chosen() -> None:
    driver = shown_at()
    (_, first), (_, last) = steps_of(driver, "search")
    assert [each for each in first if type(each) is Subscribe] == [Subscribe("showing:b")]
    assert [each for each in first if type(each) is Unsubscribe] == [Unsubscribe("showing:a")]
    assert [each for each in last if type(each) is Subscribe] == [Subscribe("showing:c")]


def test_what_a_generator_says_at_a_yield_is_said_there_also_where_nothing_changed() -> None:
    (first, _), (last, _) = steps_of(shown_at(), "say")
    assert first == [["patch", 1, 0, [], [("flash", "info", "working")]]]
    assert "working" not in str(last)


def test_t125_a_finally_that_raises_after_its_template_failed_leaves_nothing(caplog: pytest.LogCaptureFixture) -> None:
    driver = shown_at()
    sent = driver.event("fail_in_finally")
    assert (driver.component.n, driver.component.is_bad, driver.component.has_kid) == (0, False, True)
    assert "late" not in str(sent)
    assert [each[1:3] for each in sent if each[0] == "error"] == [[1, "failed"]]
    assert "handling.showing.finally failed" in caplog.text
    assert [id for id, each in driver.page.tree.items() if each.component.name == "handling.kid"]
    driver.event("fail_in_finally")
    assert driver.page.ack == 2
    caplog.clear()


def test_t125_an_event_whose_address_cannot_be_made_leaves_none(caplog: pytest.LogCaptureFixture) -> None:
    driver = shown_at()
    sent = driver.event("spoil_the_address")
    assert [each[:3] for each in sent if each[0] == "error"] == [["error", 1, "failed"]]
    assert driver.component.q == ""
    assert driver.page.url == driver.page.shown_url == "/"
    assert driver.event("say")[-1][0] == "patch"
    caplog.clear()
