"""Rounds are skipped only where their output cannot be another."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from django.utils import timezone, translation
from django.utils.safestring import mark_safe

from livecomp.templating.rows import RowSite, alike, peek
from tests.templating.rendering import Browser, compiled

SOURCE = "<ul>{% for r in rows %}<li id='{{ r.id }}'>{{ r.v }} and a few characters more</li>{% endfor %}</ul>"


class Plain:
    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


@dataclass(frozen=True)
class Frozen:
    id: int
    v: Any


class Named(NamedTuple):
    id: int
    v: Any


@pytest.mark.parametrize("make", [dict, Plain, Frozen, Named])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (1, True),
        (True, 1),
        (1, 1.0),
        (0.0, -0.0),
        ("<b>", mark_safe("<b></b>")),
        (Decimal("1.0"), Decimal("1.00")),
        (None, ""),
        ("a", "b"),
        (1, [1]),
        ([1], [1, 2]),
    ],
)
def test_equal_values_that_are_written_otherwise_are_seen(make: Callable[..., Any], before: Any, after: Any) -> None:
    rows = [make(id=1, v=before), make(id=2, v="x")]
    browser = Browser(compiled(SOURCE), {"rows": rows})
    browser.show({"rows": rows})
    rows[0] = make(id=1, v=after)
    browser.show({"rows": rows})
    rows[0] = make(id=1, v=before)
    browser.show({"rows": rows})


def test_a_dict_that_is_changed_in_place_is_seen() -> None:
    rows = [{"id": number, "v": number} for number in range(20)]
    browser = Browser(compiled(SOURCE), {"rows": rows})
    rows[7]["v"] = "new"
    assert [address for address, _ in browser.show({"rows": rows})] == ["c0.1.7"]


class WithProperty(Plain):
    clock = 0

    @property
    def v(self) -> int:
        return WithProperty.clock


class WithFallback(Plain):
    clock = 0

    def __getattr__(self, name: str) -> int:
        return WithFallback.clock


class WithItems(dict[str, Any]):
    clock = 0

    def __getitem__(self, name: str) -> Any:
        return WithItems.clock if name == "v" else super().__getitem__(name)


@pytest.mark.parametrize("cls", [WithProperty, WithFallback, WithItems])
def test_values_that_are_computed_are_computed_each_time(cls: Any) -> None:
    rows = [cls(id=number) for number in range(3)]
    browser = Browser(compiled(SOURCE), {"rows": rows})
    cls.clock += 1
    assert len(browser.show({"rows": rows})) == 3


def test_values_that_a_lookup_would_call_are_called() -> None:
    value = ["a"]
    rows: list[Any] = [{"id": 1, "v": lambda: value[0]}]
    browser = Browser(compiled(SOURCE), {"rows": rows})
    value[0] = "b"
    assert len(browser.show({"rows": rows})) == 1


def test_a_deferred_field_is_not_fetched_before_it_is_needed() -> None:
    class Deferred:
        def __get__(self, instance: Any, owner: Any = None) -> str:
            raise AssertionError("the field was fetched")

    class Model(Plain):
        v = Deferred()

    source = "<ul>{% for r in rows %}<li id='{{ r.id }}'>{% if r.shown %}{{ r.v }}{% endif %}</li>{% endfor %}</ul>"
    browser = Browser(compiled(source), {"rows": [Model(id=1, shown=False)]})
    browser.show({"rows": [Model(id=1, shown=False), Model(id=2, shown=False)]})


def test_other_variables_of_the_body_count() -> None:
    source = "<ul>{% for r in rows %}<li id='{{ r.id }}'{% if r.id == chosen.id %} class='on'{% endif %}>{{ x }}</li>{% endfor %}</ul>"
    rows = [{"id": number} for number in range(9)]
    browser = Browser(compiled(source), {"rows": rows, "chosen": {"id": 1}, "x": 1})
    assert len(browser.show({"rows": rows, "chosen": {"id": 2}, "x": 1})) == 2
    assert len(browser.show({"rows": rows, "chosen": {"id": 2}, "x": True})) == 9


def test_position_counts_where_it_is_shown() -> None:
    source = "<ul>{% for r in rows %}<li id='{{ r.id }}'>{{ forloop.counter }}/{{ forloop.revcounter }}</li>{% endfor %}</ul>"
    rows = [{"id": number} for number in range(4)]
    browser = Browser(compiled(source), {"rows": rows})
    browser.show({"rows": rows[1:]})
    browser.show({"rows": rows})
    browser.show({"rows": rows[::-1]})


@pytest.mark.parametrize(
    "body",
    [
        "{{ r.v|date:'l H:i' }}",
        "{% load i18n %}{% translate 'Yes' %}",
        "{{ r.v }}",
    ],
)
def test_language_and_time_zone_count(body: str) -> None:
    rows = [{"id": 1, "v": datetime(2026, 1, 5, 23, 0, tzinfo=UTC)}]
    browser = Browser(compiled(SOURCE.replace("{{ r.v }}", body)), {"rows": rows})
    for language, zone in (("de", "UTC"), ("en", "Asia/Tokyo"), ("fr", "UTC")):
        import zoneinfo

        with translation.override(language), timezone.override(zoneinfo.ZoneInfo(zone)):
            browser.show({"rows": rows})


def test_filters_and_tags_that_are_not_known_are_run_each_time() -> None:
    source = "<ul>{% for r in rows %}<li id='{{ r.id }}'>{% cycle 'a' 'b' %}{{ r.v|random }}</li>{% endfor %}</ul>"
    site = _site_of(source)
    assert not site.pure
    assert not _site_of(SOURCE.replace("{{ r.v }}", "{{ r.v|timesince }}")).pure
    assert _site_of(SOURCE.replace("{{ r.v }}", "{{ r.v|upper }}")).pure


def _site_of(source: str) -> RowSite:
    function: Any = compiled(source).live.call
    return next(value for value in function.__globals__.values() if isinstance(value, RowSite))


def test_items_made_anew_for_each_render_are_not_remembered_for_nothing() -> None:
    def made() -> list[dict[str, Any]]:
        return [{"id": number + 1000, "v": f"{number} {number}"} for number in range(20)]

    browser = Browser(compiled(SOURCE), {"rows": made()})
    loop = browser.memory.inner[0]
    assert loop is not None
    assert loop.rows is not None
    assert browser.show({"rows": made()}) == []
    loop = browser.memory.inner[0]
    assert loop is not None
    assert loop.rows is None
    assert loop.wait > 0


@pytest.mark.parametrize("make", [Frozen, Named])
def test_an_item_of_another_kind_among_immutable_ones_is_seen_each_time_it_changes(make: Callable[..., Any]) -> None:
    rows: list[Any] = [make(id=number, v=number) for number in range(4)]
    browser = Browser(compiled(SOURCE), {"rows": rows})
    rows[2] = {"id": 2, "v": "x"}
    for value in ("y", "z"):
        assert browser.show({"rows": rows}) != []
        rows[2]["v"] = value
    rows[2] = make(id=2, v=5)
    assert browser.show({"rows": rows}) != []


def test_the_loop_variable_by_itself() -> None:
    source = "<ul>{% for name in names %}<li live-key='{{ name }}'>{{ name }} and a few characters more</li>{% endfor %}</ul>"
    browser = Browser(compiled(source), {"names": ["a", "b"]})
    for names in (["b", "a"], ["b"], ["b", 1], ["b", True], [], [[1], "b"]):
        browser.show({"names": names})


def test_rows_without_one_of_the_values() -> None:
    browser = Browser(compiled(SOURCE), {"rows": [{"id": 1, "v": 1}, {"id": 2}]})
    browser.show({"rows": [{"id": 1}, {"id": 2, "v": 3}]})
    browser.show({"rows": [{"id": 2, "v": 3}, {"id": 1, "v": None}]})


def test_peek_takes_only_what_nothing_has_to_be_called_for() -> None:
    assert peek({"a": {"b": 1}}, "a", "b") == 1
    assert peek(Plain(a=1), "a") == 1
    assert peek({"a": [1]}, "a") is peek
    assert peek(WithProperty(), "v") is peek
    assert peek({}, "a") is peek


def test_alike_is_stricter_than_equal() -> None:
    assert alike((1, "a", None), (1, "a", None))
    assert not alike((1,), (True,))
    assert not alike((0.0,), (-0.0,))
    assert not alike((1,), (1, 2))
