/** Calling an event of a component from an element. */

import { componentOf } from "./address";
import { loading } from "./feedback";
import { fields, isControl } from "./forms";
import { type Done, post } from "./outbox";
import { record, type Values } from "./protocol";

/** The arguments that the template's author wrote: `live-value-item-id="3"` is `item_id`. */
export function values(element: Element): Values {
  const prefix = "live-value-";
  const own = Array.from(element.attributes).filter(({ name }) => name.startsWith(prefix));
  return record(own.map(({ name, value }) => [name.slice(prefix.length).replaceAll("-", "_"), value]));
}

/** What the browser knows about a DOM event: a form's fields, a control's value, a key, a custom event's detail. */
export function offered(element: Element, event: Event): Values {
  if (element instanceof HTMLFormElement) return fields(element, (event as SubmitEvent).submitter);
  const control = [element, event.target].find(isControl);
  const found: [string, unknown][] = [];
  if (control)
    found.push([
      "value",
      control.type === "checkbox" ? (control as HTMLInputElement).checked : control.value,
    ]);
  if (event instanceof KeyboardEvent) found.push(["key", event.key]);
  if (event instanceof CustomEvent) found.push(["detail", event.detail]);
  return record(found);
}

/** Calls event `name` of the element's component, or of the one that its `live-target` names. */
export function call(
  element: Element,
  name: string,
  args: Values,
  offer: Values = {},
  done?: Done,
): number | undefined {
  const target = element.getAttribute("live-target");
  const to = target ? document.querySelector(target) : element;
  const component = to && componentOf(to);
  if (component)
    return post(["event", component, name, args, offer], loading(element, component, name), done);
  console.warn("livecomp: no component to call", name, "on:", target ?? element);
  return undefined;
}
