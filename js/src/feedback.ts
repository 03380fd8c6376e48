/** What shows that an event is under way: data-loading, aria-busy, live-disable-with. */

import { componentOf } from "./address";
import { LOADING } from "./constants";
import { formOf, getAttribute, nodeName } from "./native";
import type { Busy } from "./outbox";
import { all, live } from "./query";

/** Feedback for an event that `trigger` sent: on itself, its form, and every `live-loading` element of the component. */
export const loading =
  (trigger: Element, component: string, event: string): Busy =>
  () => {
    const form = formOf(trigger);
    const isConcerned = (element: Element) =>
      componentOf(element) === component && (live(element, "loading") || event).split(" ").includes(event);
    const marked = [trigger, form ?? trigger, ...all("[live-loading]").filter(isConcerned)];
    const mark = (is: boolean) => {
      for (const element of marked) {
        element.toggleAttribute(LOADING, is);
        element.ariaBusy = is ? "true" : null;
      }
    };
    mark(true);
    const enable = all<HTMLButtonElement>("[live-disable-with]")
      .filter(button =>
        trigger === form ? live(form, "submit") === event && formOf(button) === form : trigger === button,
      )
      .map(disable);
    return () => {
      mark(false);
      for (const again of enable) again();
    };
  };

/** Disables a button and shows the text of its `live-disable-with` on it. */
function disable(button: HTMLButtonElement): () => void {
  const { disabled, childNodes } = button;
  const hadFocus = button === document.activeElement;
  const content = [...childNodes];
  const label = getAttribute(button, "value");
  const text = live(button, "disable-with");
  const isInput = nodeName(button) === "INPUT";
  if (text && isInput) button.value = text;
  else if (text) button.replaceChildren(text);
  button.disabled = true;
  return () => {
    button.disabled = disabled;
    if (!isInput) button.replaceChildren(...content);
    else if (label === null) button.removeAttribute("value");
    else button.value = label;
    if (hadFocus && document.activeElement === document.body) button.focus({ preventScroll: true });
  };
}
