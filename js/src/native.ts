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

type Method<Self, A extends unknown[], T> = (this: Self, ...args: A) => T;

/** A method as a function of its object. */
const method = <Self, A extends unknown[], T>(own: Method<Self, A, T>): ((self: Self, ...args: A) => T) =>
  Function.prototype.call.bind(own as never);

/** A property as a function of its object. */
const getter = <K extends keyof Node>(name: K): ((self: Node) => Node[K]) =>
  method(Object.getOwnPropertyDescriptor(node, name)!.get!);

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

export const doc = own(document);

export const parentNode = getter("parentNode");
export const nextSibling = getter("nextSibling");
export const previousSibling = getter("previousSibling");
export const childNodes = getter("childNodes");
export const nodeName = getter("nodeName");
export const isConnected = getter("isConnected");

export const isEqual = method(node.isEqualNode);
export const contains = method(node.contains);
export const getRoot = method(node.getRootNode) as (self: Node) => Document | ShadowRoot | Element;
export const insert = method(node.insertBefore) as <N extends Node>(
  self: Node,
  child: N,
  before: Node | null,
) => N;
export const getAttribute = method(element.getAttribute);
export const attributeNames = method(element.getAttributeNames);
export const shadowOf = method(Object.getOwnPropertyDescriptor(element, "shadowRoot")!.get!) as (
  self: Element,
) => ShadowRoot | null;
export const closest = method(element.closest) as (self: Element, selector: string) => HTMLElement | null;
export const addListener = method(EventTarget.prototype.addEventListener);
export const find = method(element.querySelector) as (self: Element, selector: string) => Element | null;
export const findAll = method(element.querySelectorAll) as <E extends Element = Element>(
  self: Element,
  selector: string,
) => NodeListOf<E>;

export const isElement = (other: EventTarget): other is Element & ChildNode => other instanceof Element;
export const hasAttribute = (self: Element, name: string) => getAttribute(self, name) !== null;

/** The form that an element is, belongs to or, where it can belong to none, is in. */
export const formOf = (self: Element): HTMLFormElement | null =>
  nodeName(self) === "FORM"
    ? (self as HTMLFormElement)
    : "form" in self
      ? (self as HTMLInputElement).form
      : (closest(self, "form") as HTMLFormElement | null);

export const detach = (child: Node) => {
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
