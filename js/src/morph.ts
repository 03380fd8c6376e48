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
 * 4. Children are matched (`match.ts`) by key: address, id, `live-key`, an option's value. One with an id that is not
 *    among its siblings may come from anywhere in the morphed elements. What has no key is matched by its looks:
 *    first the same text, then the same named or keyed element inside, then the same kind, each in order.
 * 5. The longest run of matched children that is in order stays (`order.ts`), the others are moved around it with
 *    `moveBefore`, which keeps focus, frames, animations and open dialogs. New ones are put in, back to front, so
 *    that what others put behind an element stays behind it. In a new element, what the page has already is looked
 *    for in the same way.
 * 6. What is left over is removed at the very end: until then something inside may still find its new place.
 *
 * Left alone: foreign nodes (`others.ts`), `live-permanent` elements, the content of `live-ignore` elements, of a
 * `contenteditable` that is being edited and of a `<select>` that is open, and `<noscript>`, which the page holds as
 * text and a patch as elements.
 */
import { morphAttributes } from "./attributes";
import { hasFocus, isOpen, rememberChoice, showDefault } from "./controls";
import { isAway, type Job, type MorphOptions, runOf, startJob, type Task } from "./job";
import { nodesOf, readKeeps } from "./keeps";
import { comeBack, leave } from "./leave";
import { isAligned, type Match, match, sameId } from "./match";
import {
  childNodes,
  contains,
  findAll,
  firstChild,
  getAttribute,
  hasAttribute,
  insert,
  isElement,
  isEqual,
  lastChild,
  move,
  nextSibling,
  nodeName,
  parentNode,
  previousSibling,
} from "./native";
import { staying } from "./order";
import { foreign, pauseWatching, watchOthers } from "./others";
import { parse } from "./parse";

export type { MorphOptions };

/**
 * Makes `from` like `to`. Nodes of `to` are moved into the page.
 *
 * @returns the element now in the page: `from`, or what took its place if `to` has another tag
 * @throws Error if `to` keeps an element that is not in `from`
 */
export function morph(from: Element, to: Element, options: MorphOptions = {}): Element {
  const keeps = readKeeps(to, address => from.querySelector(`[lc="${CSS.escape(address)}"]`));
  if (!keeps) throw new Error("livecomp: a kept element is not in the morphed one");
  // A script that somebody else has parsed might run.
  for (const script of findAll(to, "script")) script.replaceWith(parse(script.outerHTML, script));
  return morphAll([{ from, to, keeps }], options)[0]!;
}

/** Does several morphs as one: an element with an id may go from one of them to another. */
export function morphAll(tasks: Task[], options: MorphOptions): Element[] {
  const focused = document.activeElement as HTMLElement | null;
  let removed: Element[] = [];
  pauseWatching();
  const job = startJob(tasks, options);
  try {
    const results = tasks.map(task => morphRoot(job, task));
    removed = [...job.doomed].filter(node => leave(node, options.removed)).filter(isElement);
    for (const finish of job.finish) finish();
    // Only moveBefore keeps the focus of what it moves.
    if (document.activeElement === document.body && focused?.isConnected)
      focused.focus({ preventScroll: true });
    return results;
  } finally {
    watchOthers();
    for (const element of job.added) options.added?.(element);
    for (const element of job.updated) options.updated?.(element);
    for (const element of removed) options.removed?.(element);
  }
}

function morphRoot(job: Job, { from, to, contentOnly }: Task): Element {
  const parent = parentNode(from);
  if (nodeName(from) === nodeName(to) || !parent) {
    morphElement(job, from, to, true, contentOnly);
    return from;
  }
  for (const name of ["lc", "lc-token"])
    if (hasAttribute(from, name)) to.setAttribute(name, getAttribute(from, name)!);
  job.doomed.add(from);
  return add(job, parent, to, from) as Element & ChildNode;
}

function morphElement(job: Job, from: Element, to: Element, root = false, contentOnly = false): void {
  if (hasAttribute(from, "live-permanent")) return;
  if (!contentOnly && morphAttributes(from, to, job.owns, root)) job.updated.add(from);
  const kind = nodeName(from);
  if (
    kind === "NOSCRIPT" ||
    hasAttribute(contentOnly ? from : to, "live-ignore") ||
    (hasAttribute(from, "contenteditable") && hasFocus(from))
  )
    return;
  if (kind === "SELECT") {
    if (waits(job, from, to)) return;
    job.finish.push(rememberChoice(from as HTMLSelectElement));
  }
  const [parent, target] = kind === "TEMPLATE" ? [from, to].map(contentOf) : [from, to];
  if (!morphChildren(job, parent!, target!)) return;
  job.updated.add(from);
  if (kind === "TEXTAREA" && !job.owns(from, "value"))
    job.finish.push(() => showDefault(from as HTMLTextAreaElement));
}

const contentOf = (template: Element): Node => (template as HTMLTemplateElement).content;

/** The open `<select>`, and what it is to become once it is closed. */
let open: [select: Element, to: Element] | undefined;

/** Whether a `<select>` is open: its options change only when it is closed again. */
function waits({ options }: Job, select: Element, to: Element): boolean {
  const before = open;
  open = isOpen(select) ? [select, to] : undefined;
  const look = () => {
    if (!open) return;
    if (isOpen(open[0])) requestAnimationFrame(look);
    else morph(...open, options);
  };
  if (open && !before) look();
  return !!open;
}

/** @returns whether a child was added, removed, moved or, if it is a text, changed */
function morphChildren(job: Job, parent: Node, target: Node): boolean {
  const { live, units, after } = changedWindow(job, parent, unitsOf(job, target));
  let matches: Match[] = live;
  let changed = false;
  if (!isAligned(job, live, units)) {
    const left = new Set(live);
    matches = match(job, parent, units, left);
    for (const node of left) job.doomed.add(node);
    changed = arrange(job, parent, live, units, matches, after) || left.size > 0;
  }
  units.forEach((unit, i) => {
    const node = matches[i];
    if (!node || node === unit) return;
    job.matched.add(node);
    if (isElement(node)) morphElement(job, node, unit as Node as Element);
    else if (node.nodeValue !== unit.nodeValue) {
      node.nodeValue = unit.nodeValue;
      changed = true;
    }
  });
  return changed;
}

/** The children that are wanted; for a keep, the first node of each run, with the separators between. */
function unitsOf(job: Job, target: Node): ChildNode[] {
  const children = [...childNodes(target)];
  if (!job.keeps.size) return children;
  return children.flatMap(child => {
    const keep = job.keeps.get(child);
    return keep
      ? keep.runs.flatMap(([first], i) => (i && keep.separator ? [keep.separator, first] : first))
      : child;
  });
}

/** What is left of the children in the page and of those that are wanted, without their equal heads and tails. */
function changedWindow(job: Job, parent: Node, units: ChildNode[]) {
  let start = 0;
  let end = units.length;
  let after: ChildNode | null = null;
  let head = own(firstChild(parent), nextSibling);
  while (head && start < end && isSame(job, head, units[start]!)) {
    head = own(nextSibling(runOf(job, head)[1]), nextSibling);
    start++;
  }
  let tail = head && own(lastChild(parent), previousSibling);
  while (head && tail && start < end) {
    const [first, last] = runOf(job, units[end - 1]!);
    if (tail !== last && (first !== last || !isSame(job, tail, first))) break;
    after = tail === last ? first : tail;
    tail = own(previousSibling(after), previousSibling);
    if (after === head) head = null;
    end--;
  }
  const live: ChildNode[] = [];
  for (let node = head; node; ) {
    live.push(node);
    const last: ChildNode = runOf(job, node)[1];
    node = last === tail ? null : own(nextSibling(last), nextSibling);
  }
  return { live, units: units.slice(start, end), after };
}

/** The next node that is not foreign, from this one on. */
function own(node: ChildNode | null, step: (node: Node) => ChildNode | null): ChildNode | null {
  while (node && foreign.has(node)) node = step(node);
  return node;
}

function isSame(job: Job, live: Node, unit: Node): boolean {
  return (
    live === unit ||
    (isEqual(live, unit) &&
      !job.runs.has(live) &&
      !job.changed.has(live) &&
      !(open && contains(live, open[0])) &&
      !(job.templates && isElement(unit) && (nodeName(unit) === "TEMPLATE" || findAll(unit, "template")[0])))
  );
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
  const stay = staying(
    matches.map(node => (node && places.get(node)) ?? -1),
    live.length,
    i => [...nodesOf(runOf(job, matches[i]!))].length,
  );
  let changed = false;
  for (let i = units.length; i--; ) {
    let node = matches[i];
    if (node && isAway(job, node)) continue;
    if (!stay.has(i)) {
      changed = true;
      if (node) moveRun(job, parent, node, after);
      else node = add(job, parent, units[i]!, after);
    }
    if (parentNode(node!) === parent) after = node!; // an element may move itself away when it is put in
  }
  return changed;
}

function moveRun(job: Job, parent: Node, first: ChildNode, before: ChildNode | null): void {
  for (const node of nodesOf(runOf(job, first))) {
    job.doomed.delete(node);
    comeBack(node);
    move(parent, node, before);
  }
}

/** Puts a new node into the page. @returns the node put in */
function add(job: Job, parent: Node, node: ChildNode, before: ChildNode | null): ChildNode {
  if (!isElement(node)) return insert(parent, node.cloneNode(), before) as ChildNode; // a separator may come again
  const { length } = job.added;
  // Where something in it is in the page already, it is built around that.
  if (
    [...findAll(node, "[lc-keep],[id]")].some(inner => job.keeps.has(inner) || sameId(job, inner, parent))
  ) {
    const content = new DocumentFragment();
    content.append(...childNodes(node));
    insert(parent, node, before);
    morphChildren(job, node, content);
  } else insert(parent, node, before);
  job.added.length = length; // what is new in it comes with it
  job.added.push(node);
  return node;
}
