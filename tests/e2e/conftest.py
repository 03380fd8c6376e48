"""Real browsers on the real demo. A test fails on any console error, page error or violated Content-Security-Policy."""

import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.e2e.server import Site

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 45_000  # milliseconds: other tests may keep the machine busy
expect.set_options(timeout=PATIENCE / 2)
REPORT_VIOLATIONS = """
    addEventListener("securitypolicyviolation", (violation) =>
        console.error(`CSP: ${violation.violatedDirective} forbids ${violation.blockedURI}`));
"""


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo, served for all tests that do not stop it."""
    site = Site(tmp_path_factory.mktemp("demo"))
    site.start()
    yield site
    site.stop()


@pytest.fixture
def own_site(tmp_path: Any) -> Iterator[Site]:
    """A demo of the test's own, to stop and to kill."""
    site = Site(tmp_path)
    site.start()
    yield site
    site.stop()


# For a module only: the event loop of Playwright's synchronous API must be gone when tests with asyncio run.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


class Visitors:
    """Opens pages, each in a browser profile of its own, and collects everything that they complain about."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []
        self.allowed: list[str] = []

    def open(self, url: str, **options: Any) -> Page:
        """A new visitor on a page. `options` are those of Playwright's `new_context`."""
        context = self._browser.new_context(**options)
        context.set_default_timeout(PATIENCE)
        context.add_init_script(REPORT_VIOLATIONS)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"{url}: {error}"))
        page.goto(url)
        return page

    def allow(self, pattern: str) -> None:
        """Expect complaints that match the regular expression."""
        self.allowed.append(pattern)

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def unexpected(self) -> list[str]:
        return [text for text in self.complaints if not any(re.search(pattern, text) for pattern in self.allowed)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"{message.location.get('url', '')}: {message.text}")


@pytest.fixture
def visitors(browser: Browser) -> Iterator[Visitors]:
    visitors = Visitors(browser)
    yield visitors
    visitors.close()
    assert visitors.unexpected() == []


@pytest.fixture
def visit(visitors: Visitors, site: Site) -> Callable[..., Page]:
    """Opens a path of the demo for a new visitor."""
    return lambda path, **options: visitors.open(site.url + path, **options)
