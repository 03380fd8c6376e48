/** `live-hook`: objects of the page's own JavaScript that live as long as an element does. */

import type { Client } from "../client";
import type { Hook, HookDefinition } from "../livecomp";
import { among } from "./among";

type Callback = Parameters<Hook["handleEvent"]>[1];
type What = keyof HookDefinition;

const HOOKED = "[live-hook]";

let client: Client;
const hooked = new Map<Element, Hook & HookDefinition>();
let listeners: [element: Element, name: string, callback: Callback][] = [];

export function install(given: Client): void {
  client = given;
  mountAll();
}

/** Mounts the elements whose hook is defined by now. */
export function mountAll(): void {
  client.all(HOOKED).forEach(mount);
}

const definitionOf = (element: Element) => client.definitions[client.live(element, "hook")!];

function mount(element: HTMLElement): void {
  const definition = definitionOf(element);
  if (!definition || hooked.has(element)) return;
  hooked.set(element, {
    __proto__: definition,
    el: element,
    pushEvent: (name: string, args?: Record<string, unknown>) => client.pushEvent(element, name, args),
    handleEvent: (name: string, callback: Callback) => listeners.push([element, name, callback]),
  } as Hook & HookDefinition);
  tell("mounted", element);
}

/** Tells the hooks of what is gone, the nearest hook of each element that changed, once, and mounts what is new. */
export function patched(changed: Element[], added: Element[]): void {
  for (const [element, hook] of hooked) {
    if (client.own(element).isConnected && definitionOf(element) === Object.getPrototypeOf(hook)) continue;
    listeners = listeners.filter(([listener]) => listener !== element);
    tell("destroyed", element);
    hooked.delete(element);
  }
  for (const host of new Set(changed.map(element => client.own(element).closest<HTMLElement>(HOOKED))))
    tell("updated", host);
  among(client, HOOKED, changed, added).forEach(mount);
}

export const disconnected = (): void => tellAll("disconnected");
export const reconnected = (): void => tellAll("reconnected");

function tellAll(what: What): void {
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

/** An event pushed by the server is for the hooks in that component and those outside of any. */
export function deliver(name: string, payload: unknown, component: string): void {
  const root = client.rootOf(component);
  for (const [element, wanted, callback] of listeners)
    if (wanted === name && ((root && client.belongsTo(root, element)) || !client.componentOf(element)))
      attempt(() => callback(payload));
}
