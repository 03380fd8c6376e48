/**
 * Where the page is: its URL, links that change it without leaving (`live-patch`), back and forward.
 *
 * The browser goes to another entry of its history at once, the server hears of it in its turn. What the server says
 * about the URL until then is about the entry that was left: it is kept for when the user comes back to that.
 */

import { on } from "./listen";
import { post } from "./outbox";
import { flush } from "./pace";
import { mayRedirect } from "./reload";
import { reflect } from "./states";

declare global {
  interface Window {
    navigation?: { currentEntry: { key: string } | null };
  }
}

/** An entry of the history. */
interface Place {
  scroll?: ScrollToOptions;
  /** What the server has made of its URL since it was left. */
  url?: string;
}

/** By the browser's key for it. One that has no such keys (before 2026) remembers nothing of them. */
const places = new Map<string, Place>();
let current: Place;
/** Path and query string, as last seen. */
let seen: string;
/** What was left for another URL, while the server has not answered to that. */
let left: { place: Place; url: string }[] = [];

/** Whether the user has done anything here. */
let isUsed = false;

const path = () => location.pathname + location.search;

/** The URL that the server's last answer was about. */
export const here = (): string => left[0]?.url ?? path();

export function start(): void {
  enter();
  on(window, "popstate", moved);
  for (const type of ["click", "keydown"]) on(window, type, use, true);
  on(window, "scroll", () => {
    if (!left[0]) current.scroll = { left: scrollX, top: scrollY, behavior: "instant" };
  });
}

function use(): void {
  isUsed = true;
}

/** Takes note of the entry that the browser shows now. */
function enter(): void {
  const { key } = window.navigation?.currentEntry ?? {};
  current = places.get(key!) ?? {};
  if (key) places.set(key, current);
  if (current.url) history.replaceState(history.state, "", current.url + location.hash);
  delete current.url;
  seen = path();
}

/** Back or forward, which may be no more than another hash. */
function moved(): void {
  const before = { place: current, url: seen };
  enter();
  const { scroll } = current;
  if (seen !== before.url) tell(before, () => scroll && scrollTo(scroll));
  reflect();
}

/** Tells the server of another URL; what the user typed before comes first. The scroll position needs the content. */
function tell(before: (typeof left)[0], scroll: () => void): void {
  const now = current;
  flush();
  left.push(before);
  post(["url", seen], undefined, () => {
    left = left.filter(each => each !== before);
    if (now === current) scroll();
  });
}

/** An http(s) URL without control characters and backslashes, which browsers and checks read differently; else nothing. */
function safe(url: string): URL | null | undefined {
  const parsed = /[^ -[\]-~\xa0-\uffff]/.test(url) ? null : URL.parse(url, location.href);
  return parsed?.protocol.startsWith("http") ? parsed : null;
}

/** Leaves for another page. */
export function go(url: string): void {
  const to = safe(url);
  if (to && (isUsed || mayRedirect())) location.assign(to);
}

/** Puts another URL of this site into the address bar, as the server says. */
export function show(how: "push" | "replace", url: string): void {
  const to = safe(url);
  if (to?.origin !== location.origin) return;
  const [before] = left;
  if (!before) {
    if (to.pathname === location.pathname) to.hash ||= location.hash;
    put(how, to);
  } else if (how === "replace") before.place.url = before.url = to.pathname + to.search;
}

function put(how: "push" | "replace", to: URL): void {
  history[`${how}State`](how === "push" ? null : history.state, "", to);
  enter();
  reflect();
}

/** A plain click on a `live-patch` link: the same components with a new URL. All other clicks are the browser's. */
export function follow(link: HTMLAnchorElement, event: MouseEvent): void {
  const to = link.matches("[href]") && typeof link.href === "string" && safe(link.href);
  if (
    !to ||
    to.origin !== location.origin ||
    !/^(_self)?$/i.test(link.target) ||
    link.hasAttribute("download") ||
    (to.href.includes("#") && to.pathname + to.search === path()) ||
    event.defaultPrevented ||
    event.ctrlKey ||
    event.metaKey ||
    event.shiftKey ||
    event.altKey
  )
    return;
  event.preventDefault();
  const before = { place: current, url: seen };
  put(to.href === location.href ? "replace" : "push", to);
  tell(before, scrollToHash);
}

/** As the browser does it: `:target` and the place where Tab goes on are right, too. */
function scrollToHash(): void {
  if (location.hash) location.replace(location.hash);
}
