/**
 * What an element is, wherever it stands: first the key that the server gives it (`live-key`, which its address tells),
 * then what it stands for (the value of an option or of a box), then its id.
 *
 * In a row that has a key, a number in a name or an id is mostly the row's place: `form-2-title` of a formset. There
 * the row counts more than the number.
 */
import { isBox, modelOf } from "./controls";
import { getAttribute, hasAttribute, isElement, nodeName, parentNode } from "./native";

/** Elements that may be known by what they stand for, or by their id. */
export const THINGS = "[id],input[value]";

/** The name of a control: that of its form's field, or of the field that it is bound to. */
export const nameOf = (element: Element): string => getAttribute(element, "name") || modelOf(element) || "";

/** The name and the value of a box that stands for a value; else "". */
export function boxOf(element: Element): string {
  const value = isBox(element) ? getAttribute(element, "value") : null;
  return value === null || !nameOf(element) ? "" : `@${nameOf(element)}\n${value}`;
}

/**
 * What an element is without a key: what its box stands for, or `#id`; else "". What has an address is the server's own,
 * and no other thing of that name, such as user content, is taken for it.
 */
export function thingOf(element: Element): string {
  const id = getAttribute(element, "id");
  const thing = boxOf(element) || (id ? `#${id}` : "");
  return thing && hasAttribute(element, "lc") ? `lc ${thing}` : thing;
}

/** What tells a child from its siblings; else "". */
export function keyOf(node: Node): string {
  if (!isElement(node)) return "";
  const key = getAttribute(node, "live-key") ?? (nodeName(node) === "OPTION" && getAttribute(node, "value"));
  return getAttribute(node, "lc") || (key ? `=${key}` : thingOf(node));
}

/**
 * The row that a node belongs to: the nearest loop item with a key (`address key`), else its component (`c5.0`, with a
 * `/` for a child). Nobody looks further up than `end`.
 */
export function rowOf(node: Node | null, end?: Node): string {
  let loops = 0;
  for (let on = node; on && isElement(on); on = on === end ? null : parentNode(on)) {
    const address = getAttribute(on, "lc") ?? "";
    const depth = address.split(".").length;
    if (depth === 2 && address.endsWith(".0")) return address + (rowOf(parentNode(on)) && "/");
    const key = getAttribute(on, "live-key") ?? (depth > 2 && getAttribute(on, "id"));
    // In a loop further in, without keys, an id is all that is known.
    if (key && (!address || depth >= loops)) return `${address} ${key}`;
    loops = Math.max(loops, depth);
  }
  return "";
}

/**
 * The lines of a name (all but the last one) without the numbers that tell the place of `row`. A child component is
 * mostly a row too, but `note-5` in it may as well be the fifth note: only numbers between dashes are taken for places.
 */
export const placeless = (name: string, row: string): string =>
  name.replace(row.includes(" ") ? /\d+(?=.*\n)/g : row.endsWith("/") ? /-\d+-(?=.*\n)/g : /$^/, "-");
