"""A Pay button that pays exactly once (THREATS row 139)."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visitors
from tests.e2e.server import Site

Visit = Callable[..., Page]


def test_paying_shows_one_payment(visit: Visit) -> None:
    page = visit("/checkout/")
    page.click("#pay")
    expect(page.locator("#payments > li")).to_have_count(1)
    page.click("#pay")
    expect(page.locator("#payments > li")).to_have_count(2)


def test_without_javascript_the_form_pays(visit: Visit) -> None:
    page = visit("/checkout/", java_script_enabled=False)
    page.click("#pay")
    expect(page.locator("#payments > li")).to_have_count(1)


def test_t139_a_reload_in_the_middle_pays_once_and_tells(visit: Visit) -> None:
    page = visit("/checkout/")
    page.click("#pay")
    page.reload()
    expect(page.locator("[live-flash]", has_text="Paid 12.50")).to_be_visible()
    expect(page.locator("#payments > li")).to_have_count(1)


def test_t139_a_kill_in_the_middle_pays_once(own_site: Site, visitors: Visitors) -> None:
    visitors.allow("WebSocket connection|ERR_CONNECTION_REFUSED")
    page = visitors.open(own_site.url + "/checkout/")
    page.click("#pay")
    expect(page.locator("#pay")).to_be_disabled()
    own_site.kill()
    own_site.start()
    expect(page.locator("#payments > li")).to_have_count(1)
    expect(page.locator("#pay")).to_be_enabled()
    page.reload()
    expect(page.locator("#payments > li")).to_have_count(1)
