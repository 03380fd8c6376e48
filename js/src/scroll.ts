/** `live-preserve-scroll`: an element that is built anew, or comes back later, is scrolled to where it was. */

import { keyOf } from "./identity";
import { own } from "./native";
import { all } from "./query";

const positions = new Map<string, [left: number, top: number]>();

const scrollers = () => all("[live-preserve-scroll]").map(element => [keyOf(element), own(element)] as const);

/** Called before a patch. The returned function is called after it. */
export function rememberScroll(): () => void {
  for (const [key, { scrollLeft, scrollTop }] of scrollers()) positions.set(key, [scrollLeft, scrollTop]);
  return () => {
    for (const [key, scroller] of scrollers()) {
      const [left, top] = positions.get(key) ?? [0, 0];
      // Where it is scrolled, the browser has seen to it, with regard to what came in above.
      scroller.scrollLeft ||= left;
      scroller.scrollTop ||= top;
    }
  };
}
