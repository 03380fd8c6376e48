from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visitors
from tests.e2e.server import Site

Visit = Callable[..., Page]
ids = "[...document.querySelectorAll('#rows > tr')].map(row => Number(row.id.slice(4)))"


@pytest.fixture
def page(visit: Visit) -> Page:
    page = visit("/table/?rows=30")
    page.evaluate("for (const row of document.querySelectorAll('#rows > tr')) row.firstPaint = true")
    return page


def rows(page: Page) -> list[int]:
    return page.evaluate(ids)


def kept(page: Page) -> int:
    """Number of rows that are the same elements as when the page was opened."""
    return page.evaluate("[...document.querySelectorAll('#rows > tr')].filter(row => row.firstPaint).length")


def wait_for_rows(page: Page, expected: list[int]) -> None:
    page.wait_for_function(f"expected => JSON.stringify({ids}) === JSON.stringify(expected)", arg=expected)


def test_it_has_as_many_rows_as_asked_for(visit: Visit) -> None:
    assert rows(visit("/table/?rows=7")) == list(range(1, 8))
    assert len(rows(visit("/table/"))) == 1000


def test_toggle_changes_one_row(page: Page) -> None:
    toggle = page.locator("#row-8 .toggle")
    expect(toggle).to_have_class("toggle off")
    toggle.click()
    expect(toggle).to_have_class("toggle")
    expect(toggle).to_have_text("On")
    assert kept(page) == 30


def test_toggling_one_row_of_a_thousand_is_a_message_of_a_quarter_kilobyte(visitors: Visitors, site: Site) -> None:
    frames: list[str] = []
    page = visitors.open("about:blank")
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: frames.append(str(frame))))
    page.goto(f"{site.url}/table/?rows=1000")
    page.locator("#row-8 .toggle").click()
    expect(page.locator("#row-8 .toggle")).to_have_text("On")
    [patch] = [frame for frame in frames if frame.startswith('["patch"')]
    assert len(patch.encode()) <= 250


def test_delete_removes_one_row(page: Page) -> None:
    page.locator("#row-3 .delete").click()
    wait_for_rows(page, [number for number in range(1, 31) if number != 3])
    assert kept(page) == 29


def test_append_and_prepend(page: Page) -> None:
    page.click("#append")
    wait_for_rows(page, list(range(1, 32)))
    page.click("#prepend")
    wait_for_rows(page, [32, *range(1, 32)])
    assert kept(page) == 30


def test_reverse_moves_the_rows_and_keeps_them(page: Page) -> None:
    page.click("#reverse")
    wait_for_rows(page, list(range(30, 0, -1)))
    assert kept(page) == 30


def test_shuffle_and_sort(page: Page) -> None:
    page.click("#shuffle")
    page.wait_for_function(f"() => JSON.stringify({ids}) !== JSON.stringify({list(range(1, 31))})")
    assert sorted(rows(page)) == list(range(1, 31))
    page.click("#sort-id")
    wait_for_rows(page, list(range(1, 31)))
    expect(page.locator("#sort-id")).to_have_attribute("aria-pressed", "true")
    page.click("#sort-name")
    expect(page.locator("#sort-name")).to_have_attribute("aria-pressed", "true")
    names = page.locator("#rows > tr td:nth-child(2)").all_inner_texts()
    assert names == sorted(names)
    assert kept(page) == 30


def test_the_title_changes_without_touching_the_rows(page: Page) -> None:
    page.evaluate("""
        window.touched = 0;
        new MutationObserver(() => { window.touched += 1; })
            .observe(document.querySelector("#rows"), { childList: true, subtree: true, attributes: true, characterData: true });
    """)
    page.click("#bump")
    expect(page.locator("#title")).to_contain_text("bumped 1 times")
    assert page.evaluate("window.touched") == 0


def test_focus_stays_on_the_button_of_a_row_that_moves(page: Page) -> None:
    page.focus("#row-5 .toggle")
    page.dispatch_event("#reverse", "click")
    wait_for_rows(page, list(range(30, 0, -1)))
    expect(page.locator("#row-5 .toggle")).to_be_focused()
