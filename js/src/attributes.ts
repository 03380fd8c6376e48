/**
 * Attributes. One is written only where the server's word on it changed: where the new word differs from its last
 * one (`others.ts`). So whatever others changed stays until the server speaks about that very attribute.
 */
import { showWord } from "./controls";
import { attributeNames, getAttribute, hasAttribute, own } from "./native";
import { changedByOthers, serverWord, setServerWord } from "./others";

/**
 * Gives `from` the attributes of `to`. Address and token are in no patch, and stay.
 *
 * @returns whether anything was written
 */
export function morphAttributes(from: Element, to: Element): boolean {
  const ignored = hasAttribute(from, "live-ignore");
  let written = false;
  for (const name of new Set([...attributeNames(to), ...attributeNames(from), ...changedByOthers(from)])) {
    const word = getAttribute(to, name);
    const last = serverWord(from, name);
    if (word === last || (word === null && /^lc(-token)?$/.test(name))) continue;
    if (ignored && !/^(data-|live-ignore$)/.test(name)) continue;
    written = true;
    if (name === "class" && last !== getAttribute(from, name)) {
      // The server's classes change, those of others stay.
      const { classList } = own(from);
      classList.remove(...tokens(last));
      classList.add(...tokens(word));
    } else if (word === null) own(from).removeAttribute(name);
    // A copy of the node keeps names that setAttribute refuses (`@click`, `[foo]`), their case and their namespace.
    else own(from).setAttributeNode(own(to).getAttributeNode(name)!.cloneNode() as Attr);
    if (/^(value|checked|selected)$/.test(name)) showWord(from, name, word !== null);
    setServerWord(from, name, word);
  }
  return written;
}

const tokens = (text: string | null) => text?.match(/\S+/g) ?? [];
