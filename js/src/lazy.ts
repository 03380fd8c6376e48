/** Extras: modules of the client that few pages need. One is loaded when a page first uses it. */

import type { Client } from "./client";
import { told } from "./script";

interface Extras {
  commands: typeof import("./extras/commands");
  debug: typeof import("./extras/debug");
  hooks: typeof import("./extras/hooks");
  notices: typeof import("./extras/notices");
  navigation: typeof import("./extras/navigation");
  states: typeof import("./extras/states");
  triggers: typeof import("./extras/triggers");
}
export type Name = keyof Extras;

/** What an extra may hear of, each by a function of that name. */
export interface Moments {
  /** Elements have changed or, with all that is in them, came with a patch. */
  patched(changed: Element[], added: Element[]): void;
  /** A state of the page may have changed. */
  reflect(): void;
  disconnected(): void;
  reconnected(): void;
  /** A message came or went, or something is worth a line in the console. */
  logged(what: string, detail: unknown): void;
}

interface Extra extends Partial<Moments> {
  /** Gives it what it uses of the client, before anything else. */
  install(client: Client): void;
}

/** The names of the extras -> their URLs, as the server says. */
const urls: Record<string, string> = JSON.parse(told.livecompExtras ?? "{}");

let client: Client;
const extras: Record<string, Extra> = {};
/** Those that the page uses -> when each is loaded; not, where it could not be. */
const wanted = new Map<Name, Promise<void> | undefined>();

/** @param given what the extras use of the client */
export function start(given: Client): void {
  client = given;
}

async function load(name: Name): Promise<void> {
  try {
    const extra: Extra = await import(urls[name] ?? new URL(`extras/${name}.js`, import.meta.url).href);
    extra.install(client);
    extras[name] = extra;
  } catch (error) {
    client.report({ code: "extra", message: `${name}: ${error}` });
    wanted.set(name, undefined); // the next use tries again
  }
}

/**
 * Does something with an extra: at once if it is here, else as soon as it is loaded. Without an act it is only loaded.
 *
 * @param failed called when it cannot be loaded
 */
export function use<N extends Name>(name: N, act?: (extra: Extras[N]) => void, failed?: () => void): void {
  const now = () => {
    const extra = extras[name] as Extras[N] | undefined;
    if (extra) act?.(extra);
    else failed?.();
  };
  if (extras[name]) now();
  else {
    if (!wanted.get(name)) wanted.set(name, load(name));
    wanted.get(name)!.then(now);
  }
}

/** Tries once more to load what could not be loaded. */
export function retry(): void {
  for (const name of wanted.keys()) use(name);
}

/** Whether the page uses an extra. */
export const isInUse = (name: Name): boolean => wanted.has(name);

/** Tells the extras that are here of something. One that comes later looks at the page by itself. */
export function tell<M extends keyof Moments>(moment: M, ...news: Parameters<Moments[M]>): void {
  for (const extra of Object.values(extras))
    (extra as Partial<Record<M, (...news: unknown[]) => void>>)[moment]?.(...news);
}
