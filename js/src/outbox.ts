/** What was sent to the server and not yet acknowledged, in order. Kept while offline, sent again after a resume. */

import { send } from "./connection";
import type { LiveError } from "./livecomp";
import type { ClientMessage, Values } from "./protocol";

/** What is shown on the page while an event is under way. */
export interface Busy {
  on(): void;
  off(): void;
}
export type Done = (error?: LiveError) => void;
type Numbered = Extract<ClientMessage, ["event" | "set" | "url", ...unknown[]]>;
type Unnumbered<Message> = Message extends [infer Type, number, ...infer Fields] ? [Type, ...Fields] : never;

export interface Entry {
  message: Numbered;
  sent: boolean;
  busy?: Busy | undefined;
  done?: Done | undefined;
}

let last = 0;
let online = false;
let entries: Entry[] = [];

/** Numbers a message, sends it now or as soon as the page is joined, and returns its number. */
export function post([type, ...fields]: Unnumbered<Numbered>, busy?: Busy, done?: Done): number {
  if (type === "set" && merged(fields as [string, Values])) return last;
  const entry: Entry = { message: [type, ++last, ...fields] as Numbered, sent: false, busy, done };
  entries.push(entry);
  busy?.on();
  if (online) transmit(entry);
  return last;
}

/** Typing while offline changes the entry that waits instead of adding one for each key. */
function merged([component, values]: [string, Values]): boolean {
  const entry = entries.at(-1);
  const same = entry && !entry.sent && entry.message[0] === "set" && entry.message[2] === component;
  if (same) Object.assign(entry.message[3] as Values, values);
  return !!same;
}

function transmit(entry: Entry): void {
  entry.sent = true;
  send(entry.message);
}

/** Goes on after a join: everything that waits is sent, in order. */
export function resume(): void {
  online = true;
  entries.forEach(transmit);
}

export function pause(): void {
  online = false;
}

/** Takes out the entries that `test` names. */
export function take(test: (entry: Entry) => boolean): Entry[] {
  const taken = entries.filter(test);
  entries = entries.filter(entry => !taken.includes(entry));
  return taken;
}

export const isOnline = (): boolean => online;
export const waiting = (): readonly Entry[] => entries;
