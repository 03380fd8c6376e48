/** Leaving the page without the user, but not for ever: pages that never get well stop after some tries and say so. */

import { report } from "./announce";
import { force } from "./carried";
import { LEAVING, MINUTE, REDIRECTS, REDIRECTS_A_MINUTE, RELOADS, RELOADS_A_MINUTE } from "./constants";
import { addListener } from "./native";

/** Counts one more. Whether that is within the limit; nothing, where nobody can count. */
function isWithin(limit: number, key: string): boolean | undefined {
  try {
    const now = Date.now();
    const recent = (sessionStorage[key] ?? "")
      .split(" ")
      .filter((time: string) => Number(time) > now - MINUTE);
    if (recent.length >= limit) return false;
    sessionStorage[key] = [...recent, now].join(" ");
    return true;
  } catch {
    return undefined; // There is no session storage.
  }
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
  if (isWithin(RELOADS_A_MINUTE, RELOADS)) location.reload();
  else report({ code: "reload", message: "This page is out of date." });
}

/** Whether to follow the server to another page without the user: pages may send each other round and round. */
export function mayRedirect(): boolean {
  if (isWithin(REDIRECTS_A_MINUTE, REDIRECTS) !== false) return true;
  report({ code: "redirects", message: "These pages lead from one to the next without end." });
  return false;
}
