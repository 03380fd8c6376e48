import { expect, test } from "./harness";

const HOOKS = `
window.log = [];
const log = (hook, what) => window.log.push(what + " " + hook.el.id);
window.livecomp.hooks({
  Portal: {
    mounted() { document.body.append(this.el); },
    destroyed() { log(this, "destroyed"); },
  },
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

test("hooks are for pages without components, too", async ({ app, page }) => {
  await app.open('<p id=a live-hook="Chart"></p>', { head, joined: false });
  await expect.poll(() => page.evaluate("log")).toEqual(["mounted a"]);
});

test("t10: a hook named like a part of every object is none", async ({ app, page }) => {
  await app.open(list('<p live-hook="constructor"></p><p live-hook="__proto__"></p>'), { head });
  expect(await log(page)).toEqual([]);
});

test.describe("what a hook moved to the body belongs to its owner", () => {
  const panel = (text = "in") =>
    `<section class="panel" live-hook="Portal" live-key="panel"><button class="inside" live-click="pick">${text}</button><i></i></section>`;
  const owner = (inner: string) => `<div lc="c0.1" live-click-away="close">menu${inner}</div>`;
  const open = async (
    { app, page }: { app: import("./harness").App; page: import("@playwright/test").Page },
    html: string,
  ) => {
    await app.open(`<div lc="c0.0" lc-token="t">${html}</div><button id=out>out</button>`, { head });
    await expect(page.locator("body > .panel")).toHaveCount(1);
  };

  test("a click in it is not away, and its events are the owner's", async ({ app, page }) => {
    await open({ app, page }, owner(panel()));
    await page.click(".inside");
    await app.message("event");
    await app.settled();
    expect(app.calls).toEqual([["event", "c0", "pick", {}, {}]]);
    await page.click("#out");
    await app.message("event", 2);
    expect(app.calls[1]).toEqual(["event", "c0", "close", {}, {}]);
  });

  test("it goes with its owner, and destroyed() is called", async ({ app, page }) => {
    await open({ app, page }, owner(panel()));
    app.patch([["c0.0", ">no menu</div>"]]);
    await expect(page.locator(".panel")).toHaveCount(0);
    expect(await log(page)).toEqual(["destroyed "]);
  });

  test("it goes when its owner is rendered without it, by itself or with others", async ({ app, page }) => {
    await open({ app, page }, owner(panel()));
    app.patch([["c0.1", ">menu</div>"]]);
    await expect(page.locator(".panel")).toHaveCount(0);
    app.patch([["c0.0", `>${owner(panel())}</div>`]]);
    await expect(page.locator("body > .panel")).toHaveCount(1);
    app.patch([["c0.0", `>${owner("")}</div>`]]);
    await expect(page.locator(".panel")).toHaveCount(0);
  });

  test("it is patched where it is", async ({ app, page }) => {
    await open({ app, page }, owner(panel()));
    app.patch([["c0.1", `>more menu${panel("new")}</div>`]]);
    await expect(page.locator("body > .panel .inside")).toHaveText("new");
    await expect(page.locator(".panel")).toHaveCount(1);
    app.patch([["c0.0", `><b>x</b>${owner(panel("newer"))}</div>`]]);
    await expect(page.locator("body > .panel .inside")).toHaveText("newer");
    await expect(page.locator(".panel")).toHaveCount(1);
  });

  test("what was moved back is in its place again", async ({ app, page }) => {
    await open({ app, page }, owner(panel()));
    await page.evaluate(() =>
      document.querySelector('[lc="c0.1"]')!.append(document.querySelector(".panel")!),
    );
    app.patch([["c0.1", `>more menu${panel("new")}</div>`]]);
    await expect(page.locator('[lc="c0.1"] > .panel .inside')).toHaveText("new");
    await expect(page.locator(".panel")).toHaveCount(1);
  });
});
