"""Pages that a process in the background keeps moving."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.server import Site, running

Visit = Callable[..., Page]


def test_the_clock_ticks(visit: Visit) -> None:
    page = visit("/")
    clock = page.locator("#clock")
    before = clock.inner_text()
    expect(clock).not_to_have_text(before)


def test_scores_follow_the_matches(visit: Visit, site: Site) -> None:
    viewers = [visit("/scores/") for _ in range(3)]
    expect(viewers[0].locator("#scores > li")).to_have_count(8)
    with running(site, "play_match", "--seconds", "0.02", "--forever"):
        for page in viewers:
            page.wait_for_function("() => parseInt(document.querySelector('#match-1 .minute').textContent) > 5")
            page.wait_for_function("""
                () => [...document.querySelectorAll('#scores .home, #scores .away')].some(goals => goals.textContent !== '0')
            """)


def test_all_viewers_end_on_the_last_score(visit: Visit, site: Site) -> None:
    viewers = [visit("/scores/"), visit("/scores/")]
    site.manage("play_match", "--seconds", "0")
    for page in viewers:
        expect(page.locator("#match-8 .minute")).to_have_text("90′")
    assert (
        viewers[0].inner_text("#scores") == viewers[1].inner_text("#scores") == visit("/scores/").inner_text("#scores")
    )


def test_prices_move_and_only_their_rows_change(visit: Visit, site: Site) -> None:
    page = visit("/stocks/")
    rows = page.locator("#stocks tr[id^=stock-]")
    expect(rows).to_have_count(20)
    prices = page.locator("#stocks .price").all_inner_texts()
    page.evaluate("window.row = document.querySelector('#stocks tr[id^=stock-]')")
    with running(site, "move_prices"):
        page.wait_for_function(
            "before => [...document.querySelectorAll('#stocks .price')].filter((price, i) => price.textContent !== before[i]).length > 8",
            arg=prices,
        )
    assert page.evaluate("window.row === document.querySelector('#stocks tr[id^=stock-]')")


def test_all_viewers_end_on_the_last_prices(visit: Visit, site: Site) -> None:
    viewers = [visit("/stocks/") for _ in range(2)]
    before = viewers[0].locator("#stocks .price").all_inner_texts()
    with running(site, "move_prices"):
        viewers[0].wait_for_function(
            "before => [...document.querySelectorAll('#stocks .price')].every((price, i) => price.textContent !== before[i])",
            arg=before,
        )
    last = visit("/stocks/").locator("#stocks .price").all_inner_texts()
    for page in viewers:
        page.wait_for_function(
            "last => [...document.querySelectorAll('#stocks .price')].every((price, i) => price.innerText === last[i])",
            arg=last,
        )
