/** Matching: which element in the page each wanted one is. */
import { isAway, isInside, type Job, kinOf } from "./job";
import { leaving } from "./leave";
import {
  contains,
  find,
  getAttribute,
  getRoot,
  isElement,
  isEqual,
  nextSibling,
  nodeName,
  own,
  parentNode,
  previousSibling,
} from "./native";

/** A node of the page, if there is one. */
export type Match = ChildNode | undefined;

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
      keyed ??= new Map([...left].reverse().map(node => [keyOf(node), node]));
      const back = leaving().find(node => parentNode(node) === parent && keyOf(node) === keyOf(unit));
      take(i, sibling(job, unit, keyed.get(keyOf(unit)) ?? back) ?? sameId(job, unit, parent));
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

  for (const looks of [exactly, likely, kind]) {
    const pool = Map.groupBy(left, node => !keyOf(node) && looks(node));
    units.forEach((unit, i) => {
      // What has come to have an id may be what had none; an address or a key is another thing.
      if (left.size && !matches[i] && /^(#|$)/.test(keyOf(unit))) take(i, pool.get(looks(unit))?.shift());
    });
  }
  return matches;
}

const sibling = (job: Job, unit: ChildNode, node: Match) =>
  node && isLike(node, unit) && !job.matched.has(node) ? node : undefined;

/** Whether one can become the other: an element's tag stays. */
export const isLike = (node: Node, unit: Node): boolean => nodeName(node) === nodeName(unit);

/** The element of the page with the same id, if there is one and it may go into `parent`. */
export function sameId(job: Job, unit: Node, parent: Node): Match {
  const id = isElement(unit) && getAttribute(unit, "id");
  const live =
    id &&
    job.ids.get(kinOf(unit) + id) &&
    own(getRoot(parent)).querySelector(`#${CSS.escape(id)}${kinOf(unit)}`);
  if (!live || !sibling(job, unit, live) || contains(live, parent)) return undefined;
  return isInside(job, live) || isAway(job, live) ? live : undefined;
}

/** What tells a child from its siblings: its address, id, `live-key` or, for an option, its value; else "". */
export function keyOf(node: Node): string {
  if (!isElement(node)) return "";
  const id = getAttribute(node, "id");
  const key = getAttribute(node, "live-key") ?? (nodeName(node) === "OPTION" && getAttribute(node, "value"));
  return getAttribute(node, "lc") || (id && `#${id}`) || (key ? `=${key}` : "");
}

// How nodes without a key look, from rough to precise.

/** Its kind; a form control is never taken for one with another name. */
const kind = (node: Node): string =>
  `${nodeName(node)} ${(isElement(node) && getAttribute(node, "name")) || ""}`;

/** And the first thing in it that has a name of some sort. */
function likely(node: Node): string {
  const inner = isElement(node) && find(node, "[lc],[lc-keep],[id],[name],[src],input,textarea");
  return `${kind(node)} ${inner ? keyOf(inner) || getAttribute(inner, "lc-keep") || kind(inner) : ""}`;
}

/** And its text or where it comes from. */
const exactly = (node: Node): string =>
  likely(node) +
  node.textContent +
  (isElement(node) && (getAttribute(node, "src") ?? getAttribute(node, "href")));
