/**
 * What the user has entered since the page was loaded: sent once the script is there, and sent again when the server has
 * lost its state. The form is then all that is left, so nothing is patched over it before the server knows it.
 */

import { componentIn } from "./address";
import { call, offered } from "./call";
import { send } from "./connection";
import { isBox } from "./controls";
import {
  CONTROLS,
  type Control,
  claim,
  entered,
  isControl,
  isDirty,
  isUnderWay,
  keep,
  modelOf,
  release,
  sync,
  willBeHeard,
} from "./forms";
import { on } from "./listen";
import { contains, isConnected } from "./native";
import type { Patch } from "./protocol";
import { all, isLive, live } from "./query";
import { findTarget } from "./targets";

/** Controls whose values the server has to hear first. */
const ahead = new Set<Control>();
/** Components that the server sent meanwhile. */
const behind = new Set<string>();

export function start(): void {
  for (const type of ["input", "change"])
    on(document, type, ({ target }) => isControl(target) && entered.add(target), true);
  recover();
}

/** Sends what was typed, or restored by the browser, before anybody listened. */
export function recover(): void {
  for (const control of all<Control>(CONTROLS))
    if ((modelOf(control) || hearerOf(control)) && !entered.has(control) && isDirty(control)) {
      entered.add(control);
      if (!isUnderWay(control)) sendAgain([control]);
    }
}

/**
 * Called before the patches of a server that has lost its state, with what was entered sent again. The returned function
 * is called after them.
 */
export function keepEntered(): () => void {
  const there = [...entered].filter(isConnected);
  sendAgain(there.filter(control => !willBeHeard(control)));
  for (const control of there) if (isUnderWay(control)) ahead.add(control);
  // What only a submit sends stays as it is, whatever the server has forgotten.
  const others = there.filter(control => !ahead.has(control));
  for (const control of others) keep(control);
  return () => {
    for (const control of others) release(control);
  };
}

/** Bound fields by themselves, and each form, or field, with `live-input` once. */
function sendAgain(controls: Control[]): void {
  const hearers = new Map<Element, Control[]>();
  for (const control of controls) {
    if (modelOf(control) && (control.type !== "radio" || control.checked)) sync(control);
    const hearer = hearerOf(control);
    if (hearer) hearers.set(hearer, [...(hearers.get(hearer) ?? []), control]);
  }
  for (const [hearer, own] of hearers) {
    const name = live(hearer, "input") || live(hearer, "change");
    const ref = call(hearer, name!, undefined, offered(hearer, { target: own[0] } as unknown as Event));
    if (ref) for (const control of own) claim(control, ref);
  }
}

/** What hears of all that is typed into a control: its form, or an element around it. A box by itself may be a switch. */
function hearerOf(control: Control): Element | null {
  const { form } = control;
  if (form && (isLive(form, "input") || isLive(form, "change"))) return form;
  return isBox(control) ? null : control.closest("[live-input]");
}

/** Whether a patch has to wait, as its target holds what the server does not know yet. Its component is asked for then. */
export function isHeldBack([address]: Patch): boolean {
  if (!ahead.size) return false;
  const target = findTarget(document, address);
  const waits = !!target && [...ahead].some(control => isUnderWay(control) && contains(target, control));
  if (waits) behind.add(componentIn(address));
  return waits;
}

/** Whether the page lacks something that the server has sent. */
export const isBehind = (): boolean => behind.size > 0;

/** Called when something is acknowledged: asks for what was held back, once the server knows all. */
export function catchUp(): void {
  if ([...ahead].some(isUnderWay)) return;
  ahead.clear();
  for (const component of behind) send(["render", component]);
  behind.clear();
}
