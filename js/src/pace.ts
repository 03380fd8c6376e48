/** live-debounce, live-throttle, live-once: when, and whether, a call is made. */

import { isLive, live } from "./query";

interface Pace {
  timer?: ReturnType<typeof setTimeout>;
  until: number;
  call?: () => void;
}

const paces = new WeakMap<Element, Record<string, Pace>>();
/** Calls that wait for their timer, oldest first. */
const held = new Set<Pace>();

/**
 * Makes a call from `element`, now or later as its attributes say; `wait` is called when it is later.
 * Calls that wait are made before one that does not.
 */
export function paced(
  element: Element,
  type: string,
  debounce: number,
  call: () => void,
  wait: () => void,
): void {
  const own = paces.get(element) ?? {};
  if (own[type] && isLive(element, "once")) return;
  const pace = (own[type] ??= { until: 0 });
  paces.set(element, own);

  const now = performance.now();
  const rest = debounce || pace.until - now;
  if (rest <= 0) {
    flush();
    pace.until = now + Number(live(element, "throttle"));
    call();
  } else if (debounce || !/^(click|key|submit)/.test(type)) {
    release(pace);
    pace.call = call;
    pace.timer = setTimeout(fire, rest, pace);
    held.add(pace);
    wait();
  }
}

function release(pace: Pace): void {
  clearTimeout(pace.timer);
  held.delete(pace);
}

function fire(pace: Pace): void {
  release(pace);
  pace.call!();
}

/** Makes the calls that wait, in order. */
export const flush = (): void => held.forEach(fire);
