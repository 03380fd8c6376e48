/** livecomp in the browser. The page's script tag starts it; the exports, also as `window.livecomp`, are for the page's own code. */

import { client } from "./client";
import { setLatency as latency } from "./connection";
import { TOKEN } from "./constants";
import * as effects from "./effects";
import { hooks, pushEvent } from "./hooks";
import { start, use } from "./lazy";
import { morph } from "./morph";
import { addListener } from "./native";
import * as page from "./page";
import { find } from "./query";
import { told } from "./script";

start(client);

let stop: (() => void) | undefined;

/**
 * Connects this page's live components with the server. The script tag of `{% live_scripts %}` does it by itself.
 * Returns a function that ends the connection; the page stays as it is.
 */
export function connect(url: string): () => void {
  stop?.();
  page.start(url);
  return (stop = page.stop);
}

/** Logs each message and flashes what each patch changes, until called with `false`. */
const debug = (on = true): void => use("debug", extra => extra.debug(on));

export { debug, hooks, latency, morph, pushEvent };

// An element of this name or id is no client of ours.
if (!Object.hasOwn(window, "livecomp")) {
  window.livecomp = { connect, debug, hooks, latency, morph, pushEvent };
  for (const moment of ["DOMContentLoaded", "load"]) addListener(window, moment, effects.start);
  const url = told.livecompUrl;
  if (url && find(`[${TOKEN}]`)) connect(url);
}
