/** What a morph, or several done as one, know while they are under way. */
import { THINGS, thingOf } from "./identity";
import type { Keeps } from "./keeps";
import { contains, doc, findAll, parentNode } from "./native";
import { pathsToChanges } from "./others";

export interface MorphOptions {
  /** The root of each new subtree put into the page (kept elements may be in it), after everything is in place. */
  added?(element: Element): void;
  /** An element whose attributes or direct children changed. */
  updated?(element: Element): void;
}

/** One element to morph. With `contentOnly`, `to` has no attributes of its own. */
export type Task = readonly [from: Element, to: Element, contentOnly?: boolean];

export interface Job {
  tasks: Task[];
  keeps: Keeps;
  callbacks: MorphOptions;
  /** Elements with attributes that others changed, and the way to them. */
  changed: Set<Node>;
  /** Things (`thingOf`) in the patches: whether each is there only once. */
  things: Map<string, boolean>;
  /** Nodes of the page that have found their place. */
  matched: Set<Node>;
  /** Elements of the page that have no place any more, unless they find one in the course of the job. */
  doomed: Set<Element>;
  fresh: Element[];
  touched: Set<Element>;
}

export function startJob(tasks: Task[], keeps: Keeps, callbacks: MorphOptions): Job {
  const changed = new Set<Node>();
  const things = new Map<string, boolean>();
  for (const [from, to] of tasks) {
    pathsToChanges(from, changed);
    for (const element of findAll(to, THINGS)) {
      const thing = thingOf(element);
      things.set(thing, !things.has(thing));
    }
  }
  return {
    tasks,
    keeps,
    callbacks,
    changed,
    things,
    matched: new Set(),
    doomed: new Set(),
    fresh: [],
    touched: new Set(),
  };
}

/** Whether a node is in what is being morphed. */
export const isInside = (job: Job, node: Node): boolean =>
  job.tasks.some(([from]) => from !== node && contains(from, node));

/** Whether others moved an element out of there, to the body (a dialog, a menu): it is patched where it is. */
export const isAway = (job: Job, node: Node): boolean =>
  parentNode(node) === doc.body && !isInside(job, node);
