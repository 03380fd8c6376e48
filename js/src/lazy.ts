/** Extras: modules of the client that few pages need. One is loaded when a page first uses it. */

import { report } from "./announce";
import { SCRIPT } from "./constants";
import { find } from "./query";

interface Extras {
  commands: typeof import("./extras/commands");
  debug: typeof import("./extras/debug");
  hooks: typeof import("./extras/hooks");
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
  /** The page has defined more hooks. */
  defined(): void;
  disconnected(): void;
  reconnected(): void;
  /** A message came or went, or something is worth a line in the console. */
  logged(what: string, detail: unknown): void;
}

interface Extra extends Partial<Moments> {
  /** Gives it what it uses of the client, before anything else. */
  install(client: unknown): void;
}

/** The names of the extras -> their URLs, as the server says. */
const urls: Record<string, string> = JSON.parse(find(SCRIPT)?.dataset.livecompExtras ?? "{}");

let client: unknown;
const extras: Record<string, Extra> = {};
/** Those that are here, or on their way. */
const wanted = new Map<Name, Promise<void>>();

/** @param given what the extras use of the client */
export function start(given: unknown): void {
  client = given;
}

async function load(name: Name): Promise<void> {
  try {
    const extra: Extra = await import(urls[name] ?? new URL(`extras/${name}.js`, import.meta.url).href);
    extra.install(client);
    extras[name] = extra;
  } catch (error) {
    wanted.delete(name); // the next use tries again
    report({ code: "extra", message: `${name}: ${error}` });
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
    if (!wanted.has(name)) wanted.set(name, load(name));
    wanted.get(name)!.then(now);
  }
}

/** Whether an extra is here, or on its way. */
export const isInUse = (name: Name): boolean => wanted.has(name);

/** Tells the extras that are here of something. One that comes later looks at the page by itself. */
export function tell<M extends keyof Moments>(moment: M, ...news: Parameters<Moments[M]>): void {
  for (const extra of Object.values(extras))
    (extra as Partial<Record<M, (...news: unknown[]) => void>>)[moment]?.(...news);
}
