/** Reloading the page, but not for ever: a page that never gets well stops after some tries and says so. */

import { report } from "./announce";
import { DOUBT, MINUTE, RELOADS, RELOADS_A_MINUTE } from "./constants";
import { keep } from "./later";
import { hasEvents } from "./outbox";

export function reload(): void {
  if (hasEvents()) keep([["flash", "error", DOUBT.message]]);
  try {
    const now = Date.now();
    const recent = (sessionStorage[RELOADS] ?? "")
      .split(" ")
      .filter((time: string) => Number(time) > now - MINUTE);
    if (recent.length < RELOADS_A_MINUTE) {
      sessionStorage[RELOADS] = [...recent, now].join(" ");
      location.reload();
      return;
    }
  } catch {
    // Without session storage nobody can count, so it is once too often already.
  }
  report({ code: "reload", message: "This page is out of date." });
}
