/** The `live-<event>` attributes: one delegated listener for each DOM event that the page's HTML names. */

import { call, offered } from "./call";
import { run } from "./commands";
import { type Control, claim, isControl, modelOf, submitted, sync, yieldTo } from "./forms";
import { on } from "./listen";
import { follow } from "./location";
import { flush, paced } from "./pace";
import { all, isLive, live } from "./query";

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
  on(document, type, handle);
  on(document, type, handle, true);
}

/** Events that bubble are handled when they have bubbled, so that the page can stop them; the others on their way down. */
function handle(event: Event): void {
  const { type, target, bubbles } = event;
  if (bubbles === (event.eventPhase === Event.CAPTURING_PHASE)) return;
  const path = bubbles ? event.composedPath() : [target];
  if (/submit|blur/.test(type)) flush();
  if (type === "click")
    for (const element of all("[live-click-away]"))
      if (!path.includes(element) && element.checkVisibility()) react(element, "click-away", event);
  for (const element of path) if (element instanceof Element && react(element, type, event)) break;
  if (type === "blur" && isControl(target)) yieldTo(target);
}

/** Does what the element's attributes say for this DOM event. True when no element further out shall hear of it. */
function react(element: Element, type: string, event: Event): boolean {
  const isClick = type === "click";
  const name = live(element, type);
  const isBound = isControl(element) && !!modelOf(element, [type]);
  const commands = (element.matches("form") ? type === "submit" : isClick) && live(element, "js");
  const isLink = isClick && isLive(element, "patch");
  if (
    !(name || isBound || commands || isLink) ||
    (isLive(element, "self") && event.target !== element) ||
    (event instanceof KeyboardEvent && !isWanted(element, event))
  )
    return false;

  const isRefused = !isBound && !isConfirmed(element, event);
  if (isLink && !isRefused) follow(element as HTMLAnchorElement, event as MouseEvent);
  if (isRefused || isLive(element, "prevent") || (name && type === "submit")) event.preventDefault();
  if (isRefused) return true;
  if (commands) run(element, commands);
  if (name || isBound) send(element, type, event, name, isBound);
  const isStop = isLive(element, "stop");
  if (isStop) event.stopPropagation();
  return isStop;
}

const isWanted = (element: Element, { key, isComposing }: KeyboardEvent) =>
  !isComposing && (live(element, "keys") ?? key).split(" ").includes(key === " " ? "Space" : key);

const isConfirmed = (element: Element, { submitter }: { submitter?: Element | null } & Event) =>
  [element, submitter].every(asker => {
    const question = asker && live(asker, "confirm");
    return !question || confirm(question);
  });

/** Sends a bound value, then the event. Where an element is bound, its debounce is that of the binding. */
function send(element: Element, type: string, event: Event, name: string | null, isBound: boolean): void {
  const control = /^(input|change|blur)$/.test(type) && isControl(event.target) && event.target;
  const isDebounced = type !== "submit" && (isBound || !modelOf(element));
  const debounce = isDebounced ? (control && live(control, "debounce")) || live(element, "debounce") : 0;
  paced(
    element,
    type,
    Number(debounce),
    () => {
      if (isBound) sync(element as Control);
      const ref = name && invoke(element, type, event, name);
      if (ref && control) claim(control, ref);
    },
    () => control && claim(control),
  );
}

function invoke(element: Element, type: string, event: Event, name: string): number | undefined {
  const isSubmit = type === "submit";
  if (submitting.has(element) && isSubmit) return undefined;
  const clear = isSubmit && submitted(element as HTMLFormElement);
  if (isSubmit) submitting.add(element);
  return call(element, name, undefined, offered(element, event), error => {
    if (!clear) return;
    submitting.delete(element);
    clear(error);
  });
}
