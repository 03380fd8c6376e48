/** What the page's own JavaScript has to do with components. Elements with `live-hook` are an extra, see `extras/hooks.ts`. */

import { call } from "./call";
import { use } from "./lazy";
import type { HookDefinition, LiveError } from "./livecomp";
import { doc } from "./native";
import { find } from "./query";

export const definitions: Record<string, HookDefinition | undefined> = { __proto__: null! };

/** Defines hooks by name: `hooks({ Chart: { mounted() { … } } })`. Elements that wait for them are mounted at once. */
export function hooks(more: Record<string, HookDefinition>): void {
  Object.assign(definitions, more);
  if (find("[live-hook]")) use("hooks", ({ mountAll }) => mountAll());
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
