from collections.abc import Callable

from playwright.sync_api import Page, expect

Visit = Callable[..., Page]
TEXT = "#editor .cm-content"
WRITTEN = "[...document.querySelectorAll('#editor .cm-line')].map(line => line.textContent).join('\\n')"


def test_two_people_write_in_one_text(visit: Visit) -> None:
    one, other = visit("/notes/duet/"), visit("/notes/duet/")
    one.click(TEXT)
    one.keyboard.type("First line. ")
    expect(other.locator(TEXT)).to_contain_text("First line.")
    other.click(TEXT)
    other.keyboard.press("Control+End")
    other.keyboard.type("Second voice.")
    expect(one.locator(TEXT)).to_contain_text("First line. Second voice.")


def test_both_write_at_once_and_nothing_is_lost(visit: Visit) -> None:
    one, other = visit("/notes/both/"), visit("/notes/both/")
    for page in (one, other):
        page.click(TEXT)
    for number in range(12):
        one.keyboard.type(f"a{number} ")
        other.keyboard.type(f"b{number} ")
    words = {f"{who}{number}" for who in "ab" for number in range(12)}
    one.wait_for_function(f"words => words.every(word => {WRITTEN}.split(' ').includes(word))", arg=sorted(words))
    other.wait_for_function(f"text => {WRITTEN} === text", arg=one.evaluate(WRITTEN))
    for who in "ab":
        order = [int(word[1:]) for word in one.evaluate(WRITTEN).split() if word.startswith(who)]
        assert order == list(range(12))


def test_who_is_editing(visit: Visit) -> None:
    one = visit("/notes/people/")
    other = visit("/notes/people/")
    expect(one.locator("#editors > li")).to_have_count(2)
    other.close()
    expect(one.locator("#editors > li")).to_have_count(1)


def test_the_others_caret_is_shown(visit: Visit) -> None:
    one, other = visit("/notes/carets/"), visit("/notes/carets/")
    one.click(TEXT)
    one.keyboard.type("Here I am")
    expect(other.locator("#editor .caret")).to_be_attached()


def test_without_javascript_the_text_can_be_read(visit: Visit) -> None:
    page = visit("/notes/welcome/", java_script_enabled=False)
    expect(page.locator("#editor")).to_contain_text("This text belongs to everybody")
