/** Patches: finds the element that each is for, parses its HTML and morphs. `>content` lacks only its start tag. */
import type { MorphOptions, Task } from "./job";
import { type Find, readKeeps } from "./keeps";
import { morphAll } from "./morph";
import { contains, getAttribute, hasAttribute, nodeName } from "./native";
import { parse } from "./parse";

export type Patch = readonly [address: string, html: string];

/** Page -> address -> element. Finding 1 of 1,000 rows by selector takes longer than patching it. */
const indexes = new WeakMap<ParentNode, Map<string, Element>>();

/**
 * Applies patches to the page, in order, as one morph.
 *
 * @param root what the addresses are looked up in: the document
 * @returns the addresses of patches that could not be applied: their element, or one they keep, is not there
 */
export function applyPatches(
  root: ParentNode,
  patches: readonly Patch[],
  options: MorphOptions = {},
): string[] {
  const index = indexOf(root);
  const find: Find = address => lookUp(root, index, address);
  const missed: Patch[] = [];
  const tasks: Task[] = [];
  for (const patch of patches) {
    const task = read(patch, find);
    if (task) tasks.push(task);
    else missed.push(patch);
  }
  if (!tasks.length) return missed.map(([address]) => address);
  morphAll(tasks, {
    ...options,
    added(element) {
      enter(index, element);
      options.added?.(element);
    },
    removed(element) {
      for (const target of targetsIn(element)) index.delete(addressOf(target));
      options.removed?.(element);
    },
  });
  // An element may have come into the page with a patch before its own.
  return missed.length ? applyPatches(root, missed, options) : [];
}

function read([address, html]: Patch, find: Find): Task | null {
  const from = find(address);
  if (!from) return null;
  const contentOnly = html[0] === ">";
  const to = parse(contentOnly ? `<${nodeName(from)}${html}` : html, from);
  const keeps = readKeeps(to, find);
  return keeps && { from, to, keeps, contentOnly };
}

function indexOf(root: ParentNode): Map<string, Element> {
  let index = indexes.get(root);
  if (!index) {
    indexes.set(root, (index = new Map()));
    enter(index, root);
  }
  return index;
}

function enter(index: Map<string, Element>, root: ParentNode): void {
  for (const target of targetsIn(root)) index.set(addressOf(target), target);
}

function lookUp(root: ParentNode, index: Map<string, Element>, address: string): Element | null {
  const known = index.get(address);
  if (known && addressOf(known) === address && contains(root, known)) return known;
  const found = root.querySelector(`[lc="${CSS.escape(address)}"]`);
  if (found) index.set(address, found);
  return found;
}

const addressOf = (target: Element) => getAttribute(target, "lc")!;

const targetsIn = (root: ParentNode): Element[] => [
  ...(root instanceof Element && hasAttribute(root, "lc") ? [root] : []),
  ...root.querySelectorAll("[lc]"),
];
