/** What shows that an event is under way: data-loading, aria-busy, live-disable-with. */

import { componentOf } from "./address";
import { LOADING } from "./constants";
import type { Busy } from "./outbox";
import { all, live } from "./query";

/** Feedback for an event that `trigger` sent: on itself, its form, and every `live-loading` element of the component. */
export const loading =
  (trigger: Element, component: string, event: string): Busy =>
  () => {
    const form = trigger.closest("form");
    const isConcerned = (element: Element) =>
      componentOf(element) === component && (live(element, "loading") || event).split(" ").includes(event);
    const marked = new Set([trigger, form ?? trigger, ...all("[live-loading]").filter(isConcerned)]);
    const unmark = [...marked].map(mark);
    const enable = all<HTMLButtonElement>("[live-disable-with]")
      .filter(button =>
        trigger === form ? live(form, "submit") === event && form.contains(button) : trigger === button,
      )
      .map(disable);
    return () => {
      for (const end of [...unmark, ...enable]) end();
    };
  };

/** Marks an element as busy. What the page's author says about that holds again afterwards. */
function mark(element: Element): () => void {
  const before = element.ariaBusy;
  element.setAttribute(LOADING, "");
  element.ariaBusy = "true";
  return () => {
    element.removeAttribute(LOADING);
    element.ariaBusy = before;
  };
}

/** Disables a button and shows the text of its `live-disable-with` on it. */
function disable(button: HTMLButtonElement): () => void {
  const { disabled, childNodes } = button;
  const hadFocus = button === document.activeElement;
  const content = [...childNodes];
  const text = live(button, "disable-with");
  if (text) button.replaceChildren(text);
  button.disabled = true;
  return () => {
    button.disabled = disabled;
    button.replaceChildren(...content);
    if (hadFocus && document.activeElement === document.body) button.focus({ preventScroll: true });
  };
}
