import { expect, test } from "./harness";

const HOOKS = `
window.log = [];
const log = (hook, what) => window.log.push(what + " " + hook.el.id);
window.livecomp.hooks({
  Chart: {
    mounted() {
      log(this, "mounted");
      this.handleEvent("points", payload => window.log.push(["points", this.el.id, payload]));
    },
    updated() { log(this, "updated"); },
    destroyed() { log(this, "destroyed"); },
    disconnected() { log(this, "disconnected"); },
    reconnected() { log(this, "reconnected"); },
  },
  Broken: { mounted() { throw new Error("my own mistake"); } },
});`;

test.beforeEach(({ app }) => {
  app.files.set("/hooks.js", ["text/javascript", HOOKS]);
});

const head = '<script type="module" src="/hooks.js"></script>';
const chart = (id: string, inner = "") => `<div id="${id}" lc="c0.1.${id}" live-hook="Chart">${inner}</div>`;
const list = (inner: string) => `<div lc="c0.0" lc-token="t"><div lc="c0.9">${inner}</div></div>`;
const log = (page: import("@playwright/test").Page) =>
  page.evaluate(() => (window as unknown as { log: unknown[] }).log.splice(0));

test("each callback once per real change: mounted, updated, moved, destroyed", async ({ app, page }) => {
  await app.open(list(chart("a", "<p>1</p>") + chart("b")), { head });
  expect(await log(page)).toEqual(["mounted a", "mounted b"]);

  app.patch([["c0.1.a", '<div id="a" live-hook="Chart" class="x"><p>2</p><p>3</p></div>']]);
  await app.settled();
  expect(await log(page)).toEqual(["updated a"]);

  app.patch([["c0.9", '><template lc-keep="c0.1.b"></template><template lc-keep="c0.1.a"></template>']]);
  await app.settled();
  expect(await log(page)).toEqual([]);

  app.patch([["c0.9", `><template lc-keep="c0.1.a"></template><section>${chart("c")}</section>`]]);
  await app.settled();
  expect(await log(page)).toEqual(["destroyed b", "mounted c"]);
});

test("a hook hears of changes inside it, the nearest one only", async ({ app, page }) => {
  await app.open(list(chart("a", `<p lc="c0.2">1</p>${chart("b", '<p lc="c0.3">1</p>')}`)), { head });
  await log(page);
  app.patch([["c0.2", ">2"]]);
  await app.settled();
  expect(await log(page)).toEqual(["updated a"]);
  app.patch([
    ["c0.3", ">2"],
    ["c0.3", ">3"],
  ]);
  await app.settled();
  expect(await log(page)).toEqual(["updated b"]);
});

test("a hook that an element gets or loses later", async ({ app, page }) => {
  await app.open(list('<p id="p" lc="c0.5"></p>'), { head });
  await log(page);
  app.patch([["c0.5", '<p id="p" live-hook="Chart"></p>']]);
  await app.settled();
  expect(await log(page)).toEqual(["mounted p"]);
  app.patch([["c0.5", '<p id="p"></p>']]);
  await app.settled();
  expect(await log(page)).toEqual(["destroyed p"]);
});

test("disconnected and reconnected once each, however often it was tried", async ({ app, page }) => {
  await app.open(list(chart("a")), { head });
  await log(page);
  await app.goDown();
  for (const tries of [2, 3]) {
    await page.evaluate(() => dispatchEvent(new Event("online")));
    await expect // its own tries come between
      .poll(() => page.evaluate(() => (window as unknown as { seen: unknown[] }).seen.length))
      .toBeGreaterThanOrEqual(tries);
  }
  await app.comeBack();
  await app.settled();
  expect(await log(page)).toEqual(["disconnected a", "reconnected a"]);
});

test("push_event reaches the hooks in its component and those outside of any, and live:push, after the patch", async ({
  app,
  page,
}) => {
  await app.open(
    `${list(`${chart("a")}<b lc="c0.2">0</b>`)}
    <div lc="c1.0" lc-token="u"><div id="other" live-hook="Chart"></div></div><div id="outside" live-hook="Chart"></div>`,
    { head },
  );
  await log(page);
  const seen = await app.listen("live:push");
  await page.evaluate(() =>
    document.addEventListener("live:push", () =>
      (window as unknown as { log: unknown[] }).log.push(document.querySelector("b")!.textContent),
    ),
  );
  app.patch([["c0.2", ">1"]], { effects: [["push", "points", { values: [1, 2] }, "c0"]] });
  await app.settled();
  expect(await log(page)).toEqual([
    ["points", "a", { values: [1, 2] }],
    ["points", "outside", { values: [1, 2] }],
    "1",
    "1",
  ]);
  expect((await seen())[0]).toEqual([
    "live:push",
    { name: "points", payload: { values: [1, 2] }, component: "c0" },
  ]);
});

test("a hook calls events with pushEvent", async ({ app, page }) => {
  app.files.set("/call.js", [
    "text/javascript",
    'window.livecomp.hooks({ Chart: { async mounted() { this.el.textContent = (await this.pushEvent("load", { n: 1 })).code; } } })',
  ]);
  await app.open(list(chart("a")), { head: '<script type="module" src="/call.js"></script>' });
  expect(await app.message("event")).toEqual(["event", 1, "c0", "load", { n: 1 }, {}]);
  app.send(["error", 1, "forbidden", "No."]);
  await expect(page.locator("#a")).toHaveText("forbidden");
});

test("an error in a hook stops nothing else", async ({ app, page }) => {
  app.expectError(/my own mistake/);
  await app.open(list(`<p live-hook="Broken"></p>${chart("a")}<b lc="c0.2">0</b>`), { head });
  expect(await log(page)).toEqual(["mounted a"]);
  app.patch([["c0.2", ">1"]]);
  await expect(page.locator("b")).toHaveText("1");
});

test("t10: a hook named like a part of every object is none", async ({ app, page }) => {
  await app.open(list('<p live-hook="constructor"></p><p live-hook="__proto__"></p>'), { head });
  expect(await log(page)).toEqual([]);
});
