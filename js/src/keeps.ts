/**
 * Keeps: the placeholders in a patch for what stays in the page as it is.
 *
 *     <template lc-keep="c0.3"></template>                       the element with this address
 *     <template lc-keep="c0.4. 7 1~6 8~1000">\n  </template>     loop items by key; `first~last` is an unbroken run
 *
 * The text in a placeholder is what stands between its items: the white space of the template's loop.
 */
import { findAll, getAttribute, nextSibling, parentNode } from "./native";
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
        const [first, last] = [findTarget(root, from!), findTarget(root, to!)];
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

  /** The nodes that stay together with this one, in order. */
  piece(first: ChildNode): ChildNode[] {
    const nodes = [first];
    const end = this.last(first);
    for (let node = first; node !== end; nodes.push(node)) node = nextSibling(node)!;
    return nodes;
  }
}

function addresses(placeholder: Element): string[][] {
  const [prefix, ...items] = getAttribute(placeholder, "lc-keep")!.split(" ");
  return (items.length ? items : [""]).map(item => {
    const [first, last = first] = item.split("~");
    return [prefix! + first, prefix! + last];
  });
}

const PRECEDING = 2; // Node.DOCUMENT_POSITION_PRECEDING

const isRun = (first: Node, last: Node) =>
  parentNode(first) === parentNode(last) && first.compareDocumentPosition(last) !== PRECEDING;
