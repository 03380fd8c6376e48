"""Applies patches in a real browser, in the plainest way, and compares with what the browser makes of a fresh render."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from playwright.sync_api import sync_playwright

# One component's first HTML, and then the patches of each step with the fresh HTML they should amount to
Story = tuple[str, list[tuple[list[tuple[str, str]], str]]]

_SCRIPT = r"""
stories => {
  const inert = document.implementation.createHTMLDocument("");
  const parse = (html, context) => {
    const holder = inert.importNode(context, false);
    holder.setHTMLUnsafe(html);
    return holder;
  };
  const find = address => {
    const found = document.querySelector(`[lc="${CSS.escape(address)}"]`);
    if (!found) throw Error(`${address} is not in the page`);
    return found;
  };
  const run = (prefix, item) => {
    const [first, last = first] = item.split("~");
    const nodes = [find(prefix + first)];
    const end = find(prefix + last);
    while (nodes.at(-1) !== end) {
      const next = nodes.at(-1).nextSibling;
      if (!next) throw Error(`${prefix}${item} is not a run`);
      nodes.push(next);
    }
    return nodes;
  };
  const read = ([address, html]) => {
    const target = find(address);
    const content = html[0] === ">";
    const holder = parse(content ? `<${target.localName}${html}` : html, target.parentNode);
    if (holder.childNodes.length !== 1 || holder.firstChild.nodeType !== 1)
      throw Error(`the patch of ${address} is not one element: ${html}`);
    const made = holder.firstChild;
    if (content) for (const { name, value } of target.attributes) made.setAttribute(name, value);
    made.setAttribute("lc", address);
    const keeps = [...made.querySelectorAll("template[lc-keep]")].map(place => {
      const [prefix, ...items] = place.getAttribute("lc-keep").split(" ");
      const runs = items.length ? items.map(item => run(prefix, item)) : [[find(prefix)]];
      return [place, runs, place.content.textContent];
    });
    return [target, made, keeps];
  };
  const apply = patches => {
    for (const [target, made, keeps] of patches.map(read)) {
      for (const [place, runs, gap] of keeps) {
        runs.forEach((nodes, index) => {
          if (index && gap) place.before(gap);
          place.before(...nodes);
        });
        place.remove();
      }
      target.replaceWith(made);
    }
  };
  const templates = root => [...root.querySelectorAll("template")].map(each => each.innerHTML).join("\0");
  const failures = [];
  stories.forEach(([html, steps], story) => {
    const holder = document.body;
    holder.setHTMLUnsafe(html);
    for (const [step, [patches, fresh]] of steps.entries()) {
      try {
        apply(patches);
        holder.normalize();
        const wanted = document.createElement("body");
        wanted.setHTMLUnsafe(fresh);
        wanted.normalize();
        if (holder.childNodes.length !== 1) throw Error("the root is not alone: " + holder.innerHTML);
        if (!holder.firstChild.isEqualNode(wanted.firstChild) || templates(holder) !== templates(wanted))
          throw Error(`shown:  ${holder.innerHTML}\nwanted: ${wanted.innerHTML}`);
      } catch (error) {
        failures.push([story, step, String(error)]);
        break;
      }
    }
  });
  holder = null;
  return failures;
}
""".replace("  holder = null;\n", "")


class Chromium:
    """A browser page that stays open; use it with `with`."""

    def __enter__(self) -> Chromium:
        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
        )
        self._page = self._browser.new_page()
        self._page.set_content("<!doctype html><title>Fuzz</title>")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._browser.close()
        self._playwright.stop()

    def failures(self, stories: Sequence[Story]) -> list[tuple[int, int, str]]:
        """Where the page differed from a fresh one: story, step, and how."""
        found: list[Any] = self._page.evaluate(_SCRIPT, list(stories))
        return [(story, step, text) for story, step, text in found]
