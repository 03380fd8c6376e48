/**
 * The DOM's own properties and methods, past the controls of a form.
 *
 * `<form><input name="children"></form>` hides `form.children`: a form's controls come before its properties.
 * Whatever may be a form is therefore read through the prototypes.
 */

const node = Node.prototype;
const element = Element.prototype;

const getter = <N extends Node, T>(prototype: N, name: keyof N) => {
  const { get } = Object.getOwnPropertyDescriptor(prototype, name) as { get: () => T };
  return (node: Node) => get.call(node);
};

export const firstChild = getter<Node, ChildNode | null>(node, "firstChild");
export const lastChild = getter<Node, ChildNode | null>(node, "lastChild");
export const nextSibling = getter<Node, ChildNode | null>(node, "nextSibling");
export const previousSibling = getter<Node, ChildNode | null>(node, "previousSibling");
export const parentNode = getter<Node, Node | null>(node, "parentNode");
export const childNodes = getter<Node, NodeListOf<ChildNode>>(node, "childNodes");
export const nodeName = getter<Node, string>(node, "nodeName");
export const isConnected = getter<Node, boolean>(node, "isConnected");
export const textContent = getter<Node, string>(node, "textContent");

export const isElement = (other: Node): other is Element & ChildNode => other instanceof Element;
export const isEqual = (one: Node, other: Node) => node.isEqualNode.call(one, other);
export const contains = (outer: Node, inner: Node | null) => node.contains.call(outer, inner);
export const getRoot = (inner: Node) => node.getRootNode.call(inner) as Document | ShadowRoot | Element;
export const getAttribute = (from: Element, name: string) => element.getAttribute.call(from, name);
export const attributeNames = (from: Element) => element.getAttributeNames.call(from);
export const hasAttribute = (from: Element, name: string) => element.hasAttribute.call(from, name);
export const findAll = <E extends Element = Element>(from: Element, selector: string) =>
  element.querySelectorAll.call(from, selector) as NodeListOf<E>;

export const insert = (parent: Node, child: Node, before: Node | null) =>
  node.insertBefore.call(parent, child, before);

export const detach = (child: Node) => {
  const parent = parentNode(child);
  if (parent) node.removeChild.call(parent, child);
};

type MovingParent = { moveBefore?(child: Node, before: Node | null): void };

/** Puts a node of the page somewhere else in the page, with all its state where the browser can (`moveBefore`). */
export const move = (parent: Node, child: Node, before: Node | null) => {
  const { moveBefore } = element as MovingParent;
  if (moveBefore && isConnected(child) && isConnected(parent)) moveBefore.call(parent, child, before);
  else insert(parent, child, before);
};
