import type { Client } from "../client";

/** Those of the elements that changed, or came with a patch, or are in one that came, which a selector finds. */
export const among = (
  { all, own }: Client,
  selector: string,
  changed: Element[],
  added: Element[],
): HTMLElement[] =>
  [...changed, ...added, ...added.flatMap(root => all(selector, root))].filter(
    (element): element is HTMLElement => own(element).matches(selector),
  );
