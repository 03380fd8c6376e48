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
    const disabled = all<HTMLButtonElement>("[live-disable-with]").filter(button =>
      trigger === form ? live(form, "submit") === event && formOf(button) === form : trigger === button,
    );
    const ends = [
      ...[...marked].flatMap(element => [give(element, LOADING, ""), give(element, "aria-busy", "true")]),
      ...disabled.flatMap(disable),
    ];
    return () => {
      for (const end of ends) end();
    };
  };

type End = () => void;

/** Gives an element an attribute. What its author says there holds again afterwards. */
function give(element: Element, name: string, value: string): End {
  const before = getAttribute(element, name);
  own(element).setAttribute(name, value);
  return () => {
    if (before === null) own(element).removeAttribute(name);
    else own(element).setAttribute(name, before);
  };
}

/** Disables a button and shows the text of its `live-disable-with` on it. */
function disable(button: HTMLButtonElement): End[] {
  const hadFocus = button === doc.activeElement;
  const text = live(button, "disable-with");
  return [
    ...(text ? [nodeName(button) === "INPUT" ? give(button, "value", text) : write(button, text)] : []),
    give(button, "disabled", ""),
    () => {
      if (hadFocus && doc.activeElement === doc.body) button.focus({ preventScroll: true });
    },
  ];
}

function write(button: HTMLElement, text: string): End {
  const content = [...button.childNodes];
  button.replaceChildren(text);
  return () => button.replaceChildren(...content);
}
