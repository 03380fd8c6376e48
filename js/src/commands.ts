/**
 * `live-js`: what an element does by itself, without asking the server.
 *
 *   live-js="toggle:#menu with fade; add-class:open closest li; push:opened"
 *
 * A command is a verb, its value where it has one, the elements it is for (none: the element itself; `closest …`),
 * and a class that is on them while they come or go.
 */

import { call, values } from "./call";

const leaving = new WeakSet<Element>();

type Verb = (element: HTMLElement, value: string, origin: Element, transition?: string) => void;

const verbs: Record<string, Verb> = {
  show: (element, _, origin, transition) => reveal(element, true, origin, transition),
  hide: (element, _, origin, transition) => reveal(element, false, origin, transition),
  toggle: (element, _, origin, transition) =>
    reveal(element, element.hidden || leaving.has(element), origin, transition),
  focus: element => element.focus(),
};

/** Verbs with a value before the selector. */
const valued: Record<string, Verb> = {
  "add-class": (element, value) => element.classList.add(...value.split(".")),
  "remove-class": (element, value) => element.classList.remove(...value.split(".")),
  "toggle-class": (element, value) => value.split(".").forEach(name => void element.classList.toggle(name)),
  "set-attr": (element, value) => {
    const [name, ...rest] = value.split("=");
    element.setAttribute(name!, rest.join("="));
  },
  dispatch: (element, value) => element.dispatchEvent(new CustomEvent(value, { bubbles: true })),
  push: (_, value, origin) => call(origin, value, values(origin)),
};

export function run(origin: Element, commands: string): void {
  for (const command of commands.split(";")) {
    const [, verb = "", rest = "", transition] =
      /^\s*([\w-]+):?(.*?)(?:\s+with\s+(\S+))?\s*$/.exec(command) ?? [];
    const [, value, selector] = Object.hasOwn(valued, verb) ? /^(\S*)\s*(.*)$/.exec(rest)! : ["", "", rest];
    const act = Object.hasOwn(valued, verb) ? valued[verb] : Object.hasOwn(verbs, verb) && verbs[verb];
    if (act) for (const element of find(origin, selector!)) act(element, value!, origin, transition);
    else console.warn("livecomp: unknown command", command);
  }
}

function find(origin: Element, selector: string): Iterable<HTMLElement> {
  if (!selector) return [origin as HTMLElement];
  const closest = /^closest\s+(.*)/.exec(selector);
  if (!closest) return document.querySelectorAll<HTMLElement>(selector);
  const found = origin.closest<HTMLElement>(closest[1]!);
  return found ? [found] : [];
}

/** Shows or hides through the `hidden` attribute, after the animations that the transition's class starts. */
async function reveal(
  element: HTMLElement,
  on: boolean,
  origin: Element,
  transition?: string,
): Promise<void> {
  if (origin.hasAttribute("aria-expanded")) origin.setAttribute("aria-expanded", String(on));
  leaving[on ? "delete" : "add"](element);
  if (on) element.hidden = false;
  if (transition) {
    element.classList.add(transition);
    await Promise.allSettled(element.getAnimations().map(animation => animation.finished));
    element.classList.remove(transition);
  }
  if (leaving.delete(element)) element.hidden = true;
}
