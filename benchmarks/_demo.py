"""The demo on a free port, and Chromium to look at it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.e2e.conftest import FLAGS
from tests.e2e.server import Site


@contextmanager
def demo_in_chromium() -> Iterator[tuple[str, Browser]]:
    """The site's address and the browser, both gone afterwards."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        site = Site(Path(folder))
        site.start()
        try:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            yield site.url, browser
            browser.close()
        finally:
            site.stop()
