/** What the server asks for beside patches, in a table. */

import { announce, flash } from "./announce";
import { deliver } from "./hooks";
import { go, show } from "./location";
import type { Effect, Effects } from "./protocol";
import { reload } from "./reload";

const actions: { [Kind in keyof Effects]: (...fields: Effects[Kind]) => void } = {
  push: deliver,
  redirect: go,
  navigate: go,
  url: show,
  title: title => {
    document.title = title;
  },
  reload,
  flash: (level, text) => {
    if (announce("flash", { level, text })) flash(level, text);
  },
};

export function carryOut([kind, ...fields]: Effect): void {
  if (Object.hasOwn(actions, kind)) (actions[kind] as (...fields: unknown[]) => void)(...fields);
}
