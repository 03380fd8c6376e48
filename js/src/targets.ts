/**
 * Where the targets are: address -> element.
 *
 * To find one of 1,000 rows by selector takes longer than to patch it, so the page is looked through once. Morphs tell
 * what comes and goes; if something is not where it should be, the page is looked through again.
 */
import { contains, findAll, getAttribute } from "./native";
import { isForeign } from "./others";
import { all } from "./query";

let targets = new Map<string, Element>();

const addressOf = (element: Element) => getAttribute(element, "lc")!;

/** The element with an address in `root`; not the copy of it that a script of the page has made. */
export function findTarget(root: ParentNode & Node, address: string): Element | undefined {
  const target = known(root, address);
  if (!target) lookThrough(root);
  return target ?? targets.get(address);
}

function known(root: Node, address: string): Element | undefined {
  const target = targets.get(address);
  return target && addressOf(target) === address && contains(root, target) ? target : undefined;
}

/** Finds all targets in `root` anew. Of two with one address the one that was known before is meant. */
export function lookThrough(root: ParentNode & Node): void {
  const found = new Map<string, Element>();
  for (const element of all("[lc]", root)) {
    const address = addressOf(element);
    const other = found.get(address);
    if (!other) found.set(address, known(root, address) ?? element);
    else if (isForeign(other)) found.set(address, element);
  }
  targets = found;
}

/** Takes note of the targets in a subtree that has come into the page (`set`), or has gone (`delete`). */
export function noteTargets(subtree: Element, how: "set" | "delete"): void {
  for (const element of [subtree, ...findAll(subtree, "[lc]")]) targets[how](addressOf(element), element);
}
