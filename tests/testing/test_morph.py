"""Which elements stay the same when an element becomes another."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livecomp.testing.compare import difference
from livecomp.testing.html_text import inner_html
from livecomp.testing.html_tree import parse_fragment
from livecomp.testing.morph import morph


@pytest.mark.parametrize(
    ("before", "after", "stays"),
    [
        ("<p>1</p>", "<p>2</p>", {0: 0}),
        ("<p>1</p>", "<h1>1</h1>", {}),
        ("<p>1</p><b>2</b>", "<b>2</b><p>1</p>", {0: 1, 1: 0}),
        ("<p id=a>1</p><p id=b>2</p>", "<p id=b>2</p><p id=n>new</p><p id=a>1</p>", {0: 2, 1: 0}),
        ("<p live-key=1>1</p><p live-key=2>2</p>", "<p live-key=2>2</p>", {1: 0}),
        ("<p lc=c0.1>1</p><p lc=c0.2>2</p>", "<p lc=c0.2>2</p><p lc=c0.1>1</p>", {0: 1, 1: 0}),
        ("<input name=a>", "<input name=b><input name=a>", {0: 1}),
        (
            "<input type=radio name=a value=1><input type=radio name=a value=2>",
            "<input type=radio name=a value=2>",
            {1: 0},
        ),
        ("<i>1</i><i>2</i>", "<i>2</i><i>3</i><i>4</i>", {0: 0, 1: 1}),
    ],
)
def test_what_stays(before: str, after: str, stays: dict[int, int]) -> None:
    old, new = parse_fragment(before), parse_fragment(after)
    nodes = list(old)
    morph(old, new)
    assert inner_html(old) == inner_html(parse_fragment(after))
    assert {index: list(old).index(node) for index, node in enumerate(nodes) if node in list(old)} == stays


def test_every_pair_is_announced_before_it_changes() -> None:
    seen = []
    old, new = parse_fragment("<p id=a>1</p>"), parse_fragment("<p id=a class=x>2</p>")
    morph(old[0], new[0], changed=lambda one, other: seen.append((one.text, other.text)))
    assert seen == [("1", "2")]


PIECES = st.sampled_from(
    ["<p>", "</p>", "<b id=a>", "</b>", "<i>", "</i>", "<ul><li id=b>", "</ul>", "<input name=n>", "text", "<!--c-->"]
)
MARKUP = st.lists(PIECES, max_size=12).map("".join)


@settings(deadline=None)
@given(MARKUP, MARKUP)
def test_the_result_is_always_the_new_element(before: str, after: str) -> None:
    old = parse_fragment(before)
    morph(old, parse_fragment(after))
    assert difference(old, parse_fragment(after)) is None
