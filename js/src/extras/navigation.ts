/**
 * The URL of a page that goes on living: links that change it (`live-patch`), what the server says of it, back and forward.
 *
 * The browser goes to another entry of its history at once, the server hears of it in its turn. What the server says
 * about the URL until then is about the entry that was left: it is kept for when the user comes back to that.
 */

import type { Client } from "../client";
import type { Place } from "../location";

declare global {
  interface Window {
    navigation?: { currentEntry: { key: string } | null };
  }
}

let client: Client;

/** By the browser's key for it. One that has no such keys (before 2026) remembers nothing of them. */
const places = new Map<string, Place>();
let current: Place;
/** Path and query string, as last seen. */
let seen: string;

export function install(given: Client): void {
  client = given;
  enter();
  if (seen !== client.started) current = {}; // the user has gone back while this was loading
  seen = client.started;
  EventTarget.prototype.addEventListener.call(window, "scroll", keepScroll);
  keepScroll();
}

function keepScroll(): void {
  if (!client.left[0]) current.scroll = { left: scrollX, top: scrollY, behavior: "instant" };
}

/** Takes note of the entry that the browser shows now. */
function enter(): void {
  const { key } = window.navigation?.currentEntry ?? {};
  current = places.get(key!) ?? {};
  if (key) places.set(key, current);
  if (current.url) history.replaceState(history.state, "", current.url + location.hash);
  delete current.url;
  seen = client.path();
}

/** Back or forward, which may be no more than another hash. */
export function moved(): void {
  const before = { place: current, url: seen };
  enter();
  const { scroll } = current;
  if (seen !== before.url) tell(before, () => scroll && scrollTo(scroll));
  client.tell("reflect");
}

/** Tells the server of another URL; what the user typed before comes first. The scroll position needs the content. */
function tell(before: { place: Place; url: string }, scroll: () => void): void {
  const now = current;
  client.flush();
  client.left.push(before);
  client.post(["url", seen], undefined, () => {
    client.left.splice(client.left.indexOf(before), 1);
    if (now === current) scroll();
  });
}

/** Puts another URL of this site into the address bar, as the server says. */
export function show(how: "push" | "replace", url: string): void {
  const to = client.safe(url);
  if (to?.origin !== location.origin) return;
  const [before] = client.left;
  if (!before) {
    if (to.pathname === location.pathname) to.hash ||= location.hash;
    put(how, to);
  } else if (how === "replace") before.place.url = before.url = to.pathname + to.search;
}

function put(how: "push" | "replace", to: URL): void {
  history[`${how}State`](how === "push" ? null : history.state, "", to);
  enter();
  client.tell("reflect");
}

/** Goes to another URL with the same components. */
export function follow(to: URL): void {
  const before = { place: current, url: seen };
  put(to.href === location.href ? "replace" : "push", to);
  tell(before, scrollToHash);
}

/** As the browser does it: `:target` and the place where Tab goes on are right, too. */
function scrollToHash(): void {
  if (location.hash) location.replace(location.hash);
}
