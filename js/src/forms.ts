/**
 * Controls: what they hold, what the server last rendered into them, and who wins.
 *
 * What the user did after the server's last word wins: while a value is on its way (`sent`), no patch changes the
 * control. A submit turns this round, as a page load would: once it is acknowledged the form's controls hold what
 * the server rendered, even the focused one, so that a chat box empties. Only what was typed since then stays.
 */

import { componentOf } from "./address";
import { CSRF } from "./constants";
import { loading } from "./feedback";
import { doc, isElement, own } from "./native";
import { type Done, isWaiting, post } from "./outbox";
import type { Entry } from "./protocol";
import { all, live } from "./query";

/** An input, a select or a textarea. Only a select has options. */
export type Control = HTMLInputElement & { options?: HTMLOptionsCollection };
type Held = string | boolean | string[];

const CONTROLS = "input,select,textarea";

/** Controls whose value is on its way, with the number of the last message that carries it. */
const sent = new Map<Control, number>();
/** Controls marked because of what they hold. */
const refused = new WeakSet<Control>();
/** Bound controls that the server changed while the user had the last word. */
const overruled = new Set<Control>();

export const isControl = (target: unknown): target is Control =>
  isElement(target as Node) && own(target as Element).matches(CONTROLS);

const isBox = ({ type }: Control) => /^(checkbox|radio)$/.test(type);

const chosen = (control: Control, how: "selected" | "defaultSelected") =>
  [...control.options!].filter(option => option[how]).map(option => option.value);

/** What the control holds now. */
const held = (control: Control): Held =>
  isBox(control) ? control.checked : control.options ? chosen(control, "selected") : control.value;

/** What the server last rendered into it. */
function rendered(control: Control): Held {
  if (isBox(control)) return control.defaultChecked;
  if (!control.options) return control.defaultValue;
  const choice = chosen(control, "defaultSelected");
  return choice[0] || control.multiple ? choice : [control.options[0]?.value ?? ""];
}

function hold(control: Control, value: Held): void {
  if (isSame(held(control), value)) return;
  if (isBox(control)) control.checked = value as boolean;
  else if (!control.options) control.value = value as string;
  else for (const option of control.options) option.selected = (value as string[]).includes(option.value);
}

const isSame = (one: Held, other: Held) => `${one}` === `${other}`;

export const isDirty = (control: Control): boolean => !isSame(held(control), rendered(control));

/** The controls of a form. (An input named "elements" would hide `form.elements`.) */
export const controls = (form: HTMLFormElement): Control[] =>
  all<Control>(CONTROLS).filter(control => control.form === form);

/**
 * What the browser submits, without the CSRF token, and before it the names of the choices of several, so that none
 * and one chosen are lists too. Of a file there is the name, as in a form that is not sent as multipart/form-data.
 */
export function entries(form: HTMLFormElement, submitter?: HTMLElement | null): Entry[] {
  const own = controls(form).filter(control => control.name && !control.matches(":disabled"));
  const isOneOfMany = (box: Control) =>
    box.hasAttribute("value") || own.some(other => other !== box && other.name === box.name);
  const choices = own.filter(control =>
    control.options ? control.multiple : control.type === "checkbox" && isOneOfMany(control),
  );
  const found: Entry[] = [...new Set(choices.map(({ name }) => name))].map(name => [name, null]);
  for (const [name, value] of new FormData(form, submitter)) {
    const text = typeof value === "string" ? value : value.name;
    if (text !== value && text) console.warn(`livecomp: ${name}: of a file only the name is sent.`);
    if (name !== CSRF && (text || text === value)) found.push([name, text]);
  }
  return found;
}

/** The field that live-model binds an element to. */
export const modelOf = (element: Element): string | null =>
  live(element, "model") ?? live(element, "model.change") ?? live(element, "model.blur");

/** Boxes with a value are a choice of several: true or false for one alone, a list for those of one field. */
function bound(control: Control, field: string, component: string): unknown {
  if (control.type === "checkbox" && control.hasAttribute("value"))
    return all<Control>(":checked")
      .filter(box => modelOf(box) === field && componentOf(box) === component)
      .map(box => box.value);
  return control.multiple || control.type === "checkbox" ? held(control) : control.value;
}

/** Sends the control's value to the field it is bound to. Half a number is not sent. */
export function sync(control: Control): void {
  const field = modelOf(control)!;
  const component = componentOf(control);
  if (!control.validity.badInput)
    claim(
      control,
      post(
        ["set", component, { [field]: bound(control, field, component) }],
        loading(control, component, field),
      ),
    );
}

/** The control's value travels with message `ref`; without one, it waits to be sent. */
export function claim(control: Control, ref = Infinity): void {
  sent.set(control, ref);
  if (refused.delete(control)) control.ariaInvalid = null;
}

/** Marks the control of a field, until its value changes: what it holds was refused. */
export function refuse(component = "", field = ""): Control | undefined {
  const found = all<Control>(CONTROLS).find(
    control => componentOf(control) === component && [modelOf(control), control.name].includes(field),
  );
  if (found && !found.ariaInvalid) {
    refused.add(found);
    found.ariaInvalid = "true";
  }
  return found;
}

/** Sends what the user typed, or the browser restored, before anybody listened. */
export function recover(): void {
  for (const control of all<Control>(CONTROLS))
    if (
      modelOf(control) &&
      !sent.has(control) &&
      isDirty(control) &&
      (control.type !== "radio" || control.checked)
    )
      sync(control);
}

/** Called before a patch, once what it answers is settled. The returned function is called after it. */
export function protect(): () => void {
  for (const [control, ref] of sent) if (!isWaiting(ref)) sent.delete(control);
  const guarded = new Set<unknown>([doc.activeElement, ...sent.keys()]);
  const before = [...guarded]
    .filter(isControl)
    .map(control => [control, held(control), rendered(control)] as const);
  return () => {
    for (const [control, value, word] of before) {
      const isNews = !isSame(rendered(control), word);
      if (sent.has(control)) hold(control, value);
      else if (isNews && isSame(value, word)) hold(control, rendered(control));
      if (isNews && modelOf(control)) overruled.add(control);
    }
    overruled.forEach(yieldTo);
  };
}

/** A bound control takes the server's word once its own is answered and the user has left it. */
export function yieldTo(control: Control): void {
  if (!sent.has(control) && control !== doc.activeElement && overruled.delete(control))
    hold(control, rendered(control));
}

/** Remembers what a form was submitted with. Call the result when the submit is acknowledged. */
export function submitted(form: HTMLFormElement): Done {
  const before = controls(form).map(control => [control, held(control)] as const);
  return error => {
    if (!error) for (const [control, value] of before) clear(control, value);
  };
}

function clear(control: Control, value: Held): void {
  const now = held(control);
  const word = rendered(control);
  const isText = typeof now === "string";
  const more = isText && value ? now.slice((value as string).length) : "";
  if (
    control.type === "file" ||
    control.closest("[live-ignore],[live-permanent]") ||
    isSame(word, value) ||
    isSame(word, now) ||
    !isSame(now, value + more)
  )
    return;
  hold(control, isText ? word + more : word);
  if (modelOf(control) && (more || !control.hasAttribute("value"))) sync(control);
}
