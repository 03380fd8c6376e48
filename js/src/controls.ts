/**
 * The state of form controls. The attribute (`value`, `checked`, `selected`, a textarea's text) is the server's word;
 * what the control shows is the user's, until the server's word changes.
 */
import { contains, findAll, getRoot, nodeName, own } from "./native";

/** Whether the focus is on an element or in it. */
export function hasFocus(element: Element): boolean {
  const { activeElement } = own(getRoot(element) as Document);
  return !!activeElement && contains(element, activeElement);
}

/** Shows the server's text in a field. Never while the user is in it: a reply to "ab" must not overwrite "abc". */
export function showDefault(field: HTMLInputElement | HTMLTextAreaElement): void {
  if (!hasFocus(field) && field.value !== field.defaultValue) field.value = field.defaultValue;
}

/** Lets a control show what the server said anew about `value`, `checked` or `selected`. */
export function showWord(control: Element, name: string, said: boolean): void {
  const input = control as HTMLInputElement;
  if (name !== "value") Object.assign(control, { [name]: said });
  else if (nodeName(control) === "INPUT" && input.type !== "file") showDefault(input);
}

/**
 * Looks at the choice in a `<select>` before its options change.
 *
 * @returns puts it right afterwards: the server's choice where the server's word changed, else the user's. (The
 * browser chooses by its own rules whenever options come and go.)
 */
export function rememberChoice(select: HTMLSelectElement): () => void {
  const chosen = [...select.selectedOptions];
  const word = values(select);
  return () => {
    const wanted = word === values(select) ? chosen : defaults(select);
    if (wanted.some(option => select.contains(option)))
      for (const option of select.options) option.selected = wanted.includes(option);
  };
}

const defaults = (select: Element) => [...findAll<HTMLOptionElement>(select, "option[selected]")];
const values = (select: Element) => String(defaults(select).map(({ value }) => value));

/** Whether a `<select>` shows its options. */
export const isOpen = (select: Element): boolean =>
  CSS.supports("selector(:open)") && select.matches(":open");
