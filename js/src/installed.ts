/** The extras that are here: modules of the client that few pages need. `lazy.ts` loads them. */

import type { Client } from "./client";

export interface Extras {
  commands: typeof import("./extras/commands");
  debug: typeof import("./extras/debug");
  hooks: typeof import("./extras/hooks");
  motion: typeof import("./extras/motion");
  navigation: typeof import("./extras/navigation");
  notices: typeof import("./extras/notices");
  outside: typeof import("./extras/outside");
  states: typeof import("./extras/states");
  triggers: typeof import("./extras/triggers");
}
export type Name = keyof Extras;

/** What an extra may hear of, each by a function of that name. */
interface Moments {
  /** Elements have changed or, with all that is in them, came with a patch. */
  patched(changed: Element[], added: Element[]): void;
  /** A state of the page may have changed. */
  reflect(): void;
  /** Somebody clicks; before anything else hears of it. */
  clicked(event: MouseEvent): void;
  disconnected(): void;
  reconnected(): void;
  /** A message came or went, or something is worth a line in the console. */
  logged(what: string, detail: unknown): void;
}

export interface Extra extends Partial<Moments> {
  /** Gives it what it uses of the client, before anything else. */
  install(client: Client): void;
}

const extras: Record<string, Extra> = {};

/** An extra, if it is here. */
export const here = <N extends Name>(name: N): Extras[N] | undefined => extras[name] as Extras[N] | undefined;

export function install(name: Name, extra: Extra, client: Client): void {
  extra.install(client);
  extras[name] = extra;
}

/** Tells the extras that are here of something. One that comes later looks at the page by itself. */
export function tell<M extends keyof Moments>(moment: M, ...news: Parameters<Moments[M]>): void {
  for (const extra of Object.values(extras))
    (extra as Partial<Record<M, (...news: unknown[]) => void>>)[moment]?.(...news);
}
