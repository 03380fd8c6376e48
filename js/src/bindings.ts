/** The `live-<event>` attributes: one delegated listener for each DOM event that the page's HTML names. */

import { call, offered } from "./call";
import { type Control, claim, isControl, modelOf, submitted, sync, yieldTo } from "./forms";
import { type Name, tell } from "./installed";
import { use } from "./lazy";
import { on } from "./listen";
import { follow } from "./location";
import { attributeNames, doc, findAll, isElement, nodeName } from "./native";
import { flush, paced } from "./pace";
import { all, isLive, live } from "./query";

const CAPTURING = 1; // Event.CAPTURING_PHASE

/** Attributes (without `live-`) that an extra of the client is for: it is loaded when one is seen. */
const extras: Record<string, Name | undefined> = {
  __proto__: null!,
  flash: "notices",
  js: "commands",
  patch: "navigation",
  hook: "hooks",
  init: "triggers",
  autofocus: "triggers",
  poll: "triggers",
  intersect: "triggers",
  offline: "states",
  cloak: "states",
  dirty: "states",
  current: "states",
  leave: "motion",
  transition: "motion",
  "preserve-scroll": "motion",
  "click-away": "outside",
};

let heard: Set<string>;
/** Forms whose submit is under way. */
const submitting = new WeakSet<Element>();

export function start(): void {
  heard = new Set();
  for (const type of ["click", "submit", "input", "change", "blur"]) hear(type);
  listen([doc.documentElement]);
}

/** Listens to every DOM event that an attribute of these elements, or of one in them, names. */
export function listen(roots: Element[]): void {
  for (const elements of [roots, ...roots.map(root => findAll(root, "*"))])
    for (const element of elements)
      for (const name of attributeNames(element)) if (name.startsWith("live-")) hear(name.slice(5));
}

/** Whether this HTML may name a DOM event that nobody listens to yet: perhaps only its text does. */
export function mayHaveNews(html: string): boolean {
  for (const [, name] of html.matchAll(/live-([^\s=>"'/]+)/gi))
    if (!heard.has(name!.toLowerCase())) return true;
  return false;
}

function hear(type: string): void {
  if (heard.has(type)) return;
  heard.add(type);
  const extra = extras[type];
  if (extra) {
    use(extra);
    return;
  }
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
  if (type === "click") tell("clicked", event as MouseEvent);
  for (const element of path) if (isElement(element as Node) && react(element as Element, type, event)) break;
  if (type === "blur" && isControl(target)) yieldTo(target);
}

/** Does what the element's attributes say for this DOM event. True when no element further out shall hear of it. */
export function react(element: Element, type: string, event: Event): boolean {
  const isMain = type === (nodeName(element) === "FORM" ? "submit" : "click");
  const name = live(element, type);
  const isBound = isControl(element) && isLive(element, type === "input" ? "model" : `model.${type}`);
  const commands = isMain && live(element, "js");
  const isLink = isMain && isLive(element, "patch");
  if (!(name || isBound || commands || isLink) || !isWanted(element, event as KeyboardEvent)) return false;

  const isConfirmed = isBound || [element, (event as SubmitEvent).submitter].every(agree);
  if (isConfirmed && isLink) follow(element as HTMLAnchorElement, event as MouseEvent);
  if (!isConfirmed || isLive(element, "prevent") || (name && type === "submit")) event.preventDefault();
  if (!isConfirmed) return true;
  if (commands) use("commands", ({ run }) => run(element, commands));
  if (name || isBound) send(element, type, event, name, isBound);
  const isStop = isLive(element, "stop");
  if (isStop) event.stopPropagation();
  return isStop;
}

/** live-self, and for keys live-keys. (What Safari sends for an input method after its end has the key code 229.) */
const isWanted = (element: Element, { target, key, keyCode, isComposing }: KeyboardEvent): boolean =>
  !(target !== element && isLive(element, "self")) &&
  (!key ||
    (!isComposing &&
      keyCode !== 229 &&
      (live(element, "keys") ?? key).split(" ").includes(key === " " ? "Space" : key)));

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
  const make = () => {
    if (isBound) sync(element as Control);
    const ref = name && invoke(element, type, event, name);
    if (ref && control) claim(control, ref);
  };
  paced(element, type, Number(debounce), make, (event as KeyboardEvent).key);
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
