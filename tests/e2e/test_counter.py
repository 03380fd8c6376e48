from collections.abc import Callable

from playwright.sync_api import Page, expect

Visit = Callable[..., Page]


def test_buttons_count(visit: Visit) -> None:
    page = visit("/counter/")
    expect(page.locator("#count")).to_have_text("5")
    page.click("#inc")
    page.click("#inc")
    expect(page.locator("#count")).to_have_text("7")
    page.click("#dec")
    expect(page.locator("#count")).to_have_text("6")


def test_step_is_bound_to_the_input(visit: Visit) -> None:
    page = visit("/counter/")
    page.fill("#step", "10")
    page.click("#inc")
    expect(page.locator("#count")).to_have_text("15")
    expect(page.locator("#step")).to_have_value("10")


def test_clicks_faster_than_answers_are_all_counted(visit: Visit) -> None:
    page = visit("/counter/")
    page.evaluate("livecomp.latency(200)")
    for _ in range(5):
        page.click("#inc")
    expect(page.locator("#count")).to_have_text("10")


def test_focus_and_caret_stay_in_the_step_while_the_count_changes(visit: Visit) -> None:
    page = visit("/counter/")
    page.fill("#step", "12")
    page.focus("#step")
    page.evaluate("window.step = document.querySelector('#step')")
    page.dispatch_event("#inc", "click")
    expect(page.locator("#count")).to_have_text("17")
    assert page.evaluate("document.activeElement === window.step && window.step.isConnected")


def test_two_visitors_have_counters_of_their_own(visit: Visit) -> None:
    one, other = visit("/counter/"), visit("/counter/")
    one.click("#inc")
    expect(one.locator("#count")).to_have_text("6")
    expect(other.locator("#count")).to_have_text("5")


def test_the_answer_to_a_click_is_one_small_frame(visit: Visit) -> None:
    page = visit("/counter/")
    page.click("#inc")
    expect(page.locator("#count")).to_have_text("6")
    page.click("#wire summary")
    frame = page.locator("#wire-frames .down code", has_text="6</b>").or_(
        page.locator("#wire-frames .down code", has_text=">6")
    )
    expect(frame.first).to_be_visible()
    assert len(frame.first.inner_text()) <= 60
