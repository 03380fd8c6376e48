/**
 * Attributes. One is written only where the server's word on it changed: where the new word differs from its last
 * one (`others.ts`). So whatever others changed stays until the server speaks about that very attribute.
 */
import { type Control, isBox, rememberRadios, rememberText, showWord } from "./controls";
import { attributeNames, getAttribute, getRoot, hasAttribute, nodeName, own } from "./native";
import { serverWord, setServerWord, words } from "./others";

/** Attributes of an input on which its value depends. */
const DEPENDENT = /^(type|value|min|max|step|multiple)$/;

/**
 * Gives `from` the attributes of `to`. Address and token are in no patch, and stay.
 *
 * @returns whether anything was written
 */
export function morphAttributes(from: Element, to: Element): boolean {
  const ignored = hasAttribute(from, "live-ignore");
  const names = new Set([...attributeNames(to), ...attributeNames(from), ...(words.get(from)?.keys() ?? [])]);
  const news = [...names].filter(
    name =>
      getAttribute(to, name) !== serverWord(from, name) &&
      (hasAttribute(to, name) || !/^lc(-token)?$/.test(name)) &&
      (!ignored || /^(data-|live-ignore$)/.test(name)),
  );
  if (!news[0]) return false;
  if (isBox(from) && news.includes("name")) rememberRadios(getRoot(from));
  if (nodeName(from) === "INPUT" && news.some(name => DEPENDENT.test(name)))
    writeInput(from as Control, to, news);
  else for (const name of news) write(from, to, name);
  return true;
}

/** Writes attributes that depend on each other: the value comes last, as all the others say how it is read. */
function writeInput(input: Control, to: Element, news: string[]): void {
  const restore = rememberText(input);
  const isNews = news.includes("value");
  // Where the type changes, the browser may write the value's attribute by itself.
  const names = new Set(news.includes("type") ? [...news, "value"] : news);
  const rank = (name: string) => Number(name === "value") - Number(name === "type");
  for (const name of [...names].sort((one, other) => rank(one) - rank(other))) write(input, to, name);
  restore(isNews);
}

function write(from: Element, to: Element, name: string): void {
  const word = getAttribute(to, name);
  const last = serverWord(from, name);
  if (name === "class" && last !== getAttribute(from, name)) {
    // The server's classes change, those of others stay.
    const { classList } = own(from);
    classList.remove(...tokens(last));
    classList.add(...tokens(word));
  } else if (word === null) own(from).removeAttribute(name);
  // A copy of the node keeps names that setAttribute refuses (`@click`, `[foo]`), their case and their namespace.
  else own(from).setAttributeNode(own(to).getAttributeNode(name)!.cloneNode() as Attr);
  if (name === "checked" || name === "selected") showWord(from, name, word !== null);
  setServerWord(from, name, word);
}

const tokens = (text: string | null) => text?.match(/\S+/g) ?? [];
