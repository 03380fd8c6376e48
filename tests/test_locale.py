"""The language and time zone of a page, wherever it comes to life."""

import datetime
import zoneinfo
from typing import Any

import pytest
from django.core.cache import cache
from django.test import override_settings
from django.utils import timezone, translation

from livecomp import LiveComponent, event
from livecomp.effects import Attach
from livecomp.runtime.pages import Pages
from tests.driver import Driver

pytestmark = pytest.mark.django_db
MOMENT = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
NOON_IN_TOKYO = '<p lc="c0.0">1. März 2026 21:00 0</p>'


class Dated(LiveComponent):
    template = """<p>{{ moment|date:"j. F Y H:i" }} {{ count }}</p>"""
    count: int = 0

    @property
    def moment(self) -> datetime.datetime:
        return MOMENT

    @event
    def add(self) -> None:
        self.count += 1


class DatedForAll(LiveComponent, shared=True):
    template = """<p>{{ moment|date:"j. F Y H:i" }}</p>"""

    @property
    def moment(self) -> datetime.datetime:
        return MOMENT


def opened(name: str = "dated", language: str = "de", zone: Any = "Asia/Tokyo") -> Driver:
    with translation.override(language), timezone.override(zone):
        return Driver(name)


def test_a_page_that_joins_without_a_snapshot_keeps_its_language_and_zone() -> None:
    driver = opened()
    cache.clear()
    (reply,) = driver.join()
    assert reply[4] == []
    assert "März" in driver.event("add")[0][4 - 1][0][1]
    assert driver.page.fresh_html()["c0"].endswith("21:00 1</p>")


def test_a_resume_renders_in_the_language_of_the_page() -> None:
    driver = opened()
    (joined,) = driver.join()
    driver.page.tree["c0"].component.count = 5  # type: ignore[attr-defined]
    Pages().close(driver.page)
    (again,) = driver.join(resume=(joined[1], joined[2]))
    assert "März 2026 21:00 5" in again[4][0][1]


@pytest.mark.parametrize("what", ["evicted", "off"])
def test_a_resume_without_its_state_does_so_too(what: str) -> None:
    with override_settings(LIVECOMP={"SNAPSHOT": "off"} if what == "off" else {}):
        driver = opened()
        (joined,) = driver.join()
        Pages().close(driver.page)
        if what == "evicted":
            cache.clear()
        (again,) = driver.join(resume=(joined[1], joined[2]))
        (html,) = [html for _, html in again[4]]
        assert "März 2026 21:00 0" in html


def test_a_shared_component_is_that_of_the_page_s_language_and_zone() -> None:
    driver = opened("dated_for_all")
    cache.clear()
    driver.join()
    (attach,) = driver.out(Attach)
    assert (attach.key.language, attach.key.timezone) == ("de", "Asia/Tokyo")


def test_an_offset_is_a_zone_too() -> None:
    driver = opened(zone=timezone.get_fixed_timezone(-90))
    assert "10:30" in driver.html
    cache.clear()
    (reply,) = driver.join()
    assert (reply[4], driver.page.timezone) == ([], "-01:30")


def test_a_language_that_the_project_has_no_more_becomes_the_visitor_s() -> None:
    for is_evicted in (True, False):
        driver = opened()
        if is_evicted:
            cache.clear()
        with override_settings(LANGUAGES=[("en", "English"), ("fr", "French")]):
            driver.join()
            assert driver.page.language == "en"


def test_a_zone_that_is_not_known_here_becomes_the_project_s(monkeypatch: pytest.MonkeyPatch) -> None:
    from livecomp import locale

    for is_evicted in (True, False):
        driver = opened()
        if is_evicted:
            cache.clear()

        def unknown(name: str) -> datetime.tzinfo:
            if name == "Asia/Tokyo":
                raise zoneinfo.ZoneInfoNotFoundError(name)
            return zoneinfo.ZoneInfo(name)

        with monkeypatch.context() as patch:
            patch.setattr(locale, "zone", unknown)
            driver.join()
            assert driver.page.timezone == "America/Chicago"


def test_the_project_s_own_language_and_zone_take_no_byte_of_the_token() -> None:
    short, long = Driver("dated"), opened()
    assert 0 < len(long.token) - len(short.token) < 40
