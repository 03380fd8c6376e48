/** livecomp in the browser. The page's script tag starts it; the exports, also as `window.livecomp`, are for the page's own code. */

import { SCRIPT, TOKEN } from "./constants";
import { debug, latency } from "./debug";
import * as effects from "./effects";
import { hooks, pushEvent } from "./hooks";
import { morph } from "./morph";
import { addListener } from "./native";
import * as page from "./page";
import { find } from "./query";

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

export { debug, hooks, latency, morph, pushEvent };

// An element of this name or id is no client of ours.
if (!Object.hasOwn(window, "livecomp")) {
  window.livecomp = { connect, debug, hooks, latency, morph, pushEvent };
  for (const moment of ["DOMContentLoaded", "load"]) addListener(window, moment, effects.start);
  const url = find(SCRIPT)?.dataset.livecompUrl;
  if (url && find(`[${TOKEN}]`)) connect(url);
}
