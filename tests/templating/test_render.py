"""The forms that patches take, and what they cost."""

import json
import pickle
from typing import Any

import pytest
from django.template import Context

from livecomp.templating import RenderMemory
from livecomp.templating.markup import FORMATTING
from tests.templating.rendering import Browser, FakeHost, compiled

TABLE = """<div><h1 id="title">{{ title }}</h1><table><tbody id="rows">
{% for row in rows %}<tr id="row-{{ row.id }}"{% if row.done %} class="done"{% endif %}><td>{{ row.id }}</td>
<td>{{ row.label }}</td><td>{{ row.owner }}</td></tr>
{% endfor %}</tbody></table></div>"""


def row(number: int, **changes: Any) -> dict[str, Any]:
    return {"id": number, "label": f"Label {number}", "owner": f"user{number % 7}", "done": False, **changes}


def wire(patches: list[tuple[str, str]]) -> int:
    return len(json.dumps(["patch", 12, 7, patches], separators=(",", ":"), ensure_ascii=False).encode())


@pytest.fixture
def rows() -> list[dict[str, Any]]:
    return [row(number) for number in range(1, 1001)]


@pytest.fixture
def table(rows: list[dict[str, Any]]) -> Browser:
    return Browser(compiled(TABLE), {"title": "a", "rows": rows})


def test_the_first_render_carries_addresses_and_nothing_else_new() -> None:
    browser = Browser(compiled('<div class="k"><b id="count">{{ count }}</b></div>'), {"count": 1})
    assert browser.fresh({"count": 1}) == '<div lc="c0.0" class="k"><b lc="c0.1" id="count">1</b></div>'


def test_a_static_start_tag_is_not_sent() -> None:
    browser = Browser(compiled('<div><b id="count">{{ count }}</b></div>'), {"count": 1})
    patches = browser.show({"count": 2})
    assert patches == [("c0.1", ">2")]
    assert wire(patches) <= 45


def test_a_dynamic_start_tag_is() -> None:
    browser = Browser(compiled('<div><p class="{{ a }}">x</p></div>'), {"a": 1})
    assert browser.show({"a": 2}) == [("c0.1", '<p class="2">x</p>')]


def test_void_elements_and_those_that_eat_a_line_break_are_sent_whole() -> None:
    browser = Browser(compiled('<div><input value="{{ a }}"><textarea>\n{{ a }}</textarea></div>'), {"a": 1})
    assert browser.show({"a": "\n2"}) == [
        ("c0.1", '<input value="\n2">'),
        ("c0.2", "<textarea>\n\n2</textarea>"),
    ]


def test_nothing_changed() -> None:
    browser = Browser(compiled("<div>{{ a }}</div>"), {"a": 1})
    assert browser.show({"a": 1}) == []


@pytest.mark.parametrize(
    ("change", "limit"),
    [
        (lambda rows: rows[500].update(done=True), 250),
        (lambda rows: rows.append(row(2000)), 400),
        (lambda rows: rows.insert(0, row(2000)), 400),
        (lambda rows: rows.pop(0), 150),
        (lambda rows: rows.insert(998, rows.pop(1)) or rows.insert(1, rows.pop(997)), 400),
        (lambda rows: rows.reverse(), 16_000),
    ],
    ids=["toggle", "append", "prepend", "delete first", "swap", "reverse"],
)
def test_bytes_of_a_change_among_a_thousand_rows(table: Browser, rows: list[Any], change: Any, limit: int) -> None:
    change(rows)
    patches = table.show({"title": "a", "rows": rows})
    assert len(patches) == 1
    assert wire(patches) <= limit


def test_an_unrelated_heading_costs_its_own_bytes(table: Browser, rows: list[Any]) -> None:
    assert wire(table.show({"title": "b", "rows": rows})) <= 80


def test_a_run_is_broken_where_something_was_removed_in_between() -> None:
    source = "<ul>{% for r in rows %}<li live-key='{{ r }}'>{{ r }}, {{ r }}</li> {% endfor %}</ul>"
    browser = Browser(compiled(source), {"rows": [1, 2, 3, 4, 5]})
    assert browser.show({"rows": [1, 2, 4, 5]}) == [("c0.0", "><template lc-keep='c0.1. 1~2 4~5'> </template> ")]


def test_markup_between_rounds_is_written_out() -> None:
    source = "<div>{% for r in rows %}<p live-key='{{ r }}'>{{ r }}, {{ r }}</p><hr>{% endfor %}</div>"
    browser = Browser(compiled(source), {"rows": [1, 2, 3]})
    assert browser.show({"rows": [3, 1]}) == [
        ("c0.0", "><template lc-keep='c0.1. 3'></template><hr><template lc-keep='c0.1. 1'></template><hr>"),
    ]


def test_a_round_that_moves_and_changes_inside_stays_and_is_patched() -> None:
    inner = "<ul>{% for s in r.subs %}<li id='{{ s }}'>{{ s }} and {{ s }}</li>{% endfor %}</ul>"
    source = f"<div>{{% for r in rows %}}<section id='{{{{ r.id }}}}'>{inner}</section>{{% endfor %}}</div>"
    browser = Browser(compiled(source), {"rows": [{"id": 1, "subs": ["a"]}, {"id": 2, "subs": ["b"]}]})
    assert browser.show({"rows": [{"id": 2, "subs": ["b", "c"]}, {"id": 1, "subs": ["a"]}]}) == [
        ("c0.0", "><template lc-keep='c0.1. 2 1'></template>"),
        ("c0.2.2", "><template lc-keep='c0.3.2.b'></template><li lc='c0.3.2.c' id='c'>c and c</li>"),
    ]


@pytest.mark.parametrize("key", ["a b", "a.b", "a~b", "é", "", "'", "%"])
def test_keys_that_need_escaping(key: str) -> None:
    source = "<ul>{% for r in rows %}<li live-key='{{ r }}'>{{ r }} and {{ r }}</li>{% endfor %}</ul>"
    browser = Browser(compiled(source), {"rows": ["z", key]})
    for rows in ([key, "z"], [key], ["y", key], []):
        browser.show({"rows": rows})


def test_duplicate_keys_still_give_the_right_page(caplog: pytest.LogCaptureFixture, settings: Any) -> None:
    settings.DEBUG = True
    source = "<ul>{% for r in rows %}<li id='{{ r.id }}'>{{ r.label }}</li>{% endfor %}</ul>"
    browser = Browser(compiled(source), {"rows": [{"id": 1, "label": "a"}, {"id": 1, "label": "b"}]})
    assert "line 1: two items of this loop have the key '1'" in caplog.text
    for labels in (["a", "c"], ["c"], ["x", "y", "z"]):
        browser.show({"rows": [{"id": 1, "label": label} for label in labels]})


def test_missing_keys_warn_and_still_give_the_right_page(caplog: pytest.LogCaptureFixture, settings: Any) -> None:
    settings.DEBUG = True
    browser = Browser(compiled("<ul>{% for r in rows %}<li>{{ r }}</li>{% endfor %}</ul>"), {"rows": ["a", "b"]})
    assert "line 1: the items of this loop have no key" in caplog.text
    for rows in (["b"], ["c", "b"], []):
        browser.show({"rows": rows})


def test_children_are_kept_moved_and_brought() -> None:
    source = '<div>{{ a }}{% for r in rows %}<p id="{{ r }}">{% live_component "child" key=r %}</p>{% endfor %}</div>'
    browser = Browser(compiled(source), {"a": 1, "rows": [1, 2]})
    assert browser.show({"a": 2, "rows": [2, 1]})[0][1].count("lc-keep") == 1
    patches = browser.show({"a": 2, "rows": [2, 1, 3]})
    assert "child c3" in patches[0][1]
    assert browser.memory.children == {"c1", "c2", "c3"}


def test_a_child_s_slot_tells_tag_keys_and_its_own_key() -> None:
    host = FakeHost()
    template = compiled(
        '<div>{% live_component "x" %}{% for r in rows %}<p id="{{ r }}">{% live_component "y" key=9 %}</p>{% endfor %}</div>'
    )
    rendering = template.render(Context({"rows": ["a"]}), component_id="c0", memory=RenderMemory(), host=host)
    assert list(host.ids) == [(1, None), (2, "a", 9)]
    assert rendering.children == ["c1", "c2"]


def test_fills_carry_the_parent_s_address() -> None:
    given: list[Any] = []

    class Host(FakeHost):
        def place(self, name: str, slot: Any, kwargs: Any, fills: Any) -> str:
            given.append((name, kwargs, fills))
            return super().place(name, slot, kwargs, fills)

    source = '<div>{% live_component "card" ...c a=b fills %}{% fill "title" %}<b>{{ b }}</b>{% endfill %}{% endlive_component %}</div>'
    compiled(source).render(
        Context({"b": "<", "c": {"a": 1, "d": 2}}), component_id="c7", memory=RenderMemory(), host=Host()
    )
    assert given == [("card", {"a": "<", "d": 2}, {"title": '<b lc="c7.1">&lt;</b>'})]


def test_the_memory_can_be_pickled_and_means_the_same_afterwards(table: Browser, rows: list[Any]) -> None:
    table.memory = pickle.loads(pickle.dumps(table.memory))
    assert table.show({"title": "a", "rows": rows}) == []
    table.memory = pickle.loads(pickle.dumps(table.memory))
    rows[3]["done"] = True
    assert [address for address, _ in table.show({"title": "a", "rows": rows})] == ["c0.3.4"]


def test_another_version_of_the_template_is_sent_whole() -> None:
    browser = Browser(compiled("<div><b>{{ a }}</b></div>"), {"a": 1})
    browser.template = compiled("<div><i>{{ a }}</i></div>")
    assert browser.show({"a": 1}) == [("c0.0", "<div><i lc='c0.1'>1</i></div>")]


def test_html_of_a_render_that_skipped_rounds_is_complete(table: Browser, rows: list[Any]) -> None:
    rendering = table._render({"title": "b", "rows": rows}, table.memory)
    assert rendering.html().count("<tr ") == 1000


def test_csrf_token_stays_the_same() -> None:
    browser = Browser(compiled("<form>{% csrf_token %}{{ a }}</form>"), {"a": 1, "csrf_token": "t"})
    assert 'value="t"' in browser.fresh({"a": 1, "csrf_token": "t"})
    assert browser.show({"a": 1, "csrf_token": "t"}) == []


def test_an_empty_target_that_goes_is_not_taken_for_one_that_stays() -> None:
    browser = Browser(compiled("<div>{{ n }}{% if c %}<b>{{ x }}</b>{% endif %}</div>"), {"n": 0, "c": True, "x": ""})
    browser.show({"n": 0, "c": False, "x": ""})
    browser.show({"n": 1, "c": True, "x": ""})
    browser.show({"n": 2, "c": True, "x": ""})


def test_a_heading_that_ends_paragraphs_and_the_heading_around_them_is_not_taken_for_its_content() -> None:
    source = "<div><h2><p>{{ x }}<p>{% if a %}{{ x }}{% endif %}<a></a><h3>{{ x }}</h3></h2></div>"
    browser = Browser(compiled(source), {"x": "", "a": False})
    browser.show({"x": "1", "a": True})
    browser.show({"x": "", "a": True})


def test_a_child_is_sent_where_a_browser_would_nest_its_placeholder_otherwise() -> None:
    item = '<article id="i{{ row }}">{% live_component "child" key=row %}</article>'
    source = f"<ul>{{{{ x }}}}<b>{{% for row in rows %}}{item}{{% endfor %}}</ul>"
    browser = Browser(compiled(source), {"x": 1, "rows": [1, 2]})
    ((address, html),) = browser.show({"x": 2, "rows": [2, 3]})
    assert address == "c0.0"
    assert "lc-keep" not in html
    assert html.count("child c") == 2


def test_irregular_rounds_that_trade_places_are_told_apart() -> None:
    item = "{% if r.on %}<p live-key='{{ r.id }}'>{{ r.id }} and {{ r.id }}</p>{% endif %}"
    browser = Browser(compiled(f"<div>{{% for r in rows %}}{item}{{% endfor %}}</div>"), {"rows": []})
    for flags in ((1, 0), (0, 1), (1, 1), (0, 0)):
        browser.show({"rows": [{"id": number, "on": flag} for number, flag in enumerate(flags)]})


def test_duplicate_keys_that_need_escaping_are_escaped_once() -> None:
    source = "<div>{{ n }}{% for r in rows %}<p live-key='{{ r.k }}'>{{ r.k }} and {{ r.k }}</p>{% endfor %}</div>"
    browser = Browser(compiled(source), {"n": 0, "rows": [{"k": "a b"}, {"k": "z"}]})
    browser.show({"n": 0, "rows": [{"k": "a b"}, {"k": "a b"}, {"k": "z"}]})
    browser.show({"n": 1, "rows": [{"k": "a b"}, {"k": "a b"}, {"k": "z"}]})


def test_a_loop_without_changes_in_a_content_that_changed_is_kept() -> None:
    source = "<ul>{{ n }}{% for r in rows %}<li>{{ r.a }}, {{ r.a }} and {{ r.a }}</li>{% endfor %}</ul>"
    browser = Browser(compiled(source), {"n": 0, "rows": [{"a": 1}, {"a": 2}]})
    assert browser.show({"n": 1, "rows": [{"a": 1}, {"a": 2}]}) == [
        ("c0.0", ">1<template lc-keep='c0.1. 0~1'></template>"),
    ]


@pytest.mark.parametrize(
    "markup",
    [
        *(f"<{name}>{{child}}" for name in sorted(FORMATTING)),
        "<a><a>{child}</a></a>",
        "<nobr><nobr>{child}</nobr></nobr>",
        "<button><button>{child}</button></button>",
        "<form><form>{child}</form></form>",
        "<p>one{child}",
        "<ul><li>one{child}</ul>",
        "<p><ul><li>{child}</li></ul></p>",
        "<h2><h3>{child}</h3></h2>",
        "<table>{child}<tr><td></td></tr></table>",
        "<table><b>{child}</b><tr><td></td></tr></table>",
        "<b><p>{child}</b></p>",
        "<select><option>{child}</select>",
    ],
)
def test_a_child_is_sent_whole_where_a_browser_would_not_nest_its_placeholder_alike(markup: str) -> None:
    child = '{% live_component "child" %}'
    for source in (
        f"<div><section>{{{{ x }}}}{markup}</section></div>",
        f"<div>{{{{ x }}}}<section>{{{{ x }}}}{markup}</section></div>",
        f"<div>{{{{ x }}}}{markup}</div>",
        f'<div>{{% for row in rows %}}<section live-key="{{{{ row }}}}">{{{{ x }}}}{markup}</section>{{% endfor %}}</div>',
    ):
        template = compiled(source.replace("{child}", child).replace("{{child}}", child))
        browser = Browser(template, {"x": 1, "rows": [1]})
        html = "".join(html for _, html in browser.show({"x": 2, "rows": [1]}))
        assert "child c1" in html or "lc-keep='c0." in html
        assert "lc-keep='c1" not in html
