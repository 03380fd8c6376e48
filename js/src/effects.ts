/** What the server asks for beside patches, in a table. */

import { rootOf } from "./address";
import { announce, flash } from "./announce";
import { FLASHES } from "./constants";
import { isInUse, use } from "./lazy";
import { go, show } from "./location";
import { doc } from "./native";
import type { Actions, Effect, Effects, Table } from "./protocol";
import { reload } from "./reload";
import { keep, take } from "./storage";

const actions = {
  __proto__: null,
  push: (name: string, payload: unknown, component: string) => {
    if (isInUse("hooks")) use("hooks", ({ deliver }) => deliver(name, payload, component));
    announce("push", { name, payload, component }, rootOf(component));
  },
  redirect: go,
  navigate: go,
  url: show,
  title: (title: string) => {
    doc.title = title;
  },
  reload,
  flash,
} satisfies Actions<Omit<Effects, "doubt">>;

/** Carries the effects of one message out. What is said together with a redirect is said on the page that it leads to. */
export function carryOut(effects: Effect[]): void {
  const leaves = effects.some(([kind]) => kind === "redirect" || kind === "navigate");
  const kept = leaves ? effects.filter(([kind]) => kind === "flash") : [];
  // Without session storage: better said for a moment than not at all.
  if (kept[0] && keep(FLASHES, [...left(), ...kept]))
    effects = effects.filter(effect => !kept.includes(effect));
  for (const [kind, ...fields] of effects) (actions as Table)[kind]?.(...fields);
}

const left = () => take<Effect[]>(FLASHES) ?? [];

/** Says what the last page has left to say. */
export const start = (): void => carryOut(left());
