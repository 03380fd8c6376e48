"""Components that the tests use."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

from livecomp import LiveComponent, event, every, on, state
from tests.testapp.models import Note


class Counter(LiveComponent):
    template = """<div><b id="count">{{ count }}</b><button live-click="add" live-value-by="{{ step }}">+</button>
<input id="step" live-model="step" value="{{ step }}"></div>"""
    count: int = 0
    step: int = state(1, bind=True)

    def mount(self, start: int = 0) -> None:
        self.count = start

    @event
    def add(self, by: int = 1) -> None:
        self.count += by

    @event
    def fail(self) -> None:
        self.count = 99
        raise ValueError("<b>no</b>")

    @event
    async def add_later(self) -> None:
        await asyncio.sleep(0)
        self.count += 10

    @event
    def steps(self) -> Iterator[None]:
        self.count = 1
        yield
        self.count = 2
        yield
        self.count = 3

    @event
    async def async_steps(self) -> AsyncIterator[None]:
        self.count = 1
        yield
        self.count = 2


class Table(LiveComponent):
    template = """<section><h1>{{ title }}</h1><ul id="rows">{% for row in rows %}
  <li live-key="{{ row.id }}" class="{% if row.on %}on{% endif %}">{{ row.name }}</li>{% endfor %}
</ul></section>"""
    title: str = "Rows"
    rows: list[dict[str, Any]] = state([])

    def mount(self, count: int = 3) -> None:
        self.rows = [{"id": n, "name": f"row {n}", "on": False} for n in range(1, count + 1)]

    @event
    def toggle(self, id: int) -> None:
        row = next(row for row in self.rows if row["id"] == id)
        row["on"] = not row["on"]

    @event
    def break_off(self, id: int) -> None:
        self.toggle(id)
        self.rows.clear()
        raise RuntimeError("in the middle")

    @event
    def rename(self, to: str) -> None:
        self.title = to

    @event
    def reverse(self) -> None:
        self.rows.reverse()

    @event
    def remove(self, id: int) -> None:
        self.rows = [row for row in self.rows if row["id"] != id]

    @event
    def prepend(self) -> None:
        self.rows.insert(0, {"id": len(self.rows) + 100, "name": "new", "on": True})


class Child(LiveComponent):
    template = '<li>{{ label }}: <i class="likes">{{ likes }}</i><button live-click="like">like</button></li>'
    label: str = ""
    likes: int = 0

    @event
    def like(self) -> None:
        self.likes += 1

    @event
    def tell(self, label: str) -> None:
        assert self.parent is not None
        self.send_to(self.parent, "heard", label=label)


class Parent(LiveComponent):
    template = """{% load livecomp %}<div><p id="heard">{{ last }}</p><ul>{% for label in labels %}
{% live_component "child" key=label label=label %}{% endfor %}</ul></div>"""
    labels: list[str] = state(["a", "b"])
    last: str = ""

    @event
    def add(self, label: str) -> None:
        self.labels.append(label)

    @event
    def drop(self, label: str) -> None:
        self.labels.remove(label)

    @event
    def swap(self) -> None:
        self.labels.reverse()

    def heard(self, label: str) -> None:
        self.last = label


class Room(LiveComponent):
    template = """<div><ul id="messages">{% for text in messages %}<li live-key="{{ forloop.counter }}">{{ text }}</li>
{% endfor %}</ul></div>"""
    room: str = "lobby"
    messages: list[str] = state([])

    def mount(self, room: str = "lobby") -> None:
        self.room = room

    @event
    def say(self, text: str) -> None:
        self.publish(f"room:{self.room}", {"text": text})

    @event
    def move(self, room: str) -> None:
        self.room = room

    @on("room:{room}")
    def heard(self, message: dict[str, str]) -> None:
        self.messages.append(message["text"])


class Clock(LiveComponent):
    template = '<p>{{ ticks }}<b live-click="later">later</b></p>'
    ticks: int = 0

    @every(seconds=5)
    def tick(self) -> None:
        self.ticks += 1

    @event
    def later(self) -> None:
        self.send_after(2, "jump", by=10)

    def jump(self, by: int) -> None:
        self.ticks += by


class Private(LiveComponent):
    template = "<p>{{ request.user.username }}<b>{{ touched }}</b></p>"
    login_required = True
    touched: int = 0

    @event
    def touch(self) -> None:
        self.touched += 1

    @event(permission_required="testapp.delete_note")
    def purge(self) -> None:
        self.touched = -1


class Search(LiveComponent):
    template = '<div><input name="q" live-model="query" value="{{ query }}"><p>{{ query }}/{{ page }}</p></div>'
    query: str = state("", bind=True, url="q")
    page: int = state(1, url="page")

    @event
    def next(self) -> None:
        self.page += 1

    @event
    def leave(self, to: str) -> None:
        self.redirect(to)


class Notes(LiveComponent):
    template = '<ul>{% for note in notes %}<li live-key="{{ note.pk }}">{{ note.text }}</li>{% endfor %}</ul>'
    watch = [Note]

    @property
    def notes(self) -> Any:
        return list(Note.objects.order_by("pk"))

    @event
    def add(self, text: str) -> None:
        Note.objects.create(text=text)

    @event
    def edit(self, note: Note, text: str) -> None:
        Note.objects.filter(pk=note.pk).update(text=text)


class Worker(LiveComponent):
    template = "<p>{{ progress }}:<b>{{ result }}</b></p>"
    progress: int = 0
    result: str = ""

    @event
    def start(self, fail: bool = False) -> None:
        self.start_task(_work, fail, then="done", progress="step", failed="failed")

    def step(self, value: int) -> None:
        self.progress = value

    def done(self, value: Any) -> None:
        self.result = "done"

    def failed(self, error: BaseException) -> None:
        self.result = f"failed: {error}"


def _work(fail: bool) -> Iterator[int]:
    yield 50
    if fail:
        raise ValueError("broken")
    yield 100
