/** Reloading the page, but not for ever: a page that never gets well stops after some tries and says so. */

import { report } from "./announce";
import { MINUTE, RELOADS, RELOADS_A_MINUTE } from "./constants";

export function reload(): void {
  if (mayReload()) location.reload();
  else
    report({ code: "reload", message: "This page could not be brought up to date. Please reload it later." });
}

/** Without session storage nobody can count, so the answer is no. */
function mayReload(): boolean {
  try {
    const now = Date.now();
    const recent = (sessionStorage.getItem(RELOADS) ?? "")
      .split(" ")
      .filter(time => now - Number(time) < MINUTE);
    sessionStorage.setItem(RELOADS, [...recent, now].join(" "));
    return recent.length < RELOADS_A_MINUTE;
  } catch {
    return false;
  }
}
