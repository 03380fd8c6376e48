/** What shows that an event is under way: data-loading, aria-busy, live-disable-with. Taken off and put on again around a patch. */

import { componentOf } from "./address";
import { LOADING } from "./constants";
import type { Busy } from "./outbox";

const marks = [LOADING, "aria-busy"];

/** Feedback for an event that `trigger` sent: on itself, its form, and every `live-loading` element of the component. */
export function loading(trigger: Element, component: string, event: string): Busy {
  const form = trigger.closest("form");
  let marked: Element[] = [];
  let enable: (() => void)[] = [];
  return {
    on() {
      const others = Array.from(document.querySelectorAll("[live-loading]")).filter(
        element => names(element, event) && componentOf(element) === component,
      );
      marked = [trigger, ...(form ? [form] : []), ...others];
      for (const element of marked) for (const name of marks) element.setAttribute(name, "true");
      const buttons = trigger === form ? form.querySelectorAll("[live-disable-with]") : [trigger];
      enable = Array.from(buttons, disable);
    },
    off() {
      for (const element of marked) for (const name of marks) element.removeAttribute(name);
      for (const again of enable) again();
    },
  };
}

/** `live-loading` without a value stands for every event. */
function names(element: Element, event: string): boolean {
  const events = element.getAttribute("live-loading")!;
  return !events || events.split(/\s+/).includes(event);
}

/** Disables a button that has `live-disable-with` and shows that text on it. */
function disable(button: Element): () => void {
  const text = button.getAttribute("live-disable-with");
  if (text === null || !isButton(button) || button.disabled) return () => {};
  const focused = button === document.activeElement;
  const content = Array.from(button.childNodes);
  const { value } = button;
  button.disabled = true;
  if (text) button instanceof HTMLInputElement ? (button.value = text) : button.replaceChildren(text);
  return () => {
    button.disabled = false;
    if (text)
      button instanceof HTMLInputElement ? (button.value = value) : button.replaceChildren(...content);
    if (focused && document.activeElement === document.body) button.focus({ preventScroll: true });
  };
}

const isButton = (element: Element): element is HTMLButtonElement | HTMLInputElement =>
  element instanceof HTMLButtonElement || element instanceof HTMLInputElement;
