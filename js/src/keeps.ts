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

  /** Takes in the placeholders of a patch for something in `root`. @returns whether all that is to be kept is in the page */
  read(target: Element, root: ParentNode & Node): boolean {
    return [...findAll(target, "template[lc-keep]")].every(placeholder => {
      const { textContent: text } = (placeholder as HTMLTemplateElement).content ?? placeholder;
      const units: ChildNode[] = [];
      this.units.set(placeholder, units);
      return addresses(placeholder).every(([from, to]) => {
        const [first, last] = [findTarget(root, from!), findTarget(root, to!)];
        if (!first || !last || !isRun(first, last)) return false;
        this.ends.set(first, last);
        return text && units.length ? units.push(new Text(text), first) : units.push(first);
      });
    });
  }

  /** The last of the nodes that stay together with this one: itself, if it is not kept. */
  last(node: ChildNode): ChildNode {
    return this.ends.get(node) ?? node;
  }

  /** The nodes that stay together with this one, in order. */
  piece(first: ChildNode): ChildNode[] {
    const nodes = [first];
    for (let node = first; node !== this.last(first); nodes.push(node)) node = nextSibling(node)!;
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

const FOLLOWING = 4; // Node.DOCUMENT_POSITION_FOLLOWING

const isRun = (first: Node, last: Node) =>
  first === last ||
  (parentNode(first) === parentNode(last) && first.compareDocumentPosition(last) === FOLLOWING);
