/** Addresses: `c0.4.42` is target 4 of component c0, in the loop item with key 42; `c0.0` is c0's root. */

import { ADDRESS } from "./constants";

export const componentIn = (address: string): string => address.split(".", 1)[0]!;

/** The id of the component that an element belongs to. */
export function componentOf(element: Element): string | undefined {
  const address = element.closest(`[${ADDRESS}]`)?.getAttribute(ADDRESS);
  return address ? componentIn(address) : undefined;
}

export const rootOf = (component: string): Element | null =>
  document.querySelector(`[${ADDRESS}="${CSS.escape(`${component}.0`)}"]`);
