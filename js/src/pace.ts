/** live-debounce, live-throttle, live-once: when, and whether, a call is made. */

interface Pace {
  timer: ReturnType<typeof setTimeout> | 0;
  until: number;
  call?: (() => void) | undefined;
}

const paces = new WeakMap<Element, Map<string, Pace>>();
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
  const own = paces.get(element) ?? new Map<string, Pace>();
  const known = own.get(type);
  if (known && element.hasAttribute("live-once")) return;
  const pace = known ?? { timer: 0, until: 0 };
  paces.set(element, own.set(type, pace));

  const now = performance.now();
  const rest = debounce || pace.until - now;
  if (rest <= 0) {
    flush();
    pace.until = now + Number(element.getAttribute("live-throttle"));
    call();
  } else if (debounce || !/^(click|key|submit)/.test(type)) {
    hold(pace, rest, call);
    wait();
  }
}

function hold(pace: Pace, ms: number, call: () => void): void {
  release(pace);
  pace.call = call;
  pace.timer = setTimeout(fire, ms, pace);
  held.add(pace);
}

function release(pace: Pace): void {
  clearTimeout(pace.timer);
  held.delete(pace);
}

function fire(pace: Pace): void {
  release(pace);
  pace.call?.();
}

/** Makes the calls that wait, in order. */
export function flush(): void {
  held.forEach(fire);
}
