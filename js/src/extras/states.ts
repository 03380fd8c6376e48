/** Elements that are shown, or get a class, in a state: `live-offline`, `live-cloak`, `live-dirty`, `live-current`. */

import type { Client } from "../client";
import { among } from "./among";

let client: Client;
const elements = new Set<HTMLElement>();

const states: Record<string, (element: Element) => boolean> = {
  offline: () => client.isOnline() === false,
  cloak: () => client.isOnline() !== undefined,
  dirty: element => {
    const form = client.formOf(element);
    return (form ? client.controls(form) : [element].filter(client.isControl)).some(client.isDirty);
  },
  current: element => (element as HTMLAnchorElement).href.split("#")[0] === location.href.split("#")[0],
};

export function install(given: Client): void {
  client = given;
  patched([], [client.own(document).documentElement]);
  reflect();
}

/** Remembers the elements that show a state. They are brought up to date when the patch is done. */
export function patched(changed: Element[], added: Element[]): void {
  for (const element of among(
    client,
    "[live-offline],[live-cloak],[live-dirty],[live-current]",
    changed,
    added,
  ))
    elements.add(element);
}

/** Brings every such element up to date. */
export const reflect = (): void => elements.forEach(update);

function update(element: HTMLElement): void {
  if (!client.own(element).isConnected) elements.delete(element);
  for (const [name, holds] of Object.entries(states)) {
    const classes = client.live(element, name);
    if (classes === null) continue;
    const is = holds(element);
    const shown = client.own(element);
    for (const style of classes.match(/\S+/g) ?? []) shown.classList.toggle(style, is);
    if (name === "current") {
      if (is || shown.ariaCurrent === "page") shown.ariaCurrent = is ? "page" : null;
    } else if (!classes && shown.hidden === is) shown.hidden = !is;
  }
}
