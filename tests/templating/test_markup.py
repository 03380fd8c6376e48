"""What a browser nests as it is written, and what not."""

import pytest

from livecomp.templating.markup import comment_end, conflict, raw_end, reach, text_conflict


@pytest.mark.parametrize(
    ("open_names", "name", "disturbed"),
    [
        ("div", "p", None),
        ("div p", "span", None),
        ("div p", "div", 1),
        ("div p span", "ul", 1),
        ("p button", "div", None),  # a button is a border for the paragraph
        ("ul li", "li", 1),
        ("ul li ul", "li", None),
        ("ul li div", "li", 1),
        ("dl dt", "dd", 1),
        ("a span", "a", 0),
        ("form div", "form", 0),
        ("button b", "button", 0),
        ("h2", "h3", 0),
        ("h2 span", "h3", None),
        ("div h2 p", "h3", 1),
        ("div h2 p span p", "h3", 1),
        ("h2 div p", "h3", 2),
        ("table tbody", "tr", None),
        ("div table", "tr", 1),
        ("table tbody tr", "td", None),
        ("table tbody tr", "div", 0),
        ("div", "td", 1),
        ("select", "option", None),
        ("p select", "div", 0),
        ("div", "body", 1),
        ("", "tr", None),
    ],
)
def test_conflicts(open_names: str, name: str, disturbed: int | None) -> None:
    assert conflict(open_names.split(), name) == disturbed


@pytest.mark.parametrize(
    ("open_names", "index", "reached"),
    [
        ("section button", 1, 1),
        ("section button section", 1, 0),  # </section> ends the outer one
        ("section button span", 1, 1),
        ("span button span", 1, 0),
        ("span div button span", 2, 2),  # </span> does not look behind a <div>
        ("div ul li div", 2, 0),
        ("div table tbody tr td li div", 5, 5),  # a cell is a border
        ("div div li div", 2, 1),
        ("p a div a", 3, 3),
    ],
)
def test_elements_that_end_tags_reach_when_theirs_is_gone(open_names: str, index: int, reached: int) -> None:
    assert reach(open_names.split(), index) == reached


def test_text_between_the_parts_of_a_table_is_moved() -> None:
    assert text_conflict(["div", "table", "tbody"]) == 1
    assert text_conflict(["table", "tbody", "tr", "td"]) is None


@pytest.mark.parametrize(
    ("text", "fresh", "end"),
    [
        ("note --> x", True, 8),
        ("> x", True, 1),
        ("-> x", True, 2),
        ("> x", False, -1),
        ("a --!> b", False, 6),
        ("a", True, -1),
    ],
)
def test_ends_of_comments(text: str, fresh: bool, end: int) -> None:
    assert comment_end(text, 0, fresh) == end


@pytest.mark.parametrize(
    ("text", "end"), [("a</style>", 1), ("a</STYLE >", 1), ("</styles>", -1), ("</style", -1), ("x < y", -1)]
)
def test_ends_of_raw_text(text: str, end: int) -> None:
    assert raw_end(text, 0, "style") == end
