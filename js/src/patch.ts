/** Patches: finds the element that each is for, parses its HTML and morphs. `>content` lacks only its start tag. */

import type { MorphOptions, Task } from "./job";
import { Keeps } from "./keeps";
import { morphAll } from "./morph";
import { nodeName } from "./native";
import { takeInOthers } from "./others";
import { parse } from "./parse";
import { findTarget } from "./targets";

export type Patch = readonly [address: string, html: string];

/**
 * Applies patches to the page, in order, as one morph.
 *
 * @param root what the addresses are looked up in: the document
 * @returns the patches that could not be applied: their element, or one they keep, is not there
 */
export function applyPatches(
  root: ParentNode,
  patches: readonly Patch[],
  options: MorphOptions = {},
): readonly Patch[] {
  takeInOthers();
  const keeps = new Keeps();
  const tasks: Task[] = [];
  const missed = patches.filter(([address, html]) => {
    const from = findTarget(root, address);
    if (!from) return true;
    const contentOnly = html[0] === ">";
    const to = parse(contentOnly ? `<${nodeName(from)}${html}` : html, from);
    return !keeps.read(to, root) || !tasks.push([from, to, contentOnly]);
  });
  if (!tasks.length) return missed;
  morphAll(tasks, keeps, options);
  // An element may have come into the page with a patch before its own.
  return applyPatches(root, missed, options);
}
