/** Calling an event of a component from an element. */

import { componentOf } from "./address";
import { report } from "./announce";
import { JSON_MARK } from "./constants";
import { loading } from "./feedback";
import { entries, isControl } from "./forms";
import { attributeNames, getAttribute } from "./native";
import { type Done, post } from "./outbox";
import { type Entry, UNSAFE, type Values } from "./protocol";
import { find, live } from "./query";

/** What an attribute's text stands for: JSON behind its mark, any other text as it is. */
function read(text: string): unknown {
  try {
    return text.startsWith(JSON_MARK) ? JSON.parse(text.slice(JSON_MARK.length)) : text;
  } catch {
    return text; // several pieces that only begin like it
  }
}

/** The arguments that the template's author wrote: `live-value-item-id="3"` is `item_id`. */
export const values = (element: Element): Values =>
  Object.fromEntries(
    attributeNames(element)
      .filter(name => name.startsWith("live-value-"))
      .map(name => [name.slice(11).replaceAll("-", "_"), read(getAttribute(element, name)!)] as const)
      .filter(([name]) => !UNSAFE.test(name)),
  );

/** What the browser knows about a DOM event: a form's fields, a control's value, a key, a custom event's detail. */
export function offered(element: Element, event: Event): Values | Entry[] {
  if (element instanceof HTMLFormElement) return entries(element, (event as SubmitEvent).submitter);
  const control = [element, event.target].find(isControl);
  const { key, detail } = event as KeyboardEvent & CustomEvent;
  const value = control?.type === "checkbox" ? control.checked : control?.value;
  return { value, key, detail: event instanceof CustomEvent ? detail : undefined };
}

/** Calls event `name` of the element's component, or of the one that its `live-target` names. Returns its number. */
export function call(
  element: Element,
  name: string,
  args: Values = values(element),
  offer: Values | Entry[] = {},
  done?: Done,
): number | undefined {
  const target = live(element, "target");
  const component = componentOf(target ? find(target) : element);
  if (component)
    return post(["event", component, name, args, offer], loading(element, component, name), done);
  const error = { code: "unknown_component", message: name };
  report(error, element);
  done?.(error);
  return undefined;
}
