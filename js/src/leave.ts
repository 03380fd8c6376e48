/** Leaving: an element with `live-leave="classes"` gets these when it is removed, and goes when its animations are over. */
import { detach, getAttribute, isElement, own } from "./native";
import { foreign } from "./others";

/** Elements on their way out -> the classes that they got for it. */
const leaving = new Map<Node, string[]>();

/** Takes a node out of the page, now or soon. */
export function leave(node: Node): void {
  const classes = isElement(node) && getAttribute(node, "live-leave")?.match(/\S+/g);
  if (!classes) {
    detach(node);
    return;
  }
  foreign.add(node);
  leaving.set(node, classes);
  own(node).classList.add(...classes);
  Promise.allSettled(
    own(node)
      .getAnimations()
      .map(animation => animation.finished),
  ).then(() => {
    if (leaving.get(node) !== classes) return;
    leaving.delete(node);
    detach(node);
  });
}

/** An element that is to be here again stays, whole. */
export function comeBack(node: Node): void {
  const classes = leaving.get(node);
  if (classes) own(node as Element).classList.remove(...classes);
  leaving.delete(node);
  foreign.delete(node);
}
