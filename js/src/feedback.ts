/** What shows that an event is under way: data-loading, aria-busy, live-disable-with. */

import { componentOf } from "./address";
import { LOADING } from "./constants";
import { doc, formOf, getAttribute, nodeName, own } from "./native";
import type { Busy } from "./outbox";
import { all, live } from "./query";

/** Feedback for an event that `trigger` sent: on itself, its form, and every `live-loading` element of the component. */
export const loading =
  (trigger: Element, component: string, event: string): Busy =>
  () => {
    const form = formOf(trigger);
    const isConcerned = (element: Element) =>
      componentOf(element) === component && (live(element, "loading") || event).split(" ").includes(event);
    const marked = new Set([trigger, form ?? trigger, ...all("[live-loading]").filter(isConcerned)]);
    const unmark = [...marked].map(mark);
    const enable = all<HTMLButtonElement>("[live-disable-with]")
      .filter(button =>
        trigger === form ? live(form, "submit") === event && formOf(button) === form : trigger === button,
      )
      .map(disable);
    return () => {
      for (const end of [...unmark, ...enable]) end();
    };
  };

/** Marks an element as busy. What the page's author says about that holds again afterwards. */
function mark(element: Element): () => void {
  const before = own(element).ariaBusy;
  own(element).setAttribute(LOADING, "");
  own(element).ariaBusy = "true";
  return () => {
    own(element).removeAttribute(LOADING);
    own(element).ariaBusy = before;
  };
}

/** Disables a button and shows the text of its `live-disable-with` on it. */
function disable(button: HTMLButtonElement): () => void {
  const shown = own(button);
  const { disabled, childNodes } = shown;
  const hadFocus = button === doc.activeElement;
  const content = [...childNodes];
  const label = getAttribute(button, "value");
  const text = live(button, "disable-with");
  const isInput = nodeName(button) === "INPUT";
  if (text && isInput) shown.value = text;
  else if (text) shown.replaceChildren(text);
  shown.disabled = true;
  return () => {
    shown.disabled = disabled;
    if (!isInput) shown.replaceChildren(...content);
    else if (label === null) shown.removeAttribute("value");
    else shown.value = label;
    if (hadFocus && doc.activeElement === doc.body) shown.focus({ preventScroll: true });
  };
}
