"""livecomp.rendering: components in their places."""

from typing import Any

import pytest
from django.test import override_settings

from livecomp import LiveComponent, event, state
from livecomp.exceptions import ComponentError
from livecomp.source import template_of
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


class OtherEngine(LiveComponent):
    template_name = "other.html"


def engine(name: str, **options: Any) -> dict[str, Any]:
    return {"BACKEND": f"django.template.backends.{name}", "DIRS": [], "APP_DIRS": False, "OPTIONS": {}, **options}


def test_a_template_of_another_engine_is_refused_with_its_name(tmp_path: Any) -> None:
    (tmp_path / "other.html").write_text("<p></p>")
    engines = [engine("dummy.TemplateStrings", DIRS=[tmp_path]), engine("django.DjangoTemplates")]
    with override_settings(TEMPLATES=engines), pytest.raises(ComponentError, match=r"'other.html'.*backends.dummy"):
        template_of(OtherEngine)


def test_an_inline_template_finds_django_s_engine_by_its_kind() -> None:
    class Inline(LiveComponent):
        name = "inline_by_kind"
        template = "<p></p>"

    with override_settings(TEMPLATES=[engine("django.DjangoTemplates", NAME="other")]):
        assert template_of(Inline).source == "<p></p>"


def test_an_inline_template_without_django_s_engine_is_refused() -> None:
    class Alone(LiveComponent):
        name = "inline_alone"
        template = "<p></p>"

    with (
        override_settings(TEMPLATES=[engine("dummy.TemplateStrings")]),
        pytest.raises(ComponentError, match="TEMPLATES"),
    ):
        template_of(Alone)
