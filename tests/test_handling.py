"""What a handler gives back, and what it raises, in the ways of a view."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpResponse
from django.shortcuts import redirect

from livecomp import LiveComponent, auth, event, inputs, presence, resume
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
