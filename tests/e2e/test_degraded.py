"""What is left of a page without scripts, and without a WebSocket."""

import re

from playwright.sync_api import expect

from tests.e2e.conftest import Visitors
from tests.e2e.server import Site


def test_t86_without_scripts_the_page_is_complete_and_links_work(site: Site, visitors: Visitors) -> None:
    page = visitors.open(f"{site.url}/counter/", java_script_enabled=False)
    expect(page.locator("#count")).to_have_text("5")
    expect(page.locator("#inc")).to_be_visible()
    page.locator("a[href='/todos/']").first.click()
    expect(page).to_have_url(f"{site.url}/todos/")
    expect(page.locator("#new-todo")).to_be_visible()


def test_t86_where_the_websocket_is_blocked_the_page_is_readable_and_says_so(site: Site, visitors: Visitors) -> None:
    visitors.allow("WebSocket")
    page = visitors.open("about:blank")
    page.route_web_socket(re.compile("/livecomp/ws"), lambda socket: socket.close(code=1001))
    page.goto(f"{site.url}/counter/")
    expect(page.locator("#count")).to_have_text("5")
    expect(page.locator("[live-offline]").first).to_be_visible()
