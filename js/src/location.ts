/** Where the page is. What changes its URL without leaving it is an extra, see `extras/navigation.ts`. */

import { use } from "./lazy";
import { on } from "./listen";
import { own } from "./native";
import { mayRedirect } from "./reload";

/** An entry of the history. */
export interface Place {
  scroll?: ScrollToOptions;
  /** What the server has made of its URL since it was left. */
  url?: string;
}

/** What was left for another URL, while the server has not answered to that. */
export const left: { place: Place; url: string }[] = [];

export const path = () => location.pathname + location.search;

/** The URL that the page was loaded with. */
export const started = path();

/** Whether the user has done anything here. */
let isUsed = false;

/** The URL that the server's last answer was about. */
export const here = (): string => left[0]?.url ?? path();

export function start(): void {
  on(window, "popstate", () => use("navigation", navigation => navigation.moved()));
  for (const type of ["click", "keydown"]) on(window, type, touch, true);
}

function touch(): void {
  isUsed = true;
}

/** An http(s) URL without control characters and backslashes, which browsers and checks read differently; else nothing. */
export function safe(url: string): URL | null | undefined {
  const parsed = /[^ -[\]-~\xa0-\uffff]/.test(url) ? null : URL.parse(url, location.href);
  return parsed?.protocol.startsWith("http") ? parsed : null;
}

/** Leaves for another page. */
export function go(url: string): void {
  const to = safe(url);
  if (to && (isUsed || mayRedirect())) location.assign(to);
}

/** Puts another URL of this site into the address bar, as the server says. */
export const show = (how: "push" | "replace", url: string): void =>
  use("navigation", navigation => navigation.show(how, url));

/** A plain click on a `live-patch` link: the same components with a new URL. All other clicks are the browser's. */
export function follow(link: HTMLAnchorElement, event: MouseEvent): void {
  const { href, target } = link;
  const to = typeof href === "string" && safe(href);
  if (
    !to ||
    to.origin !== location.origin ||
    !/^(_self)?$/i.test(target) ||
    own(link).matches("[download],:not([href])") ||
    (to.href.includes("#") && to.pathname + to.search === path()) ||
    event.defaultPrevented ||
    event.ctrlKey ||
    event.metaKey ||
    event.shiftKey ||
    event.altKey
  )
    return;
  event.preventDefault();
  use(
    "navigation",
    navigation => navigation.follow(to),
    () => location.assign(to),
  );
}
