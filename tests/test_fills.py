"""Fills: content that a component's place gives it."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path

from livecomp import LiveComponent, event
from livecomp.testing import LiveClient

pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]

PAGE = """{% load livecomp %}<!DOCTYPE html><title>Fills</title>
{% live_component "filled_card" fills %}{% fill "title" %}<i>{{ word }}</i>{% endfill %}{% endlive_component %}"""


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(engines["django"].from_string(PAGE).render({"word": "a < b"}, request))


urlpatterns = [path("", page)]


class FilledCard(LiveComponent):
    template = '<p>{{ fills.title }}: <b>{{ clicks }}</b><button live-click="add">+</button></p>'
    clicks: int = 0

    @event
    def add(self) -> None:
        self.clicks += 1


class Album(LiveComponent):
    template = """{% load livecomp %}<section><button id="next" live-click="turn">Next</button>
      {% live_component "filled_card" fills %}{% fill "title" %}Page {{ number }}{% endfill %}{% endlive_component %}
      {% live_component "filled_card" fills %}{% fill "title" %}<em>{{ number }}</em>{% endfill %}{% endlive_component %}
    </section>"""
    number: int = 1

    @event
    def turn(self) -> None:
        self.number += 1


def test_a_page_s_fill_is_there_after_every_render(live: LiveClient) -> None:
    page = live.get("/")
    page.click("+")
    assert page.one("p").text == "a < b: 1+"


def test_a_page_s_fill_outlives_a_lost_connection(live: LiveClient) -> None:
    page = live.get("/")
    page.disconnect()
    page.reconnect()
    page.click("+")
    assert page.one("p").text == "a < b: 1+"


class Clicks(LiveComponent):
    template = '<b class="clicks" live-click="add">{{ clicks }}</b>'
    clicks: int = 0

    @event
    def add(self) -> None:
        self.clicks += 1


class Box(FilledCard):
    name = "filled_box"
    template = '<div>{{ fills.title }}: <i>{{ clicks }}</i><button live-click="add">+</button></div>'


@pytest.mark.parametrize("process", ["", "anotherprocess00"])
def test_a_live_component_in_a_page_s_fill_changes_by_itself(
    process: str, live: LiveClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = '{% live_component "clicks" %}'
    for _ in range(2):
        inner = f'{{% live_component "filled_box" fills %}}{{% fill "title" %}}x{inner}{{% endfill %}}{{% endlive_component %}}'
    page = live.render(inner)
    page.click(".clicks").click(page.all("button")[-1]).click(page.all("button")[0])
    assert page.one(".clicks").text == "1"
    page.disconnect()
    if process:
        monkeypatch.setattr("livecomp.this_process._id", f"{process:0<16}")
    page.reconnect()
    page.click(".clicks").click(page.all("button")[-1]).click(page.all("button")[0])
    assert page.one(".clicks").text == "2"


def test_a_component_s_fill_follows_its_state(live: LiveClient) -> None:
    page = live.mount("album")
    page.click("#next")
    assert [each.text for each in page.all("p")] == ["Page 2: 0+", "2: 0+"]
    for each in range(2):
        page.click(page.all("p button")[each])
    page.click("#next")
    assert [each.text for each in page.all("p")] == ["Page 3: 1+", "3: 1+"]


def test_a_component_s_fill_outlives_a_lost_connection(live: LiveClient) -> None:
    page = live.mount("album")
    page.click("#next")
    page.disconnect()
    page.reconnect()
    page.click(page.all("p button")[0])
    assert [each.text for each in page.all("p")] == ["Page 2: 1+", "2: 0+"]
    page.click("#next")
    assert [each.text for each in page.all("p")] == ["Page 3: 1+", "3: 0+"]
