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
import { type Control, isEdited, isOpen, rememberChoice, rememberText, restoreRadios } from "./controls";
import { THINGS } from "./identity";
import { here } from "./installed";
import { isAway, type Job, type MorphOptions, startJob, type Task } from "./job";
import { Keeps } from "./keeps";
import { changedWindow, isAligned, isAsSaid, isLike, type Match, match, sameThing, unitsOf } from "./match";
import {
  addListener,
  childNodes,
  detach,
  doc,
  findAll,
  getAttribute,
  hasAttribute,
  insert,
  isConnected,
  isElement,
  move,
  nodeName,
  own,
  parentNode,
  shadowOf,
} from "./native";
import { staying } from "./order";
import {
  type ContentWord,
  contents,
  foreign,
  movedFrom,
  noteMove,
  pauseWatching,
  setServerWord,
  watchOthers,
} from "./others";
import { parse } from "./parse";
import { noteTargets } from "./targets";

export type { MorphOptions };

/**
 * Makes `from` like `to`. Nodes of `to` are moved into the page. A keep of what is not in `from` stands for nothing.
 *
 * @returns the element now in the page: `from`, or `to` if it has another tag
 */
export function morph(from: Element, to: Element, options: MorphOptions = {}): Element {
  const keeps = new Keeps();
  keeps.read(to, from);
  // A script that somebody else has parsed might run.
  for (const script of findAll(to, "script")) script.replaceWith(parse(script.outerHTML, script));
  morphAll([[from, to]], keeps, options);
  return isLike(from, to) ? from : to;
}

/** Does several morphs as one: an element with an id may go from one of them to another. */
export function morphAll(tasks: Task[], keeps: Keeps, options: MorphOptions): void {
  const focused = doc.activeElement as HTMLElement | null;
  pauseWatching();
  const job = startJob(tasks, keeps, options);
  try {
    for (const task of tasks) morphRoot(job, task);
    job.doomed.forEach(remove);
    restoreRadios();
    // Only moveBefore keeps the focus of what it moves.
    if (focused && doc.activeElement !== focused && isConnected(focused))
      own(focused).focus({ preventScroll: true });
  } finally {
    watchOthers();
  }
  for (const element of job.fresh) {
    noteTargets(element, "set");
    options.added?.(element);
  }
  for (const element of job.touched) options.updated?.(element);
}

/** Takes a node out of the page, and what others moved away out of it. */
function remove(node: Node): void {
  movedFrom(node, true).forEach(remove);
  if (isElement(node)) {
    noteTargets(node, "delete");
    if (here("motion")?.leave(node)) return;
  }
  detach(node);
}

function morphRoot(job: Job, [from, to, contentOnly]: Task): void {
  const parent = parentNode(from);
  if (isLike(from, to)) morphElement(job, from, to, contentOnly);
  else if (parent) {
    for (const name of ["lc", "lc-token"])
      if (hasAttribute(from, name)) own(to).setAttribute(name, getAttribute(from, name)!);
    job.doomed.add(from);
    add(job, parent, to, from as Element & ChildNode);
  }
}

function morphElement(job: Job, from: Element, to: Element, contentOnly?: boolean): void {
  if (hasAttribute(from, "live-permanent")) return;
  const kind = nodeName(from);
  const restoreChoice = kind === "SELECT" && rememberChoice(from as HTMLSelectElement);
  const restoreText = kind === "TEXTAREA" && rememberText(from as Control);
  const isWritten = !contentOnly && morphAttributes(from, to);
  if (isWritten) job.touched.add(from);
  if (kind === "NOSCRIPT" || hasAttribute(from, "live-ignore") || waits(job, from, to)) return;
  const inside = (element: Element) =>
    kind === "TEMPLATE" ? (element as HTMLTemplateElement).content : element;
  const isChanged = morphChildren(job, inside(from), inside(to));
  if (isChanged) job.touched.add(from);
  if (restoreChoice) restoreChoice();
  if (restoreText && isChanged) restoreText(true);
  const shadow = shadowOf(to);
  if (shadow) morphShadow(job, from, shadow);
}

/** The shadow tree that a `<template shadowrootmode>` in the HTML has become. */
function morphShadow(job: Job, host: Element, to: ShadowRoot): void {
  const { mode, delegatesFocus } = to;
  morphChildren(job, shadowOf(host) ?? own(host).attachShadow({ mode, delegatesFocus }), to);
}

/** An element whose content waits -> what it is to become: a `<select>` that is open, an element that is edited. */
const waiting = new WeakMap<Element, Element>();

/** Whether the content of an element changes later: when its list is closed, or the user has left it. */
function waits({ callbacks }: Job, element: Element, to: Element): boolean {
  waiting.delete(element);
  const isList = nodeName(element) === "SELECT" && isOpen(element);
  if (!isList && !isEdited(element)) return false;
  waiting.set(element, to);
  setServerWord(element, "open", ""); // so that the next morph does not pass it by
  const makeUp = () => waiting.get(element) === to && isConnected(element) && morph(element, to, callbacks);
  if (isList) requestAnimationFrame(makeUp);
  else addListener(element, "focusout", () => requestAnimationFrame(makeUp), { once: true });
  return true;
}

/** @returns whether a child was added, removed, moved or, if it is a text, changed */
function morphChildren(job: Job, parent: Node, target: Node): boolean {
  const word = contents.get(parent);
  if (word && isSaidAgain(job, parent, word, unitsOf(job, target))) return false;
  const [live, units, after] = changedWindow(job, parent, target);
  let matches: Match[] = live;
  let changed = false;
  if (!isAligned(live, units)) {
    const left = new Set(live);
    matches = match(job, parent, units, left);
    // A text holds nothing that may find a place, and what is chosen among options has to be put right at once.
    for (const node of left)
      if (!isElement(node) || nodeName(node) === "OPTION") remove(node);
      else job.doomed.add(node);
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

/**
 * Whether the server says of an element's content what it said last, and others have changed it since: then it stays as
 * they made it, and only the elements in it are looked at.
 */
function isSaidAgain(job: Job, parent: Node, word: ContentWord, units: ChildNode[]): boolean {
  if (word.length !== units.length || !word.every((last, i) => isAsSaid(parent, last, units[i]!))) {
    contents.delete(parent);
    return false;
  }
  word.forEach((last, i) => {
    const unit = units[i] as Node;
    if (!(last instanceof Element) || last === unit || parentNode(last) !== parent) return;
    job.matched.add(last);
    morphElement(job, last, unit as Element);
  });
  return true;
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
    matches.map(node => node && places.get(node)),
    live.length,
    // An element is rather left alone than a text. How much longer a piece is than all other units makes no difference.
    i => job.keeps.piece(matches[i]!, units.length + 99).length + Number(isElement(matches[i]!)),
  );
  let changed = false;
  for (let i = units.length; i--; ) {
    let node = matches[i];
    if (node && isAway(job, node)) {
      noteMove(node, parent);
      continue;
    }
    if (!stay.has(i)) {
      changed = true;
      if (node) moveAll(job, parent, job.keeps.piece(node), after);
      else node = add(job, parent, units[i]!, after);
    }
    if (parentNode(node!) === parent) after = node!; // an element may move itself away when it is put in
  }
  return changed;
}

function moveAll(job: Job, parent: Node, nodes: ChildNode[], before: ChildNode | null): void {
  for (const node of nodes) {
    if (isElement(node)) job.doomed.delete(node);
    foreign.delete(node);
    here("motion")?.comeBack(node);
    move(parent, node, before);
  }
}

/** Puts a new node into the page. @returns the node put in */
function add(job: Job, parent: Node, node: ChildNode, before: ChildNode | null): ChildNode {
  if (!isElement(node)) return insert(parent, node, before);
  const { length } = job.fresh;
  const content = new DocumentFragment();
  // Where something in it is in the page already, it is built around that.
  if (
    [...findAll(node, `[lc-keep],${THINGS}`)].some(
      inner => job.keeps.units.has(inner) || sameThing(job, inner, parent, node),
    )
  )
    content.append(...childNodes(node));
  insert(parent, node, before);
  if (content.firstChild) morphChildren(job, node, content);
  job.fresh.length = length; // what is new in it comes with it
  job.fresh.push(node);
  return node;
}
