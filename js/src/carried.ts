/**
 * Events that are under way when the page is loaded again. The next page asks for their outcome: what happens once
 * (`@event(once=True)`) gets its answer there; of the others nobody knows any more.
 */

import { report } from "./announce";
import { DOUBT, EVENTS, MINUTE } from "./constants";
import { events, post } from "./outbox";
import { keep as keepForLater, take } from "./storage";

interface Kept {
  path: string;
  time: number;
  isForced: boolean;
  events: [component: string, name: string, key: string][];
}

/** The client itself has the page loaded again. */
let isForced = false;
export const force = (): void => void (isForced = true);

/** Whether the visitor is told what became of those events although nobody knows. */
export let isTold = false;

/** Keeps what page `id` has under way for the next page of this tab. */
export function keep(id: string): void {
  const waiting = events();
  if (!waiting[0]) return;
  const page = id.split(".", 2).join(".");
  keepForLater(EVENTS, {
    path: location.pathname,
    time: Date.now(),
    isForced,
    events: waiting.map(([, ref, component, name, , , key]) => [component, name, key ?? `${page}:${ref}`]),
  } satisfies Kept);
}

/**
 * Asks for the outcome of what the last page had under way, if this is the same page again; else that waits for it. After
 * a day the server may have forgotten, so nobody knows any more.
 */
export function ask(): void {
  const kept = take<Kept>(EVENTS);
  if (!kept) return;
  const isOld = Date.now() - kept.time > 1440 * MINUTE;
  isTold = kept.isForced;
  if (kept.path === location.pathname && !isOld)
    for (const [component, name, key] of kept.events) post(["event", component, name, {}, {}, key]);
  else if (isTold || isOld) report(DOUBT);
  else keepForLater(EVENTS, kept);
}
