/** Messages for the visitor, in the page's `live-flash` element. */

import type { Client } from "../client";
import { NOTICE, NOTICES } from "../constants";

const DISMISS =
  '<button type=button><svg width=9 height=9><path d="m0 0 9 9M0 9l9-9" stroke=currentColor /></svg></button>';
/** The last ones. */
const notices: Element[] = [];
const IN_USE = ":hover,:focus-within";

let client: Client;

export function install(given: Client): void {
  client = given;
}

/**
 * Shows a message. It goes when it is dismissed, or after some time that nobody points at it or is in it; the same one
 * again takes its place.
 */
export function show(level: string, text: string): void {
  const place = client.find("[live-flash]");
  if (!place) return;
  for (const old of [...client.own(place).children])
    if (client.own(old).className === level && client.own(old).textContent === text) {
      if (client.own(old).matches(IN_USE)) return;
      client.own(old).remove();
    }
  const notice = client.own(document).createElement("p");
  notice.className = level;
  notice.role = /error|warning/.test(level) ? "alert" : "status";
  notice.innerHTML = DISMISS;
  const button = notice.firstElementChild as HTMLElement;
  button.ariaLabel = client.texts.dismiss ?? "Dismiss";
  button.onclick = () => notice.remove();
  const wait = () =>
    setTimeout(
      () => (client.own(document).hidden || notice.matches(IN_USE) ? wait() : notice.remove()),
      NOTICE,
    );
  notice.prepend(text);
  client.own(place).append(notice);
  if (notices.push(notice) > NOTICES) notices.shift()!.remove();
  wait();
}
