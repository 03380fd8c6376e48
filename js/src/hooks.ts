/** `live-hook`: objects of the page's own JavaScript that live as long as an element does. */

import { componentOf, rootOf } from "./address";
import { announce } from "./announce";
import { call } from "./call";
import type { Hook, HookDefinition, LiveError } from "./livecomp";
import { record } from "./protocol";

type Callback = Parameters<Hook["handleEvent"]>[1];
type What = keyof HookDefinition;

const definitions = new Map<string, HookDefinition>();
const hooked = new Map<Element, Hook & HookDefinition>();
let listeners: [element: Element, name: string, callback: Callback][] = [];

/** Defines hooks by name: `hooks({ Chart: { mounted() { … } } })`. Elements that wait for them are mounted at once. */
export function hooks(more: Record<string, HookDefinition>): void {
  for (const [name, definition] of Object.entries(more)) definitions.set(name, definition);
  for (const element of document.querySelectorAll("[live-hook]")) mount(element);
}

/** Calls an event of an element's component. Resolves when it is done: with nothing, or with the server's error. */
export function pushEvent(
  target: Element | string,
  name: string,
  args: Record<string, unknown> = {},
): Promise<LiveError | undefined> {
  return new Promise(resolve => {
    const element = typeof target === "string" ? document.querySelector(target) : target;
    if (!element || !call(element, name, record(Object.entries(args)), {}, resolve))
      resolve({ code: "unknown_component", message: `No component at ${target}.` });
  });
}

export function mount(element: Element): void {
  const definition = definitions.get(element.getAttribute("live-hook") ?? "");
  if (!definition || hooked.has(element)) return;
  const hook: Hook & HookDefinition = Object.assign(Object.create(definition), {
    el: element,
    pushEvent: (name: string, args?: Record<string, unknown>) => pushEvent(element, name, args),
    handleEvent: (name: string, callback: Callback) => listeners.push([element, name, callback]),
  });
  hooked.set(element, hook);
  tell(hook, "mounted");
}

/** After a patch: tells the hooks of what is gone, and the nearest hook of each element that changed, once. */
export function patched(changed: Iterable<Element>): void {
  for (const [element, hook] of hooked) {
    const definition = definitions.get(element.getAttribute("live-hook") ?? "");
    if (element.isConnected && definition === Object.getPrototypeOf(hook)) continue;
    hooked.delete(element);
    listeners = listeners.filter(([listener]) => listener !== element);
    tell(hook, "destroyed");
  }
  const hosts = new Set(Array.from(changed, element => element.closest("[live-hook]")));
  for (const [element, hook] of hooked) if (hosts.has(element)) tell(hook, "updated");
}

export function tellAll(what: What): void {
  for (const hook of hooked.values()) tell(hook, what);
}

/** An error in the page's own code must not stop ours. */
function tell(hook: HookDefinition, what: What): void {
  attempt(() => hook[what]?.());
}

function attempt(work: () => void): void {
  try {
    work();
  } catch (error) {
    reportError(error);
  }
}

/** An event pushed by the server: to the hooks in that component and outside of any, and as `live:push`. */
export function deliver(name: string, payload: unknown, component: string): void {
  const root = rootOf(component);
  for (const [element, wanted, callback] of listeners)
    if (wanted === name && (root?.contains(element) || !componentOf(element)))
      attempt(() => callback(payload));
  announce("push", { name, payload, component }, root);
}
