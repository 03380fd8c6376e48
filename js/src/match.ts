/** Matching: which element in the page each wanted one is. */
import { boxOf, keyOf, nameOf, placeless, rowOf, thingOf } from "./identity";
import { here } from "./installed";
import { isAway, isInside, type Job } from "./job";
import {
  childNodes,
  contains,
  find,
  getAttribute,
  getRoot,
  hasAttribute,
  isElement,
  isEqual,
  nextSibling,
  nodeName,
  parentNode,
  previousSibling,
} from "./native";
import { type ContentWord, foreign, movedFrom } from "./others";
import { withShadow } from "./parse";
import { all } from "./query";

/** A node of the page, if there is one. */
export type Match = ChildNode | undefined;

/** The nodes and kept runs that are wanted as an element's content. */
export const unitsOf = (job: Job, target: Node): ChildNode[] =>
  [...childNodes(target)].flatMap(child => job.keeps.units.get(child) ?? child);

/** The children in the page and those that are wanted, without their equal heads and tails, and what comes after. */
export function changedWindow(
  job: Job,
  parent: Node,
  target: Node,
): [live: ChildNode[], units: ChildNode[], after: ChildNode | null] {
  const live: ChildNode[] = [];
  for (
    let node: ChildNode | null = childNodes(parent)[0] ?? null;
    node;
    node = nextSibling(job.keeps.last(node))
  )
    if (!foreign.has(node)) live.push(node);
  const units = unitsOf(job, target);
  const length = Math.min(live.length, units.length);
  let head = 0;
  let tail = 0;
  while (head < length && isSame(job, live[head]!, units[head]!)) head++;
  while (tail < length - head && isSame(job, live.at(-1 - tail)!, units.at(-1 - tail)!)) tail++;
  const end = live.length - tail;
  const away = movedFrom(parent).filter(node => !foreign.has(node)) as ChildNode[];
  return [[...live.slice(head, end), ...away], units.slice(head, units.length - tail), live[end] ?? null];
}

function isSame(job: Job, live: Node, unit: Node): boolean {
  return (
    live === unit ||
    (isEqual(live, unit) &&
      !job.changed.has(live) &&
      // isEqualNode looks neither into templates nor into shadow trees.
      !(isElement(unit) && (nodeName(unit) === "TEMPLATE" || find(unit, "template") || withShadow.has(unit))))
  );
}

/** Whether children match one to one, in order, and nobody needs to look further. */
export function isAligned(live: ChildNode[], units: ChildNode[]): boolean {
  return (
    live.length === units.length &&
    live.every((node, i) => {
      const unit = units[i]!;
      return node === unit || (keyOf(node) === keyOf(unit) && likely(node) === likely(unit));
    })
  );
}

/** Whether a child is what the server last said of its place: an element, a text, or null. */
export function isAsSaid(parent: Node, last: ContentWord[number], unit: ChildNode): boolean {
  if (!(last instanceof Element)) return !isElement(unit) && last === unit.nodeValue;
  return (
    last === unit ||
    (parentNode(last) === parent ? isAligned([last as Element & ChildNode], [unit]) : isEqual(last, unit))
  );
}

/**
 * Finds for each unit its node in the page.
 *
 * @param left the candidates; those that are taken are taken out
 */
export function match(job: Job, parent: Node, units: ChildNode[], left: Set<ChildNode>): Match[] {
  const matches: Match[] = [];
  const take = (i: number, node: Match | null | false) => {
    if (!node) return;
    matches[i] = node;
    job.matched.add(node);
    left.delete(node);
  };

  let keyed: Map<string, ChildNode> | undefined; // not made for keeps alone: they have found their nodes
  units.forEach((unit, i) => {
    if (job.keeps.ends.has(unit)) take(i, unit);
    else if (keyOf(unit)) {
      keyed ??= new Map(
        [...left, ...(here("motion")?.leavingFrom(parent) ?? [])].reverse().map(node => [keyOf(node), node]),
      );
      take(i, sibling(job, unit, keyed.get(keyOf(unit))) ?? sameThing(job, unit as ChildNode, parent));
    }
  });

  // White space stays between two that stay neighbours. (Taken in order, one moved row would put all the texts between
  // the rows into the wrong place.) The rest is taken in order, below: then a list that is sorted anew moves only rows.
  units.forEach((unit, i) => {
    const [before, behind] = [matches[i - 1], matches[i + 1]];
    const between = !isElement(unit) && before && behind && nextSibling(job.keeps.last(before));
    take(
      i,
      between &&
        left.has(between) &&
        between === previousSibling(behind) &&
        isEqual(between, unit) &&
        between,
    );
  });

  const takeAlike = (looks: (node: Node) => string, pooled: RegExp) => {
    const pool = Map.groupBy(left, node => pooled.test(keyOf(node)) && looks(node));
    units.forEach((unit, i) => {
      // What has come to have an id may be what had none; an address or a key is another thing.
      if (left.size && !matches[i] && /^([#@]|$)/.test(keyOf(unit))) take(i, pool.get(looks(unit))?.shift());
    });
  };
  for (const looks of [exactly, likely, kind]) takeAlike(looks, /^(@|$)/);
  const row = left.size ? rowOf(parent) : "";
  if (/[ /]/.test(row))
    for (const looks of [likely, kind])
      takeAlike(
        node => placeless(`${isElement(node) ? thingOf(node) : ""}\n${looks(node)}`, row),
        /^([#@]|$)/,
      );
  return matches;
}

const sibling = (job: Job, unit: ChildNode, node: Match) =>
  node && isLike(node, unit) && !job.matched.has(node) ? node : undefined;

/** Whether one can become the other: an element's tag stays. */
export const isLike = (node: Node, unit: Node): boolean => nodeName(node) === nodeName(unit);

/**
 * The element of the page that is the same thing, if there is one and it may go into `parent`. What is no row itself
 * never leaves its row: there, another of that name may be meant.
 *
 * @param fresh the new element that `unit` comes with
 */
export function sameThing(job: Job, unit: ChildNode, parent: Node, fresh?: Node): Match {
  const thing = isElement(unit) ? thingOf(unit) : "";
  if (!thing || !job.things.get(thing)) return undefined;
  const isRow = hasAttribute(unit as Element, "lc") || hasAttribute(unit as Element, "live-key");
  const row = (fresh && rowOf(unit, fresh)) || rowOf(parent);
  return all(selectorOf(unit as Element), getRoot(parent)).find(
    live =>
      thingOf(live) === thing &&
      sibling(job, unit, live) &&
      !contains(live, parent) &&
      (isAway(job, live) || (isInside(job, live) && (isRow || rowOf(parentNode(live)) === row))),
  );
}

const selectorOf = (element: Element): string => {
  const [value, id] = ["value", "id"].map(name => CSS.escape(getAttribute(element, name) ?? ""));
  return boxOf(element) ? `input[value="${value}"]` : `#${id}`;
};

// How nodes without a key look, from rough to precise.

/** Its kind; a form control is never taken for one with another name, nor a box for one with another value. */
const kind = (node: Node): string =>
  isElement(node) ? `${nodeName(node)} ${nameOf(node)}\n${boxOf(node).split("\n")[1]}` : nodeName(node);

/** And the first thing in it that has a name of some sort. */
function likely(node: Node): string {
  const inner = isElement(node) && find(node, "[lc],[lc-keep],[id],[name],[src],input,textarea");
  return `${inner ? keyOf(inner) || getAttribute(inner, "lc-keep") || kind(inner) : ""}\n${kind(node)}`;
}

/** And its text or where it comes from. */
const exactly = (node: Node): string =>
  likely(node) +
  node.textContent +
  (isElement(node) && (getAttribute(node, "src") ?? getAttribute(node, "href")));
