"""`lazy` and `defer`: components that come later than their page."""

from typing import Any, ClassVar

import pytest
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path

from livecomp import LiveComponent, event, every, state
from livecomp.testing import LiveClient

pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]

PAGES = {
    "lazy": '{% live_component "chart" year=2020 lazy fills %}{% fill "placeholder" %}<p>Wait</p>{% endfill %}'
    "{% endlive_component %}",
    "defer": '{% live_component "chart" year=2020 defer %}',
    "nested": '{% live_component "year_report" %}',
    "spread": '{% live_component "chart" ...arguments %}',
    "refused": '{% live_component "closed_club" lazy %}',
    "shared": '{% live_component "same_chart" lazy %}',
}


def page(request: HttpRequest, name: str) -> HttpResponse:
    source = "{% load livecomp %}<!DOCTYPE html><title>Later</title>" + PAGES[name]
    return HttpResponse(engines["django"].from_string(source).render({"arguments": {"year": 2021}}, request))


urlpatterns = [path("<str:name>/", page)]


class Chart(LiveComponent):
    template = '<section id="chart">{{ year }} {{ clicks }} {{ ticks }}<button live-click="add">+</button></section>'
    year: int
    clicks: int = 0
    ticks: int = 0
    mounts: ClassVar[list[int]] = []

    def mount(self, year: int) -> None:
        self.year = year
        self.mounts.append(year)

    @event
    def add(self) -> None:
        self.clicks += 1
        if self.parent is not None:
            self.send_to(self.parent, "told", clicks=self.clicks)

    @every(seconds=1)
    def tick(self) -> None:
        self.ticks += 1


class SameChart(LiveComponent, shared=True):
    template = '<section id="chart">the same for all</section>'


class ClosedClub(LiveComponent):
    template = "<p>members only</p>"
    login_required = True


class YearReport(LiveComponent):
    template = """{% load livecomp %}<main>
      <b id="told">{{ clicks }}</b><button id="next" live-click="later">Next</button>
      {% live_component "chart" year=year lazy fills %}{% fill "placeholder" %}<i>{{ year }} to come</i>{% endfill %}
      {% endlive_component %}
    </main>"""
    year: int = 2020
    clicks: int = 0

    @event
    def later(self) -> None:
        self.year += 1

    def told(self, clicks: int) -> None:
        self.clicks = clicks


@pytest.fixture(autouse=True)
def mounts() -> list[int]:
    Chart.mounts.clear()
    return Chart.mounts


def test_a_lazy_component_is_mounted_when_it_is_scrolled_to(live: LiveClient, mounts: list[int]) -> None:
    page = live.get("/lazy/")
    assert page.one(".live-later").text == "Wait"
    assert mounts == []
    page.tick(3)
    assert not page.has("#chart")
    page.scroll_to(".live-later")
    assert page.one("#chart").text == "2020 0 0+"
    assert not page.has("[live-intersect]")
    page.click("+")
    page.tick(2)
    assert page.one("#chart").text == "2020 1 2+"
    assert mounts == [2020]


def test_a_deferred_component_comes_right_after_the_page(live: LiveClient, mounts: list[int]) -> None:
    page = live.get("/defer/")
    page.tick(0.01)
    assert page.one("#chart").text == "2020 0 0+"
    assert mounts == [2020]


def test_it_outlives_a_lost_connection(live: LiveClient, mounts: list[int]) -> None:
    page = live.get("/lazy/")
    page.scroll_to(".live-later")
    page.click("+")
    page.disconnect()
    page.reconnect()
    assert page.one("#chart").text == "2020 1 0+"
    assert mounts == [2020]


def test_in_a_component_it_follows_its_arguments_and_has_that_component_for_its_parent(live: LiveClient) -> None:
    page = live.get("/nested/")
    assert page.one(".live-later").text == "2020 to come"
    page.click("#next")
    assert page.one(".live-later").text == "2021 to come"
    page.scroll_to(".live-later")
    page.click("+")
    assert page.one("#told").text == "1"
    assert page.one("#chart").text.startswith("2021 1")


def test_who_may_not_see_the_component_may_not_have_it_later(live: LiveClient) -> None:
    assert live.client.get("/refused/").status_code == 403


def test_a_shared_component_can_come_later(live: LiveClient) -> None:
    page = live.get("/shared/")
    assert not page.has("#chart")
    page.scroll_to(".live-later")
    assert page.one("#chart").text == "the same for all"


def test_arguments_can_come_from_a_dict(live: LiveClient) -> None:
    assert live.get("/spread/").one("#chart").text == "2021 0 0+"


def test_in_a_live_template_too(live: LiveClient) -> None:
    class Spread(LiveComponent):
        template = '{% load livecomp %}<div>{% live_component "chart" ...arguments %}</div>'
        arguments: dict[str, Any] = state({"year": 2022})

    assert live.mount("spread").one("#chart").text == "2022 0 0+"


class Chooser(LiveComponent):
    name = "live.chooser"
    template = """{% load livecomp %}<main>
      <button id="other" live-click="choose" live-value-which="live.second">other</button>
      <button id="closed" live-click="choose" live-value-which="closed_club">closed</button>
      {% live_component which label=label lazy %}</main>"""
    which: str = "live.first"
    label: str = "a"

    @event
    def choose(self, which: str) -> None:
        self.which = which


class First(LiveComponent):
    name = "live.first"
    template = "<p>first {{ label }}</p>"
    label: str = ""


class Second(LiveComponent):
    name = "live.second"
    template = "<p>second {{ label }}</p>"
    label: str = ""


@pytest.mark.parametrize("is_shown", [False, True])
def test_a_lazy_component_of_another_name_is_another_component(is_shown: bool, live: LiveClient) -> None:
    page = live.mount("live.chooser")
    if is_shown:
        page.scroll_to(".live-later")
        assert page.one("p").text == "first a"
    page.click("#other")
    page.scroll_to(".live-later")
    assert page.one("p").text == "second a"
    page.click("#closed")
    assert "members" not in page.html
    page.click("#other")
    page.scroll_to(".live-later")
    assert page.one("p").text == "second a"
