"""A page of django-components' components and live ones, in a process of its own: the app patches Django for all others.

Run by `test_components.py`. Prints the page's first HTML and what each step sent, as JSON.
"""

import json
import sys
from pathlib import Path
from typing import Any

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="tests only",
    ALLOWED_HOSTS=["testserver"],
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django_components", "livecomp"],
    ROOT_URLCONF=__name__,
    STATIC_URL="static/",
    BASE_DIR=Path(__file__).parent,
    COMPONENTS={"autodiscover": False},
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "context_processors": ["django.template.context_processors.request"],
                "builtins": ["django_components.templatetags.component_tags", "livecomp.templatetags.livecomp"],
            },
        }
    ],
)
django.setup()

from django.http import HttpRequest, HttpResponse  # noqa: E402 (needs the settings)
from django.template import engines  # noqa: E402
from django.test import override_settings  # noqa: E402
from django.urls import include, path  # noqa: E402
from django.utils import translation  # noqa: E402
from django_components import Component, register  # noqa: E402

from livecomp import LiveComponent, event, state  # noqa: E402
from livecomp.testing import LiveClient  # noqa: E402

PAGE = """<!DOCTYPE html><html><head><title>Cards</title></head><body>{% live_component "deck" %}</body></html>"""


@register("card")
class Card(Component):
    template = '<article><h2>{% slot "title" %}{% endslot %}</h2>{% slot "body" default / %}</article>'
    css = "article { color: teal }"
    js = "$onComponent(() => {})"


class Deck(LiveComponent):
    template = """<section><b id="turns">{{ turns }}</b><button id="turn" live-click="turn">Turn</button>
      {% for name in names %}<div id="{{ name }}">{% component "card" %}{% fill "title" %}{{ name }}{% endfill %}
        {% fill "body" %}{% live_component "like" key=name %}{% endfill %}{% endcomponent %}</div>{% endfor %}
    </section>"""
    names: list[str] = state(["a", "b", "c"])
    turns: int = 0

    @event
    def turn(self) -> None:
        self.turns += 1

    @event
    def rename(self, old: str, new: str) -> None:
        self.names[self.names.index(old)] = new


class Price(LiveComponent):
    template = """<section>{% component "card" %}{% fill "body" %}
      <button id="take" live-click="take" live-value-price="{{ price }}" live-value-many="{{ many }}">{{ price }}</button>
      {% endfill %}{% endcomponent %}</section>"""
    price: int = 1234
    many: list[int] | None = None
    taken: list[Any] = state([])

    @event
    def take(self, price: int, many: list[int] | None) -> None:
        self.taken = [price, many]


def taken() -> list[Any]:
    """What an event gets that stands in a fill, in German."""
    with override_settings(USE_THOUSAND_SEPARATOR=True), translation.override("de"):
        page = LiveClient().mount(Price)
        assert "1.234" in page.one("#take").text
        page.click("#take")
    found: list[Any] = page.component().taken  # type: ignore[attr-defined]
    return found


class Like(LiveComponent):
    template = '<button live-click="like">{{ likes }}</button>'
    likes: int = 0

    @event
    def like(self) -> None:
        self.likes += 1


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(engines["django"].from_string(PAGE).render({}, request))


urlpatterns = [path("", page), path("", include("django_components.urls"))]


def main() -> None:
    client = LiveClient()
    html = client.client.get("/").content.decode()
    page = client.get("/")
    sent = {}
    for name, step in {
        "turn": lambda: page.click("#turn"),
        "like": lambda: page.click("#b article button"),
        "rename": lambda: page.call("rename", "deck", old="c", new="d"),
    }.items():
        before = len(page.received)
        step()
        sent[name] = page.received[before:]
    json.dump({"html": html, "sent": sent, "ids": page.html.count("data-djc-id-"), "taken": taken()}, sys.stdout)


if __name__ == "__main__":
    main()
