/**
 * How changes of the page are shown.
 *
 * - `live-leave="classes"`: an element gets these when it is removed, and goes when its animations are over.
 * - `live-transition`: a patch of something in it is shown as a view transition, where the browser has those.
 * - `live-preserve-scroll`: an element that is built anew, or comes back later, is scrolled to where it was.
 */

import type { Client } from "../client";
import type { Patch } from "../protocol";

let client: Client;

export function install(given: Client): void {
  client = given;
}

/** Elements on their way out -> the classes that they got for it. */
const classesOf = new Map<Node, string[]>();

/** What is on its way out of a parent. */
export const leavingFrom = (parent: Node): ChildNode[] =>
  [...classesOf.keys()].filter(node => client.own(node).parentNode === parent) as ChildNode[];

/** Takes an element out of the page later, if it has `live-leave`. @returns whether it does */
export function leave(element: Element): boolean {
  const classes = client.live(element, "leave")?.match(/\S+/g);
  if (!classes) return false;
  client.foreign.add(element);
  classesOf.set(element, classes);
  client.own(element).classList.add(...classes);
  Promise.allSettled(
    client
      .own(element)
      .getAnimations()
      .map(animation => animation.finished),
  ).then(() => {
    if (classesOf.get(element) !== classes) return;
    classesOf.delete(element);
    client.own(element).remove();
  });
  return true;
}

/** An element that is to be here again stays, whole. */
export function comeBack(node: Node): void {
  const classes = classesOf.get(node);
  if (classes) client.own(node as Element).classList.remove(...classes);
  classesOf.delete(node);
}

/** The last view transition: what comes while the browser takes its picture of the page has to wait for it. */
let shown: Promise<void> | undefined;

/** Does what a message says. @param patches those of the message, where it has any */
export function show(patches: Patch[] | undefined, act: () => void): void {
  const transition = patches?.some?.(isShown) && client.own(document).startViewTransition?.(act);
  if (transition) {
    shown = transition.updateCallbackDone;
    transition.ready.catch(() => {}); // skipped, for the next one
  } else if (shown) shown.then(act, act);
  else act();
}

const isShown = ([address]: Patch) => {
  const target = client.findTarget(document, address);
  return target && client.own(target).closest<HTMLElement>("[live-transition]");
};

const positions = new Map<string, [left: number, top: number]>();

const scrollers = () =>
  client.all("[live-preserve-scroll]").map(element => [client.keyOf(element), client.own(element)] as const);

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
