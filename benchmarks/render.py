"""Rendering: livecomp beside Django's engine and Jinja2, on the same data. Medians of CPU time of this thread.

Each event is a handler that changes the state, the render, the comparison with what the browser has, and the encoding
of the frame. What a page does around that (decode, check, undo, topics) is measured by events.py.
"""

# ruff: noqa: E402 - the settings come before anything that reads them

import gc
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1] / "src"), str(Path(__file__).parents[1])]

import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "livecomp"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
)
django.setup()

import jinja2
import msgspec
from django.db import models
from django.template import Context, engines

from benchmarks._quick import sized
from livecomp.templating import CompiledTemplate, RenderMemory, compile_template

ROWS = 1000
RENDERS = sized(100_000, 200)
TABLE = """<div><h1 id="title">{{ title }}</h1><table><tbody id="rows">
{% for row in rows %}<tr id="row-{{ row.id }}"{% if row.done %} class="done"{% endif %}><td>{{ row.id }}</td>\
<td>{{ row.label }}</td><td>{{ row.owner }}</td><td>{{ row.price }}</td><td>{{ row.done }}</td></tr>
{% endfor %}</tbody></table></div>"""
COUNTER = '<div><b id="count">{{ count }}</b></div>'
State = dict[str, Any]


class Row(models.Model):
    label = models.CharField(max_length=40)
    owner = models.CharField(max_length=40)
    price = models.IntegerField()
    done = models.BooleanField()

    class Meta:
        app_label = "benchmarks"


@dataclass(frozen=True)
class Frozen:
    id: int
    label: str
    owner: str
    price: int
    done: bool


MAKERS: dict[str, Callable[..., Any]] = {"dicts": dict, "model instances": Row, "immutable items": Frozen}


def values(number: int) -> State:
    return {
        "id": number,
        "label": f"Label {number}",
        "owner": f"user{number % 7}",
        "price": number * 3,
        "done": number % 5 == 0,
    }


def median(call: Callable[[], Any], times: int = 41) -> float:
    """CPU time of one call, in milliseconds."""
    found = []
    times = sized(times, 3)
    for _ in range(times):
        start = time.thread_time()
        call()
        found.append(time.thread_time() - start)
    return statistics.median(found) * 1000


class Page:
    """A component without the rest of livecomp: state, memory, and the frame that would be sent."""

    def __init__(self, template: CompiledTemplate, state: State) -> None:
        self.template = template
        self.state = state
        self.memory = RenderMemory()
        self.encode = msgspec.json.Encoder().encode
        self.first()

    def first(self) -> str:
        self.memory = RenderMemory()
        rendering = self._render()
        html = rendering.html()
        self.memory = rendering.remembered()
        return html

    def event(self, handler: Callable[[State], Any]) -> bytes:
        handler(self.state)
        rendering = self._render()
        frame = self.encode(["patch", 12, 7, rendering.patches()])
        self.memory = rendering.remembered()
        return frame

    def _render(self) -> Any:
        return self.template.render(Context(self.state), component_id="c0", memory=self.memory)


def toggle(state: State) -> None:
    rows = state["rows"]
    row = rows[ROWS // 2]
    if isinstance(row, dict):
        row["done"] = not row["done"]
    elif isinstance(row, Frozen):
        rows[ROWS // 2] = replace(row, done=not row.done)
    else:
        row.done = not row.done


def swap(state: State) -> None:
    rows = state["rows"]
    rows[1], rows[-2] = rows[-2], rows[1]


def handlers(make: Callable[..., Any]) -> dict[str, Callable[[State], Any]]:
    numbers = iter(range(10 * ROWS, 100 * ROWS))

    def heading(state: State) -> None:
        state["title"] = f"Title {next(numbers)}"

    return {
        "toggle one row": toggle,
        "unrelated heading": heading,
        "append a row": lambda state: state["rows"].append(make(**values(next(numbers)))),
        "prepend a row": lambda state: state["rows"].insert(0, make(**values(next(numbers)))),
        "delete the first row": lambda state: state["rows"].pop(0),
        "swap two rows": swap,
        "reverse": lambda state: state["rows"].reverse(),
    }


def table(kind: str) -> None:
    make = MAKERS[kind]
    source = engines["django"].from_string(TABLE).template
    state: State = {"title": "Title", "rows": [make(**values(number)) for number in range(ROWS)]}
    page = Page(compile_template(source), state)
    engine = median(lambda: source.render(Context(state)), 7)
    other = jinja2.Environment(autoescape=True).from_string(TABLE)
    first = median(page.first, 15)
    print(f"\n{ROWS} rows, {kind}")
    print(f"  {'first render: Django':28}{engine:9.2f} ms")
    print(f"  {'first render: Jinja2':28}{median(lambda: other.render(state), 7):9.2f} ms")
    print(f"  {'first render: livecomp':28}{first:9.2f} ms   {engine / first:.1f} times Django's engine")
    for name, handler in handlers(make).items():
        sizes: list[int] = []
        spent = median(lambda handler=handler, sizes=sizes: sizes.append(len(page.event(handler))))  # type: ignore[misc]
        print(f"  {name:28}{spent:9.3f} ms{sizes[-1]:8} bytes")
    print(f"  {'kept on the server':28}{kept(page) / len(state['rows']):9.0f} bytes a row")


def kept(page: Page) -> int:
    """Bytes of the render memory."""
    page.memory = RenderMemory()
    gc.collect()
    tracemalloc.start()
    page.first()
    gc.collect()
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return size


def counter() -> None:
    page = Page(compile_template(engines["django"].from_string(COUNTER).template), {"count": 0})

    def add(state: State) -> None:
        state["count"] += 1

    sizes: list[int] = []
    spent = median(lambda: sizes.append(len(page.event(add))), 2000)
    print(f"\n{'counter':30}{spent * 1000:9.1f} µs{sizes[-1]:8} bytes")
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(RENDERS):
        page.event(add)
    gc.collect()
    print(f"{f'{RENDERS} renders more':30}{sys.getallocatedblocks() - before:9} blocks of memory more")


def main() -> None:
    print(f"Python {sys.version.split()[0]}, Django {django.__version__}, Jinja2 {jinja2.__version__}")
    for kind in MAKERS:
        table(kind)
    counter()


if __name__ == "__main__":
    main()
