/** livecomp in the browser. The page's script tag starts it; the exports, also as `window.livecomp`, are for the page's own code. */

import { SCRIPT, TOKEN } from "./constants";
import { debug, latency } from "./debug";
import { hooks, pushEvent } from "./hooks";
import { morph } from "./morph";
import * as page from "./page";

let isStarted = false;

/** Connects this page's live components with the server. The script tag of `{% live_scripts %}` does it by itself. */
export function connect(url: string): void {
  if (isStarted) return;
  isStarted = true;
  page.start(new URL(url, location.href).href);
}

/** Ends the connection; the page stays as it is. */
export function disconnect(): void {
  if (isStarted) page.stop();
  isStarted = false;
}

export { debug, hooks, latency, morph, pushEvent };

if (!window.livecomp) {
  window.livecomp = { connect, debug, disconnect, hooks, latency, morph, pushEvent };
  const url = document.querySelector<HTMLElement>(SCRIPT)?.dataset.livecompUrl;
  if (url && document.querySelector(`[${TOKEN}]`)) connect(url);
}
