from collections.abc import Callable

from playwright.sync_api import Page, expect

Visit = Callable[..., Page]


def test_errors_come_and_go_while_typing(visit: Visit) -> None:
    page = visit("/signup/")
    username = page.locator("#signup [name=username]")
    username.press_sequentially("de", delay=20)
    expect(page.locator("#field-username .errorlist")).to_contain_text("at least 3")
    expect(page.locator("#field-email .errorlist")).to_have_count(0)
    username.press_sequentially("mo")
    expect(page.locator("#field-username .errorlist")).to_contain_text("already exists")
    username.press_sequentially("crat", delay=20)
    expect(page.locator(".errorlist")).to_have_count(0)
    expect(username).to_have_value("democrat")
    expect(username).to_be_focused()


def test_the_caret_stays_where_one_types(visit: Visit) -> None:
    page = visit("/signup/")
    username = page.locator("#signup [name=username]")
    username.fill("Bd")
    username.evaluate("input => input.setSelectionRange(1, 1)")
    username.press_sequentially("xyz", delay=150)
    expect(page.locator("#field-username .errorlist")).to_contain_text("small letters")
    expect(username).to_have_value("Bxyzd")
    assert username.evaluate("input => input.selectionStart") == 4


def test_a_valid_form_is_saved_once_and_emptied(visit: Visit) -> None:
    page = visit("/signup/")
    page.fill("#signup [name=username]", "newcomer")
    page.fill("#signup [name=email]", "newcomer@example.com")
    page.click("#signup button")
    expect(page.locator(".signup-welcome")).to_contain_text("newcomer")
    expect(page.locator("#signup [name=username]")).to_have_value("")
    expect(page.locator(".errorlist")).to_have_count(0)


def test_submitting_an_empty_form_names_every_missing_field(visit: Visit) -> None:
    page = visit("/signup/")
    page.click("#signup button")
    expect(page.locator(".errorlist")).to_have_count(2)


def test_a_text_of_a_megabyte_is_an_error_at_its_field_and_the_page_goes_on(visit: Visit) -> None:
    page = visit("/signup/")
    username = page.locator("#signup [name=username]")
    for length in (70_000, 1_000_000):
        username.evaluate(
            """(input, length) => {
                input.removeAttribute("maxlength");
                input.value = "x".repeat(length);
                input.dispatchEvent(new InputEvent("input", { bubbles: true }));
            }""",
            length,
        )
        expect(page.locator("#field-username .errorlist")).to_contain_text(f"it has {length}")
        assert username.evaluate("input => input.value.length") == length
    username.fill("short")
    expect(page.locator("#field-username .errorlist")).to_have_count(0)


def test_without_javascript_the_form_is_validated_by_a_post(visit: Visit) -> None:
    page = visit("/signup/", java_script_enabled=False)
    page.fill("#signup [name=username]", "plain")
    page.fill("#signup [name=email]", "nowhere")
    page.click("#signup button")
    expect(page.locator("#field-email .errorlist")).to_be_visible()
    expect(page.locator("#signup [name=username]")).to_have_value("plain")
    page.fill("#signup [name=email]", "plain@example.com")
    page.click("#signup button")
    expect(page.locator(".signup-welcome")).to_contain_text("plain")
