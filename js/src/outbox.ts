/** What was sent to the server and not yet acknowledged, in order. Kept while offline, sent again after a resume. */

import { send } from "./connection";
import { BREAKDOWNS, UNDER_WAY } from "./constants";
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
/** The highest number that was ever sent. */
export let sent = 0;
let entries: Entry[] = [];
/** Whether the page is joined; undefined before it was tried. */
export let isOnline: boolean | undefined;

/** Numbers a message, sends it now or as soon as the page is joined, and returns its number. */
export function post([type, ...fields]: Unnumbered<Numbered>, busy?: Busy, done?: Done): number {
  const [field = ""] = Object.keys(fields[1] ?? {});
  const before = entries.findLast(
    ({ isSent, numbered: [kind, , component, values] }) =>
      isSent || kind !== "set" || (component === fields[0] && Object.hasOwn(values, field)),
  );
  // `done`: somebody waits for the end of that one.
  if (type === "set" && !done && before && !before.done && !before.isSent && before.numbered[0] === type) {
    // Typing while offline changes the message that waits with the field, instead of adding one for each key.
    Object.assign(before.numbered[3], fields[1]);
    return before.numbered[1];
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
    sent = Math.max(sent, entry.numbered[1]);
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

/** The outcome of every message up to this number is known. */
export const heard = (): number => (entries[0]?.numbered[1] ?? last + 1) - 1;

type Event = Extract<Numbered, ["event", ...unknown[]]>;

/** The events among them. */
export const events = (): Event[] =>
  entries.map(({ numbered }) => numbered).filter(numbered => numbered[0] === "event");

let suspect = 0;
let breakdowns = 0;

/** The server broke down. Gives the number of the first message that it had, when that happens for the third time. */
export function blame(): number | undefined {
  const first = isOnline && entries.find(({ isSent }) => isSent)?.numbered[1];
  if (!first) return undefined;
  breakdowns = first === suspect ? breakdowns + 1 : 1;
  suspect = first;
  return breakdowns < BREAKDOWNS ? undefined : first;
}

export const isWaiting = (ref: number): boolean =>
  ref === Infinity || entries.some(({ numbered }) => numbered[1] === ref);

/** Whether message `ref` is an event that a server had which has lost its state: it may refuse to hear it again. */
export const isDoubtful = (ref: number): boolean =>
  entries.some(({ isSent, numbered }) => isSent && numbered[0] === "event" && numbered[1] === ref);

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
