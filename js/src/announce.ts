/** The `live:` DOM events, for code outside. They bubble from the component, or start at the document. */

import { use } from "./lazy";
import type { LiveError } from "./livecomp";
import { own } from "./native";
import { find } from "./query";
import { told } from "./script";

/** What visitors read, in the page's language: by error code, and "dismiss". */
export const texts: Record<string, string | undefined> = JSON.parse(told.livecompTexts ?? "{}");

/** Dispatches `live:<name>`. False when a listener called preventDefault(). */
export const announce = (name: string, detail: unknown, from?: Element | null): boolean =>
  own(from ?? document).dispatchEvent(
    new CustomEvent(`live:${name}`, { detail, bubbles: true, cancelable: true }),
  );

/** Shows a message in the page's `live-flash` element, unless a listener of `live:flash` does. */
export function flash(level: string, text: string): void {
  if (announce("flash", { level, text }) && find("[live-flash]"))
    use("notices", ({ show }) => show(level, text));
}

/** Tells the page that something went wrong, and the console, which developers read. */
export function announceError(error: LiveError, from?: Element | null): boolean {
  error.text = texts[error.code];
  console.warn(`livecomp: ${error.code}: ${error.message}`);
  return announce("error", error, from);
}

/** As `announceError`; unless the page takes care of it itself, the visitor is told too. */
export function report(error: LiveError, from?: Element | null): void {
  if (announceError(error, from)) flash("error", error.text ?? error.message);
}
