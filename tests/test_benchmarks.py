"""Every benchmark of the server runs to its end and prints its figures. Those with browsers and servers: tests/e2e."""

import pytest

from tests.benchmarks import SCRIPTS, missing_figures, run_quickly
from tests.e2e.test_benchmarks import FIGURES as IN_CHROMIUM

CHANGES = ["toggle", "unrelated heading", "append a row", "prepend a row", "delete the first row", "swap two rows"]
FIGURES = {
    "events": ["join of an unchanged page", "counter", *(f"1000 rows: {each}" for each in [*CHANGES, "reverse"])],
    "render": [
        *("first render: Django", "first render: Jinja2", "first render: livecomp", *CHANGES, "reverse"),
        *("counter", "kept on the server", "200 renders more"),
    ],
    "broadcast": ["a shared component", "each viewer renders for itself", "plain Channels consumer"],
}


def test_every_benchmark_is_run_by_a_test() -> None:
    assert FIGURES.keys() | IN_CHROMIUM.keys() == SCRIPTS


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_a_benchmark_prints_its_figures(name: str) -> None:
    assert missing_figures(run_quickly(name), FIGURES[name]) == []
