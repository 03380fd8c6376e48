"""Patches applied to the lxml DOM, by the browser's rules."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml.etree import _Element as Element

from livecomp.testing.dom import Dom, PatchError
from livecomp.testing.html_text import inner_html


def dom(html: str) -> Dom:
    return Dom.from_fragment(html)


def html(page: Dom) -> str:
    return inner_html(page.root[0])


def element(page: Dom, address: str) -> Element:
    found = page.target(address)
    assert found is not None
    return found


ROWS = (
    '<ul lc="c0.0">\n<li lc="c0.1.a">A</li>\n<li lc="c0.1.b">B</li>\n'
    '<li lc="c0.1.c">C</li>\n<li lc="c0.1.d">D</li>\n</ul>'
)


def test_outer_form_changes_start_tag_and_content_and_keeps_the_address() -> None:
    page = dom('<p lc="c0.0" class="old" title="x" lc-token="t">1</p>')
    assert page.apply([("c0.0", '<p class="new">2</p>')]) == []
    assert html(page) == '<p lc="c0.0" class="new" lc-token="t">2</p>'


def test_content_form_leaves_the_start_tag() -> None:
    page = dom('<p lc="c0.0" class="a">1</p>')
    assert page.apply([("c0.0", ">2 <b>&lt;3</b>")]) == []
    assert html(page) == '<p lc="c0.0" class="a">2 <b>&lt;3</b></p>'


def test_empty_content() -> None:
    page = dom('<p lc="c0.0">1<b>2</b></p>')
    page.apply([("c0.0", ">")])
    assert html(page) == '<p lc="c0.0"></p>'


def test_void_target() -> None:
    page = dom('<div lc="c0.0"><input lc="c0.1" value="1"> tail</div>')
    page.apply([("c0.1", '<input value="2">')])
    assert html(page) == '<div lc="c0.0"><input lc="c0.1" value="2"> tail</div>'


def test_the_text_after_a_patched_element_stays() -> None:
    page = dom('<div lc="c0.0"><b lc="c0.1">1</b> after</div>')
    page.apply([("c0.1", "<b>2</b>")])
    assert html(page) == '<div lc="c0.0"><b lc="c0.1">2</b> after</div>'


def test_white_space_around_the_element_of_a_patch_is_not_part_of_it() -> None:
    page = dom('<div>a<p lc="c0.0">x</p>b</div>')
    page.apply([("c0.0", "\n<!-- licence -->\n<p>y</p>\n")])
    assert html(page) == '<div>a<p lc="c0.0">y</p>b</div>'


def test_another_tag_name_replaces_the_element() -> None:
    page = dom('<div lc="c0.0"><h1 lc="c0.1">1</h1> after</div>')
    page.apply([("c0.1", "<h2>2</h2>")])
    assert html(page) == '<div lc="c0.0"><h2 lc="c0.1">2</h2> after</div>'


def test_patched_elements_stay_the_same_nodes() -> None:
    page = dom('<div lc="c0.0"><i>0</i><b id="x">1</b><input name="n"></div>')
    bold, field = page.root[0][0][1], page.root[0][0][2]
    page.apply([("c0.0", '><i>0</i><p>new</p><input name="m"><b id="x">2</b><input name="n">')])
    assert page.root[0][0][3] is bold
    assert page.root[0][0][4] is field
    assert html(page) == ('<div lc="c0.0"><i>0</i><p>new</p><input name="m"><b id="x">2</b><input name="n"></div>')


def test_several_patches_in_order() -> None:
    page = dom('<div lc="c0.0"><b lc="c0.1">1</b></div>')
    page.apply([("c0.0", '><b lc="c0.1">2</b>'), ("c0.1", ">3")])
    assert html(page) == '<div lc="c0.0"><b lc="c0.1">3</b></div>'


def test_single_keep_keeps_node_and_content() -> None:
    page = dom('<div lc="c0.0"><b lc="c0.1">old <i>x</i></b> and text</div>')
    kept = element(page, "c0.1")
    page.apply([("c0.0", "><h1>new</h1> <template lc-keep='c0.1'></template>!")])
    assert html(page) == '<div lc="c0.0"><h1>new</h1> <b lc="c0.1">old <i>x</i></b>!</div>'
    assert element(page, "c0.1") is kept


def test_keep_deep_inside_new_markup() -> None:
    page = dom('<div lc="c0.0"><b lc="c0.1">x</b></div>')
    page.apply([("c0.0", "><section><p>a <template lc-keep='c0.1'></template> b</p></section>")])
    assert html(page) == '<div lc="c0.0"><section><p>a <b lc="c0.1">x</b> b</p></section></div>'


def test_keep_of_a_child_component() -> None:
    page = dom('<div lc="c0.0"><p lc="c3.0"><i lc="c3.1">x</i></p></div>')
    page.apply([("c0.0", "<div class=a>1<template lc-keep='c3.0'></template></div>")])
    assert html(page) == ('<div lc="c0.0" class="a">1<p lc="c3.0"><i lc="c3.1">x</i></p></div>')


def test_prepend_to_a_run() -> None:
    page = dom(ROWS)
    page.apply([("c0.0", ">\n<li lc=\"c0.1.n\">N</li>\n<template lc-keep='c0.1. a~d'>\n</template>\n")])
    assert html(page) == ROWS.replace('<li lc="c0.1.a">', '<li lc="c0.1.n">N</li>\n<li lc="c0.1.a">')


def test_a_run_keeps_foreign_nodes_inside_it() -> None:
    page = dom(ROWS.replace('\n<li lc="c0.1.c"', '<!-- ad --><em>x</em>\n<li lc="c0.1.c"'))
    page.apply([("c0.0", "><template lc-keep='c0.1. a~d'>\n</template>")])
    assert "<!-- ad --><em>x</em>\n" in html(page)


def test_removed_items_leave_no_white_space_behind() -> None:
    page = dom(ROWS)
    page.apply([("c0.0", ">\n<template lc-keep='c0.1. a c~d'>\n</template>\n")])
    assert html(page) == ROWS.replace('<li lc="c0.1.b">B</li>\n', "")


def test_list_of_single_keeps_reorders() -> None:
    page = dom(ROWS)
    page.apply([("c0.0", ">\n<template lc-keep='c0.1. d c b a'>\n</template>\n")])
    assert [row.text for row in page.root[0][0]] == ["D", "C", "B", "A"]
    assert html(page).count("</li>\n<li") == 3


def test_two_placeholders_around_a_new_item() -> None:
    page = dom(ROWS)
    page.apply(
        [
            (
                "c0.0",
                ">\n<template lc-keep='c0.1. a~b'>\n</template>\n<li lc='c0.1.x'>X</li>\n<template lc-keep='c0.1. c~d'>\n</template>\n",
            )
        ]
    )
    assert [row.text for row in page.root[0][0]] == ["A", "B", "X", "C", "D"]


def test_keeps_in_a_table_and_a_select() -> None:
    page = dom(
        '<table lc="c0.0"><tr lc="c0.1.a"><td>A</td></tr><tr lc="c0.1.b"><td>B</td></tr></table>'
        '<select lc="c1.0"><option lc="c1.1.a">A</option></select>'
    )
    page.apply(
        [
            ("c0.0", "><tr lc='c0.1.n'><td>N</td></tr><template lc-keep='c0.1. a~b'></template>"),
            ("c1.0", "><template lc-keep='c1.1.a'></template><option lc='c1.1.b'>B</option>"),
        ]
    )
    assert "".join(element(page, "c0.0").itertext()) == "NAB"
    assert "".join(element(page, "c1.0").itertext()) == "AB"


def test_a_row_is_parsed_in_its_context() -> None:
    page = dom('<table lc="c0.0"><tr lc="c0.1.a"><td lc="c0.2.a">A</td></tr></table>')
    page.apply([("c0.1.a", "<tr class=x><template lc-keep='c0.2.a'></template><td>B</td></tr>")])
    assert html(page) == (
        '<table lc="c0.0"><tbody><tr lc="c0.1.a" class="x"><td lc="c0.2.a">A</td><td>B</td></tr></tbody></table>'
    )


def test_percent_encoded_keys() -> None:
    page = dom('<ul lc="c0.0"><li lc="c0.1.a%20b">1</li><li lc="c0.1.%C3%A9">2</li></ul>')
    page.apply([("c0.0", "><template lc-keep='c0.1. %C3%A9 a%20b'>-</template>")])
    assert "".join(page.root[0].itertext()) == "2-1"


def test_textarea_content_is_text() -> None:
    page = dom('<textarea lc="c0.0">\nold</textarea>')
    page.apply([("c0.0", ">\n\n<b>&amp;</b>")])
    assert element(page, "c0.0").text == "\n<b>&</b>"


def test_svg_target() -> None:
    page = dom('<svg viewBox="0 0 1 1" lc="c0.0"><g lc="c0.1"><circle r="1"/></g></svg>')
    page.apply([("c0.1", "<g><circle r='2'/><linearGradient/></g>")])
    assert html(page) == (
        '<svg viewBox="0 0 1 1" lc="c0.0"><g lc="c0.1"><circle r="2"></circle>'
        "<linearGradient></linearGradient></g></svg>"
    )


def test_an_ignored_element_keeps_its_inside_and_takes_data_attributes() -> None:
    page = dom('<div lc="c0.0"><div id="w" live-ignore class="js" data-a="1">widget</div></div>')
    page.apply([("c0.0", '><div id="w" live-ignore class="server" data-a="2">empty</div>')])
    assert html(page) == ('<div lc="c0.0"><div id="w" live-ignore="" class="js" data-a="2">widget</div></div>')


@pytest.mark.parametrize(
    "patch",
    [
        ("c0.9", "<p>x</p>"),
        ("c7.1", "<p>x</p>"),
        ("c0.0", "><template lc-keep='c0.9'></template>"),
        ("c0.0", "><template lc-keep='c0.1. a z'></template>"),
        ("c0.0", "><template lc-keep='c0.1. c~a'></template>"),
        ("c0.1.a", "><template lc-keep='c0.0'></template>"),
        ("c0.1.a", "><template lc-keep='c0.1.a'></template>"),
        ("c0.0", "><template lc-keep='c8.0'></template>"),
    ],
)
def test_a_patch_that_lacks_something_is_skipped_as_a_whole(patch: tuple[str, str]) -> None:
    page = dom(ROWS)
    assert page.apply([patch]) == [patch[0]]
    assert html(page) == ROWS


def test_what_is_skipped_is_named_and_the_rest_applied() -> None:
    page = dom(ROWS)
    assert page.apply([("c0.8", "<p></p>"), ("c0.1.a", ">new"), ("c4.0", "<p></p>")]) == ["c0.8", "c4.0"]
    assert html(page) == ROWS.replace(">A<", ">new<")


def test_a_target_may_come_with_an_earlier_patch() -> None:
    page = dom(ROWS)
    assert page.apply([("c0.2", ">late"), ("c0.0", '><li lc="c0.2">early</li>')]) == []
    assert html(page) == '<ul lc="c0.0"><li lc="c0.2">late</li></ul>'


def test_an_element_moves_from_one_target_to_another() -> None:
    page = dom('<div lc="c0.0"><p lc="c0.1"><b lc="c1.0">x</b></p><p lc="c0.2"></p></div>')
    moved = element(page, "c1.0")
    assert page.apply([("c0.1", ">"), ("c0.2", "><template lc-keep='c1.0'></template>")]) == []
    assert html(page) == '<div lc="c0.0"><p lc="c0.1"></p><p lc="c0.2"><b lc="c1.0">x</b></p></div>'
    assert element(page, "c1.0") is moved


def test_a_removed_element_is_no_target_any_more() -> None:
    page = dom(ROWS)
    assert page.target("c0.1.a") is not None
    page.apply([("c0.0", "><template lc-keep='c0.1. b~d'>\n</template>")])
    assert page.target("c0.1.a") is None


@pytest.mark.parametrize("patch", ["<p>1</p><p>2</p>", "text", "<p>1</p>x", "<tr></tr>", "<!-- -->"])
def test_a_patch_that_is_not_one_element_is_the_servers_fault(patch: str) -> None:
    page = dom('<div><p lc="c0.0">x</p></div>')
    with pytest.raises(PatchError, match=r"c0\.0"):
        page.apply([("c0.0", patch)])


def test_a_node_kept_twice_is_the_servers_fault() -> None:
    page = dom(ROWS)
    keeps = "><template lc-keep='c0.1. a~c'></template><template lc-keep='c0.1.b'></template>"
    with pytest.raises(PatchError, match="twice"):
        page.apply([("c0.0", keeps)])


def test_components_are_found_by_their_roots() -> None:
    page = dom('<div lc="c0.0"><p lc="c1.0"><b lc="c1.1">x</b></p><i lc="c0.0.k">y</i></div>')
    assert list(page.components()) == ["c0", "c1"]


def rows(keys: list[str]) -> str:
    """What the server renders for these keys."""
    items = "".join(f'\n  <li lc="c0.1.{key}" id="{key}"><b>{key}</b></li>\n' for key in keys)
    return f'<ul lc="c0.0"><li>head</li>{items}<li>foot</li></ul>'


def patch_between(old: list[str], new: list[str]) -> str:
    """A patch with a keep for every unbroken run of old keys, as the server makes it.

    Every item of the loop starts and ends with white space, so two neighbours have both between
    them.
    """
    parts, open_items = [], []  # type: ignore[var-annotated]

    def flush() -> None:
        if open_items:
            words = " ".join("~".join(dict.fromkeys((run[0], run[-1]))) for run in open_items)
            separator = "\n\n  "
            parts.append(f"\n  <template lc-keep='c0.1. {words}'>{separator}</template>\n")
            open_items.clear()

    previous: str | None = None
    for key in new:
        if key not in old:
            flush()
            parts.append(f'\n  <li lc="c0.1.{key}" id="{key}"><b>{key}</b></li>\n')
        elif open_items and previous in old and old.index(key) == old.index(previous) + 1:
            open_items[-1].append(key)
        else:
            open_items.append([key])
        previous = key
    flush()
    return f"><li>head</li>{''.join(parts)}<li>foot</li>"


KEYS = st.lists(st.sampled_from("abcdefghijklmnop"), unique=True)


@settings(deadline=None)
@given(st.lists(KEYS, min_size=2, max_size=5))
def test_any_sequence_of_keyed_lists_ends_as_rendered_afresh(states: list[list[str]]) -> None:
    page = dom(rows(states[0]))
    for old, new in pairwise(states):
        nodes = {key: element(page, f"c0.1.{key}") for key in old}
        assert page.apply([("c0.0", patch_between(old, new))]) == []
        assert html(page) == rows(new)
        assert all(element(page, f"c0.1.{key}") is nodes[key] for key in new if key in nodes)


@settings(deadline=None)
@given(KEYS, KEYS)
def test_a_keep_of_an_item_that_is_gone_changes_nothing(old: list[str], gone: list[str]) -> None:
    page = dom(rows(old))
    wanted = [key for key in gone if key not in old] or ["zz"]
    keeps = " ".join(old + wanted)
    assert page.apply([("c0.0", f"><template lc-keep='c0.1. {keeps}'></template>")]) == ["c0.0"]
    assert html(page) == rows(old)
