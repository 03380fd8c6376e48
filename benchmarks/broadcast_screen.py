"""From `publish` in a view to the change on another browser's screen: the demo's notifications in Chromium, over HTTP and
WebSocket of a real server. The clock starts in the view, with the time that it stores in the row it is about to save
and publish, and stops with the first frame that the other browser paints after the patch.

Run: python benchmarks/broadcast_screen.py
"""

import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from playwright.sync_api import Page

from benchmarks._demo import demo_in_chromium
from benchmarks._quick import sized

TIMES = sized(40, 3)
WARM = sized(5, 1)
PAUSE = 150  # milliseconds between two
NOW = "performance.timeOrigin + performance.now()"
WATCH = f"""() => {{
    window.shown = new Promise(resolve => new MutationObserver((_, observer) => {{
        observer.disconnect();
        const stored = Date.parse(document.querySelector("#notifications time").dateTime);
        requestAnimationFrame(() => resolve([stored, {NOW}]));
    }}).observe(document.querySelector("#notifications"), {{childList: true, subtree: true}}));
}}"""
POST = f"""async () => {{
    const sent = {NOW};
    await fetch("", {{method: "POST", body: new FormData(document.querySelector("form[method=post]")), redirect: "manual"}});
    return [sent, {NOW}];
}}"""


def once(sender: Page, viewer: Page) -> tuple[float, float]:
    """Milliseconds from the view to the other screen, and from the sender's POST to its answer."""
    viewer.evaluate(WATCH)
    sent, answered = sender.evaluate(POST)
    stored, shown = viewer.evaluate("window.shown")
    viewer.wait_for_timeout(PAUSE)
    return shown - stored, answered - sent


def main() -> None:
    with demo_in_chromium() as (url, browser):
        pages = [browser.new_context().new_page() for _ in range(2)]
        for page in pages:
            page.goto(f"{url}/notifications/")
        times = [once(*pages) for _ in range(WARM + TIMES)][WARM:]
    shown = sorted(each[0] for each in times)
    answered = statistics.median(each[1] for each in times)
    print(f"{'a view publishes, another browser shows it':<48}{'median':>14}{'90 %':>10}")
    print(
        f"{'from the view to the frame painted':<48}{statistics.median(shown):>11.0f} ms{shown[TIMES * 9 // 10]:>7.0f} ms"
    )
    print(f"{'(the sender waits for its answer)':<48}{answered:>11.0f} ms")


if __name__ == "__main__":
    main()
