/**
 * Parses the HTML of one element as the browser would at its place.
 *
 * It is parsed in a document that does nothing (no scripts, images or custom elements), into an empty copy of the
 * parent: so table rows, options and SVG become what they are, and scripts never run, wherever they are put then.
 */
import { childNodes, doc, isElement, nodeName, parentNode, shadowOf } from "./native";
import { all } from "./query";

const inert = doc.implementation.createHTMLDocument();

/** Parsed elements with a shadow tree of their own or in them: a `<template shadowrootmode>` has become one. */
export const withShadow = new WeakSet<Node>();

/** @param place the element in whose place the HTML would stand */
export function parse(html: string, place: Element): Element {
  const parent = parentNode(place);
  const context = inert.importNode(parent && isElement(parent) ? parent : inert.body, false);
  context.setHTMLUnsafe(html);
  if (html.includes("shadowrootmode")) noteShadows(context);
  // Within `<html>` the parser always makes a head and a body.
  const parsed = [...childNodes(context)];
  return (parsed.find(child => nodeName(child) === nodeName(place)) ?? parsed[0]) as Element;
}

function noteShadows(root: Element | ShadowRoot): void {
  for (const host of all("*", root)) {
    const shadow = shadowOf(host);
    if (!shadow) continue;
    for (let on: Node | null = host; on; on = parentNode(on)) withShadow.add(on);
    noteShadows(shadow);
  }
}
