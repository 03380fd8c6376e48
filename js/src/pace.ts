/** live-debounce, live-throttle, live-once: when, and whether, a call is made. */

import { isLive, live } from "./query";

interface Pace {
  timer?: ReturnType<typeof setTimeout>;
  until: number;
  make?: () => void;
}

const paces = new WeakMap<Element, Record<string, Pace>>();
/** Calls that wait for their timer, oldest first. */
const held = new Set<Pace>();

/**
 * Makes a call from `element`, now or later as its attributes say. Calls that wait are made before one that does not.
 *
 * @param key of a key event: each key is throttled by itself, as the calls of two keys are not the same
 */
export function paced(
  element: Element,
  type: string,
  debounce: number,
  call: () => void,
  key: string | undefined,
): void {
  const own = paces.get(element) ?? {};
  paces.set(element, own);
  const isOnce = isLive(element, "once");
  const name = key && !debounce && !isOnce ? `${type} ${key}` : type;
  if (isOnce && own[name]) return;
  const pace = (own[name] ??= { until: 0 });

  const now = performance.now();
  const rest = debounce || pace.until - now;
  pace.make = call;
  if (rest <= 0) {
    held.add(pace);
    pace.until = now + Number(live(element, "throttle"));
    flush();
  } else if (debounce || !/^(click|(window-)?key|submit)/.test(type)) {
    release(pace);
    held.add(pace);
    pace.timer = setTimeout(fire, rest, pace);
  }
}

function release(pace: Pace): void {
  clearTimeout(pace.timer);
  held.delete(pace);
}

function fire(pace: Pace): void {
  release(pace);
  pace.make!();
}

/** Makes the calls that wait, in order. */
export const flush = (): void => held.forEach(fire);
