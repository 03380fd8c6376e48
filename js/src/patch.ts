/** Patches: finds the element that each is for, parses its HTML and morphs. `>content` lacks only its start tag. */
import { type Find, readKeeps } from "./keeps";
import { type MorphOptions, morphAll, type Task } from "./morph";
import { contains, every, getAttribute, localName } from "./native";
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
  if (tasks.length) morphAll(tasks, find, { ...options, ...keepUp(index, options) });
  // An element may have come into the page with a patch before its own.
  if (missed.length && tasks.length) return applyPatches(root, missed, options);
  return missed.map(([address]) => address);
}

function read([address, html]: Patch, find: Find): Task | null {
  const from = find(address);
  if (!from) return null;
  const contentOnly = html[0] === ">";
  const to = parse(contentOnly ? `<${localName(from)}${html}` : html, from);
  const keeps = html.includes("lc-keep") ? readKeeps(to, find) : new Map();
  return keeps && { from, to, keeps, contentOnly };
}

function indexOf(root: ParentNode): Map<string, Element> {
  let index = indexes.get(root);
  if (!index) {
    indexes.set(root, (index = new Map()));
    for (const element of root.querySelectorAll("[lc]")) index.set(getAttribute(element, "lc")!, element);
  }
  return index;
}

function lookUp(root: ParentNode, index: Map<string, Element>, address: string): Element | null {
  const known = index.get(address);
  if (known && getAttribute(known, "lc") === address && contains(root, known)) return known;
  const found = root.querySelector(`[lc="${CSS.escape(address)}"]`);
  if (found) index.set(address, found);
  else index.delete(address);
  return found;
}

/** The options with an index that follows the page. */
function keepUp(index: Map<string, Element>, { added, removed }: MorphOptions): MorphOptions {
  return {
    added(element) {
      for (const target of every(element, "[lc]")) index.set(getAttribute(target, "lc")!, target);
      added?.(element);
    },
    removed(element) {
      for (const target of every(element, "[lc]")) {
        const address = getAttribute(target, "lc")!;
        if (index.get(address) === target) index.delete(address);
      }
      removed?.(element);
    },
  };
}
