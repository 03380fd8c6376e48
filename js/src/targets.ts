/**
 * Where the targets are: address -> element.
 *
 * To find one of 1,000 rows by selector takes longer than to patch it, so the page is looked through once. Morphs tell
 * what comes and goes; if something is not where it should be, the page is looked through again.
 */
import { contains, findAll, getAttribute, own } from "./native";

const targets = new Map<string, Element>();

const addressOf = (element: Element) => getAttribute(element, "lc")!;

/** The element with an address in `root`. */
export function findTarget(root: ParentNode & Node, address: string): Element | undefined {
  const known = targets.get(address);
  if (known && addressOf(known) === address && contains(root, known)) return known;
  targets.clear();
  for (const element of own(root).querySelectorAll("[lc]"))
    if (!targets.has(addressOf(element))) targets.set(addressOf(element), element);
  return targets.get(address);
}

/** Takes note of the targets in a subtree that has come into the page (`set`), or has gone (`delete`). */
export function noteTargets(subtree: Element, how: "set" | "delete"): void {
  for (const element of [subtree, ...findAll(subtree, "[lc]")]) targets[how](addressOf(element), element);
}
