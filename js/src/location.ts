/** Where the page is: its URL, links that change it without leaving (`live-patch`), back and forward. */

import { post } from "./outbox";
import { reflect } from "./states";

let path: string;

export const here = (): string => location.pathname + location.search;

export function start(): void {
  path = here();
  addEventListener("popstate", moved);
}

export function stop(): void {
  removeEventListener("popstate", moved);
}

/** An http(s) URL without control characters and backslashes, which browsers and checks read differently; else nothing. */
export function safe(url: string): URL | undefined {
  if (/[^ -[\]-~\xa0-\uffff]/.test(url) || !URL.canParse(url, location.href)) return undefined;
  const parsed = new URL(url, location.href);
  return /^https?:$/.test(parsed.protocol) ? parsed : undefined;
}

/** Leaves for another page. */
export function go(url: string): void {
  const to = safe(url);
  if (to) location.assign(to);
}

/** Puts another URL of this site into the address bar. */
export function show(how: "push" | "replace", url: string): void {
  const to = safe(url);
  if (to?.origin !== location.origin) return;
  history[how === "push" ? "pushState" : "replaceState"](null, "", to);
  path = here();
  reflect();
}

/** A plain click on a `live-patch` link: the same components with a new URL. */
export function follow(event: MouseEvent): void {
  const link = event
    .composedPath()
    .find(node => node instanceof HTMLAnchorElement && node.hasAttribute("live-patch"));
  if (!link || !isPlain(event)) return;
  event.preventDefault();
  show("push", (link as HTMLAnchorElement).href);
  post(["url", path]);
}

const isPlain = (event: MouseEvent): boolean =>
  !(
    event.defaultPrevented ||
    event.button ||
    event.ctrlKey ||
    event.metaKey ||
    event.shiftKey ||
    event.altKey
  );

function moved(): void {
  if (path === here()) return;
  path = here();
  reflect();
  post(["url", path]);
}
