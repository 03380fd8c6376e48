/** Events that no user makes: `live-init`, `live-poll`, `live-intersect`. */

import { componentOf } from "./address";
import { call, values } from "./call";
import { isOnline, post } from "./outbox";

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000 };
const polling = new WeakSet<Element>();
const done = new WeakSet<Element>();
/** Where a watched element was when it last came into view. */
const tops = new WeakMap<Element, number>();

export function watch(element: Element): void {
  const init = element.getAttribute("live-init");
  if (init && !done.has(element)) call(element, init, values(element));
  done.add(element);
  if (element.hasAttribute("live-intersect")) observer.observe(element);
  if (element.hasAttribute("live-poll") && !polling.has(element)) poll(element);
}

/** `live-poll="5s"` renders the component anew every five seconds, `live-poll="check 500ms"` calls an event. */
function poll(element: Element): void {
  const [, name, amount, unit] =
    /^(?:(\S+)\s+)?([\d.]+)(ms|s|m)?$/.exec(element.getAttribute("live-poll") ?? "") ?? [];
  const component = componentOf(element);
  polling[amount && component ? "add" : "delete"](element);
  if (!amount || !component) return;
  const again = () => poll(element);
  setTimeout(
    () => {
      if (!element.isConnected) polling.delete(element);
      else if (document.hidden || !isOnline()) again();
      else if (name) call(element, name, values(element), {}, again);
      else post(["set", component, {}], undefined, again);
    },
    Number(amount) * (units[unit ?? "s"] ?? 0),
  );
}

/** Asks again when the event is done: the element may still be in view, pushed on by what the event brought. */
const observer = new IntersectionObserver(seen => {
  for (const { target, isIntersecting } of seen) {
    const name = target.getAttribute("live-intersect");
    const { offsetTop } = target as HTMLElement;
    if (!isIntersecting) tops.delete(target);
    else if (name && tops.get(target) !== offsetTop) {
      tops.set(target, offsetTop);
      observer.unobserve(target);
      call(target, name, values(target), {}, () => target.isConnected && observer.observe(target));
    }
  }
});
