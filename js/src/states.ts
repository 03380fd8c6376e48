/** Elements that are shown, or get a class, in a state: `live-offline`, `live-cloak`, `live-dirty`, `live-current`. */

import { controls, isControl, isDirty } from "./forms";
import { formOf, isConnected, own } from "./native";
import { isOnline } from "./outbox";
import { live } from "./query";

const elements = new Set<HTMLElement>();

const states: Record<string, (element: Element) => boolean> = {
  offline: () => isOnline === false,
  cloak: () => isOnline !== undefined,
  dirty: element => {
    const form = formOf(element);
    return (form ? controls(form) : [element].filter(isControl)).some(isDirty);
  },
  current: element => (element as HTMLAnchorElement).href.split("#")[0] === location.href.split("#")[0],
};

/** Remembers an element that shows a state. */
export const add = (element: HTMLElement): unknown => elements.add(element);

/** Brings every such element up to date. */
export const reflect = (): void => elements.forEach(update);

function update(element: HTMLElement): void {
  if (!isConnected(element)) elements.delete(element);
  for (const [name, holds] of Object.entries(states)) {
    const classes = live(element, name);
    if (classes === null) continue;
    const is = holds(element);
    const shown = own(element);
    for (const style of classes.match(/\S+/g) ?? []) shown.classList.toggle(style, is);
    if (name === "current") {
      if (is || shown.ariaCurrent === "page") shown.ariaCurrent = is ? "page" : null;
    } else if (!classes && shown.hidden === is) shown.hidden = !is;
  }
}
