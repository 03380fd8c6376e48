"""The demo without a mouse: everything that can be clicked can be reached with Tab, in view, and used with the keyboard."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_site import PATHS

Visit = Callable[..., Page]

CONTROLS = """
    () => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [live-click]")]
        .filter(each => each.checkVisibility({ visibilityProperty: true }) && !each.disabled && each.tabIndex >= 0
            && !(each.type === "radio" && !each.checked))
        .slice(0, 60)
        .forEach(each => each.setAttribute("data-to-reach", ""))
"""
UNREACHABLE = """
    [...document.querySelectorAll("[live-click]:not(a, button, input, select, textarea, summary, [tabindex])")]
        .map(each => each.outerHTML.slice(0, 80))
"""
FOCUSED = """
    () => {
        const focused = document.activeElement;
        if (focused === document.body) return null;
        focused.removeAttribute("data-to-reach");
        const { outlineStyle, boxShadow } = getComputedStyle(focused);
        const box = focused.getBoundingClientRect();
        const isSeen = box.bottom > 0 && box.top < innerHeight && box.width > 0;
        const isMarked = outlineStyle !== "none" || boxShadow !== "none" || focused.isContentEditable;
        return { isSeen, isMarked, html: focused.outerHTML.slice(0, 80) };
    }
"""


@pytest.mark.parametrize("path", PATHS)
def test_tab_reaches_every_control_in_view_and_marks_it(visit: Visit, path: str) -> None:
    page = visit(path)
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    assert page.evaluate(UNREACHABLE) == []
    page.evaluate(CONTROLS)
    for _ in range(250):
        if not page.locator("[data-to-reach]").count():
            break
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused is not None:
            assert focused["isSeen"], focused["html"]
            assert focused["isMarked"], focused["html"]
    assert page.locator("[data-to-reach]").evaluate_all("all => all.map(each => each.outerHTML.slice(0, 80))") == []


def test_a_todo_is_written_done_and_deleted_without_a_mouse(visit: Visit) -> None:
    page = visit("/todos/")
    page.focus("#title")
    page.keyboard.type("Walk")
    page.keyboard.press("Enter")
    todo = page.locator("[id^=todo-]", has_text="Walk")
    page.locator("[aria-label='Done: Walk']").focus()
    page.keyboard.press("Space")
    expect(todo).to_have_class("done")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Delete Walk")).to_be_focused()
    page.keyboard.press("Enter")
    expect(todo).to_have_count(0)


def test_a_message_is_sent_and_the_log_tells_it_without_a_mouse(visit: Visit) -> None:
    page = visit("/chat/keyboard/")
    page.focus("#text")
    page.keyboard.type("No mouse here")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log")).to_contain_text("No mouse here")
    expect(page.locator("#text")).to_be_focused()
    expect(page.get_by_role("log").get_by_role("list").get_by_role("listitem").first).to_be_visible()


def test_the_table_is_sorted_and_scrolled_without_a_mouse(visit: Visit) -> None:
    page = visit("/table/?rows=50")
    page.focus("#sort-name")
    page.keyboard.press("Enter")
    expect(page.locator("#sort-name")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#sort-name")).to_be_focused()
    page.focus(".bigtable-scroll")
    page.keyboard.press("End")
    expect(page.locator("#rows tr").last).to_be_in_viewport()
