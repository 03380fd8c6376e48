"""A click on one row of 1,000, in the demo and in Chromium: the main thread's time until the page is patched and painted.

Run: python benchmarks/click.py
"""

import statistics
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from playwright.sync_api import CDPSession, Page

from benchmarks._demo import demo_in_chromium
from benchmarks._quick import sized

CLICKS = sized(40, 2)
ROUNDS = sized(5, 1)
CLICK = """async (count) => {
    for (let number = 1; number <= count; number++) {
        const patched = new Promise(resolve => document.addEventListener("live:patched", resolve, {once: true}));
        document.querySelector(`#row-${number * 10} .toggle`).click();
        await patched;
        await new Promise(requestAnimationFrame);
    }
}"""
PARTS = {
    "TaskDuration": "whole",
    "ScriptDuration": "script",
    "RecalcStyleDuration": "style",
    "LayoutDuration": "layout",
}


def spent(devtools: CDPSession) -> dict[str, float]:
    """Seconds of the main thread so far, by part."""
    metrics: dict[str, Any] = devtools.send("Performance.getMetrics")
    return {each["name"]: each["value"] for each in metrics["metrics"] if each["name"] in PARTS}


def measure(page: Page) -> dict[str, float]:
    """Median milliseconds for a click, by part."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")
    page.evaluate(CLICK, CLICKS)  # warm
    rounds = []
    for _ in range(ROUNDS):
        before = spent(devtools)
        page.evaluate(CLICK, CLICKS)
        after = spent(devtools)
        rounds.append({name: (after[name] - before[name]) / CLICKS * 1000 for name in PARTS})
    return {name: statistics.median(each[name] for each in rounds) for name in PARTS}


def main() -> None:
    with demo_in_chromium() as (url, browser):
        page = browser.new_page()
        page.goto(f"{url}/table/?rows=1000")
        page.wait_for_selector("#row-1000")
        page.click("#row-5 .toggle")  # waits until the page is joined
        milliseconds = measure(page)
    print("click to patched, one row of 1,000, Chromium's main thread")
    for name, title in PARTS.items():
        print(f"  {title:<46}{milliseconds[name]:>10.2f} ms")


if __name__ == "__main__":
    main()
