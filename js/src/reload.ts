/** Reloading the page, but not for ever: a page that never gets well stops after some tries and says so. */

import { report } from "./announce";
import { force } from "./carried";
import { MINUTE, RELOADS, RELOADS_A_MINUTE } from "./constants";

export function reload(): void {
  force();
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
