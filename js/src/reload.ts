/** Leaving the page without the user, but not for ever: pages that never get well stop after some tries and say so. */

import { report } from "./announce";
import { force } from "./carried";
import { LEAVING, MINUTE, REDIRECTS, REDIRECTS_A_MINUTE, RELOADS, RELOADS_A_MINUTE } from "./constants";
import { addListener } from "./native";
import { keep, take } from "./storage";

/** Counts one more. Whether that is within the limit; `otherwise` where nobody can count. */
function isWithin(limit: number, key: string, otherwise: boolean): boolean {
  const now = Date.now();
  const recent = (take<number[]>(key) ?? []).filter(time => time > now - MINUTE);
  const isFull = recent.length >= limit;
  return keep(key, isFull ? recent : [...recent, now]) ? !isFull : otherwise;
}

/** When the user last set out for another page, which may be on its way. */
let left = -Infinity;
addListener(window, "beforeunload", () => {
  left = performance.now();
});

/** Loads the page again; not in the place of another one that the user is waiting for, as after a sign-in. */
export function reload(): void {
  const wait = left + LEAVING - performance.now();
  if (wait > 0) {
    setTimeout(reload, wait);
    return;
  }
  force();
  if (isWithin(RELOADS_A_MINUTE, RELOADS, false)) location.reload();
  else report({ code: "reload", message: "This page is out of date." });
}

/** Whether to follow the server to another page without the user: pages may send each other round and round. */
export function mayRedirect(): boolean {
  if (isWithin(REDIRECTS_A_MINUTE, REDIRECTS, true)) return true;
  report({ code: "redirects", message: "These pages lead from one to the next without end." });
  return false;
}
