from collections.abc import Callable

from playwright.sync_api import Page, expect

Visit = Callable[..., Page]


def say(page: Page, text: str) -> None:
    page.fill("#say [name=text]", text)
    page.press("#say [name=text]", "Enter")


def test_a_message_reaches_everybody_in_the_room(visit: Visit) -> None:
    one, other = visit("/chat/blue/"), visit("/chat/blue/")
    elsewhere = visit("/chat/green/")
    say(one, "Hello from one")
    expect(other.locator("#messages > li", has_text="Hello from one")).to_be_visible()
    say(other, "And back")
    expect(one.locator("#messages > li").last).to_contain_text("And back")
    expect(elsewhere.locator("#messages > li", has_text="Hello")).to_have_count(0)


def test_the_history_is_there_before_any_script(visit: Visit) -> None:
    say(visit("/chat/history/"), "Written down")
    page = visit("/chat/history/", java_script_enabled=False)
    expect(page.locator("#messages > li", has_text="Written down")).to_be_visible()


def test_without_javascript_the_form_posts(visit: Visit) -> None:
    live = visit("/chat/post/")
    page = visit("/chat/post/", java_script_enabled=False)
    page.fill("#say [name=text]", "Sent by a plain form")
    page.click("#say button")
    expect(page.locator("#messages > li", has_text="Sent by a plain form")).to_be_visible()
    expect(live.locator("#messages > li", has_text="Sent by a plain form")).to_be_visible()


def test_the_input_is_emptied_and_keeps_the_focus(visit: Visit) -> None:
    page = visit("/chat/input/")
    say(page, "Once")
    field = page.locator("#say [name=text]")
    expect(field).to_have_value("")
    expect(field).to_be_focused()
    say(page, "Twice")
    expect(page.locator("#messages > li")).to_have_count(2)


def test_typing_goes_on_while_others_talk(visit: Visit) -> None:
    one, other = visit("/chat/typing/"), visit("/chat/typing/")
    field = one.locator("#say [name=text]")
    field.press_sequentially("unfinished")
    field.evaluate("input => input.setSelectionRange(3, 3)")
    for number in range(3):
        say(other, f"Message {number}")
        expect(one.locator("#messages > li", has_text=f"Message {number}")).to_be_visible()
    expect(field).to_have_value("unfinished")
    expect(field).to_be_focused()
    assert field.evaluate("input => input.selectionStart") == 3


def test_who_is_here(visit: Visit) -> None:
    one = visit("/chat/party/")
    expect(one.locator("#present > li")).to_have_count(1)
    other = visit("/chat/party/")
    expect(one.locator("#present > li")).to_have_count(2)
    expect(other.locator("#present > li")).to_have_count(2)
    other.close()
    expect(one.locator("#present > li")).to_have_count(1)


def test_who_is_typing(visit: Visit) -> None:
    one, other = visit("/chat/fingers/"), visit("/chat/fingers/")
    other.locator("#say [name=text]").press_sequentially("Well")
    expect(one.locator("#typing")).to_contain_text("is typing")
    expect(other.locator("#typing")).to_be_empty()
    say(other, "Well then")
    expect(one.locator("#typing")).to_be_empty()
