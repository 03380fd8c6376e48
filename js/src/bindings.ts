/** The `live-<event>` attributes: one delegated listener for each DOM event that the page's HTML names. */

import { call, offered, values } from "./call";
import { run } from "./commands";
import { type Control, claim, isControl, modelOf, submitted, sync, yieldTo } from "./forms";
import { follow } from "./location";
import { flush, paced } from "./pace";

const ALWAYS = ["click", "submit", "input", "change", "blur"];
const heard = new Set<string>();
/** Forms whose submit is under way. */
const submitting = new WeakSet<Element>();

export function start(): void {
  ALWAYS.forEach(hear);
  listen(document.documentElement.outerHTML);
}

export function stop(): void {
  for (const type of heard) {
    removeEventListener(type.replace(/^window-/, ""), atWindow);
    document.removeEventListener(type, handle);
    document.removeEventListener(type, handle, true);
  }
  heard.clear();
}

/** Listens to every DOM event that an attribute in this HTML names. */
export function listen(html: string): void {
  for (const [, name] of html.matchAll(/\slive-([^\s=>"'/]+)/g)) hear(name!);
}

function hear(type: string): void {
  if (heard.has(type)) return;
  heard.add(type);
  if (type.startsWith("window-")) addEventListener(type.slice(7), atWindow);
  document.addEventListener(type, handle);
  document.addEventListener(type, handle, true);
}

/** Events that bubble are handled when they have bubbled, so that the page can stop them; the others on their way down. */
function handle(event: Event): void {
  if (event.bubbles === (event.eventPhase === Event.CAPTURING_PHASE)) return;
  const { type, target } = event;
  if (type === "submit" || type === "blur") flush();
  if (type === "click" && heard.has("click-away")) away(event);
  const path = event.bubbles ? event.composedPath() : [target];
  for (const element of path) if (element instanceof Element && react(element, type, event)) break;
  if (type === "blur" && isControl(target)) yieldTo(target);
  if (type === "click") follow(event as MouseEvent);
}

function atWindow(event: Event): void {
  const type = `window-${event.type}`;
  for (const element of document.querySelectorAll(`[${CSS.escape(`live-${type}`)}]`))
    react(element, type, event);
}

function away(event: Event): void {
  for (const element of document.querySelectorAll("[live-click-away]"))
    if (!event.composedPath().includes(element) && element.checkVisibility())
      react(element, "click-away", event);
}

/** Does what the element's attributes say for this DOM event. True when no element further out shall hear of it. */
function react(element: Element, type: string, event: Event): boolean {
  const name = element.getAttribute(`live-${type}`);
  const field = isControl(element) ? modelOf(element, type) : null;
  const commands =
    type === (element instanceof HTMLFormElement ? "submit" : "click") && element.getAttribute("live-js");
  if (name === null && field === null && !commands) return false;
  if (element.hasAttribute("live-self") && event.target !== element) return false;
  if (event instanceof KeyboardEvent && !isWanted(element, event)) return false;

  if (element.hasAttribute("live-prevent") || (name !== null && type === "submit")) event.preventDefault();
  const stop = element.hasAttribute("live-stop");
  if (stop) event.stopPropagation();
  if ((name || commands) && !isConfirmed(element, event)) {
    event.preventDefault();
    return true;
  }
  if (commands) run(element, commands);
  if (name || field !== null) send(element, type, event, name, field !== null);
  return stop;
}

/** Sends a bound value, then the event. Where an element is bound, its debounce is that of the binding. */
function send(element: Element, type: string, event: Event, name: string | null, isBound: boolean): void {
  const control = /^(input|change|blur)$/.test(type) && isControl(event.target) ? event.target : null;
  const sources = isBound || modelOf(element) === null ? [control, element] : [];
  const ms = sources.map(source => Number(source?.getAttribute("live-debounce"))).find(Boolean) ?? 0;
  const deliver = () => {
    if (isBound) sync(element as Control);
    const ref = name && invoke(element, type, event, name);
    if (ref && control) claim(control, ref);
  };
  paced(element, type, ms, deliver, () => control && claim(control));
}

function invoke(element: Element, type: string, event: Event, name: string): number | undefined {
  if (type !== "submit") return call(element, name, values(element), offered(element, event));
  if (submitting.has(element)) return undefined;
  const clear = submitted(element as HTMLFormElement);
  submitting.add(element);
  return call(element, name, values(element), offered(element, event), error => {
    submitting.delete(element);
    clear(error);
  });
}

const isWanted = (element: Element, { key, isComposing }: KeyboardEvent): boolean =>
  !isComposing && (element.getAttribute("live-keys") ?? key).split(" ").includes(key === " " ? "Space" : key);

function isConfirmed(element: Element, event: Event): boolean {
  const question = [element, (event as SubmitEvent).submitter].map(asker =>
    asker?.getAttribute("live-confirm"),
  );
  return !question.some(text => text && !confirm(text));
}
