/**
 * Controls: what they hold, what the server last rendered into them, and who wins.
 *
 * What the user did after the server's last word wins: while a value is on its way (`sent`), no patch changes the
 * control. A submit turns this round, as a page load would: once it is acknowledged the form's controls hold what
 * the server rendered, even the focused one, so that a chat box empties. Only what was typed since then stays.
 */

import { componentOf } from "./address";
import { loading } from "./feedback";
import type { LiveError } from "./livecomp";
import { type Done, post } from "./outbox";
import { record, type Values } from "./protocol";

export type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;
type Held = string | boolean | string[];

const MODELS = ["live-model", "live-model.change", "live-model.blur"];
const CSRF = "csrfmiddlewaretoken";

/** Controls whose value is on its way, with the number of the last message that carries it. */
const sent = new Map<Control, number>();
/** Controls bound with live-model that the server changed while the user had the last word. */
const overruled = new Set<Control>();

export const isControl = (target: unknown): target is Control =>
  target instanceof HTMLInputElement ||
  target instanceof HTMLSelectElement ||
  target instanceof HTMLTextAreaElement;

const isBox = (control: Control): control is HTMLInputElement => /^(checkbox|radio)$/.test(control.type);
const isSelect = (control: Control): control is HTMLSelectElement => control instanceof HTMLSelectElement;
const values = (options: Iterable<HTMLOptionElement>) => Array.from(options, option => option.value);

/** What the control holds now. */
function held(control: Control): Held {
  if (isBox(control)) return control.checked;
  return isSelect(control) && control.multiple ? values(control.selectedOptions) : control.value;
}

/** What the server last rendered into it. */
function rendered(control: Control): Held {
  if (isBox(control)) return control.defaultChecked;
  if (!isSelect(control)) return control.defaultValue;
  const chosen = values(Array.from(control.options).filter(option => option.defaultSelected));
  return control.multiple ? chosen : (chosen.at(-1) ?? control.options[0]?.value ?? "");
}

function hold(control: Control, value: Held): void {
  if (same(held(control), value)) return;
  if (isBox(control)) control.checked = value as boolean;
  else if (isSelect(control) && control.multiple)
    for (const option of control.options) option.selected = (value as string[]).includes(option.value);
  else control.value = value as string;
}

const same = (one: Held, other: Held): boolean => String(one) === String(other);

export const isDirty = (control: Control): boolean => !same(held(control), rendered(control));

/** The controls of a form. An input named "elements" hides the property, not the prototype's getter. */
export const controls = (form: HTMLFormElement): Control[] =>
  Array.from(Reflect.get(HTMLFormElement.prototype, "elements", form) as Iterable<unknown>).filter(isControl);

/** A form's fields as the browser would submit them; repeated names and multiple choices give lists. */
export function fields(form: HTMLFormElement, submitter?: HTMLElement | null): Values {
  const found = new Map<string, string | string[]>();
  const boxes = new Set<string>();
  for (const { type, name, disabled } of controls(form)) {
    if (disabled) continue;
    if (type === "select-multiple" || (type === "checkbox" && boxes.has(name))) found.set(name, []);
    if (type === "checkbox") boxes.add(name);
  }
  for (const [name, value] of new FormData(form, submitter)) {
    if (typeof value !== "string" || name === CSRF) continue;
    const others = found.get(name);
    found.set(name, others === undefined ? value : [others, value].flat());
  }
  return record(found);
}

/** The field that live-model binds the control to, for one DOM event or for any. */
export function modelOf(element: Element, type?: string): string | null {
  const names = type ? [type === "input" ? "live-model" : `live-model.${type}`] : MODELS;
  return names.map(name => element.getAttribute(name)).find(field => field !== null) ?? null;
}

/** Boxes with a value are a choice of several: true or false for one alone, a list for those of one field. */
function bound(control: Control, field: string, component: string): unknown {
  if (control.type === "radio") return control.value;
  if (control.type !== "checkbox" || !control.hasAttribute("value")) return held(control);
  return Array.from(document.querySelectorAll<HTMLInputElement>("input:checked"))
    .filter(box => modelOf(box) === field && componentOf(box) === component)
    .map(box => box.value);
}

/** Sends the control's value to the field it is bound to. Half a number is not sent. */
export function sync(control: Control): void {
  const field = modelOf(control);
  const component = componentOf(control);
  if (!field || !component || control.validity.badInput) return;
  const value = record([[field, bound(control, field, component)]]);
  claim(control, post(["set", component, value], loading(control, component, field)));
}

/** The control's value travels with message `ref`; without one, it waits to be sent. */
export function claim(control: Control, ref = Infinity): void {
  sent.set(control, ref);
}

/** Sends what the user typed, or the browser restored, before anybody listened. */
export function recover(): void {
  for (const control of document.querySelectorAll(MODELS.map(name => `[${CSS.escape(name)}]`).join()))
    if (
      isControl(control) &&
      !sent.has(control) &&
      isDirty(control) &&
      !(isBox(control) && !control.checked && control.type === "radio")
    )
      sync(control);
}

/** Before a patch that answers the messages that `isDone` names. The returned function is called after it. */
export function protect(isDone: (ref: number) => boolean): () => void {
  for (const [control, ref] of sent) if (isDone(ref) || !control.isConnected) sent.delete(control);
  const active = document.activeElement;
  const guarded = new Set(sent.keys());
  if (isControl(active)) guarded.add(active);
  const before = Array.from(guarded, control => [control, held(control), rendered(control)] as const);
  return () => {
    for (const [control, value, word] of before) {
      const isNews = !same(rendered(control), word);
      if (sent.has(control)) hold(control, value);
      else if (isNews && same(value, word)) hold(control, rendered(control));
      if (isNews && modelOf(control)) overruled.add(control);
    }
    overruled.forEach(yieldTo);
  };
}

/** A bound control takes the server's word once its own is answered and the user has left it. */
export function yieldTo(control: Control): void {
  if (sent.has(control) || control === document.activeElement) return;
  if (overruled.delete(control)) hold(control, rendered(control));
}

/** Remembers what a form was submitted with. Call the result when the submit is acknowledged. */
export function submitted(form: HTMLFormElement): Done {
  const before = controls(form).map(control => [control, held(control)] as const);
  return (error?: LiveError) => {
    if (!error) for (const [control, value] of before) clear(control, value);
  };
}

function clear(control: Control, submittedValue: Held): void {
  if (!control.isConnected || control.type === "file" || control.closest("[live-ignore],[live-permanent]"))
    return;
  const now = held(control);
  const word = rendered(control);
  const isText = typeof now === "string" && !isSelect(control) && submittedValue !== "";
  const more =
    isText && now.startsWith(submittedValue as string) ? now.slice(`${submittedValue}`.length) : "";
  if (!same(now, `${submittedValue}${more}`) || same(word, submittedValue)) return;
  hold(control, typeof word === "string" ? word + more : word);
  if (modelOf(control) && (more || !control.hasAttribute("value"))) sync(control);
}
