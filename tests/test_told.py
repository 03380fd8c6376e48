"""What an event or the server's own word led to in the browser is told until the browser has it, and once."""

from typing import Any

import pytest
from django.core.cache import cache

from livecomp import LiveComponent, event, every, inputs, on, protocol, resume, state, told
from livecomp.effects import Save
from livecomp.told import Told
from tests.driver import Driver

pytestmark = pytest.mark.django_db


class Voice(LiveComponent):
    name = "told.voice"
    template = "<div>{{ count }} {{ q }}</div>"
    count: int = 0
    q: str = state("", url="q")

    @event
    def say(self, text: str, shows: bool = False) -> None:
        self.count += shows
        self.flash("info", text)

    @event
    def add(self) -> None:
        self.count += 1

    @event
    def leave(self) -> None:
        self.push_event("left", {"by": "me"})
        self.redirect("/next/")

    @event
    def search(self, q: str) -> None:
        self.q = q

    @event
    def fail(self) -> None:
        self.flash("info", "never said")
        raise ValueError("broken")

    @event
    def shout(self, size: int) -> None:
        self.push_event("loud", "a" * size)

    @on("told.news")
    def news(self, message: Any) -> None:
        self.flash("info", message)

    @every(seconds=10)
    def tick(self) -> None:
        self.push_event("tick")

    def resumed(self) -> None:
        if self.count == 99:
            self.flash("info", "welcome")


def joined() -> Driver:
    driver = Driver("told.voice")
    driver.join()
    return driver


def come_back(driver: Driver, version: int, *, is_clean: bool = True, heard: int | None = None) -> list[list[Any]]:
    """The effects of the join of a browser that has everything up to a version."""
    resume.save(driver.page, clean=is_clean)
    return again(driver, driver.page.joined_id, version, heard)


def again(driver: Driver, joined_id: str, version: int, heard: int | None = None) -> list[list[Any]]:
    replies = driver.join(resume=(joined_id, version), heard=heard)
    return [list(effect) for effect in replies[0][5]]


@pytest.mark.parametrize("shows", [False, True])
def test_a_flash_that_a_cut_swallowed_comes_with_the_join(shows: bool) -> None:
    driver = joined()
    driver.event("say", text="Paid", shows=shows)
    assert come_back(driver, 0, heard=0) == [["flash", "info", "Paid"]]


def test_all_that_an_event_asked_for_comes_in_its_order() -> None:
    driver = joined()
    driver.event("say", text="one")
    driver.event("leave")
    driver.event("say", text="two")
    assert come_back(driver, 0, heard=0) == [
        ["flash", "info", "one"],
        ["push", "left", {"by": "me"}, "c0"],
        ["redirect", "/next/"],
        ["flash", "info", "two"],
    ]


def test_what_came_does_not_come_again() -> None:
    driver = joined()
    driver.event("say", text="came")
    version = driver.page.version
    driver.event("say", text="did not")
    assert come_back(driver, version) == [["flash", "info", "did not"]]
    assert come_back(driver, driver.page.version) == []


def test_a_join_that_is_lost_too_changes_nothing_in_what_is_told() -> None:
    driver = joined()
    driver.event("say", text="Paid")
    resume.save(driver.page, clean=True)
    known = driver.page.joined_id
    for _ in range(3):
        assert again(driver, known, 0) == [["flash", "info", "Paid"]]
        resume.save(driver.page, clean=True)
    assert again(driver, driver.page.joined_id, driver.page.version) == []


def test_what_came_only_with_the_join_is_told_again_where_that_is_lost() -> None:
    driver = joined()
    driver.component.count = 99
    driver.event("add")
    driver.component.count = 99
    resume.save(driver.page, clean=True)
    known, version = driver.page.joined_id, driver.page.version
    assert again(driver, known, version) == [["flash", "info", "welcome"]]
    resume.save(driver.page, clean=True)
    assert again(driver, known, version) == [["flash", "info", "welcome"]]


def test_what_the_server_says_by_itself_is_told_again_too() -> None:
    driver = joined()
    driver.give(inputs.TopicMessages({"told.news": ["news"]}))
    assert driver.out(Save)
    driver.give(inputs.TimerFired("c0:tick"))
    assert come_back(driver, 0) == [["flash", "info", "news"], ["push", "tick", None, "c0"]]


def test_after_a_kill_the_saved_state_tells() -> None:
    driver = joined()
    driver.event("say", text="Paid")
    effects = come_back(driver, 0, is_clean=False, heard=0)
    assert effects == [["flash", "info", "Paid"], ["doubt", False]]


def test_a_handler_that_failed_has_told_nothing() -> None:
    driver = joined()
    driver.event("fail")
    assert come_back(driver, 0, heard=0) == []


def test_an_answer_without_a_render_bears_a_version() -> None:
    driver = joined()
    assert driver.event("say", text="Paid") == [["patch", 1, 1, [], [("flash", "info", "Paid")]]]
    driver.give(protocol.Ack(1))
    assert driver.event("say", text="Again")[0][1] == 2
    assert len(driver.page.told.messages) == 1


def test_effects_alone_leave_the_browser_with_what_it_shows() -> None:
    driver = joined()
    driver.event("add")
    version = driver.page.version
    driver.event("say", text="Paid")
    resume.save(driver.page, clean=True)
    replies = driver.join(resume=(driver.page.joined_id, version))
    assert replies[0][4] == []  # no patches


def test_an_address_that_was_not_shown_is_shown_after_the_cut() -> None:
    driver = joined()
    driver.event("search", q="tea")
    assert come_back(driver, 0) == [["url", "push", "/?q=tea"]]
    assert driver.page.url == driver.page.shown_url == "/?q=tea"
    driver.url = "/?q=tea"
    assert [each[0] for each in driver.event("add")[0][4:]] != ["url"]
    driver.event("search", q="milk")
    assert come_back(driver, driver.page.version - 1) == [["url", "push", "/?q=milk"]]


def test_a_browser_that_comes_back_with_another_address_is_told_that_of_the_fields_once() -> None:
    driver = joined()
    driver.event("search", q="tea")
    driver.url = "/?q=own"  # where the user goes by himself is told by a message of its own, after the join
    assert come_back(driver, 0) == [["url", "replace", "/?q=tea"]]
    assert driver.page.url == "/?q=tea"


def test_a_url_that_the_browser_went_to_outlasts_what_was_pushed_before() -> None:
    driver = joined()
    driver.event("search", q="tea")
    driver.event("say", text="kept")
    driver.ref += 1
    driver.give(protocol.Url(driver.ref, "/"))
    assert come_back(driver, 0) == [["flash", "info", "kept"]]


def test_the_newest_are_kept_and_no_more_than_a_part_of_the_state(settings: Any) -> None:
    driver = joined()
    for number in range(told.MAX_MESSAGES + 20):
        driver.event("say", text=str(number))
    effects = come_back(driver, 0, heard=0)
    assert len(effects) == told.MAX_MESSAGES
    assert effects[-1] == ["flash", "info", str(told.MAX_MESSAGES + 19)]
    settings.LIVECOMP = {"MAX_STATE_BYTES": 400_000}
    for _ in range(5):
        driver.event("shout", size=30_000)
    assert len(come_back(driver, 0, heard=0)) == 3


def test_what_has_no_json_form_is_not_kept() -> None:
    kept = Told("/")
    kept.add(1, [("push", "x", object(), "c0")])
    assert kept.messages == []
    assert kept.size == 0


def test_a_state_that_has_expired_tells_nothing() -> None:
    driver = joined()
    driver.event("say", text="Paid")
    known = driver.page.joined_id
    cache.clear()
    assert again(driver, known, 0, heard=0) == [["doubt", False]]


class Opening(LiveComponent):
    name = "told.opening"
    template = "<p>open</p>"

    def mount(self) -> None:
        self.flash("info", "Welcome.")


def test_what_mount_has_asked_for_is_saved_as_done_as_soon_as_an_event_is() -> None:
    driver = Driver("told.opening")
    driver.join()
    assert Save(is_urgent=True) in driver.out(Save)
