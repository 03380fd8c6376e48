/** The `live:` DOM events, for code outside. They bubble from the component, or start at the document. */

import type { LiveError } from "./livecomp";

/** Dispatches `live:<name>`. False when a listener called preventDefault(). */
export function announce(name: string, detail: unknown = null, from: EventTarget | null = document): boolean {
  return (from ?? document).dispatchEvent(
    new CustomEvent(`live:${name}`, { detail, bubbles: true, cancelable: true }),
  );
}

/** Shows a message in the page's `live-flash` element, if it has one. */
export function flash(level: string, text: string): void {
  const note = document.createElement("p");
  note.className = level;
  note.role = level === "error" ? "alert" : "status";
  note.textContent = text;
  document.querySelector("[live-flash]")?.append(note);
}

/** Tells the page that something went wrong; unless it takes care of that itself, the user is told too. */
export function report(error: LiveError, from?: Element | null): void {
  if (announce("error", error, from)) {
    console.warn("livecomp:", error.code, error.message);
    flash("error", error.message);
  }
}
