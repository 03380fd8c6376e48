"""CSS selectors on the test page, and what a reader sees."""

from __future__ import annotations

import pytest

from livecomp.testing.html_tree import parse_fragment
from livecomp.testing.selectors import describe, is_selector, is_visible, select, visible_text

PAGE = parse_fragment(
    """<main id="m"><button class="a b" @click="x" live-model.blur="f">+</button><button>Say "hi"</button>
    <ul><li>1</li><li class="on">2<b>deep</b></li></ul><svg viewBox="0 0 1 1"><linearGradient id="g"/></svg>
    <input type="checkbox" checked><input disabled><template><i>not here</i></template></main>"""
)


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("button", 2),
        ("button:-soup-contains('+')", 1),
        (':-soup-contains("deep")', 4),
        ("li:-soup-contains('deep')", 1),
        ("li:-soup-contains-own('deep')", 0),
        ("b:-soup-contains-own(deep)", 1),
        ("button:-soup-contains('Say \"hi\"')", 1),
        (".a.b", 1),
        ("#m > ul > li.on b", 1),
        ("li:nth-child(2)", 1),
        ("li:first-of-type, li:last-of-type", 2),
        ("ul:has(.on)", 1),
        ("li:not(.on)", 1),
        ("li:is(.on, .off)", 1),
        ("li + li", 1),
        ("input:checked", 1),
        ("input:disabled", 1),
        (r"[live-model\.blur]", 1),
        (r"[\@click='x']", 1),
        ("[viewBox]", 1),
        ("linearGradient#g", 1),
        ("i", 0),
        ("table", 0),
    ],
)
def test_select(selector: str, found: int) -> None:
    assert len(select(PAGE, selector)) == found


@pytest.mark.parametrize(
    "text", ["+", "p..", "Save!", "a >", "3", "Add (1)", "li:-soup-contains(+)", "li:-soup-contains()"]
)
def test_text_that_is_no_selector(text: str) -> None:
    assert not is_selector(text)
    with pytest.raises(ValueError, match="not a CSS selector"):
        select(PAGE, text)


def test_visible_text() -> None:
    page = parse_fragment(
        "<p> a\n  <b>b</b>c<br>d <i hidden>no</i><script>no</script><template>no</template><u inert>no</u></p><!-- no -->"
    )
    assert visible_text(page) == "a bc d"


@pytest.mark.parametrize(
    ("markup", "visible"),
    [
        ("<b>x</b>", True),
        ("<b hidden>x</b>", False),
        ("<p hidden><b>x</b></p>", False),
        ("<p inert><b>x</b></p>", False),
        ("<template><b>x</b></template>", False),
    ],
)
def test_is_visible(markup: str, visible: bool) -> None:
    element = next(iter(parse_fragment(markup).iter("b")))
    assert is_visible(element) is visible


def test_describe_is_one_line() -> None:
    element = parse_fragment(f'<button lc="c0.1" class="a">Save\n  <b>now</b>{"x" * 200}</button>')[0]
    assert describe(element).startswith('<button class="a"> Save now')
    assert len(describe(element)) <= 118
