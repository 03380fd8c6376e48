/** What the extras use of the client. They hold nothing of it that has a state: there would be two of it. */

import { componentOf, rootOf } from "./address";
import { report, texts } from "./announce";
import { call } from "./call";
import { controls, isControl, isDirty } from "./forms";
import { definitions, pushEvent } from "./hooks";
import { tell } from "./lazy";
import { left, path, safe, started } from "./location";
import { belongsTo } from "./others";
import { isOnline, post } from "./outbox";
import { flush } from "./pace";

export const client = {
  belongsTo,
  call,
  componentOf,
  controls,
  definitions,
  flush,
  isControl,
  isDirty,
  isOnline: () => isOnline,
  left,
  path,
  post,
  pushEvent,
  report,
  rootOf,
  safe,
  started,
  tell,
  texts,
};
export type Client = typeof client;
