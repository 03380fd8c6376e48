"""Fills: content that a component's place gives it."""

import base64
import re

import pytest
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import override_settings
from django.urls import path
from django.utils.crypto import salted_hmac

from livecomp import LiveComponent, event, state
from livecomp.exceptions import ComponentError
from livecomp.page import LivePage
from livecomp.testing import LiveClient
from tests.driver import Driver, make_request

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


class Wall(LiveComponent):
    name = "fills.wall"
    template = "<div><p>{{ text }}</p>{{ fills.default }}</div>"
    text: str = state("", bind=True)


class WallPage(LiveComponent):
    name = "fills.wall_page"
    template = """{% load livecomp %}<div>{% live_component 'fills.wall' text=text fills %}{% fill 'default' %}
        {% live_component 'clicks' %}{% endfill %}{% endlive_component %}</div>"""
    text: str = ""


def mark_like(id: str, key: str) -> str:
    return f"\ue000{id}-{key}\ue001"


WALL = """{% live_component 'fills.wall' text=text fills %}{% fill 'default' %}{% live_component 'clicks' %}{% endfill %}
    {% endlive_component %}"""


def render_page(source: str, request: HttpRequest | None = None, **context: object) -> str:
    return engines["django"].from_string("{% load livecomp %}" + source).render(context, request or make_request())


@override_settings(
    LIVECOMP={"SNAPSHOT": "off"}, CACHES={"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
)
def test_a_token_does_not_tell_how_a_component_is_marked_in_text(live: LiveClient) -> None:
    request = make_request()
    html = render_page(WALL, request, text="hello")
    key = request._livecomp_page.marks.key  # type: ignore[attr-defined]
    for token in re.findall(r'lc-token="([^"]+)"', html):
        body = token.rpartition(":")[0]
        payload = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()
        assert "\ue000" not in payload
        assert key not in payload
    page = live.render(WALL, {"text": "hello"})
    page.click(".clicks")
    assert page.one(".clicks").text == "1", "it works without a cache"


@pytest.mark.parametrize("id", ["c0", "c1", "c2", "c9", "s1-2"])
def test_t135_text_that_looks_like_a_mark_is_text(id: str, live: LiveClient) -> None:
    old_proof = salted_hmac("livecomp.child", id, algorithm="sha256").hexdigest()[:16]
    other = LivePage(make_request()).marks.key
    for key in (old_proof, other):
        assert mark_like(id, key) in Driver("fills.wall", text=mark_like(id, key)).html
        assert mark_like(id, key) in Driver("fills.wall_page", text=mark_like(id, key)).html
        page = live.mount("fills.wall_page")
        page.click(".clicks")
        assert page.one(".clicks").text == "1"
        assert mark_like(id, key) in render_page(WALL, text=mark_like(id, key))


class CachedFill(LiveComponent):
    name = "fills.cached"
    template = "{% load cache %}<div>{% cache 600 fills_cached %}<i>{{ fills.default }}</i>{% endcache %}</div>"


def test_a_fill_with_a_component_is_not_cached_for_others() -> None:
    source = """{% live_component 'fills.cached' fills %}{% fill 'default' %}{% live_component 'clicks' %}{% endfill %}
        {% endlive_component %}"""
    cache.clear()
    for _ in range(2):
        with pytest.raises(ComponentError, match=r"\{% cache %\} stands around"):
            render_page(source)
    cache.clear()
    assert "plain" in render_page(
        "{% live_component 'fills.cached' fills %}{% fill 'default' %}plain{% endfill %}{% endlive_component %}"
    )
    cache.clear()


class BoxedShared(LiveComponent, shared=True):
    name = "fills.boxed_shared"
    template = (
        """{% load livecomp %}<div>{% filter lower %}{% live_component 'fills.inner_shared' %}{% endfilter %}</div>"""
    )


class InnerShared(LiveComponent):
    name = "fills.inner_shared"
    template = "<b>INNER {{ n }}</b>"
    n: int = 0


def test_a_child_within_a_tag_of_a_shared_component_is_shown() -> None:
    html = Driver("fills.boxed_shared").html
    assert "INNER 0" in html
    assert "\ue000" not in html
