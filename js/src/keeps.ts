/**
 * Keeps: the placeholders in a patch for what stays in the page as it is.
 *
 *     <template lc-keep="c0.3"></template>                       the element with this address
 *     <template lc-keep="c0.4. 7 1~6 8~1000">\n  </template>     loop items by key; `first~last` is an unbroken run
 *
 * The text in a placeholder is what stands between its items: the white space of the template's loop.
 */
import { findAll, getAttribute, nextSibling, parentNode, previousSibling } from "./native";
import { findTarget } from "./targets";

export class Keeps {
  /** Placeholder -> the first nodes of what is kept in its place, with separators between. */
  readonly units = new Map<Node, ChildNode[]>();

  /** The first node of what is kept as one piece -> its last one. Nobody looks at what is between. */
  readonly ends = new Map<Node, ChildNode>();

  /** Takes in the placeholders of a patch for something in `root`. @returns whether all that is to be kept is there */
  read(target: Element, root: ParentNode & Node): boolean {
    let all = true;
    for (const placeholder of findAll(target, "template[lc-keep]")) {
      const { textContent: text } = (placeholder as HTMLTemplateElement).content ?? placeholder;
      const units: ChildNode[] = [];
      this.units.set(placeholder, units);
      for (const [from, to] of addresses(placeholder)) {
        const first = findTarget(root, from!);
        const last = to ? findTarget(root, to) : first;
        if (!first || !last || !isRun(first, last)) {
          all = false;
          continue;
        }
        if (text && units.length) units.push(new Text(text));
        units.push(first);
        this.ends.set(first, last);
      }
    }
    return all;
  }

  /** The last of the nodes that stay together with this one: itself, if it is not kept. */
  last(node: ChildNode): ChildNode {
    return this.ends.get(node) ?? node;
  }

  /** The nodes that stay together with this one, in order; no more than `limit`. */
  piece(first: ChildNode, limit = Infinity): ChildNode[] {
    const nodes = [first];
    const end = this.last(first);
    for (let node = first; node !== end && nodes.length < limit; nodes.push(node)) node = nextSibling(node)!;
    return nodes;
  }
}

function addresses(placeholder: Element): (string | undefined)[][] {
  const [prefix, ...items] = getAttribute(placeholder, "lc-keep")!.split(" ");
  return (items.length ? items : [""]).map(item => item.split("~").map(key => prefix + key));
}

/** Whether both are in one list, in this order: asked from its ends, as nobody should walk through a long run. */
function isRun(first: Node, last: Node): boolean {
  let behind: Node | null = first === last ? null : last;
  for (let before: Node | null = first; before && behind; behind = nextSibling(behind)) {
    before = previousSibling(before);
    if (before === last) return false;
  }
  return parentNode(first) === parentNode(last);
}
