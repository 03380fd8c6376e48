/** `livecomp.debug()`, for the console. */

import type { Client } from "../client";

let client: Client;
let isOn = false;

export function install(given: Client): void {
  client = given;
}

/** Logs every message and flashes every element that a patch changes, until called with `false`. */
export function debug(enabled: boolean): void {
  isOn = enabled;
  patched([], []);
}

export function logged(what: string, detail: unknown): void {
  if (isOn) console.debug("livecomp", what, detail);
}

/** Shows what a patch has changed, and names the ids that several elements have: patches may mistake them. */
export function patched(changed: Element[], added: Element[]): void {
  if (!isOn) return;
  for (const element of [...changed, ...added])
    client.own(element).animate({ outline: ["3px solid red", "0"] }, 700);
  const ids = client.all("[id]").map(element => client.own(element).id);
  const twice = ids.filter((id, i) => ids.indexOf(id) < i);
  if (twice[0]) logged("duplicate ids", twice);
}
