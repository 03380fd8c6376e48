/** What a morph, or several done as one, know while they are under way. */
import type { Owns } from "./attributes";
import type { Keep, Run } from "./keeps";
import { contains, findAll, getAttribute } from "./native";
import { pathsToChanges, teleported } from "./others";

export interface MorphOptions {
  /**
   * Attributes that the client owns for now (loading state, commands): left as they are, the server's word on them is
   * remembered (`serverWord`). Of `value`, `checked` and `selected` the attribute is written and the property left.
   */
  ownsAttribute?(element: Element, name: string): boolean;
  /** The root of each new subtree put into the page (kept elements may be in it), after everything is in place. */
  added?(element: Element): void;
  /** An element whose attributes or direct children changed. */
  updated?(element: Element): void;
  /** The root of each subtree taken out of the page. */
  removed?(element: Element): void;
}

/** One element to morph. */
export interface Task {
  from: Element;
  to: Element;
  keeps: Map<Node, Keep>;
  /** `to` has no attributes of its own: only the content is patched. */
  contentOnly?: boolean;
}

export interface Job {
  tasks: Task[];
  options: MorphOptions;
  owns: Owns;
  /** Placeholder -> what is kept in its place. */
  keeps: Map<Node, Keep>;
  /** First node -> kept run. */
  runs: Map<Node, Run>;
  /** Elements with attributes that others changed, and the way to them. */
  changed: Set<Node>;
  /** Whether there is a `<template>` in the patches: `isEqualNode` does not look into it. */
  templates: boolean;
  /** Ids in the patches: whether each is there only once. */
  ids: Map<string, boolean>;
  /** Nodes of the page that have found their place. */
  matched: Set<Node>;
  /** Nodes of the page that have no place any more, unless they find one in the course of the job. */
  doomed: Set<ChildNode>;
  /** What is to be done when the others have gone. */
  finish: (() => void)[];
  added: Element[];
  updated: Set<Element>;
}

export function startJob(tasks: Task[], options: MorphOptions): Job {
  const job: Job = {
    tasks,
    options,
    owns: (element, name) => !!options.ownsAttribute?.(element, name),
    keeps: new Map(),
    runs: new Map(),
    changed: new Set(),
    templates: false,
    ids: new Map(),
    matched: new Set(),
    doomed: new Set(),
    finish: [],
    added: [],
    updated: new Set(),
  };
  for (const { from, to, keeps } of tasks) {
    for (const [placeholder, keep] of keeps) {
      job.keeps.set(placeholder, keep);
      for (const run of keep.runs) job.runs.set(run[0], run);
    }
    pathsToChanges(from, job.changed);
    for (const element of findAll(to, "[id]")) {
      const id = getAttribute(element, "id")!;
      job.ids.set(id, !job.ids.has(id));
    }
    job.templates ||= findAll(to, "template:not([lc-keep])").length > 0;
  }
  return job;
}

/** Nodes that stay or go together: a kept run, or just the one. */
export const runOf = (job: Job, node: ChildNode): Run => job.runs.get(node) ?? [node, node];

/** Whether a node is in what is being morphed. */
export const isInside = (job: Job, node: Node): boolean =>
  job.tasks.some(({ from }) => from !== node && contains(from, node));

/** Whether others moved an element out of what is being morphed. */
export const isAway = (job: Job, node: Node): boolean => teleported.has(node) && !isInside(job, node);
