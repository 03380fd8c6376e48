/** Where the page is: its URL, links that change it without leaving (`live-patch`), back and forward. */

import { on } from "./listen";
import { post } from "./outbox";
import { reflect } from "./states";

export const here = (): string => location.pathname + location.search;

export function start(): void {
  on(window, "popstate", moved);
}

function moved(): void {
  reflect();
  post(["url", here()]);
}

/** An http(s) URL without control characters and backslashes, which browsers and checks read differently; else nothing. */
function safe(url: string): URL | null | undefined {
  const parsed = /[^ -[\]-~\xa0-\uffff]/.test(url) ? null : URL.parse(url, location.href);
  return parsed?.protocol.startsWith("http") ? parsed : null;
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
  history[`${how}State`](null, "", to);
  reflect();
}

/** A plain click on a `live-patch` link: the same components with a new URL. */
export function follow({ href }: HTMLAnchorElement, event: MouseEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  show("push", href);
  moved();
}
