/**
 * Attributes, and the state of form controls that hangs on some of them.
 *
 * An attribute is written only where the server's word on it changed: where the new word differs from its last one
 * (`others.ts`). So whatever others changed stays until the server speaks about that very attribute.
 *
 * A control's own state follows the same rule. The attribute (`value`, `checked`, `selected`, a textarea's text) is
 * the server's word and is always kept up to date, so `form.reset()` goes to the newest; the property is the user's.
 * It is written only where the word changed, and a text never while its field has the focus: a reply to "ab" must
 * not overwrite the "abc" that the user has typed meanwhile.
 */
import { attributes, getAttribute, getRoot, nodeName } from "./native";
import { changedByOthers, serverWord, setServerWord } from "./others";

export type Owns = (element: Element, name: string) => boolean;

const CONTROL_STATE = /^(value|checked|selected)$/;

/**
 * Gives `from` the attributes of `to`.
 *
 * @param owns attributes that are not to be written now: the server's word is remembered
 * @param root whether `from` is a patched element itself: its address is not in the patch
 * @returns whether anything was written
 */
export function morphAttributes(from: Element, to: Element, owns: Owns, root: boolean): boolean {
  const ignored = getAttribute(to, "live-ignore") !== null;
  let written = false;
  const say = (name: string, word: Attr | null) => {
    if (serverWord(from, name) === (word?.value ?? null) || (ignored && !name.startsWith("data-"))) return;
    if (write(from, name, word, owns)) written = true;
  };
  let shared = 0;
  for (const word of attributes(to)) {
    if (getAttribute(from, word.name) !== null) shared++;
    say(word.name, word);
  }
  for (const name of changedByOthers(from)) if (getAttribute(to, name) === null) say(name, null);
  if (attributes(from).length > shared)
    for (const { name } of [...attributes(from)])
      if (getAttribute(to, name) === null && name !== "lc-token" && !(root && name === "lc")) say(name, null);
  return written;
}

function write(from: Element, name: string, word: Attr | null, owns: Owns): boolean {
  const owned = owns(from, name);
  if (owned && !CONTROL_STATE.test(name)) {
    setServerWord(from, name, word?.value ?? null);
    return false;
  }
  const foreignClass = name === "class" && serverWord(from, name) !== getAttribute(from, name);
  if (foreignClass) mergeClasses(from.classList, serverWord(from, name), word?.value);
  // A copy of the node keeps names that setAttribute refuses (`@click`, `[foo]`), their case and their namespace.
  else if (word) from.setAttributeNode(word.cloneNode() as Attr);
  else from.removeAttribute(name);
  setServerWord(from, name, word?.value ?? null);
  if (!owned) followWord(from, name, word !== null);
  return true;
}

/** Adds and removes the classes that the server added and removed, beside those of others. */
function mergeClasses(classes: DOMTokenList, before: string | null, after = ""): void {
  classes.remove(...tokens(before ?? ""));
  classes.add(...tokens(after));
}

const tokens = (text: string) => text.split(/\s+/).filter(Boolean);

/** The control shows what the server said anew. */
function followWord(from: Element, name: string, said: boolean): void {
  const kind = nodeName(from);
  if (kind === "INPUT") {
    if (name === "checked") (from as HTMLInputElement).checked = said;
    else if (name === "value" && (from as HTMLInputElement).type !== "file")
      showDefault(from as HTMLInputElement);
  } else if (kind === "OPTION" && name === "selected") (from as HTMLOptionElement).selected = said;
}

/** Shows the server's text in a field, unless the user is in it. */
export function showDefault(field: HTMLInputElement | HTMLTextAreaElement): void {
  if (!hasFocus(field) && field.value !== field.defaultValue) field.value = field.defaultValue;
}

/** Whether the focus is on an element or in it. */
export function hasFocus(element: Element): boolean {
  const { activeElement } = getRoot(element) as Document;
  return !!activeElement && element.contains(activeElement);
}

/**
 * Looks at the choice in a `<select>` before its options change.
 *
 * @returns puts it right afterwards: the server's choice where the server's word changed, else the user's. (The
 * browser chooses by its own rules whenever options come and go.)
 */
export function rememberChoice(select: HTMLSelectElement): () => void {
  const choice = [...select.options].filter(option => option.selected);
  const word = defaults(select);
  return () => {
    const changed = word !== defaults(select);
    if (!changed && !choice.some(option => select.contains(option))) return;
    if (changed && !select.querySelector("option[selected]")) return;
    for (const option of select.options) {
      const chosen = changed ? option.defaultSelected : choice.includes(option);
      if (option.selected !== chosen) option.selected = chosen;
    }
  };
}

const defaults = (select: HTMLSelectElement) =>
  Array.from(select.querySelectorAll<HTMLOptionElement>("option[selected]"), option => option.value).join(
    "\n",
  );
