/** The `live-<event>` attributes: one delegated listener for each DOM event that the page's HTML names. */

import { call, offered } from "./call";
import { run } from "./commands";
import { type Control, claim, isControl, modelOf, submitted, sync, yieldTo } from "./forms";
import { on } from "./listen";
import { follow } from "./location";
import { isElement } from "./native";
import { flush, paced } from "./pace";
import { all, isLive, live } from "./query";

const CAPTURING = 1; // Event.CAPTURING_PHASE

let heard: Set<string>;
/** Forms whose submit is under way. */
const submitting = new WeakSet<Element>();

export function start(): void {
  heard = new Set();
  for (const type of ["click", "submit", "input", "change", "blur"]) hear(type);
  listen(document.documentElement.outerHTML);
}

/** Listens to every DOM event that an attribute in this HTML names. */
export function listen(html: string): void {
  for (const [, name] of html.matchAll(/\slive-([^\s=>"'/]+)/g)) hear(name!);
}

function hear(type: string): void {
  if (heard.has(type)) return;
  heard.add(type);
  if (type.startsWith("window-"))
    on(window, type.slice(7), event => {
      for (const element of all(`[live-${CSS.escape(type)}]`)) react(element, type, event);
    });
  for (const capture of [true, false]) on(document, type, handle, capture);
}

/** Events that bubble are handled when they have bubbled, so that the page can stop them; the others on their way down. */
function handle(event: Event): void {
  const { type, target, bubbles } = event;
  if (bubbles === (event.eventPhase === CAPTURING)) return;
  const path = bubbles ? event.composedPath() : [target];
  if (/submit|blur/.test(type)) flush();
  if (type === "click")
    for (const element of all("[live-click-away]"))
      if (!path.includes(element) && element.checkVisibility()) react(element, "click-away", event);
  for (const element of path) if (isElement(element as Node) && react(element as Element, type, event)) break;
  if (type === "blur" && isControl(target)) yieldTo(target);
}

/** Does what the element's attributes say for this DOM event. True when no element further out shall hear of it. */
function react(element: Element, type: string, event: Event): boolean {
  const isMain = type === (element.matches("form") ? "submit" : "click");
  const name = live(element, type);
  const isBound = isControl(element) && isLive(element, type === "input" ? "model" : `model.${type}`);
  const commands = isMain && live(element, "js");
  const isLink = isMain && isLive(element, "patch");
  if (!(name || isBound || commands || isLink) || !isWanted(element, event as KeyboardEvent)) return false;

  const isConfirmed = isBound || [element, (event as SubmitEvent).submitter].every(agree);
  if (isConfirmed && isLink) follow(element as HTMLAnchorElement, event as MouseEvent);
  if (!isConfirmed || isLive(element, "prevent") || (name && type === "submit")) event.preventDefault();
  if (!isConfirmed) return true;
  if (commands) run(element, commands);
  if (name || isBound) send(element, type, event, name, isBound);
  const isStop = isLive(element, "stop");
  if (isStop) event.stopPropagation();
  return isStop;
}

/** live-self, and for keys live-keys. */
const isWanted = (element: Element, { target, key, isComposing }: KeyboardEvent): boolean =>
  !(target !== element && isLive(element, "self")) &&
  (!key || (!isComposing && (live(element, "keys") ?? key).split(" ").includes(key === " " ? "Space" : key)));

function agree(element: Element | null | undefined): boolean {
  const question = element && live(element, "confirm");
  return !question || confirm(question);
}

/** Sends a bound value, then the event. Where an element is bound, its debounce is that of the binding. */
function send(element: Element, type: string, event: Event, name: string | null, isBound: boolean): void {
  const control = /^(input|change|blur)$/.test(type) && isControl(event.target) && event.target;
  if (control) claim(control);
  const isDebounced = type !== "submit" && (isBound || !modelOf(element));
  const debounce = isDebounced ? (control && live(control, "debounce")) || live(element, "debounce") : 0;
  paced(element, type, Number(debounce), () => {
    if (isBound) sync(element as Control);
    const ref = name && invoke(element, type, event, name);
    if (ref && control) claim(control, ref);
  });
}

function invoke(element: Element, type: string, event: Event, name: string): number | undefined {
  if (type !== "submit") return call(element, name, undefined, offered(element, event));
  if (submitting.has(element)) return undefined;
  submitting.add(element);
  const clear = submitted(element as HTMLFormElement);
  return call(element, name, undefined, offered(element, event), error => {
    submitting.delete(element);
    clear(error);
  });
}
