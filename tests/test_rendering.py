"""livecomp.rendering: components in their places."""

import pytest

from livecomp import LiveComponent, event, state
from tests.driver import Driver

pytestmark = pytest.mark.django_db


class InlinedRow(LiveComponent):
    template = "<i>{{ label }}{{ clicks }}</i>"
    label: str
    clicks: int = 0

    @event
    def click(self) -> None:
        self.clicks += 1


class InlinedRows(LiveComponent):
    template = """{% load livecomp %}<ul>{% spaceless %}{% for label in labels %}
        <li>{% live_component "inlined_row" key=label label=label %}</li>
    {% endfor %}{% endspaceless %}</ul>"""
    labels: list[str] = state(["a", "b"])

    @event
    def reverse(self) -> None:
        self.labels.reverse()


def test_a_child_in_a_node_that_only_django_renders_keeps_its_state_when_its_key_moves() -> None:
    driver = Driver("inlined_rows")
    driver.join()
    first = next(mounted for mounted in driver.page.tree.values() if mounted.component.__dict__.get("label") == "a")
    driver.event("click", component=first.id)
    driver.event("reverse")
    assert driver.page.tree[first.id] is first
    html = driver.page.fresh_html()["c0"]
    assert html.index("b0") < html.index("a1")
