/** Elements that are shown, or get a class, in a state: `live-offline`, `live-cloak`, `live-dirty`, `live-current`. */

import { isUsed } from "./bindings";
import { controls, isControl, isDirty } from "./forms";

let online: boolean | undefined;

const states: Record<string, (element: Element) => boolean> = {
  offline: () => online === false,
  cloak: () => online !== undefined,
  dirty: element => {
    const form = element.closest("form");
    return form ? controls(form).some(isDirty) : isControl(element) && isDirty(element);
  },
  current: element => (element as HTMLAnchorElement).href?.split("#")[0] === location.href.split("#")[0],
};

/** Brings every such element up to date; pages without them pay nothing. */
export function reflect(): void {
  for (const [name, holds] of Object.entries(states))
    if (isUsed(name))
      for (const element of document.querySelectorAll(`[live-${name}]`))
        mark(element as HTMLElement, name, holds(element));
}

export function connected(is: boolean): void {
  online = is;
  reflect();
}

function mark(element: HTMLElement, name: string, on: boolean): void {
  const classes = element.getAttribute(`live-${name}`);
  if (name === "current")
    on ? element.setAttribute("aria-current", "page") : element.removeAttribute("aria-current");
  else if (!classes && element.hidden === on) element.hidden = !on;
  for (const style of classes?.split(/\s+/) ?? []) if (style) element.classList.toggle(style, on);
}
