/** Debug mode and the latency simulator, for the console: `livecomp.debug()`, `livecomp.latency(300)`. */

let on = false;

/** Milliseconds that every message from the server is held back. */
export let lag = 0;

/** Logs every message and flashes every element that a patch changes, until called with `false`. */
export function debug(enabled = true): void {
  on = enabled;
}

/** Delays every answer of the server by `ms` milliseconds; 0 ends it. */
export function latency(ms: number): void {
  lag = ms;
}

export function log(direction: string, message: unknown): void {
  if (on) console.debug("livecomp", direction, message);
}

export function flash(elements: Iterable<Element>): void {
  if (on) for (const element of elements) element.animate({ outline: ["3px solid red", "0"] }, 700);
}
