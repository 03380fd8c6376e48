/** What the extras use of the client. They hold nothing of it that has a state: there would be two of it. */

import { componentOf, rootOf } from "./address";
import { report, texts } from "./announce";
import { react } from "./bindings";
import { call } from "./call";
import { controls, isControl, isDirty } from "./forms";
import { definitions, pushEvent } from "./hooks";
import { keyOf } from "./identity";
import { tell } from "./installed";
import { left, path, safe, started } from "./location";
import { formOf, own } from "./native";
import { belongsTo, foreign } from "./others";
import { isOnline, post } from "./outbox";
import { flush } from "./pace";
import { all, find, isLive, live } from "./query";
import { findTarget } from "./targets";

export const client = {
  all,
  belongsTo,
  call,
  componentOf,
  controls,
  definitions,
  find,
  findTarget,
  flush,
  foreign,
  formOf,
  isControl,
  isDirty,
  keyOf,
  isLive,
  isOnline: () => isOnline,
  left,
  live,
  own,
  path,
  post,
  pushEvent,
  react,
  report,
  rootOf,
  safe,
  started,
  tell,
  texts,
};
export type Client = typeof client;
