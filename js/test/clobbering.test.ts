/**
 * User content that hides the DOM: form fields, images, forms and ids named like properties that the client uses.
 *
 * The names are those that the browser has, so a name that a new browser brings is tried too. The page's own methods are
 * hidden from the test as well, which therefore asks the prototypes.
 */
import type { Page } from "@playwright/test";
import { type App, expect, test } from "./harness";

type Kind = "form" | "document" | "window";

/** All names of an object's class and its bases. */
const namesOf = (page: Page, kind: Kind): Promise<string[]> =>
  page.evaluate(which => {
    const names = new Set<string>();
    const first = { form: HTMLFormElement.prototype, document: Document.prototype, window }[which];
    for (let from: object | null = first; from; from = Object.getPrototypeOf(from))
      for (const name of Object.getOwnPropertyNames(from)) names.add(name);
    return [...names];
  }, kind);

const fields = (names: string[]) => names.map(name => `<input type=hidden name="${name}">`).join("");

/** A form that has everything on it that the client looks at, with these fields. */
const form = (inner: string, { count = 1, attributes = "" } = {}) => `
<form id=f lc="c0.1" live-submit=save live-click=clicked live-click-away=away live-value-by=3 live-hook=Probe
  live-dirty=dirty live-loading="save" live-preserve-scroll live-js="toggle-class:on; set-attr:data-a=1; dispatch:shown; toggle:#shown" aria-expanded=false
  live-init=begin live-autofocus live-intersect=seen live-offline=off live-cloak=ready
  class="n${count}" data-count=${count} live-leave="going" live-transition tabindex=0 ${attributes}>
  <input id=text name=text value=a><b id=shown live-js="toggle:#f; toggle:#f with fade; focus:#f; add-class:seen closest form">${count}</b>${inner}
  <button id=go live-disable-with=Going>Go</button></form>`;

const head = '<script type="module" src="/hooks.js"></script>';
const hooks = `import { hooks } from "/livecomp.js";
  const tell = name => () => calls.push(name);
  window.calls = [];
  hooks({ Probe: { mounted: tell("mounted"), updated: tell("updated"), destroyed: tell("destroyed") } });`;

/** Does what the client can do with a form, and says what came of it. */
async function walkThrough(app: App, page: Page, inner: string): Promise<unknown> {
  const query = (selector: string, act: string) =>
    page.evaluate(
      ([css, how]) => {
        const find = Document.prototype.querySelector;
        const element = find.call(document, css!) as HTMLElement;
        const proto = element instanceof HTMLFormElement ? HTMLFormElement.prototype : element;
        if (how === "click") HTMLElement.prototype.click.call(element);
        else if (how === "text") return Reflect.get(Node.prototype, "textContent", element);
        else if (how === "markup")
          return Element.prototype.getAttributeNames
            .call(element)
            .map(name => `${name}=${Element.prototype.getAttribute.call(element, name)}`)
            .sort();
        else if (how === "type") {
          (element as HTMLInputElement).value = "typed";
          EventTarget.prototype.dispatchEvent.call(element, new Event("input", { bubbles: true }));
        }
        return proto && null;
      },
      [selector, act],
    );
  const log: unknown[] = [];
  await query("#text", "type");
  await query("#shown", "click");
  await app.until(() => app.all("event").length >= 3); // begin and seen too
  await query("#go", "click");
  await app.until(() => app.all("event").length >= 5);
  log.push(
    app
      .all("event")
      .map(([, , component, name, args, offered]) => [
        component,
        name,
        args,
        name === "save" ? (offered as Record<string, unknown>).text : "",
      ]),
  );
  app.patch([["c0.1", form(inner, { count: 2, attributes: "title=new" })]]);
  await expect.poll(() => query("#shown", "text")).toBe("2");
  log.push(await query("#f", "markup"));
  app.patch([["c0.1", form(inner, { count: 3 })]]); // an attribute goes
  await expect.poll(() => query("#shown", "text")).toBe("3");
  log.push(await query("#f", "markup"));
  app.patch([["c0.0", `<div>before<section>${form(inner, { count: 4 })}</section></div>`]]); // by its id, moved
  await expect.poll(() => query("#shown", "text")).toBe("4");
  app.patch([["c0.0", "<div><p id=shown lc=c0.1>gone</p></div>"]]);
  await expect.poll(() => query("#shown", "text")).toBe("gone");
  log.push(await page.evaluate("calls"));
  return log;
}

test.beforeEach(({ app }) => {
  app.files.set("/hooks.js", ["text/javascript", hooks]);
});

test.describe("t136: a form whose fields are named like its properties", () => {
  test("every name of HTMLFormElement and its bases at once", async ({ app, page }) => {
    const open = (inner: string) =>
      app.open(`<div lc="c0.0" lc-token="t">${form(inner)}</div><p id=outside></p>`, { head });
    await open("");
    const wanted = await walkThrough(app, page, "");
    const names = (await namesOf(page, "form")).filter(name => name !== "text");
    expect(names.length).toBeGreaterThan(300);
    expect(names).toEqual(expect.arrayContaining(["attributes", "matches", "closest", "classList"]));
    app.received.length = 0;
    app.version = 0;
    app.joins = 0;
    await open(fields(names));
    expect(await walkThrough(app, page, fields(names))).toEqual(wanted);
  });
});

for (const [kind, element] of [
  ["document", (name: string) => `<img name="${name}"><form name="${name}"></form>`],
  ["window", (name: string) => `<a id="${name}"></a><img name="${name}">`],
] as const)
  test(`t136: user content named like all properties of the ${kind}`, async ({ app, page }) => {
    await app.open(`<div lc="c0.0" lc-token="t">${form("")}</div>`, { head });
    const wanted = await walkThrough(app, page, "");
    const names = await namesOf(page, kind);
    expect(names.length).toBeGreaterThan(100);
    const content = [...names, "livecomp"].map(element).join("");
    app.received.length = 0;
    app.joins = 0;
    app.version = 0;
    await app.open(`<p>${content}</p><div lc="c0.0" lc-token="t">${form("")}</div>`, { head });
    expect(await walkThrough(app, page, "")).toEqual(wanted);
  });
