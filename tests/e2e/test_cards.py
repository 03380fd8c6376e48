from collections.abc import Callable

from playwright.sync_api import Page, expect

Visit = Callable[..., Page]


def test_likes_belong_to_their_card_and_add_up(visit: Visit) -> None:
    page = visit("/cards/")
    cards = page.locator(".card")
    expect(cards).to_have_count(4)
    cards.nth(0).locator(".like").click()
    cards.nth(0).locator(".like").click()
    cards.nth(2).locator(".like").click()
    expect(page.locator(".likes")).to_have_text(["2", "0", "1", "0"])
    expect(page.locator("#total")).to_have_text("3")


def test_a_moved_card_keeps_its_live_component(visit: Visit) -> None:
    page = visit("/cards/")
    page.locator(".card .like").first.click()
    expect(page.locator(".likes").first).to_have_text("1")
    page.evaluate("window.box = document.querySelector('.like-box')")
    page.click("#turn")
    expect(page.locator(".likes")).to_have_text(["0", "0", "0", "1"])
    assert page.evaluate("window.box === [...document.querySelectorAll('.like-box')].at(-1)")
    page.locator(".card .like").last.click()
    expect(page.locator(".likes").last).to_have_text("2")
    expect(page.locator("#total")).to_have_text("2")
