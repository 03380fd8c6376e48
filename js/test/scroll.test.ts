import { expect, test } from "./harness";

const head = '<link rel="stylesheet" href="/box.css">';
const box = (tag = "div", first = 1) =>
  `<${tag} id=box live-preserve-scroll>${Array.from({ length: 50 }, (_, i) => `<p id=p${i + first}>${i + first}</p>`).join("")}</${tag}>`;
const component = (inner: string) => `<div lc="c0.0" lc-token="t"><div lc="c0.1">${inner}</div></div>`;

test.beforeEach(({ app }) => {
  app.files.set("/box.css", [
    "text/css",
    "#box { height: 100px; width: 100px; overflow: auto } p { width: 300px; height: 20px }",
  ]);
});

const scrolled = "[document.querySelector('#box').scrollLeft, document.querySelector('#box').scrollTop]";

test("live-preserve-scroll: an element that is built anew stays where it was", async ({ app, page }) => {
  await app.open(component(box()), { head });
  await page.evaluate(() => document.querySelector("#box")!.scrollTo(40, 300));
  app.patch([["c0.1", `>${box("section")}`]]);
  await expect(page.locator("section")).toBeVisible();
  expect(await page.evaluate(scrolled)).toEqual([40, 300]);
});

test("live-preserve-scroll: an element that went and comes back is where it was", async ({ app, page }) => {
  await app.open(component(box()), { head });
  await page.evaluate(() => document.querySelector("#box")!.scrollTo(0, 200));
  app.patch([["c0.1", ">gone"]]);
  await expect(page.locator("#box")).toHaveCount(0);
  app.patch([["c0.1", `>${box()}`]]);
  await expect(page.locator("#box")).toBeVisible();
  expect(await page.evaluate(scrolled)).toEqual([0, 200]);
});

test("live-preserve-scroll: what the user scrolled since then counts, the beginning too", async ({
  app,
  page,
}) => {
  await app.open(component(box()), { head });
  await page.evaluate(() => document.querySelector("#box")!.scrollTo(0, 200));
  app.patch([["c0.1", `>${box("section")}`]]);
  await expect(page.locator("section")).toBeVisible();
  await page.evaluate(() => document.querySelector("#box")!.scrollTo(0, 0));
  app.patch([["c0.1", `>${box("article")}`]]);
  await expect(page.locator("article")).toBeVisible();
  expect(await page.evaluate(scrolled)).toEqual([0, 0]);
});

test("without live-preserve-scroll it begins at the top", async ({ app, page }) => {
  const plain = (tag: string) => box(tag).replace(" live-preserve-scroll", "");
  await app.open(component(plain("div")), { head });
  await page.evaluate(() => document.querySelector("#box")!.scrollTo(40, 300));
  app.patch([["c0.1", `>${plain("section")}`]]);
  await expect(page.locator("section")).toBeVisible();
  expect(await page.evaluate(scrolled)).toEqual([0, 0]);
});
