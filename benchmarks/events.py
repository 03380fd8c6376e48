"""One event's way through a page, in process: frame in, handler, render, diff, frame out. Prints CPU time and bytes.

Run: python benchmarks/events.py
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from benchmarks._quick import sized  # noqa: E402
from livecomp import LiveComponent, event, protocol, state  # noqa: E402 (needs the apps)
from livecomp.effects import Send  # noqa: E402
from livecomp.page import LivePage  # noqa: E402
from tests.driver import Driver  # noqa: E402

ROWS = 1000


class BenchCounter(LiveComponent):
    template = '<div><b id="count">{{ count }}</b><button live-click="add">+</button></div>'
    count: int = 0

    @event
    def add(self) -> None:
        self.count += 1


class BenchTable(LiveComponent):
    template = """<section><h1 id="title">{{ title }}</h1><table><tbody id="rows">{% for row in rows %}
<tr id="row-{{ row.id }}" class="{% if row.done %}done{% endif %}"><td>{{ row.id }}</td><td>{{ row.name }}</td>
<td>{{ row.price }}</td><td>{{ row.stock }}</td><td>{{ row.city }}</td>
<td><button class="toggle" live-click="toggle" live-value-id="{{ row.id }}">toggle</button></td></tr>{% endfor %}
</tbody></table></section>"""
    title: str = "Rows"
    rows: list[dict[str, Any]] = state([])
    number: int = 0

    def mount(self, rows: int = ROWS) -> None:
        self.rows = [self.new(n) for n in range(1, rows + 1)]
        self.number = rows

    def new(self, n: int) -> dict[str, Any]:
        return {
            "id": n,
            "name": f"Product {n}",
            "price": n * 7 % 100,
            "stock": n % 13,
            "city": f"City {n % 50}",
            "done": False,
        }

    @event
    def toggle(self, id: int) -> None:
        row = next(row for row in self.rows if row["id"] == id)
        row["done"] = not row["done"]

    @event
    def bump(self) -> None:
        self.title = f"Rows {len(self.title)}" if self.title == "Rows" else "Rows"

    @event
    def append(self) -> None:
        self.number += 1
        self.rows.append(self.new(self.number))

    @event
    def prepend(self) -> None:
        self.number += 1
        self.rows.insert(0, self.new(self.number))

    @event
    def drop_first(self) -> None:
        del self.rows[0]

    @event
    def swap(self) -> None:
        self.rows[1], self.rows[-2] = self.rows[-2], self.rows[1]

    @event
    def reverse(self) -> None:
        self.rows.reverse()


def answer(page: LivePage, frame: str) -> str:
    """What the page sends for one frame: the work of a server between two sockets."""
    (message,) = protocol.decode(frame)
    steps = page.receive(message)
    while page.advance(steps) is not None:
        pass
    return "".join(protocol.encode(output.message) for output in page.take_output() if isinstance(output, Send))


def measure(name: str, driver: Driver, event_name: str, args: str = "{}", runs: int = 200) -> None:
    """Print the median CPU time of an event, and the bytes of its reply with the WebSocket's frame header."""
    times, size = [], 0
    for _ in range(sized(runs, 3)):
        driver.ref += 1
        frame = f'["event",{driver.ref},"c0","{event_name}",{args}]'
        start = time.process_time_ns()
        reply = answer(driver.page, frame)
        times.append(time.process_time_ns() - start)
        payload = len(reply.encode())
        size = payload + (2 if payload < 126 else 4 if payload < 65536 else 10)
    print(f"{name:<48}{statistics.median(times) / 1000:>10.1f} µs {size:>8} bytes")


def main() -> None:
    print(f"{'event, in process':<48}{'CPU, median':>13}{'on the wire':>15}")
    counter = Driver("bench_counter")
    joined = counter.join()
    print(f"{'join of an unchanged page':<48}{'':>13}{len(protocol.encode(joined[0])) + 2:>9} bytes")
    measure("counter", counter, "add", runs=5000)
    cases: list[tuple[str, str, Callable[[], str]]] = [
        ("toggle one row", "toggle", lambda: '{"id":500}'),
        ("unrelated heading", "bump", lambda: "{}"),
        ("append a row", "append", lambda: "{}"),
        ("prepend a row", "prepend", lambda: "{}"),
        ("delete the first row", "drop_first", lambda: "{}"),
        ("swap two rows", "swap", lambda: "{}"),
        ("reverse", "reverse", lambda: "{}"),
    ]
    for name, event_name, args in cases:
        table = Driver("bench_table")
        table.join()
        measure(f"{ROWS} rows: {name}", table, event_name, args())


if __name__ == "__main__":
    main()
