"""What holds for every page of the demo."""

import urllib.request
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.server import Site

Visit = Callable[..., Page]
PATHS = [
    "/",
    "/counter/",
    "/cards/",
    "/signup/",
    "/todos/",
    "/checkout/",
    "/table/?rows=50",
    "/feed/",
    "/chat/lobby/",
    "/notifications/",
    "/scores/",
    "/stocks/",
    "/notes/welcome/",
]
PHONE = {"width": 360, "height": 740}
WITHOUT_NAME = """
    [...document.querySelectorAll("button, a, input:not([type=hidden]), [contenteditable=true]")].slice(0, 80).filter(
        control => ![control.ariaLabel, control.textContent.trim(), ...[...control.labels ?? []].map(label => label.textContent.trim())]
            .some(Boolean)
    ).map(control => control.outerHTML)
"""


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_live_named_and_fits_a_phone(visit: Visit, path: str) -> None:
    page = visit(path)
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    expect(page.locator("[live-offline]")).to_be_hidden()
    assert page.evaluate(WITHOUT_NAME) == []
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_complete_without_javascript(visit: Visit, path: str) -> None:
    page = visit(path, java_script_enabled=False)
    expect(page.locator("h1")).to_be_visible()
    component = page.locator("[lc-token]").first
    expect(component).to_be_visible()
    assert component.inner_text().strip()
    if path != "/":
        expect(page.locator(".source details[open] code")).to_contain_text("template_name = ")
        page.locator(".source summary", has_text="page.html").click()
        expect(page.locator(".source details[open] code")).to_contain_text("live_component")


def test_the_security_policy_allows_this_site_only(site: Site) -> None:
    with urllib.request.urlopen(site.url) as answer:
        assert "default-src 'self';" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_light_and_dark(visit: Visit) -> None:
    background = "getComputedStyle(document.documentElement).backgroundColor"
    light = visit("/counter/", color_scheme="light")
    dark = visit("/counter/", color_scheme="dark")
    colors = [light.evaluate(background), dark.evaluate(background)]
    assert colors[0] != colors[1]
    light.click("#theme")
    assert light.evaluate(background) == colors[1]
    light.reload()
    assert light.evaluate(background) == colors[1]


def test_every_page_is_in_the_navigation(visit: Visit) -> None:
    page = visit("/")
    linked = page.locator("nav.side a").evaluate_all("links => links.map(link => link.pathname)")
    assert sorted(linked) == sorted(path.split("?")[0] for path in PATHS if path != "/")
