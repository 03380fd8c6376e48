/** Reading the page. */

import { doc, findAll, getAttribute, own } from "./native";

/** The first element that a selector finds. */
export const find = (selector: string): HTMLElement | null => doc.querySelector(selector);

/** The elements that a selector finds in a document, an element or a shadow tree, in order. */
export const all = <E extends Element = HTMLElement>(selector: string, root: ParentNode = document): E[] => [
  ...own(root).querySelectorAll<E>(selector),
];

/** The value of an element's `live-<name>` attribute. */
export const live = (element: Element, name: string): string | null => getAttribute(element, `live-${name}`);

export const isLive = (element: Element, name: string): boolean => live(element, name) !== null;

/** Those of the elements that changed, or came with a patch, or are in one that came, which a selector finds. */
export const among = (selector: string, changed: Element[], added: Element[]): HTMLElement[] =>
  [...changed, ...added, ...added.flatMap(root => [...findAll(root, selector)])].filter(
    (element): element is HTMLElement => own(element).matches(selector),
  );
