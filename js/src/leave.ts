/** Leaving: an element with `live-leave="classes"` gets these when it is removed, and goes when its animations are over. */
import { detach, getAttribute, isElement, own, parentNode } from "./native";
import { foreign } from "./others";

/** Elements on their way out -> the classes that they got for it. */
const classesOf = new Map<ChildNode, string[]>();

/** What is on its way out of a parent. */
export const leavingFrom = (parent: Node): ChildNode[] =>
  [...classesOf.keys()].filter(node => parentNode(node) === parent);

/** Takes a node out of the page, now or soon. */
export function leave(node: Node): void {
  const classes = isElement(node) && getAttribute(node, "live-leave")?.match(/\S+/g);
  if (!classes) {
    detach(node);
    return;
  }
  foreign.add(node);
  classesOf.set(node, classes);
  own(node).classList.add(...classes);
  Promise.allSettled(
    own(node)
      .getAnimations()
      .map(animation => animation.finished),
  ).then(() => {
    if (classesOf.get(node as ChildNode) !== classes) return;
    classesOf.delete(node as ChildNode);
    detach(node);
  });
}

/** An element that is to be here again stays, whole. */
export function comeBack(node: Node): void {
  const classes = classesOf.get(node as ChildNode);
  if (classes) own(node as Element).classList.remove(...classes);
  classesOf.delete(node as ChildNode);
  foreign.delete(node);
}
