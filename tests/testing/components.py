"""Components for the tests of the test client."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import QueryDict

from livecomp import LiveComponent, event, on, publish, state
from tests.testapp.models import Note


class Echo(LiveComponent):
    """Writes down every event that it gets."""

    name = "testing.echo"
    body = ""
    log: list[Any] = state([])
    text: str = state("start", bind=True)
    flag: bool = state(False, bind=True)
    colour: str = state("red", bind=True)
    tags: list[str] = state([], bind=True)

    @event
    def note(self, **arguments: Any) -> None:
        self.log.append(arguments)

    @event
    def whole(self, data: QueryDict) -> None:
        self.log.append(data)

    @event
    def say(self, value: str = "") -> None:
        self.log.append(value)

    @event
    def hear(self, key: str, value: str = "") -> None:
        self.log.append((key, value))


def echo(markup: str) -> type[Echo]:
    """An `Echo` with this markup in it, under a name of its own."""
    number = len(_made)
    source = f'<div id="echo">{markup}<p id="log">{{{{ log }}}}</p></div>'
    made = type(f"Echo{number}", (Echo,), {"name": f"testing.echo{number}", "template": source, "__module__": __name__})
    _made.append(made)
    return made


_made: list[type[Echo]] = []


class Tasks(LiveComponent):
    """A list with a form, in state."""

    name = "testing.tasks"
    template = """<section>
<form id="new" live-submit="add"><input name="title" required placeholder="What?"><button>Add</button></form>
<ul>{% for item in items %}<li live-key="{{ item.id }}">{{ item.title }}
<button live-click="remove" live-value-id="{{ item.id }}" live-confirm="Sure?">Remove</button></li>{% endfor %}</ul>
</section>"""
    items: list[dict[str, Any]] = state([])
    last: int = 0

    @event
    def add(self, title: str) -> None:
        self.last += 1
        self.items.append({"id": self.last, "title": title})

    @event
    def remove(self, id: int) -> None:
        self.items = [item for item in self.items if item["id"] != id]


class Saver(LiveComponent):
    """Publishes in and out of transactions."""

    name = "testing.saver"
    template = "<p>{{ heard }}</p>"
    heard: list[Any] = state([])
    owner: str = ""

    @on("saved")
    def saved(self, message: Any) -> None:
        self.heard.append(message)

    @event
    def save(self, fail: bool = False) -> None:
        with transaction.atomic():
            Note.objects.create(text="x", owner=self.owner)
            self.publish("saved", "inside")
            publish("saved", "by function")
            self.heard.append("not yet")
            if fail:
                raise ValueError("rolled back")


class Stale(LiveComponent):
    """Shows rows that nobody tells it about."""

    name = "testing.stale"
    template = "<p>{{ count }}</p>"

    @property
    def count(self) -> int:
        return Note.objects.count()

    @event
    def look(self) -> None:
        pass

    @event
    def skip(self) -> None:
        Note.objects.create(text="x")
        self.skip_render()


class Traveller(LiveComponent):
    """Uses every effect."""

    name = "testing.traveller"
    template = '<p>{{ page }} <a href="?page=7" live-patch>seven</a> <a href="/away/">away</a></p>'
    page: int = state(1, url="page")

    @event
    def turn(self, to: int) -> None:
        self.page = to

    @event
    def leave(self) -> None:
        self.redirect("/elsewhere/")

    @event
    def push(self) -> None:
        self.push_event("hit", {"at": 3})

    @event
    def tell(self) -> None:
        self.flash("success", "Done")


class Tally(LiveComponent, shared=True):
    """The same rows for everybody."""

    name = "testing.tally"
    template = '<b id="tally">{{ count }}</b>'
    watch = [Note]

    @property
    def count(self) -> int:
        return Note.objects.count()


class Writer(LiveComponent):
    """Writes rows that a shared component beside it shows."""

    name = "testing.writer"
    template = (
        '{% load livecomp %}<div><button live-click="write">Write</button>{% live_component "testing.tally" %}</div>'
    )

    @event
    def write(self) -> None:
        Note.objects.create(text="x")
