/**
 * The DOM's own properties and methods, past the controls of a form.
 *
 * `<form><input name="children"></form>` hides `form.children`: a form's controls come before its properties.
 * Whatever may be a form is therefore read through the prototypes.
 */

const node = Node.prototype;
const element = Element.prototype;

const getter = <T>(name: keyof Node) => {
  const { get } = Object.getOwnPropertyDescriptor(node, name) as { get: () => T };
  return (from: Node) => get.call(from);
};

export const parentNode = getter<Node | null>("parentNode");
export const nextSibling = getter<ChildNode | null>("nextSibling");
export const previousSibling = getter<ChildNode | null>("previousSibling");
export const childNodes = getter<NodeListOf<ChildNode>>("childNodes");
export const nodeName = getter<string>("nodeName");
export const isConnected = getter<boolean>("isConnected");

export const isElement = (other: Node): other is Element & ChildNode => other instanceof Element;
export const isEqual = (one: Node, other: Node) => node.isEqualNode.call(one, other);
export const contains = (outer: Node, inner: Node | null) => node.contains.call(outer, inner);
export const getRoot = (inner: Node) => node.getRootNode.call(inner) as Document | ShadowRoot | Element;
export const getAttribute = (from: Element, name: string) => element.getAttribute.call(from, name);
export const attributeNames = (from: Element) => element.getAttributeNames.call(from);
export const hasAttribute = (from: Element, name: string) => getAttribute(from, name) !== null;
export const findAll = <E extends Element = Element>(from: Element, selector: string) =>
  element.querySelectorAll.call(from, selector) as NodeListOf<E>;

export const insert = <N extends Node>(parent: Node, child: N, before: Node | null) =>
  node.insertBefore.call(parent, child, before) as N;

export const detach = (child: Node) => {
  const parent = parentNode(child);
  if (parent) node.removeChild.call(parent, child);
};

type MovingParent = { moveBefore?(child: Node, before: Node | null): void };

/** Puts a node of the page somewhere else in the page, with all its state where the browser can (`moveBefore`). */
export const move = (parent: Node, child: Node, before: Node | null) => {
  const { moveBefore } = element as MovingParent;
  if (moveBefore && isConnected(parent)) moveBefore.call(parent, child, before);
  else insert(parent, child, before);
};
