/** What happens without the user: `live-init`, `live-autofocus`, `live-poll`, `live-intersect`. */

import type { Client } from "../client";
import { among } from "./among";

let client: Client;
const started = new WeakSet<Element>();
const polling = new WeakSet<Element>();
/** Where a watched element was when it last came into view. */
const tops = new WeakMap<Element, number>();

export function install(given: Client): void {
  client = given;
  patched([], [client.own(document).documentElement]);
}

/** Sees to the elements that are new, or have got such an attribute. */
export function patched(changed: Element[], added: Element[]): void {
  among(client, "[live-init],[live-autofocus],[live-poll],[live-intersect]", changed, added).forEach(watch);
}

function watch(element: HTMLElement): void {
  if (!started.has(element)) {
    trigger(element, client.live(element, "init"));
    // Not out of the middle of a word.
    if (client.isLive(element, "autofocus") && !client.find(":focus:read-write")) client.own(element).focus();
  }
  started.add(element);
  if (client.isLive(element, "intersect")) observer.observe(element);
  if (!polling.has(element)) poll(element);
}

const trigger = (element: Element, name: string | null, done?: () => void) =>
  name && client.call(element, name, undefined, {}, done);

/** `live-poll="5s"` renders the component anew every five seconds, `live-poll="check 500ms"` calls an event. */
function poll(element: Element): void {
  const [interval = "", name] = (client.live(element, "poll") ?? "").split(" ").reverse();
  const ms = parseFloat(interval) * (interval.endsWith("ms") ? 1 : 1000);
  const again = () => poll(element);
  polling[ms ? "add" : "delete"](element);
  if (ms)
    setTimeout(() => {
      if (!client.own(element).isConnected) polling.delete(element);
      else if (client.own(document).hidden || !client.isOnline()) again();
      else if (name) trigger(element, name, again);
      else client.post(["set", client.componentOf(element), {}], undefined, again);
    }, ms);
}

/** Asks again when the event is done: the element may still be in view, pushed on by what the event brought. */
const observer = new IntersectionObserver(seen => {
  for (const { target, isIntersecting } of seen) {
    const top = isIntersecting ? client.own(target as HTMLElement).offsetTop : NaN;
    if (isIntersecting && tops.get(target) !== top) {
      observer.unobserve(target);
      trigger(target, client.live(target, "intersect"), () => observer.observe(target));
    }
    tops.set(target, top);
  }
});
