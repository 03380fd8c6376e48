/**
 * Controls: what they hold, what the server last rendered into them, and who wins.
 *
 * What the user did after the server's last word wins: while a value is on its way (`sent`), no patch changes the
 * control. A submit turns this round, as a page load would: once it is acknowledged the form's controls hold what
 * the server rendered, even the focused one, so that a chat box empties. Only what was typed since then stays.
 */

import { componentOf } from "./address";
import { CSRF } from "./constants";
import {
  CONTROLS,
  type Control,
  type Held,
  held,
  isBox,
  isControl,
  isSame,
  modelOf,
  shown,
} from "./controls";
import { loading } from "./feedback";
import { doc } from "./native";
import { type Done, isDoubtful, isWaiting, post } from "./outbox";
import type { Entry } from "./protocol";
import { all } from "./query";

export { CONTROLS, type Control, isControl, isDirty, modelOf } from "./controls";

/** Controls whose value is on its way, with the number of the last message that carries it. */
const sent = new Map<Control, number>();
/** Controls marked because of what they hold. */
const refused = new WeakSet<Control>();
/** Controls that the user has changed since the page was loaded, less those that were submitted. */
export const entered = new Set<Control>();
/** Bound controls that the server changed while the user had the last word. */
const overruled = new Set<Control>();

function hold(control: Control, value: Held): void {
  if (isSame(held(control), value)) return;
  if (isBox(control)) control.checked = value as boolean;
  else if (!control.options) control.value = value as string;
  else for (const option of control.options) option.selected = (value as string[]).includes(option.value);
}

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

/** No patch changes the control until it is released. What was refused of it stays marked. */
export const keep = (control: Control): unknown => sent.set(control, Infinity);

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

/** Whether the control's value is on its way. */
export const isUnderWay = (control: Control): boolean => sent.has(control) && isWaiting(sent.get(control)!);

/** Whether the value is on its way to a server that has lost its state, and in no event that this may refuse. */
export const willBeHeard = (control: Control): boolean =>
  isUnderWay(control) && !isDoubtful(sent.get(control)!);

/** The control's value is on its way no more. */
export const release = (control: Control): boolean => sent.delete(control);

/** Called before a patch, once what it answers is settled. The returned function is called after it. */
export function protect(): () => void {
  for (const [control, ref] of sent) if (!isWaiting(ref)) sent.delete(control);
  const guarded = new Set<unknown>([doc.activeElement, ...sent.keys()]);
  const before = [...guarded]
    .filter(isControl)
    .map(control => [control, held(control), shown(control)] as const);
  return () => {
    for (const [control, value, word] of before) {
      const isNews = !isSame(shown(control), word);
      if (sent.has(control)) hold(control, value);
      else if (isNews && isSame(value, word)) hold(control, shown(control));
      if (isNews && modelOf(control)) overruled.add(control);
    }
    overruled.forEach(yieldTo);
  };
}

/** A bound control takes the server's word once its own is answered and the user has left it. */
export function yieldTo(control: Control): void {
  if (!sent.has(control) && control !== doc.activeElement && overruled.delete(control))
    hold(control, shown(control));
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
  if (isSame(now, value)) entered.delete(control);
  const word = shown(control);
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
