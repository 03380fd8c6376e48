from collections.abc import Callable

from playwright.sync_api import Page, expect

Visit = Callable[..., Page]


def add(page: Page, title: str) -> None:
    page.fill("#new-todo [name=title]", title)
    page.press("#new-todo [name=title]", "Enter")
    expect(page.locator("#todos > li", has_text=title)).to_be_visible()


def test_a_todo_is_added_ticked_off_and_deleted(visit: Visit) -> None:
    page = visit("/todos/")
    left = int(page.inner_text("#left"))
    add(page, "Buy oranges")
    row = page.locator("#todos > li", has_text="Buy oranges")
    expect(page.locator("#left")).to_have_text(str(left + 1))
    row.locator(".toggle").click()
    expect(row).to_have_class("done")
    expect(page.locator("#left")).to_have_text(str(left))
    row.hover()
    row.locator(".destroy").click()
    expect(row).to_have_count(0)


def test_the_input_is_emptied_and_keeps_the_focus(visit: Visit) -> None:
    page = visit("/todos/")
    add(page, "Empty the input")
    field = page.locator("#new-todo [name=title]")
    expect(field).to_have_value("")
    expect(field).to_be_focused()


def test_two_browsers_stay_in_step(visit: Visit) -> None:
    one, other = visit("/todos/"), visit("/todos/")
    add(one, "Seen by both")
    row = other.locator("#todos > li", has_text="Seen by both")
    expect(row).to_be_visible()
    row.locator(".toggle").click()
    expect(one.locator("#todos > li", has_text="Seen by both")).to_have_class("done")
    expect(one.locator("#left")).to_have_text(other.inner_text("#left"))


def test_what_one_types_is_left_alone_by_what_the_other_does(visit: Visit) -> None:
    one, other = visit("/todos/"), visit("/todos/")
    field = one.locator("#new-todo [name=title]")
    field.fill("half a thought")
    field.evaluate("input => input.setSelectionRange(4, 6)")
    add(other, "Disturb the neighbour")
    expect(one.locator("#todos > li", has_text="Disturb the neighbour")).to_be_visible()
    expect(field).to_be_focused()
    expect(field).to_have_value("half a thought")
    assert field.evaluate("input => [input.selectionStart, input.selectionEnd]") == [4, 6]


def test_the_filter_is_in_the_url(visit: Visit) -> None:
    page = visit("/todos/")
    add(page, "Filter me")
    row = page.locator("#todos > li", has_text="Filter me")
    row.locator(".toggle").click()
    expect(row).to_have_class("done")
    page.click("#filter-active")
    expect(row).to_have_count(0)
    assert page.url.endswith("?filter=active")
    page.click("#filter-completed")
    expect(row).to_be_visible()
    page.go_back()
    expect(row).to_have_count(0)
    assert page.url.endswith("?filter=active")
    page.reload()
    expect(page.locator("#filter-active")).to_have_attribute("aria-current", "true")
    expect(row).to_have_count(0)


def test_without_javascript_the_form_and_the_filter_work(visit: Visit) -> None:
    page = visit("/todos/", java_script_enabled=False)
    page.fill("#new-todo [name=title]", "Posted the old way")
    page.click("#new-todo button")
    expect(page.locator("#todos > li", has_text="Posted the old way")).to_be_visible()
    page.click("#filter-completed")
    expect(page.locator("#todos > li", has_text="Posted the old way")).to_have_count(0)


def test_a_title_is_text_and_never_markup(visit: Visit) -> None:
    one, other = visit("/todos/"), visit("/todos/")
    title = "<img src=x onerror=alert(1)> & <b>bold</b>"
    add(one, title)
    expect(other.locator("#todos > li span", has_text=title)).to_have_text(title)
    assert other.locator("#todos img, #todos span b").count() == 0
