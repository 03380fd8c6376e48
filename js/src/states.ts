/** Elements that are shown, or get a class, in a state: `live-offline`, `live-cloak`, `live-dirty`, `live-current`. */

import { controls, isControl, isDirty } from "./forms";

let online: boolean | undefined;
const elements = new Set<Element>();

const states: Record<string, (element: Element) => boolean> = {
  offline: () => online === false,
  cloak: () => online !== undefined,
  dirty: element => {
    const form = element.closest("form");
    return form ? controls(form).some(isDirty) : isControl(element) && isDirty(element);
  },
  current: element => (element as HTMLAnchorElement).href?.split("#")[0] === location.href.split("#")[0],
};

/** Remembers an element that shows a state. */
export function add(element: Element): void {
  elements.add(element);
  update(element);
}

/** Brings every such element up to date. */
export function reflect(): void {
  elements.forEach(update);
}

export function connected(is: boolean): void {
  online = is;
  reflect();
}

function update(element: Element): void {
  if (!element.isConnected) elements.delete(element);
  for (const [name, holds] of Object.entries(states))
    if (element.hasAttribute(`live-${name}`)) mark(element as HTMLElement, name, holds(element));
}

function mark(element: HTMLElement, name: string, on: boolean): void {
  const classes = element.getAttribute(`live-${name}`);
  if (name === "current")
    on ? element.setAttribute("aria-current", "page") : element.removeAttribute("aria-current");
  else if (!classes && element.hidden === on) element.hidden = !on;
  for (const style of classes?.split(/\s+/) ?? []) if (style) element.classList.toggle(style, on);
}
