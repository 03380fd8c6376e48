/** The `live:` DOM events, for code outside. They bubble from the component, or start at the document. */

import type { LiveError } from "./livecomp";
import { doc, own } from "./native";
import { find } from "./query";

/** Dispatches `live:<name>`. False when a listener called preventDefault(). */
export const announce = (name: string, detail: unknown, from?: Element | null): boolean =>
  own(from ?? document).dispatchEvent(
    new CustomEvent(`live:${name}`, { detail, bubbles: true, cancelable: true }),
  );

/** Shows a message in the page's `live-flash` element, unless a listener of `live:flash` does. */
export function flash(level: string, text: string): void {
  if (!announce("flash", { level, text })) return;
  const place = find("[live-flash]");
  if (place)
    own(place).append(Object.assign(doc.createElement("p"), { className: level, textContent: text }));
}

/** Tells the page that something went wrong; unless it takes care of that itself, the user is told too. */
export function report(error: LiveError, from?: Element | null): void {
  if (announce("error", error, from)) flash("error", error.message);
}
