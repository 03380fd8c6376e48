/** Debug mode and the latency simulator, for the console: `livecomp.debug()`, `livecomp.latency(300)`. */

import { doc, getAttribute, own } from "./native";

let on = false;

/** Milliseconds that every message from the server is held back. */
export let lag = 0;

/** Logs every message and flashes every element that a patch changes, until called with `false`. */
export function debug(enabled = true): void {
  on = enabled;
  inspect([]);
}

/** Delays every answer of the server by `ms` milliseconds; 0 ends it. */
export function latency(ms: number): void {
  lag = ms;
}

export function log(direction: string, message: unknown): void {
  if (on) console.debug("livecomp", direction, message);
}

/** Shows what a patch has changed, and names the ids that several elements have: patches may mistake them. */
export function inspect(changed: Iterable<Element>): void {
  if (!on) return;
  for (const element of changed) own(element).animate({ outline: ["3px solid red", "0"] }, 700);
  const ids = Array.from(doc.querySelectorAll("[id]"), element => getAttribute(element, "id"));
  const twice = ids.filter((id, i) => ids.indexOf(id) < i);
  if (twice[0]) log("duplicate ids", twice);
}
