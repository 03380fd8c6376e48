"""Markup from data that does not stay where the template put it."""

import pytest
from django.utils.safestring import mark_safe

from livecomp.templating.tree import Spot
from livecomp.templating.watch import Place, stays
from tests.templating.rendering import Browser, compiled


@pytest.mark.parametrize(
    ("text", "names", "held"),
    [
        ("<b>a</b>", "div p", True),
        ("a <br> b", "div p", True),
        ("<p>a</p>", "div", True),
        ("<p>a</p>", "div p", False),
        ("<b>a", "div", False),
        ("a</div>", "div section", False),
        ("<li>a<li>b", "ul", False),
        ("<a href='#'>a</a>", "div a", False),
        ("<!-- a", "div", False),
    ],
)
def test_what_stays(text: str, names: str, held: bool) -> None:
    assert stays(text, Spot(tuple(names.split()))) is held


def test_raw_text_and_attributes_can_be_left_too() -> None:
    assert not stays("a</textarea>", Spot(("div", "textarea"), raw="textarea"))
    assert stays("a<b>", Spot(("div", "textarea"), raw="textarea"))
    assert not stays('"><b>', Spot(("div",), marks='"'))


def test_the_component_is_sent_whole_for_as_long_as_it_lasts() -> None:
    browser = Browser(compiled("<div><p>{{ a }}</p><i>{{ b }}</i></div>"), {"a": "x", "b": 1})
    assert [address for address, _ in browser.show({"a": mark_safe("<p>y</p>"), "b": 1})] == ["c0.0"]
    assert [address for address, _ in browser.show({"a": mark_safe("<p>y</p>"), "b": 2})] == ["c0.0"]
    assert [address for address, _ in browser.show({"a": "z", "b": 2})] == ["c0.0"]
    assert browser.show({"a": "z", "b": 3}) == [("c0.2", ">3")]


def test_rows_with_such_markup_are_not_skipped() -> None:
    source = "<ul>{% for r in rows %}<li id='{{ r.id }}'>{{ r.v }}, and a few characters more</li>{% endfor %}</ul>"
    rows = [{"id": 1, "v": mark_safe("<b>")}, {"id": 2, "v": "x"}]
    browser = Browser(compiled(source), {"rows": rows})
    rows[1]["v"] = "y"
    browser.show({"rows": rows})
    assert browser.memory.wild
    rows[0]["v"] = "z"
    browser.show({"rows": rows})
    assert not browser.memory.wild


def test_the_developer_is_told_once(caplog: pytest.LogCaptureFixture, settings: object) -> None:
    settings.DEBUG = True  # type: ignore[attr-defined]
    browser = Browser(compiled("<div>\n<p>{{ a }}</p></div>"), {"a": mark_safe("<p>")})
    browser.show({"a": mark_safe("<p>b")})
    assert caplog.text.count("line 2: this gives markup that a browser nests otherwise") == 1


def test_verdicts_do_not_pile_up() -> None:
    place = Place(Spot(("div",)), "t.html", 1)
    for number in range(1200):
        place.holds(f"<b>{number}</b>")
    assert len(place.verdicts) <= 200
