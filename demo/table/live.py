import random
from typing import Any

from livecomp import LiveComponent, event, state

from .data import make_row

COLUMNS = ("id", "name", "city", "plan", "orders", "balance")
MOST = 10_000


class Table(LiveComponent):
    template_name = "table/table.html"

    rows: list[dict[str, Any]] = state([])
    next_id: int = 1
    sorted_by: str = ""
    bumps: int = 0

    def mount(self, rows: int = 1000) -> None:
        self.rows = [make_row(number) for number in range(1, rows + 1)]
        self.next_id = rows + 1

    @event
    def toggle(self, id: int) -> None:
        for row in self.rows:
            if row["id"] == id:
                row["active"] = not row["active"]

    @event
    def delete(self, id: int) -> None:
        self.rows = [row for row in self.rows if row["id"] != id]

    @event
    def append(self) -> None:
        if row := self.new_row():
            self.rows.append(row)

    @event
    def prepend(self) -> None:
        if row := self.new_row():
            self.rows.insert(0, row)

    @event
    def shuffle(self) -> None:
        random.shuffle(self.rows)
        self.sorted_by = ""

    @event
    def reverse(self) -> None:
        self.rows.reverse()
        self.sorted_by = ""

    @event
    def sort(self, column: str) -> None:
        if column in COLUMNS:
            self.rows.sort(key=lambda row: row[column])
            self.sorted_by = column

    @event
    def bump(self) -> None:
        self.bumps += 1

    def new_row(self) -> dict[str, Any] | None:
        if len(self.rows) >= MOST:
            return None
        self.next_id += 1
        return make_row(self.next_id - 1)
