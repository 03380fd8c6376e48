/** Reading the page. */

import { doc, getAttribute, own } from "./native";

/** The first element that a selector finds. */
export const find = (selector: string): HTMLElement | null => doc.querySelector(selector);

/** The elements that a selector finds in a document, an element or a shadow tree, in order. */
export const all = <E extends Element = HTMLElement>(selector: string, root: ParentNode = document): E[] => [
  ...own(root).querySelectorAll<E>(selector),
];

/** The value of an element's `live-<name>` attribute. */
export const live = (element: Element, name: string): string | null => getAttribute(element, `live-${name}`);

export const isLive = (element: Element, name: string): boolean => live(element, name) !== null;
