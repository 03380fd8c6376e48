/**
 * The DOM's own properties and methods, past what user content may have put before them.
 *
 * `<form><input name="children"></form>` hides `form.children`: a form's controls come before its properties, and cannot
 * be overwritten. So do the named forms, images and frames of a document. Whatever may be a form is therefore read and
 * written through the prototypes, and so is the document. What is asked for often has a function here, for the rest
 * there is `own`.
 */

const node = Node.prototype;
const element = Element.prototype;
const target = EventTarget.prototype;

/** A method as a function of its object, a property as one that reads it. */
/* @__NO_SIDE_EFFECTS__ */
function of<Function>(prototype: object, name: string): Function {
  const { get, value } = Object.getOwnPropertyDescriptor(prototype, name)!;
  return Function.prototype.call.bind(get ?? value) as Function;
}

const through = {
  get(self: object, name: string) {
    const value = Reflect.get(Object.getPrototypeOf(self), name, self);
    return typeof value === "function" ? value.bind(self) : value;
  },
  set: (self: object, name: string, value: unknown) =>
    Reflect.set(Object.getPrototypeOf(self), name, value, self),
};

/** An object as its class made it. It is another object than `self`: to be used at once, not to be kept or compared. */
export const own = <T extends object>(self: T): T => new Proxy(self, through as ProxyHandler<T>);

export const doc = /* @__PURE__ */ own(document);

type Reader<Self, T> = (self: Self) => T;
type Finder<Found> = (self: Element, selector: string) => Found;

export const parentNode = of<Reader<Node, ParentNode | null>>(node, "parentNode");
export const nextSibling = of<Reader<Node, ChildNode | null>>(node, "nextSibling");
export const previousSibling = of<Reader<Node, ChildNode | null>>(node, "previousSibling");
export const childNodes = of<Reader<Node, NodeListOf<ChildNode>>>(node, "childNodes");
export const nodeName = of<Reader<Node, string>>(node, "nodeName");
export const isConnected = of<Reader<Node, boolean>>(node, "isConnected");
export const getRoot = of<Reader<Node, Document | ShadowRoot | Element>>(node, "getRootNode");
export const shadowOf = of<Reader<Element, ShadowRoot | null>>(element, "shadowRoot");
export const attributeNames = of<Reader<Element, string[]>>(element, "getAttributeNames");

export const isEqual = of<(self: Node, other: Node) => boolean>(node, "isEqualNode");
export const contains = of<(self: Node, other: Node) => boolean>(node, "contains");
export const insert = of<<N extends Node>(self: Node, child: N, before: Node | null) => N>(
  node,
  "insertBefore",
);
export const getAttribute = of<(self: Element, name: string) => string | null>(element, "getAttribute");
export const closest = of<Finder<HTMLElement | null>>(element, "closest");
export const find = of<Finder<Element | null>>(element, "querySelector");
export const findAll = of<<E extends Element = Element>(self: Element, selector: string) => NodeListOf<E>>(
  element,
  "querySelectorAll",
);
export const addListener = of<
  (self: EventTarget, type: string, hear: EventListener, options?: AddEventListenerOptions) => void
>(target, "addEventListener");

export const isElement = (other: EventTarget): other is Element & ChildNode => other instanceof Element;
export const hasAttribute = (self: Element, name: string) => getAttribute(self, name) !== null;

/** The form that an element is, belongs to or, where it can belong to none, is in. */
export const formOf = (self: Element): HTMLFormElement | null =>
  nodeName(self) === "FORM"
    ? (self as HTMLFormElement)
    : "form" in self
      ? (self as HTMLInputElement).form
      : (closest(self, "form") as HTMLFormElement | null);

export const detach = (child: Node): void => {
  const parent = parentNode(child);
  if (parent) node.removeChild.call(parent, child);
};

type MovingParent = { moveBefore?(child: Node, before: Node | null): void };

/** Puts a node of the page somewhere else in the page, with all its state where the browser can (`moveBefore`). */
export const move = (parent: Node, child: Node, before: Node | null) => {
  const { moveBefore } = (isElement(parent) ? element : DocumentFragment.prototype) as MovingParent;
  if (moveBefore && isConnected(parent)) moveBefore.call(parent, child, before);
  else insert(parent, child, before);
};
