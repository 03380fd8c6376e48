/** `live-hook`: objects of the page's own JavaScript that live as long as an element does. */

import { componentOf, rootOf } from "./address";
import { announce } from "./announce";
import { call } from "./call";
import type { Hook, HookDefinition, LiveError } from "./livecomp";
import { closest, doc, isConnected } from "./native";
import { belongsTo } from "./others";
import { all, find, live } from "./query";

type Callback = Parameters<Hook["handleEvent"]>[1];
type What = keyof HookDefinition;

const definitions: Record<string, HookDefinition | undefined> = { __proto__: null! };
const hooked = new Map<Element, Hook & HookDefinition>();
let listeners: [element: Element, name: string, callback: Callback][] = [];

/** Defines hooks by name: `hooks({ Chart: { mounted() { … } } })`. Elements that wait for them are mounted at once. */
export function hooks(more: Record<string, HookDefinition>): void {
  Object.assign(definitions, more);
  all("[live-hook]").forEach(mount);
}

/** Calls an event of an element's component. Resolves when it is done: with nothing, or with the server's error. */
export const pushEvent = (
  target: Element | string,
  name: string,
  args: Record<string, unknown> = {},
): Promise<LiveError | undefined> =>
  new Promise(resolve => {
    const element = typeof target === "string" ? find(target) : target;
    call(element ?? doc.documentElement, name, args, {}, resolve);
  });

const definitionOf = (element: Element) => definitions[live(element, "hook")!];

export function mount(element: HTMLElement): void {
  const definition = definitionOf(element);
  if (!definition || hooked.has(element)) return;
  hooked.set(element, {
    __proto__: definition,
    el: element,
    pushEvent: (name: string, args?: Record<string, unknown>) => pushEvent(element, name, args),
    handleEvent: (name: string, callback: Callback) => listeners.push([element, name, callback]),
  } as Hook & HookDefinition);
  tell("mounted", element);
}

/** After a patch: tells the hooks of what is gone, and the nearest hook of each element that changed, once. */
export function patched(changed: Iterable<Element>): void {
  for (const [element, hook] of hooked) {
    if (isConnected(element) && definitionOf(element) === Object.getPrototypeOf(hook)) continue;
    listeners = listeners.filter(([listener]) => listener !== element);
    tell("destroyed", element);
    hooked.delete(element);
  }
  for (const host of new Set([...changed].map(element => closest(element, "[live-hook]"))))
    tell("updated", host);
}

export function tellAll(what: What): void {
  for (const element of hooked.keys()) tell(what, element);
}

function tell(what: What, element: Element | null): void {
  const hook = hooked.get(element!);
  attempt(() => hook?.[what]?.());
}

/** An error in the page's own code must not stop ours. */
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
    if (wanted === name && ((root && belongsTo(root, element)) || !componentOf(element)))
      attempt(() => callback(payload));
  announce("push", { name, payload, component }, root);
}
