"""The server goes away and comes back."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Visitors
from tests.e2e.server import Site

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def patient(visitors: Visitors) -> Visitors:
    visitors.allow("WebSocket connection to .* failed|ERR_CONNECTION_REFUSED")
    return visitors


def test_a_stopped_and_restarted_server_gets_its_page_back_with_its_state(own_site: Site, patient: Visitors) -> None:
    page = patient.open(own_site.url + "/counter/")
    page.click("#inc")
    page.click("#inc")
    expect(page.locator("#count")).to_have_text("7")
    own_site.stop()
    expect(page.locator("#connection")).to_have_attribute("data-state", "lost")
    expect(page.locator("[live-offline]")).to_be_visible()
    own_site.start()
    expect(page.locator("#connection")).to_have_attribute("data-state", "live", timeout=40_000)
    expect(page.locator("[live-offline]")).to_be_hidden()
    page.click("#inc")
    expect(page.locator("#count")).to_have_text("8")


def test_clicks_made_while_the_server_is_away_are_counted_once_each(own_site: Site, patient: Visitors) -> None:
    page = patient.open(own_site.url + "/counter/")
    page.click("#inc")
    expect(page.locator("#count")).to_have_text("6")
    own_site.stop()
    expect(page.locator("#connection")).to_have_attribute("data-state", "lost")
    page.click("#inc")
    page.click("#inc")
    own_site.start()
    expect(page.locator("#count")).to_have_text("8", timeout=40_000)


def test_a_killed_server_finds_its_pages_again(own_site: Site, patient: Visitors) -> None:
    one = patient.open(own_site.url + "/chat/lobby/")
    other = patient.open(own_site.url + "/chat/lobby/")
    field = one.locator("#say [name=text]")
    field.press_sequentially("half a mess")
    own_site.kill()
    for page in (one, other):
        expect(page.locator("#connection")).to_have_attribute("data-state", "lost")
    field.press_sequentially("age")
    own_site.start()
    for page in (one, other):
        expect(page.locator("#connection")).to_have_attribute("data-state", "live", timeout=40_000)
    expect(field).to_have_value("half a message")
    expect(field).to_be_focused()
    field.press("Enter")
    expect(other.locator("#messages > li").last).to_contain_text("half a message")


def test_what_changed_in_the_meantime_is_shown_afterwards(own_site: Site, patient: Visitors) -> None:
    page = patient.open(own_site.url + "/notifications/")
    own_site.stop()
    expect(page.locator("#connection")).to_have_attribute("data-state", "lost")
    own_site.manage("notify", "While you were out")
    own_site.start()
    expect(page.locator("#notifications > li").first).to_contain_text("While you were out", timeout=40_000)


def test_what_both_write_into_a_note_while_the_server_is_down_is_merged(own_site: Site, patient: Visitors) -> None:
    one = patient.open(own_site.url + "/notes/crash/")
    other = patient.open(own_site.url + "/notes/crash/")
    texts = [page.locator("#editor .cm-content") for page in (one, other)]
    texts[0].click()
    one.keyboard.type("Before the crash. ")
    expect(texts[1]).to_contain_text("Before the crash.")
    own_site.kill()
    for page in (one, other):
        expect(page.locator("#connection")).to_have_attribute("data-state", "lost")
    one.keyboard.type("At the end.")
    texts[1].click()
    other.keyboard.press("Control+Home")
    other.keyboard.type("At the start. ")
    own_site.start()
    for text in texts:
        expect(text).to_contain_text("At the start. Before the crash. At the end.", timeout=40_000)
