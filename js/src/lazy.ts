/** Extras are loaded when a page first uses them. */

import type { Client } from "./client";
import { type Extra, type Extras, here, install, type Name } from "./installed";
import { told } from "./script";

/** The names of the extras -> their URLs, as the server says. */
const urls: Record<string, string> = JSON.parse(told.livecompExtras ?? "{}");

let client: Client;
/** Those that the page uses -> when each is loaded; not, where it could not be. */
const wanted = new Map<Name, Promise<void> | undefined>();

/** @param given what the extras use of the client */
export function start(given: Client): void {
  client = given;
}

async function load(name: Name): Promise<void> {
  try {
    const extra: Extra = await import(urls[name] ?? new URL(`extras/${name}.js`, import.meta.url).href);
    install(name, extra, client);
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
    const extra = here(name);
    if (extra) act?.(extra);
    else failed?.();
  };
  if (here(name)) now();
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
