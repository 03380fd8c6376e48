/** What happens without the user: `live-init`, `live-autofocus`, `live-poll`, `live-intersect`. */

import type { Client } from "../client";
import { doc, isConnected, own } from "../native";
import { among, find, isLive, live } from "../query";

let client: Client;
const started = new WeakSet<Element>();
const polling = new WeakSet<Element>();
/** Where a watched element was when it last came into view. */
const tops = new WeakMap<Element, number>();

export function install(given: Client): void {
  client = given;
  patched([], [doc.documentElement]);
}

/** Sees to the elements that are new, or have got such an attribute. */
export function patched(changed: Element[], added: Element[]): void {
  among("[live-init],[live-autofocus],[live-poll],[live-intersect]", changed, added).forEach(watch);
}

function watch(element: HTMLElement): void {
  if (!started.has(element)) {
    trigger(element, live(element, "init"));
    // Not out of the middle of a word.
    if (isLive(element, "autofocus") && !find(":focus:read-write")) own(element).focus();
  }
  started.add(element);
  if (isLive(element, "intersect")) observer.observe(element);
  if (!polling.has(element)) poll(element);
}

const trigger = (element: Element, name: string | null, done?: () => void) =>
  name && client.call(element, name, undefined, {}, done);

/** `live-poll="5s"` renders the component anew every five seconds, `live-poll="check 500ms"` calls an event. */
function poll(element: Element): void {
  const [interval = "", name] = (live(element, "poll") ?? "").split(" ").reverse();
  const ms = parseFloat(interval) * (interval.endsWith("ms") ? 1 : 1000);
  const again = () => poll(element);
  polling[ms ? "add" : "delete"](element);
  if (ms)
    setTimeout(() => {
      if (!isConnected(element)) polling.delete(element);
      else if (doc.hidden || !client.isOnline()) again();
      else if (name) trigger(element, name, again);
      else client.post(["set", client.componentOf(element), {}], undefined, again);
    }, ms);
}

/** Asks again when the event is done: the element may still be in view, pushed on by what the event brought. */
const observer = new IntersectionObserver(seen => {
  for (const { target, isIntersecting } of seen) {
    const top = isIntersecting ? own(target as HTMLElement).offsetTop : NaN;
    if (isIntersecting && tops.get(target) !== top) {
      observer.unobserve(target);
      trigger(target, live(target, "intersect"), () => observer.observe(target));
    }
    tops.set(target, top);
  }
});
