/**
 * The morph: makes an element of the page like another one, with the fewest changes, so that everything the server
 * does not speak about survives: nodes, focus, typed text, scroll positions, players, animations, listeners.
 *
 * How it goes, for one element:
 *
 * 1. Attributes and control state are written only where the server's word changed (`attributes.ts`, `others.ts`).
 * 2. Of the two lists of children, equal heads and tails are cut off with `isEqualNode`, which costs next to
 *    nothing. Most patches leave one changed child, one added or one removed. Only the window between is matched.
 * 3. A keep (`keeps.ts`) is one unit there, however many rows it stands for: nobody walks through them. So the cost
 *    of a patch follows the items in it, not the length of the list.
 * 4. Children are matched by key (address, id, `live-key`, an option's value). A keyed one that is not among its
 *    siblings may come from anywhere in the morphed elements. What has no key is matched by its look: first the same
 *    text, then the same named or keyed element inside, then the same kind, each in order. A form control is never
 *    taken for one with another name.
 * 5. The longest run of matched children that is in order stays (`order.ts`), the others are moved around it with
 *    `moveBefore`, which keeps focus, frames, animations and open dialogs. New ones are put in, back to front, so
 *    that what others put behind an element stays behind it.
 * 6. What is left over is removed at the very end: until then something inside may still find its new place.
 *
 * Left alone: foreign nodes (`others.ts`), `live-permanent` elements, the content of `live-ignore` elements, of a
 * `contenteditable` that is being edited and of a `<select>` that is open, and `<noscript>`, which the page holds as
 * text and a patch as elements.
 */
import { hasFocus, morphAttributes, type Owns, rememberChoice, showDefault } from "./attributes";
import { type Find, firstKept, type Keep, nodesOf, type Run, readKeeps } from "./keeps";
import {
  childNodes,
  contains,
  detach,
  every,
  firstChild,
  getAttribute,
  getRoot,
  insert,
  isElement,
  isEqual,
  lastChild,
  move,
  nextSibling,
  nodeName,
  parentNode,
  previousSibling,
  textContent,
} from "./native";
import { staying } from "./order";
import { isForeign, isTeleported, pathsToChanges, pauseWatching, setForeign, watchOthers } from "./others";
import { parse } from "./parse";

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

/** What one morph, or several done together, need to know. */
interface Job {
  tasks: Task[];
  find: Find;
  options: MorphOptions;
  owns: Owns;
  keeps: Map<Node, Keep>;
  /** First node -> kept run. */
  runs: Map<Node, Run>;
  /** Elements with attributes that others changed, and the way to them. */
  changed: Set<Node>;
  /** Whether something in the patches is a `<template>`: `isEqualNode` does not look into it. */
  templates: boolean;
  /** Ids in the patches -> how often. */
  ids?: Map<string, number>;
  matched: Set<Node>;
  doomed: Set<ChildNode>;
  finishers: (() => void)[];
  added: Element[];
  updated: Set<Element>;
}

/** A node of the page; null: it is there but not here; undefined: there is none. */
type Match = ChildNode | null | undefined;

/**
 * Makes `from` like `to`. Nodes of `to` are moved into the page.
 *
 * @returns the element now in the page: `from`, or what took its place if `to` has another tag
 * @throws Error if `to` keeps an element that is not in `from`
 */
export function morph(from: Element, to: Element, options: MorphOptions = {}): Element {
  const find: Find = address => from.querySelector(`[lc="${CSS.escape(address)}"]`);
  const keeps = readKeeps(to, find);
  if (!keeps) throw new Error("livecomp: a kept element is not in the morphed one");
  for (const script of to.querySelectorAll("script")) script.replaceWith(parse(script.outerHTML, script));
  return morphAll([{ from, to, keeps }], find, options)[0]!;
}

/** Does several morphs as one: a keyed element may go from one of them to another. */
export function morphAll(tasks: Task[], find: Find, options: MorphOptions): Element[] {
  const focused = document.activeElement as HTMLElement | null;
  pauseWatching();
  const job = start(tasks, find, options);
  let results: Element[];
  let removed: Element[];
  try {
    results = tasks.map(task => morphRoot(job, task));
    removed = [...job.doomed].filter(node => takeOut(node, options)).filter(isElement);
    for (const finish of job.finishers) finish();
    // Only moveBefore keeps the focus of what it moves.
    if (document.activeElement === document.body && focused?.isConnected)
      focused.focus({ preventScroll: true });
  } finally {
    watchOthers();
  }
  for (const element of job.added) options.added?.(element);
  for (const element of job.updated) options.updated?.(element);
  for (const element of removed) options.removed?.(element);
  return results;
}

function start(tasks: Task[], find: Find, options: MorphOptions): Job {
  const job: Job = {
    tasks,
    find,
    options,
    owns: (element, name) => !!options.ownsAttribute?.(element, name),
    keeps: new Map(),
    runs: new Map(),
    changed: new Set(),
    templates: false,
    matched: new Set(),
    doomed: new Set(),
    finishers: [],
    added: [],
    updated: new Set(),
  };
  for (const { from, to, keeps } of tasks) {
    for (const [placeholder, keep] of keeps) {
      job.keeps.set(placeholder, keep);
      for (const run of keep.runs) job.runs.set(run[0], run);
    }
    pathsToChanges(from, job.changed);
    job.templates ||= to.querySelector("template:not([lc-keep])") !== null;
  }
  return job;
}

function morphRoot(job: Job, { from, to, contentOnly }: Task): Element {
  if (nodeName(from) === nodeName(to)) {
    morphElement(job, from, to, true, contentOnly);
    return from;
  }
  for (const name of ["lc", "lc-token"]) {
    const value = getAttribute(from, name);
    if (value !== null) to.setAttribute(name, value);
  }
  const parent = parentNode(from);
  if (parent) {
    add(job, parent, to, from);
    job.doomed.add(from);
  }
  return to;
}

function morphElement(job: Job, from: Element, to: Element, root = false, contentOnly = false): void {
  if (getAttribute(from, "live-permanent") !== null) return;
  if (!contentOnly && morphAttributes(from, to, job.owns, root)) job.updated.add(from);
  const kind = nodeName(from);
  if (kind === "NOSCRIPT" || getAttribute(contentOnly ? from : to, "live-ignore") !== null) return;
  if (getAttribute(from, "contenteditable") !== null && hasFocus(from)) return;
  if (kind === "TEMPLATE") {
    morphChildren(job, (from as HTMLTemplateElement).content, (to as HTMLTemplateElement).content);
  } else if (kind === "SELECT") {
    morphSelect(job, from as HTMLSelectElement, to);
  } else if (morphChildren(job, from, to)) {
    job.updated.add(from);
    if (kind === "TEXTAREA" && !job.owns(from, "value"))
      job.finishers.push(() => showDefault(from as HTMLTextAreaElement));
  }
}

/** The open `<select>`, and what it is to become once it is closed. */
let open: [select: Element, to: Element] | undefined;

const isOpen = (select: Element) => CSS.supports("selector(:open)") && select.matches(":open");

function morphSelect(job: Job, from: HTMLSelectElement, to: Element): void {
  if (isOpen(from)) {
    if (open?.[0] !== from) requestAnimationFrame(() => morphClosed(job.options));
    open = [from, to];
    return;
  }
  if (open?.[0] === from) open = undefined;
  job.finishers.push(rememberChoice(from));
  if (morphChildren(job, from, to)) job.updated.add(from);
}

function morphClosed(options: MorphOptions): void {
  if (!open) return;
  if (isOpen(open[0])) requestAnimationFrame(() => morphClosed(options));
  else morph(...open, options);
}

/** @returns whether a child was added, removed, moved or, if it is a text, changed */
function morphChildren(job: Job, parent: Node & ParentNode, target: Node): boolean {
  const all = unitsOf(job, target);
  const { live, units, after } = changedWindow(job, parent, all);
  if (!live.length && !units.length) return false;
  let matches: Match[] = live;
  let changed = false;
  if (!isAligned(job, live, units)) {
    const left = new Set(live);
    matches = match(job, parent, units, left);
    for (const node of left) job.doomed.add(node);
    changed = arrange(job, parent, live, units, matches, after) || left.size > 0;
  }
  for (const node of matches) if (node) job.matched.add(node);
  units.forEach((unit, i) => {
    const node = matches[i];
    if (!node || job.runs.has(unit)) return;
    if (isElement(node)) morphElement(job, node, unit as unknown as Element);
    else if (node.nodeValue !== unit.nodeValue) {
      node.nodeValue = unit.nodeValue;
      changed = true;
    }
  });
  return changed;
}

/** The children that are wanted; for a keep, the separators and the first node of each run. */
function unitsOf(job: Job, target: Node): ChildNode[] {
  const children = [...childNodes(target)];
  if (!job.keeps.size) return children;
  const units: ChildNode[] = [];
  for (const child of children) {
    const keep = job.keeps.get(child);
    if (!keep) units.push(child);
    else
      keep.runs.forEach(([first], i) => {
        if (i && keep.separator) units.push(keep.separator);
        if (!isAway(job, first)) units.push(first);
      });
  }
  return units;
}

/** What is left of the children in the page and of those that are wanted without their equal heads and tails. */
function changedWindow(job: Job, parent: Node, units: ChildNode[]) {
  const lastOf = (node: ChildNode) => job.runs.get(node)?.[1] ?? node;
  let start = 0;
  let end = units.length;
  let after: ChildNode | null = null;
  let head = own(firstChild(parent), nextSibling);
  while (head && start < end && isSame(job, head, units[start]!)) {
    head = own(nextSibling(lastOf(head)), nextSibling);
    start++;
  }
  let tail = head && own(lastChild(parent), previousSibling);
  while (head && tail && start < end) {
    const unit = units[end - 1]!;
    if (job.runs.has(unit) ? tail !== lastOf(unit) : !isSame(job, tail, unit)) break;
    after = job.runs.has(unit) ? unit : tail;
    tail = own(previousSibling(after), previousSibling);
    if (after === head) head = null;
    end--;
  }
  const live: ChildNode[] = [];
  for (let node = head; node; ) {
    live.push(node);
    const last = lastOf(node);
    node = last === tail ? null : own(nextSibling(last), nextSibling);
  }
  return { live, units: units.slice(start, end), after };
}

function own(node: ChildNode | null, step: (node: Node) => ChildNode | null): ChildNode | null {
  while (node && isForeign(node)) node = step(node);
  return node;
}

function isSame(job: Job, live: Node, unit: Node): boolean {
  if (live === unit) return true;
  return (
    isEqual(live, unit) &&
    !job.runs.has(live) &&
    !job.changed.has(live) &&
    !(open && contains(live, open[0])) &&
    !(job.templates && isElement(unit) && !every(unit, "template").next().done)
  );
}

/** Whether the children are the same ones already, in the same order. */
function isAligned(job: Job, live: ChildNode[], units: ChildNode[]): boolean {
  const looks = units.length > 1 ? likely : kind;
  return (
    live.length === units.length &&
    live.every((node, i) => {
      const unit = units[i]!;
      if (node === unit || job.runs.has(node) || job.runs.has(unit)) return node === unit;
      return keyOf(node) === keyOf(unit) && looks(node) === looks(unit);
    })
  );
}

/** Finds for each unit its node in the page, and takes it out of `left`. */
function match(job: Job, parent: Node, units: ChildNode[], left: Set<ChildNode>): Match[] {
  const matches = matchKeys(job, parent, units, left);
  const pair = (i: number, node: ChildNode | null | undefined) => {
    if (!node || !left.delete(node)) return;
    matches[i] = node;
  };
  const pairByLooks = (looks: (node: Node) => string) => {
    const pool = new Map<string, ChildNode[]>();
    for (const node of [...left].reverse()) {
      if (keyOf(node)) continue;
      const alike = pool.get(looks(node));
      if (alike) alike.push(node);
      else pool.set(looks(node), [node]);
    }
    units.forEach((unit, i) => {
      if (pool.size && matches[i] === undefined && !/^[^#]/.test(keyOf(unit)))
        pair(i, pool.get(looks(unit))?.pop());
    });
  };
  pairBeside(job, units, matches, left, pair);
  for (const looks of [exactly, likely, kind]) pairByLooks(looks);
  return matches;
}

/**
 * White space goes with the element before or behind it. (Taken in order, one moved row would put all the texts
 * between the rows into the wrong place.)
 */
function pairBeside(
  job: Job,
  units: ChildNode[],
  matches: Match[],
  left: Set<ChildNode>,
  pair: (i: number, node: ChildNode | null) => void,
): void {
  units.forEach((unit, i) => {
    if (isElement(unit)) return;
    const [before, behind] = [matches[i - 1], matches[i + 1]];
    const candidates = [
      before ? nextSibling(job.runs.get(before)?.[1] ?? before) : null,
      behind ? previousSibling(behind) : null,
    ];
    for (const node of candidates)
      if (matches[i] === undefined && node && left.has(node) && isEqual(node, unit)) pair(i, node);
  });
}

function matchKeys(job: Job, parent: Node, units: ChildNode[], left: Set<ChildNode>): Match[] {
  const keyed = new Map<string, ChildNode>();
  for (const node of left) {
    const key = keyOf(node);
    if (key && !keyed.has(key)) keyed.set(key, node);
  }
  return units.map(unit => {
    let node: Match = unit;
    if (!job.runs.has(unit)) {
      const key = keyOf(unit);
      if (!key) return undefined;
      node = keyed.get(key);
      if (!node || nodeName(node) !== nodeName(unit) || job.matched.has(node))
        node = elsewhere(job, unit as unknown as Element, parent);
    }
    if (node) {
      job.matched.add(node);
      left.delete(node);
    }
    return node;
  });
}

/** Puts the children into order. @returns whether there was anything to do */
function arrange(
  job: Job,
  parent: Node,
  live: ChildNode[],
  units: ChildNode[],
  matches: Match[],
  after: ChildNode | null,
): boolean {
  const places = new Map(live.map((node, i) => [node, i]));
  const runOf = (node: ChildNode): Run => job.runs.get(node) ?? [node, node];
  const stay = staying(
    matches.map(node => (node && places.get(node)) ?? -1),
    live.length,
    i => [...nodesOf(runOf(matches[i]!))].length,
  );
  let changed = false;
  for (let i = units.length; i--; ) {
    let node = matches[i];
    if (node === null || stay.has(i)) {
      after = node ?? after;
      continue;
    }
    changed = true;
    if (node)
      for (const part of nodesOf(runOf(node))) {
        job.doomed.delete(part);
        move(parent, part, after);
      }
    else node = add(job, parent, units[i]!, after);
    if (parentNode(node) === parent) after = node; // an element may move itself away when it is put in
  }
  return changed;
}

/** Puts a new node into the page, with the elements of the page that belong in it. @returns the node put in */
function add(job: Job, parent: Node, node: ChildNode, before: ChildNode | null): ChildNode {
  if (!isElement(node)) {
    const text = node.cloneNode() as ChildNode; // a separator is put in many times
    insert(parent, text, before);
    return text;
  }
  const graft = takeGrafts(job, parent, node);
  insert(parent, node, before);
  graft();
  for (const [placeholder, { runs, separator }] of job.keeps) {
    if (!contains(node, placeholder)) continue;
    const home = parentNode(placeholder)!;
    runs.forEach((run, i) => {
      if (i && separator) insert(home, separator.cloneNode(), placeholder);
      for (const part of nodesOf(run)) {
        job.doomed.delete(part);
        move(home, part, placeholder);
      }
    });
    detach(placeholder);
  }
  job.added.push(node);
  return node;
}

/** Looks for elements in a new subtree that are in the page already; they go there once the subtree is in the page. */
function takeGrafts(job: Job, parent: Node, subtree: Element): () => void {
  const grafts: [mark: Comment, live: ChildNode, unit: Element][] = [];
  for (const unit of [...every(subtree, "[id],[lc]")]) {
    if (unit === subtree || !contains(subtree, unit)) continue;
    const live = elsewhere(job, unit, parent);
    if (live === undefined) continue;
    const mark = new Comment();
    unit.replaceWith(mark);
    if (live) grafts.push([mark, live, unit]);
  }
  return () => {
    for (const [mark, live, unit] of grafts) {
      job.doomed.delete(live);
      move(parentNode(mark)!, live, mark);
      detach(mark);
      morphElement(job, live as unknown as Element, unit);
    }
  };
}

/** The element with the id or address of `unit`, if it is somewhere else in what is being morphed and free to go. */
function elsewhere(job: Job, unit: Element, parent: Node): Match {
  const id = getAttribute(unit, "id");
  const lc = getAttribute(unit, "lc");
  const root = getRoot(job.tasks[0]!.from);
  if (id && !isOnce(job, id)) return undefined; // asked before anything leaves the patch: the ids are counted now
  const live = (id && root.querySelector(`#${CSS.escape(id)}`)) || (lc && job.find(lc));
  if (!live || nodeName(live) !== nodeName(unit) || job.matched.has(live) || contains(live, parent))
    return undefined;
  if (isAway(job, live)) {
    morphElement(job, live, unit);
    return null;
  }
  if (!isInside(job, live)) return undefined;
  job.matched.add(live);
  comeBack(live);
  return live as unknown as ChildNode;
}

const isInside = (job: Job, node: Node) =>
  job.tasks.some(({ from }) => from !== node && contains(from, node));

/** Whether others moved an element out of what is being morphed. */
const isAway = (job: Job, node: Node) => isTeleported(node) && !isInside(job, node);

function isOnce(job: Job, id: string): boolean {
  if (!job.ids) {
    job.ids = new Map();
    for (const { to } of job.tasks)
      for (const { id } of to.querySelectorAll("[id]")) job.ids.set(id, (job.ids.get(id) ?? 0) + 1);
  }
  return job.ids.get(id) === 1;
}

/** Elements on their way out -> the classes that they got for it. */
const leaving = new Map<Element, string[]>();

/** @returns whether the node has gone; one with `live-leave="classes"` goes when its animations are over */
function takeOut(node: ChildNode, options: MorphOptions): boolean {
  const classes = isElement(node) && getAttribute(node, "live-leave")?.split(" ").filter(Boolean);
  if (!classes) {
    detach(node);
    return true;
  }
  const element = node as unknown as Element;
  element.classList.add(...classes);
  setForeign(element, true);
  leaving.set(element, classes);
  Promise.allSettled(element.getAnimations({ subtree: true }).map(({ finished }) => finished)).then(() => {
    if (leaving.get(element) !== classes) return;
    leaving.delete(element);
    element.remove();
    options.removed?.(element);
  });
  return false;
}

function comeBack(element: Element): void {
  element.classList.remove(...(leaving.get(element) ?? []));
  leaving.delete(element);
  setForeign(element, false);
}

/** What tells a child from its siblings: its address, id, `live-key` or, for an option, its value; else "". */
function keyOf(node: Node): string {
  if (!isElement(node)) return "";
  const id = getAttribute(node, "id");
  const key = getAttribute(node, "live-key") ?? (nodeName(node) === "OPTION" && getAttribute(node, "value"));
  return getAttribute(node, "lc") || (id && `#${id}`) || (key ? `=${key}` : "");
}

/** Looks, from precise to rough: nodes that have no key are taken for each other if they look alike. */
const kind = (node: Node): string =>
  nodeName(node) + (isElement(node) ? ` ${getAttribute(node, "name") ?? ""}` : "");

function likely(node: Node): string {
  const inner =
    isElement(node) && firstChild(node)
      ? Element.prototype.querySelector.call(
          node,
          "[lc],[lc-keep],[id],[name],input,textarea,select,iframe,video,audio",
        )
      : null;
  const anchor =
    inner && (getAttribute(inner, "lc") ?? firstKept(inner) ?? (getAttribute(inner, "id") || kind(inner)));
  return `${kind(node)} ${anchor ?? ""}`;
}

function exactly(node: Node): string {
  const source = isElement(node) && (getAttribute(node, "src") ?? getAttribute(node, "href"));
  return `${likely(node)} ${source || ""} ${textContent(node)}`;
}
