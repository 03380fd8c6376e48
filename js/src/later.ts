/** What the next page of this tab has to say: it waits in the session storage. */

import { FLASHES } from "./constants";
import type { Effect } from "./protocol";

/** Keeps effects for the next page. False where there is no session storage. */
export function keep(effects: Effect[]): boolean {
  try {
    sessionStorage[FLASHES] = JSON.stringify([...take(), ...effects]);
    return true;
  } catch {
    return false;
  }
}

/** Takes out what the last page has left. */
export function take(): Effect[] {
  try {
    const kept = sessionStorage[FLASHES];
    delete sessionStorage[FLASHES];
    return JSON.parse(kept ?? "[]");
  } catch {
    return [];
  }
}
