/**
 * Addresses: `c0.4.42` is target 4 of component c0, in the loop item with key 42; `c0.0` is c0's root.
 * `s1f-2` is a component inside of the shared component s1f, which is asked for as one.
 */

import { ADDRESS } from "./constants";
import { getAttribute, hasAttribute, isElement } from "./native";
import { ownerOf } from "./others";
import { find } from "./query";

export const componentIn = (address: string): string => address.split(/[.-]/)[0]!;

/** The id of the component that an element belongs to, out of shadow trees too; "" outside of any. */
export function componentOf(element: Element | null): string {
  for (let on: Node | null = element; on; on = ownerOf(on))
    if (isElement(on) && hasAttribute(on, ADDRESS)) return componentIn(getAttribute(on, ADDRESS)!);
  return "";
}

/** A component's root element. An id that is none finds nothing. */
export const rootOf = (component?: string): Element | null => find(`[${ADDRESS}="${component}.0"]`);
