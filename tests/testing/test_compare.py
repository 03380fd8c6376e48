"""The comparison of the patched page with a fresh render."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml.etree import _Element as Element

from livecomp.testing.compare import difference
from livecomp.testing.html_tree import parse_fragment


def one(html: str) -> Element:
    return parse_fragment(html)[0]


@pytest.mark.parametrize(
    ("live", "fresh"),
    [
        ('<p lc="c0.0" lc-token="t" a="1" b="2">x</p>', '<p b="2" a="1" lc="c0.0">x</p>'),
        ("<p>&lt;&amp;</p>", "<p>&#60;&amp;</p>"),
        ("<input disabled>", '<input disabled="">'),
        ("<p><b>1</b> x</p>tail", "<p><b>1</b> x</p>"),
        (
            '<div><div live-ignore class="js"><i>widget</i></div></div>',
            "<div><div live-ignore></div></div>",
        ),
    ],
)
def test_equal(live: str, fresh: str) -> None:
    assert difference(one(live), one(fresh)) is None


@pytest.mark.parametrize(
    ("live", "fresh", "shown"),
    [
        ("<p>1</p>", "<p>2</p>", "-  '2'\n+  '1'"),
        ("<p><b>1</b> </p>", "<p><b>1</b></p>", "+  ' '"),
        ("<p> x</p>", "<p>x</p>", "+  ' x'"),
        ('<p class="a">x</p>', '<p class="b">x</p>', '-<p class="b">\n+<p class="a">'),
        ("<p>x</p>", '<p lc="c0.0">x</p>', '-<p lc="c0.0">\n+<p>'),
        ("<p>x</p>", "<h1>x</h1>", "-<h1>\n+<p>"),
        ('<p @click="a">x</p>', '<p @click="b">x</p>', '+<p @click="a">'),
        ("<p><!--a--></p>", "<p><!--b--></p>", "-  <!--b-->\n+  <!--a-->"),
        ("<ul><li>1<li>2</ul>", "<ul><li>1</ul>", "+  <li>\n+    '2'"),
        ('<p live-ignore data-a="1">x</p>', '<p live-ignore data-a="2">y</p>', 'data-a="2"'),
    ],
)
def test_different(live: str, fresh: str, shown: str) -> None:
    diff = difference(one(live), one(fresh))
    assert diff is not None
    assert shown in diff
    assert diff.startswith("--- fresh render\n+++ patched page\n")


def test_the_diff_shows_only_what_is_near() -> None:
    rows = [f"<li>{number}</li>" for number in range(1000)]
    fresh = one(f"<ul>{''.join(rows)}</ul>")
    rows[500] = "<li>wrong</li>"
    diff = difference(one(f"<ul>{''.join(rows)}</ul>"), fresh)
    assert diff is not None
    assert len(diff.splitlines()) < 15


PIECES = [*"ab<>/ &;=\"'\n-!", "<p>", "</p>", "<i a=1>", "<!--", "<table>", "<td>"]


@pytest.mark.parametrize(
    ("live", "fresh", "again"),
    [
        ("<p>1</p>", "<p>2</p>", "<p>3</p>"),
        ("<p><b>1</b> x</p>", "<p><b>2</b> x</p>", "<p><b>3</b> x</p>"),
        ('<p id="r1" class="a">x</p>', '<p id="r2" class="a">x</p>', '<p id="r3" class="a">x</p>'),
        ("<p data-1>x</p>", "<p data-2>x</p>", "<p data-3>x</p>"),
        ("<p><!--1-->x</p>", "<p><!--2-->x</p>", "<p><!--3-->x</p>"),
        ("<p><i>1</i><i>2</i></p>", "<p><i>2</i></p>", "<p>none</p>"),
        ("<p><i>1</i></p>", "<p><b>1</b></p>", "<p><u>1</u></p>"),
        ("<p>a b</p>", "<p>a<!-- _RENDERED x,y --> b</p>", "<p>a<!-- _RENDERED x,z --> b</p>"),
    ],
)
def test_where_two_renders_differ_there_is_nothing_to_compare(live: str, fresh: str, again: str) -> None:
    assert difference(one(live), one(fresh), one(again)) is None


@pytest.mark.parametrize(
    ("live", "fresh", "again"),
    [
        ("<p><b>1</b> y</p>", "<p><b>2</b> x</p>", "<p><b>3</b> x</p>"),
        ('<p id="r1" class="b">x</p>', '<p id="r2" class="a">x</p>', '<p id="r3" class="a">x</p>'),
        ("<p><b>1</b></p>", "<p><b>2</b><i>x</i></p>", "<p><b>3</b><i>x</i></p>"),
    ],
)
def test_what_stays_between_two_renders_is_compared(live: str, fresh: str, again: str) -> None:
    assert difference(one(live), one(fresh), one(again)) is not None


MARKUP = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@settings(deadline=None)
@given(MARKUP)
def test_every_markup_equals_itself(markup: str) -> None:
    assert difference(parse_fragment(markup), parse_fragment(markup)) is None


@settings(deadline=None)
@given(MARKUP, MARKUP)
def test_a_difference_is_symmetric_and_never_empty(left: str, right: str) -> None:
    one_way = difference(parse_fragment(left), parse_fragment(right))
    other_way = difference(parse_fragment(right), parse_fragment(left))
    assert (one_way is None) == (other_way is None)
    assert one_way is None or one_way.strip()
