/** Extras: modules that are loaded when a page first uses them. */
import { client } from "../build.mjs";
import { expect, test } from "./harness";

const component = (body: string) => `<div lc="c0.0" lc-token="t">${body}</div>`;
const MENU = component('<button id=x live-js="toggle:#menu">Menu</button><p id=menu hidden>Tea</p>');
const LINK = component('<a id=x live-patch href="/?page=2">2</a>');

const requested = (page: import("@playwright/test").Page): string[] => {
  const paths: string[] = [];
  page.on("request", request => paths.push(new URL(request.url()).pathname));
  return paths;
};

test("a page that uses none loads none", async ({ app, page }) => {
  const paths = requested(page);
  await app.open(component("<button id=x live-click=go>go</button>"));
  await page.click("#x");
  await app.message("event");
  app.patch([["c0.0", ">done</div>"]]);
  await app.settled();
  expect(paths.filter(path => path.startsWith("/extras/"))).toEqual([]);
});

test("one is loaded when its attribute comes with a patch", async ({ app, page }) => {
  const paths = requested(page);
  await app.open(component("nothing"));
  app.patch([["c0.0", '><button id=x live-js="toggle:#menu">Menu</button><p id=menu hidden>Tea</p></div>']]);
  await page.click("#x");
  await expect(page.locator("#menu")).toBeVisible();
  expect(paths.filter(path => path.startsWith("/extras/"))).toEqual(["/extras/commands.js"]);
});

test("one is allowed by the nonce of the script tag", async ({ app, page }) => {
  app.policy = "default-src 'self'; script-src 'nonce-abc'";
  app.told = "nonce=abc";
  await app.open(MENU);
  await page.click("#x");
  await expect(page.locator("#menu")).toBeVisible();
});

test("one comes from where the server says", async ({ app, page }) => {
  const files = await client();
  app.files.set("/hashed/commands.1f3a.js", ["text/javascript", files["extras/commands.js"]!]);
  app.told = `data-livecomp-extras='{"commands": "/hashed/commands.1f3a.js"}'`;
  const paths = requested(page);
  await app.open(MENU);
  await page.click("#x");
  await expect(page.locator("#menu")).toBeVisible();
  expect(paths).toContain("/hashed/commands.1f3a.js");
  expect(paths).not.toContain("/extras/commands.js");
});

/** Keeps an extra on its way until the returned function is called. */
async function hold(page: import("@playwright/test").Page, name: string): Promise<() => void> {
  let arrive = () => {};
  const held = new Promise<void>(resolve => {
    arrive = resolve;
  });
  await page.route(`**/extras/${name}.js`, async route => {
    await held;
    await route.continue();
  });
  return arrive;
}

test("what is pushed while hooks are on their way reaches them, and only that", async ({ app, page }) => {
  const arrive = await hold(page, "hooks");
  app.files.set("/hooks.js", [
    "text/javascript",
    `window.log = [];
    window.livecomp.hooks({ Log: {
      mounted() { log.push("mounted"); this.handleEvent("tea", payload => log.push(payload)); },
      updated() { log.push("updated"); },
    } });`,
  ]);
  await app.open(component("nothing"), { head: '<script type="module" src="/hooks.js"></script>' });
  const seen = await app.listen("live:push");
  app.patch([["c0.0", "><p live-hook=Log>1</p></div>"]], { effects: [["push", "tea", 1, "c0"]] });
  app.patch([["c0.0", "><p live-hook=Log>2</p></div>"]], { effects: [["push", "tea", 2, "c0"]] });
  await expect.poll(async () => (await seen()).length).toBe(2);
  arrive();
  await app.settled();
  expect(await page.evaluate("log")).toEqual(["mounted", 1, 2]);
});

test("states are right when they come late", async ({ app, page }) => {
  const arrive = await hold(page, "states");
  await app.open(component("<p id=x live-offline hidden>offline</p><p id=y live-cloak hidden>live</p>"), {
    joined: false,
  });
  await app.until(() => app.joins > 0);
  await app.goDown();
  arrive();
  await expect(page.locator("#x")).toBeVisible();
  await expect(page.locator("#y")).toBeVisible();
});

test("a click is not lost while one is on its way", async ({ app, page }) => {
  const arrive = await hold(page, "commands");
  await app.open(MENU);
  await page.click("#x");
  await app.settled();
  await expect(page.locator("#menu")).toBeHidden();
  arrive();
  await expect(page.locator("#menu")).toBeVisible();
});

test("without its extra, a live-patch link is an ordinary link", async ({ app, page }) => {
  app.expectError(/404/);
  app.told = `data-livecomp-extras='{"navigation": "/missing.js"}'`;
  await app.open(LINK);
  await page.click("#x");
  await expect(page).toHaveURL(`${app.url}/?page=2`);
  await app.until(() => app.joins === 2);
  expect(app.all("url")).toEqual([]);
});

test("back after a reload, before anything else was used", async ({ app, page }) => {
  await app.open(LINK);
  await page.click("#x");
  await app.message("url");
  await page.reload();
  await app.until(() => app.joins === 2);
  await page.goBack();
  expect((await app.message("url", 2))[2]).toBe("/");
});

test("one that cannot be loaded is told, and tried again", async ({ app, page }) => {
  app.expectError(/404|Failed/);
  await page.route("**/extras/commands.js", route => route.fulfill({ status: 404 }));
  await app.open(`${MENU}<div live-flash></div>`);
  await expect(page.locator("[live-flash] p")).toBeVisible();
  await page.unroute("**/extras/commands.js");
  await page.click("#x");
  await expect(page.locator("#menu")).toBeVisible();
});

test("one that could not be loaded is tried again when the page connects again", async ({ app, page }) => {
  app.expectError(/404|Failed/);
  await page.route("**/extras/states.js", route => route.fulfill({ status: 404 }));
  await app.open(component("<p id=x live-cloak hidden>live</p>"));
  await expect(page.locator("#x")).toBeHidden();
  await page.unroute("**/extras/states.js");
  await app.goDown();
  await app.comeBack();
  await expect(page.locator("#x")).toBeVisible();
});

test("where messages cannot be shown, that is no message to show", async ({ app, page }) => {
  app.expectError(/404|Failed/);
  const paths = requested(page);
  app.told = `data-livecomp-extras='{"notices": "/missing.js"}'`;
  await app.open(`${component("")}<div live-flash></div>`);
  await app.settled();
  await app.settled();
  expect(paths.filter(path => path === "/missing.js").length).toBeLessThanOrEqual(2); // once more when it had joined
});
