/** What the tests of the morph find in their page: a stage, patches for it, and assertions. */
import { applyPatches, type MorphOptions, morph } from "./morphing";

const work = document.querySelector("main")!;

export const helpers = {
  morph,
  applyPatches,

  /** Shows HTML as if the server had sent it with the page; its root is a component's, unless it says otherwise. */
  stage(html: string): HTMLElement {
    work.innerHTML = html;
    const root = work.firstElementChild as HTMLElement;
    if (!root.hasAttribute("lc")) root.setAttribute("lc", "c0.0");
    return root;
  },

  /** Sends a patch through everything a real one goes through. */
  patch(html: string, address = "c0.0", options: MorphOptions = {}): void {
    equal(applyPatches(document, [[address, html]], options), []);
  },

  find<E extends HTMLElement = HTMLElement>(selector: string): E {
    const element = work.querySelector<E>(selector);
    if (!element) throw new Error(`no ${selector} in ${work.innerHTML}`);
    return element;
  },

  /** Types over the text of a field as a user would: its value becomes dirty, its attribute stays. */
  type(field: HTMLInputElement | HTMLTextAreaElement, text: string, focused = true): void {
    field.focus();
    field.select();
    document.execCommand("insertText", false, text);
    equal(field.value, text);
    if (!focused) field.blur();
  },

  /** Everything that changes below an element while `change` runs. */
  async records(element: Node, change: () => void): Promise<MutationRecord[]> {
    const observer = new MutationObserver(() => {});
    observer.observe(element, { subtree: true, childList: true, attributes: true, characterData: true });
    change();
    const seen = observer.takeRecords();
    observer.disconnect();
    return seen;
  },

  /** The HTML of the stage's root without its address. */
  html(root: Element = work.firstElementChild!): string {
    const copy = root.cloneNode(true) as Element;
    copy.removeAttribute("lc");
    return copy.outerHTML;
  },

  rows: (keys: Iterable<number>, row = (key: number) => `<li id="row-${key}">${key}</li>`) =>
    Array.from(keys, row).join("\n"),

  frame: () => new Promise<unknown>(resolve => requestAnimationFrame(() => setTimeout(resolve))),

  /** Waits until a condition holds. */
  async until(condition: () => unknown): Promise<void> {
    while (!condition()) await helpers.frame();
  },

  equal,

  same(actual: unknown, expected: unknown): void {
    if (actual !== expected) throw new Error(`not the same: ${show(actual)} and ${show(expected)}`);
  },

  ok(value: unknown, message = "not so"): void {
    if (!value) throw new Error(message);
  },
};

function equal(actual: unknown, expected: unknown): void {
  const [one, other] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (one !== other) throw new Error(`got\n  ${one}\ninstead of\n  ${other}`);
}

const show = (value: unknown) => (value instanceof Element ? value.outerHTML : String(value));

Object.assign(window, helpers);
