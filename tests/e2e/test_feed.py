from collections.abc import Callable

from playwright.sync_api import Page, expect

Visit = Callable[..., Page]


def test_more_posts_come_when_the_end_is_in_view(visit: Visit) -> None:
    page = visit("/feed/")
    posts = page.locator("#feed > article")
    first = posts.count()
    assert first >= 10
    page.evaluate("window.first = document.querySelector('#feed > article')")
    for _ in range(3):
        shown = posts.count()
        page.locator("#sentinel").scroll_into_view_if_needed()
        page.wait_for_function("shown => document.querySelectorAll('#feed > article').length > shown", arg=shown)
    assert page.evaluate("window.first === document.querySelector('#feed > article')")
    numbers = [int(number.split("-")[1]) for number in posts.evaluate_all("posts => posts.map(post => post.id)")]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == len(numbers)


def test_a_new_post_is_on_top_of_everybodys_feed(visit: Visit) -> None:
    one, other = visit("/feed/"), visit("/feed/")
    one.fill("#post [name=text]", "Fresh from the oven")
    one.click("#post button")
    expect(other.locator("#feed > article").first).to_contain_text("Fresh from the oven")
    expect(one.locator("#feed > article").first).to_contain_text("Fresh from the oven")
    expect(one.locator("#post [name=text]")).to_have_value("")


def test_without_javascript_there_is_a_link_to_older_posts(visit: Visit) -> None:
    page = visit("/feed/", java_script_enabled=False)
    shown = page.locator("#feed > article").count()
    page.click("#sentinel a")
    assert page.locator("#feed > article").count() > shown
