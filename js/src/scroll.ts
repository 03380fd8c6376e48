/** `live-preserve-scroll`: an element that is built anew, or comes back later, is scrolled to where it was. */

import { keyOf } from "./identity";
import { own } from "./native";
import { all } from "./query";

const positions = new Map<string, [left: number, top: number]>();

const scrollers = () => all("[live-preserve-scroll]");

/** Called before a patch. The returned function is called after it. */
export function rememberScroll(): () => void {
  for (const element of scrollers()) {
    const { scrollLeft, scrollTop } = own(element);
    positions.set(keyOf(element), [scrollLeft, scrollTop]);
  }
  return () => {
    for (const element of scrollers()) {
      const [left, top] = positions.get(keyOf(element)) ?? [0, 0];
      const scroller = own(element);
      // Where it is scrolled, the browser has seen to it, with regard to what came in above.
      scroller.scrollLeft ||= left;
      scroller.scrollTop ||= top;
    }
  };
}
