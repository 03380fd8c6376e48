/**
 * Keeps: the placeholders in a patch for what stays in the page as it is.
 *
 *     <template lc-keep="c0.3"></template>                       the element with this address
 *     <template lc-keep="c0.4. 7 1~6 8~1000">\n  </template>     loop items by key; `first~last` is an unbroken run
 *
 * The text in a placeholder is what stands between its items: the white space of the template's loop.
 */
import { findAll, nextSibling, parentNode, textContent } from "./native";

export type Find = (address: string) => Element | null;

/** What stays as one piece: everything from the first to the last element, both included. */
export type Run = readonly [first: ChildNode, last: ChildNode];

export interface Keep {
  runs: Run[];
  separator: Text | undefined;
}

const KEEP = "lc-keep";

/** The placeholders in `target` with what they stand for, or null if something to be kept is not in the page. */
export function readKeeps(target: Element, find: Find): Map<Node, Keep> | null {
  const keeps = new Map<Node, Keep>();
  for (const placeholder of findAll(target, `template[${KEEP}]`)) {
    const runs: Run[] = [];
    for (const [from, to] of addresses(placeholder)) {
      const [first, last] = [find(from), find(to)];
      if (!first || !last || !isRun(first, last)) return null;
      runs.push([first, last]);
    }
    const text = textContent((placeholder as HTMLTemplateElement).content ?? placeholder);
    keeps.set(placeholder, { runs, separator: text ? new Text(text) : undefined });
  }
  return keeps;
}

/** The first address that a placeholder names; undefined for other elements. */
export const firstKept = (placeholder: Element): string | undefined => addresses(placeholder)[0]?.[0];

function addresses(placeholder: Element): [string, string][] {
  const keep = placeholder.getAttribute(KEEP);
  if (keep === null) return [];
  const [prefix, ...items] = keep.split(" ");
  if (!items.length) return [[keep, keep]];
  return items.map(item => {
    const [first, last = first] = item.split("~");
    return [prefix! + first, prefix! + last];
  });
}

const isRun = (first: Node, last: Node) =>
  first === last ||
  (parentNode(first) === parentNode(last) &&
    first.compareDocumentPosition(last) === Node.DOCUMENT_POSITION_FOLLOWING);

/** The nodes of a run, in order; each may be moved away before the next is asked for. */
export function* nodesOf([first, last]: Run): Generator<ChildNode> {
  for (let node: ChildNode | null = first; node; ) {
    const next: ChildNode | null = node === last ? null : nextSibling(node);
    yield node;
    node = next;
  }
}
