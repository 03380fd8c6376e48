/** Where the page is. What changes its URL without leaving it is an extra, see `extras/navigation.ts`. */

import { lazy } from "./lazy";
import { on } from "./listen";
import { own } from "./native";
import { post } from "./outbox";
import { flush } from "./pace";
import { mayRedirect } from "./reload";
import { reflect } from "./states";

/** An entry of the history. */
export interface Place {
  scroll?: ScrollToOptions;
  /** What the server has made of its URL since it was left. */
  url?: string;
}

/** What was left for another URL, while the server has not answered to that. */
const left: { place: Place; url: string }[] = [];

const path = () => location.pathname + location.search;

const client = { flush, left, path, post, reflect, safe, started: path() };
export type Client = typeof client;

export const withNavigation = lazy<Client, typeof import("./extras/navigation")>("navigation", client);

/** Whether the user has done anything here. */
let isUsed = false;

/** The URL that the server's last answer was about. */
export const here = (): string => left[0]?.url ?? path();

export function start(): void {
  on(window, "popstate", () => withNavigation(navigation => navigation.moved()));
  for (const type of ["click", "keydown"]) on(window, type, use, true);
}

function use(): void {
  isUsed = true;
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
export const show = (how: "push" | "replace", url: string): void =>
  withNavigation(navigation => navigation.show(how, url));

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
  withNavigation(
    navigation => navigation.follow(to),
    () => location.assign(to),
  );
}
