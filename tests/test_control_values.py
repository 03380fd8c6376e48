"""What a live template renders into a bound control is in the form that the control takes, whatever the language."""

import datetime
import decimal
import enum
import re
import zoneinfo
from typing import Any

import pytest
from django.template import Context
from django.test import override_settings
from django.utils import timezone, translation

from livecomp.templating import RenderMemory
from tests.templating.rendering import FakeHost, compiled

MOMENT = datetime.datetime(2026, 2, 28, 12, 30, 5, 250_000, tzinfo=datetime.UTC)


class Colour(enum.Enum):
    RED = "red"


def render(source: str, **names: Any) -> str:
    context, host = Context(names), FakeHost()
    context.live_host = host  # type: ignore[attr-defined]
    template = compiled(source, row='<input type="number" live-model="x" value="{{ y }}">')
    return str(template.render(context, component_id="c0", memory=RenderMemory(), host=host).html())


def held(source: str, name: str = "value", **names: Any) -> str:
    """The value of an attribute of the control."""
    found = re.search(rf'\s{name}="([^"]*)"', render(source, **names))
    assert found is not None
    return found[1]


@pytest.fixture(autouse=True)
def german() -> Any:
    zone = timezone.override(zoneinfo.ZoneInfo("Europe/Berlin"))
    with override_settings(USE_THOUSAND_SEPARATOR=True), translation.override("de"), zone:
        yield


VALUES: list[tuple[str, Any, str]] = [
    ("number", 1.5, "1.5"),
    ("number", 12345, "12345"),
    ("number", decimal.Decimal("1234.50"), "1234.50"),
    ("number", None, ""),
    ("number", "1,5", "1,5"),
    ("range", 0.25, "0.25"),
    ("text", 1.5, "1.5"),
    ("text", "json:x", "json:x"),
    ("hidden", True, "true"),
    ("radio", Colour.RED, "red"),
    ("date", datetime.date(2026, 2, 28), "2026-02-28"),
    ("date", MOMENT, "2026-02-28"),
    ("time", datetime.time(9, 5), "09:05"),
    ("time", datetime.time(9, 5, 7), "09:05:07"),
    ("time", MOMENT, "13:30:05.250"),
    ("datetime-local", MOMENT, "2026-02-28T13:30:05.250"),
    ("datetime-local", datetime.datetime(2026, 2, 28, 9, 5), "2026-02-28T09:05"),
    ("month", datetime.date(2026, 2, 28), "2026-02"),
    ("week", datetime.date(2027, 1, 1), "2026-W53"),
]


@pytest.mark.parametrize(("type", "value", "text"), VALUES)
def test_a_bound_control_is_rendered_in_the_form_that_it_takes(type: str, value: Any, text: str) -> None:
    assert held(f'<div><input type="{type}" live-model="x" value="{{{{ x }}}}"></div>', x=value) == text


@pytest.mark.parametrize(
    "source",
    [
        '<div><input value="{{ x }}" live-model="x" type="number"></div>',
        '<div><input type=number live-model.change=x value="{{ x }}"></div>',
        '<div><input type="number" {% if x %}live-model.blur="x" value="{{ x }}"{% endif %}></div>',
        '<div><input type="number" live-model="x" {% if x %}value="{% if x %}{{ x }}{% endif %}"{% endif %}></div>',
        '<div>{% include "row" with y=x %}</div>',
        '<div>{% for y in xs %}<p live-key="{{ forloop.counter }}"><input live-model="x" value="{{ y }}"></p>{% endfor %}</div>',
        '<div><input type="number" live-model="x" value="{{ x|floatformat:1 }}"></div>',
        '{% load l10n %}<div>{% localize on %}<input type="number" live-model="x" value="{{ x }}">{% endlocalize %}</div>',
        '{% load boxes %}<div>{% boxed %}<input type="number" live-model="x" value="{{ x }}">{% endboxed %}</div>',
    ],
)
def test_wherever_it_stands_in_the_template(source: str) -> None:
    assert held(source, x=1.5, xs=[1.5]) == "1.5"


def test_the_limits_of_a_control_are_in_its_form_too() -> None:
    source = '<div><input type="range" live-model="x" min="{{ a }}" max="{{ b }}" step="{{ c }}"></div>'
    names = {"a": 1000, "b": 2000.5, "c": 0.5}
    assert [held(source, name, **names) for name in ("min", "max", "step")] == ["1000", "2000.5", "0.5"]


def test_the_options_of_a_bound_select_are_too() -> None:
    source = '<div><select live-model="x">{% for y in xs %}<option value="{{ y }}">{{ y }}</option>{% endfor %}</select></div>'
    html = render(source, xs=[1.5, 1000])
    assert re.findall(r'value="([^"]*)">([^<]*)<', html) == [("1.5", "1,5"), ("1000", "1.000")]


def test_a_control_that_is_not_bound_is_written_as_django_writes_it() -> None:
    assert held('<div><input type="number" name="x" value="{{ x }}"></div>', x=1.5) == "1,5"
    assert held('<div><input type="text" live-input="x" value="{{ x }}"></div>', x=None) == "None"


def test_options_are_known_by_their_values_and_not_by_their_places() -> None:
    source = '<select>{% for y in xs %}<option id="o{{ forloop.counter }}" value="{{ y }}">{{ y }}</option>{% endfor %}</select>'
    addresses = re.findall(r'lc="([^"]*)"', render(f"<div>{source}</div>", xs=["bob", "carl"]))
    assert [address.rpartition(".")[2] for address in addresses if address.count(".") > 1] == ["bob", "carl"]
    keyed = source.replace("<option", '<option live-key="{{ forloop.revcounter }}"')
    addresses = re.findall(r'lc="([^"]*)"', render(f"<div>{keyed}</div>", xs=["bob", "carl"]))
    assert [address.rpartition(".")[2] for address in addresses if address.count(".") > 1] == ["2", "1"]


def test_nothing_inside_a_shadow_tree_is_a_target() -> None:
    html = render('<div><p class="host"><template shadowrootmode="open"><b>{{ n }}</b></template></p></div>', n=1)
    assert html.count(" lc=") == 2
    assert '<p class="host" lc=' in html or '<p lc="c0.1" class="host">' in html
