/** What was sent to the server and not yet acknowledged, in order. Kept while offline, sent again after a resume. */

import { send } from "./connection";
import { UNDER_WAY } from "./constants";
import type { LiveError } from "./livecomp";
import type { ClientMessage } from "./protocol";

/** Shows that a message is under way; what it returns ends that. */
export type Busy = () => () => void;
export type Done = (error?: LiveError) => void;

type Numbered = Extract<ClientMessage, ["event" | "set" | "url", ...unknown[]]>;
type Unnumbered<Message> = Message extends [infer Type, number, ...infer Fields] ? [Type, ...Fields] : never;

export interface Entry {
  numbered: Numbered;
  isSent?: boolean;
  busy?: Busy | undefined;
  idle?: (() => void) | undefined;
  done?: Done | undefined;
}

let last = 0;
let entries: Entry[] = [];
/** Whether the page is joined; undefined before it was tried. */
export let isOnline: boolean | undefined;

/** Numbers a message, sends it now or as soon as the page is joined, and returns its number. */
export function post([type, ...fields]: Unnumbered<Numbered>, busy?: Busy, done?: Done): number {
  const before = entries.at(-1);
  if (
    type === "set" &&
    !done && // somebody waits for the end of this one
    before &&
    !before.done &&
    !before.isSent &&
    before.numbered[0] === type &&
    before.numbered[2] === fields[0]
  ) {
    // Typing while offline changes the message that waits, instead of adding one for each key.
    Object.assign(before.numbered[3], fields[1]);
    return last;
  }
  entries.push({ numbered: [type, ++last, ...fields] as Numbered, busy, done, idle: busy?.() });
  transmit();
  return last;
}

/** Sends what waits, in order, and the rest as soon as there is room for it. */
function transmit(): void {
  for (const entry of entries.slice(0, isOnline ? UNDER_WAY : 0)) {
    if (!entry.isSent) send(entry.numbered);
    entry.isSent = true;
  }
}

/** Goes on after a join: everything that is not acknowledged is sent once more. */
export function resume(): void {
  isOnline = true;
  for (const entry of entries) entry.isSent = false;
  transmit();
}

export function pause(): void {
  isOnline = false;
}

export const isWaiting = (ref: number): boolean =>
  ref === Infinity || entries.some(({ numbered }) => numbered[1] === ref);

/** Takes out what `isDone` names, and does `work` while nothing on the page shows what is under way. */
export function settle(isDone: (entry: Entry) => boolean, work: () => void): Entry[] {
  for (const { idle } of entries.toReversed()) idle?.();
  const done = entries.filter(isDone);
  entries = entries.filter(entry => !done.includes(entry));
  work();
  for (const entry of entries) entry.idle = entry.busy?.();
  transmit();
  return done;
}
