/**
 * The state of form controls. The attribute (`value`, `checked`, `selected`, a textarea's text) is the server's word;
 * what the control shows is the user's, until the server's word changes. What a control would show by itself is asked
 * of a fresh copy: number, range, color or select have rules of their own.
 */
import {
  childNodes,
  contains,
  doc,
  findAll,
  getAttribute,
  getRoot,
  isElement,
  nodeName,
  own,
} from "./native";
import { all } from "./query";

/** An input, a select or a textarea. Only a select has options. */
export type Control = HTMLInputElement & { options?: HTMLOptionsCollection };
export type Held = string | boolean | string[];

/** The field that live-model binds an element to. */
export const modelOf = (element: Element): string | null =>
  getAttribute(element, "live-model") ??
  getAttribute(element, "live-model.change") ??
  getAttribute(element, "live-model.blur");

export const isBox = (element: Element): boolean =>
  nodeName(element) === "INPUT" && /^(checkbox|radio)$/i.test(getAttribute(element, "type") ?? "");

/** What the control holds now. */
export const held = (control: Control): Held =>
  isBox(control)
    ? control.checked
    : control.options
      ? [...control.options].filter(option => option.selected).map(option => option.value)
      : control.value;

/** What the control would hold had nobody touched it. */
export const shown = (control: Control): Held => held(freshCopy(control));

export const isSame = (one: Held, other: Held): boolean => `${one}` === `${other}`;

/** Whether the user (or a script) has touched the control. Half a number has no value, but is something. */
export const isDirty = (control: Control): boolean =>
  control.validity.badInput || !isSame(held(control), shown(control));

/** A copy of the control as the server rendered it; a radio button among those of its group. */
function freshCopy(control: Control): Control {
  const form = doc.createElement("form"); // it is in no page; but one of another document does not reset
  const group = control.type === "radio" ? groupOf(control) : [control];
  form.append(...group.map(each => each.cloneNode(true)));
  HTMLFormElement.prototype.reset.call(form);
  return childNodes(form)[group.indexOf(control)] as Element as Control;
}

const groupOf = (radio: Control): Control[] =>
  all<Control>("input[type=radio]", getRoot(radio)).filter(
    other => other === radio || (!!other.name && other.name === radio.name && other.form === radio.form),
  );

/** Whether the focus is on an element or in it. */
export function hasFocus(element: Element): boolean {
  const { activeElement } = own(getRoot(element) as Document);
  return !!activeElement && contains(element, activeElement);
}

/** Types of an input whose value is the attribute's, or nobody's to write. */
const TEXTLESS = /^(checkbox|radio|file|hidden|button|submit|reset|image)$/;

/**
 * Looks at a text field before its attributes or its text change.
 *
 * @returns puts it right afterwards: the server's text where its word changed (`isNews`) or nobody had touched the
 * field, else the user's. Never while the user is in it: a reply to "ab" must not overwrite "abc".
 */
export function rememberText(field: Control): (isNews: boolean) => void {
  const { value } = field;
  const wasDirty = isDirty(field);
  return isNews => {
    if (TEXTLESS.test(field.type)) return;
    const isServers = !hasFocus(field) && (isNews || !wasDirty);
    const text = isServers ? (shown(field) as string) : wasDirty ? value : field.value;
    if (field.value !== text) field.value = text;
  };
}

/**
 * Looks at the choice in a `<select>` before it or its options change.
 *
 * @returns puts it right afterwards: the server's choice where the server's word changed or nobody had chosen, else
 * the user's, known by value. (The browser chooses by its own rules whenever options come and go.)
 */
export function rememberChoice(select: HTMLSelectElement): () => void {
  const wasDirty = isDirty(select as Element as Control);
  const chosen = [...select.selectedOptions].map(option => [option, option.value] as const);
  const word = words(select);
  return () => {
    const options = [...select.options];
    const mine = chosen.map(
      ([option, value]) =>
        options.find(other => other === option && other.value === value) ??
        options.find(other => other.value === value) ??
        option,
    );
    const isMine =
      wasDirty && word === words(select) && (!chosen[0] || options.some(option => mine.includes(option)));
    const copy = freshCopy(select as Element as Control).options!;
    options.forEach((option, i) => {
      option.selected = isMine ? mine.includes(option) : copy[i]!.selected;
    });
  };
}

const words = (select: Element) =>
  String([...findAll<HTMLOptionElement>(select, "option[selected]")].map(({ value }) => value));

/** The radio buttons that were chosen when a morph came to the first one that it had to rename. */
let chosenRadios: Control[] | undefined;
/** Those for which the server's word changed in it. */
let saidRadios: [radio: Control, said: boolean][] = [];

/** Called before a radio button comes into another group: there the browser would let go of one choice. */
export function rememberRadios(root: Document | ShadowRoot | Element): void {
  chosenRadios ??= all<Control>("input[type=radio]", root).filter(radio => radio.checked);
}

/** Called when all groups are what they are to be. */
export function restoreRadios(): void {
  for (const radio of chosenRadios ?? []) radio.checked = true;
  for (const [radio, said] of saidRadios) radio.checked = said;
  chosenRadios = undefined;
  saidRadios = [];
}

/** Lets a box or an option show what the server said anew. */
export function showWord(control: Element, name: "checked" | "selected", said: boolean): void {
  Object.assign(control, { [name]: said });
  if (name === "checked") saidRadios.push([control as Control, said]);
}

/** Whether a `<select>` shows its options. */
export const isOpen = (select: Element): boolean =>
  CSS.supports("selector(:open)") && select.matches(":open");

/** Whether the user is writing in an element that is no control. */
export const isEdited = (element: Element): boolean =>
  getAttribute(element, "contenteditable") !== null && hasFocus(element);

export const CONTROLS = "input,select,textarea";

export const isControl = (target: unknown): target is Control =>
  isElement(target as Node) && own(target as Element).matches(CONTROLS);
