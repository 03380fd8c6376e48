/**
 * `live-js`: what an element does by itself, without asking the server.
 *
 *   live-js="toggle:#menu with fade; add-class:open closest li; push:opened"
 *
 * A command is a verb, its value where it has one, the elements it is for (none: the element itself; `closest …`),
 * and a class that is on them while they come or go.
 */

import type { Client } from "../client";

type Verb = (element: HTMLElement, value: string, origin: Element, verb: string) => void;

let client: Client;

export function install(given: Client): void {
  client = given;
}

const leaving = new WeakSet<Element>();

const classes =
  (how: "add" | "remove" | "toggle"): Verb =>
  (element, value) => {
    for (const name of value.split(".")) client.own(element).classList[how](name);
  };

/** For showing and hiding, the value is the transition's class. */
const verbs: Record<string, Verb | undefined> = {
  __proto__: null!,
  show: reveal,
  hide: reveal,
  toggle: reveal,
  focus: element => client.own(element).focus(),
  "add-class": classes("add"),
  "remove-class": classes("remove"),
  "toggle-class": classes("toggle"),
  "set-attr": (element, value) =>
    client.own(element).setAttribute(value.split("=")[0]!, value.replace(/.*?(=|$)/, "")),
  dispatch: (element, value) => client.own(element).dispatchEvent(new CustomEvent(value, { bubbles: true })),
  push: (_, value, origin) => client.call(origin, value),
};

export function run(origin: Element, commands: string): void {
  for (const command of commands.split(";")) {
    const [, verb = "", rest = "", transition = ""] =
      /^\s*([^:\s]+):?(.*?)(?: with (\S+))?\s*$/.exec(command) ?? [];
    const value = /-|pa|pu/.test(verb) ? rest.split(" ")[0]! : "";
    const act = verbs[verb];
    if (!act) client.report({ code: "unknown_command", message: command });
    for (const element of targets(origin, rest.slice(value.length).trim()))
      if (element) act?.(element, value || transition, origin, verb);
  }
}

function targets(origin: Element, selector: string): (HTMLElement | null)[] {
  if (selector.startsWith("closest ")) return [client.own(origin).closest<HTMLElement>(selector.slice(8))];
  return selector ? client.all<HTMLElement>(selector) : [origin as HTMLElement];
}

/** Shows or hides through the `hidden` attribute, after the animations that the transition's class starts. */
async function reveal(
  element: HTMLElement,
  transition: string,
  origin: Element,
  verb: string,
): Promise<void> {
  const shown = client.own(element);
  const trigger = client.own(origin);
  const on = verb === "show" || (verb === "toggle" && (shown.hidden || leaving.has(element)));
  if (trigger.ariaExpanded) trigger.ariaExpanded = `${on}`;
  leaving[on ? "delete" : "add"](element);
  if (on) shown.hidden = false;
  if (transition) {
    shown.classList.add(transition);
    await Promise.allSettled(shown.getAnimations().map(animation => animation.finished));
    shown.classList.remove(transition);
  }
  if (leaving.delete(element)) shown.hidden = true;
}
