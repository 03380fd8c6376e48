/** What the server asks for beside patches, in a table. */

import { flash } from "./announce";
import { deliver } from "./hooks";
import { go, show } from "./location";
import type { Actions, Effect, Effects, Table } from "./protocol";
import { reload } from "./reload";

const actions = {
  __proto__: null,
  push: deliver,
  redirect: go,
  navigate: go,
  url: show,
  title: (title: string) => {
    document.title = title;
  },
  reload,
  flash,
} satisfies Actions<Omit<Effects, "doubt">>;

export function carryOut([kind, ...fields]: Effect): void {
  (actions as Table)[kind]?.(...fields);
}
