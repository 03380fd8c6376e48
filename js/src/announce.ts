/** The `live:` DOM events, for code outside. They bubble from the component, or start at the document. */

import { NOTICE, NOTICES, SCRIPT } from "./constants";
import type { LiveError } from "./livecomp";
import { detach, doc, own } from "./native";
import { find } from "./query";

/** What visitors read, in the page's language: by error code, and "dismiss". */
export const texts: Record<string, string | undefined> = JSON.parse(
  find(SCRIPT)?.dataset.livecompTexts ?? "{}",
);

const DISMISS =
  '<button type=button><svg width=9 height=9><path d="m0 0 9 9M0 9l9-9" stroke=currentColor /></svg></button>';
/** The last ones. */
const notices: Element[] = [];
const IN_USE = ":hover,:focus-within";

/** Dispatches `live:<name>`. False when a listener called preventDefault(). */
export const announce = (name: string, detail: unknown, from?: Element | null): boolean =>
  own(from ?? document).dispatchEvent(
    new CustomEvent(`live:${name}`, { detail, bubbles: true, cancelable: true }),
  );

/**
 * Shows a message in the page's `live-flash` element, unless a listener of `live:flash` does. It goes when it is
 * dismissed, or after some time that nobody points at it or is in it; the same one again takes its place.
 */
export function flash(level: string, text: string): void {
  const place = announce("flash", { level, text }) && find("[live-flash]");
  if (!place) return;
  for (const old of [...own(place).children])
    if (own(old).className === level && own(old).textContent === text) {
      if (own(old).matches(IN_USE)) return;
      detach(old);
    }
  const notice = doc.createElement("p");
  notice.className = level;
  notice.role = /error|warning/.test(level) ? "alert" : "status";
  notice.innerHTML = DISMISS;
  const button = notice.firstElementChild as HTMLElement;
  button.ariaLabel = texts.dismiss ?? "Dismiss";
  button.onclick = () => notice.remove();
  const wait = () =>
    setTimeout(() => (doc.hidden || notice.matches(IN_USE) ? wait() : notice.remove()), NOTICE);
  notice.prepend(text);
  own(place).append(notice);
  if (notices.push(notice) > NOTICES) notices.shift()!.remove();
  wait();
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
