/** View transitions: `live-transition`. */
import { expect, test } from "./harness";

const LIST = `<div lc="c0.0" lc-token="token"><b id="count" lc="c0.1">0</b>
  <div live-transition><ul id="list" lc="c0.2"><li>a</li></ul></div></div>`;

declare global {
  interface Window {
    /** What the page showed when each view transition began, and when it was to change. */
    views: string[];
  }
}

test.beforeEach(({ page }) =>
  page.addInitScript(() => {
    const begin = Document.prototype.startViewTransition;
    const shown = () => document.querySelector("#list")!.textContent;
    window.views = [];
    Document.prototype.startViewTransition = function (change) {
      window.views.push(`${shown()} stays`);
      return begin.call(this, () => {
        (change as () => void)();
        window.views.push(`${shown()} comes`);
      });
    };
  }),
);

test("a patch inside live-transition is one view transition, and nothing overtakes it", async ({
  app,
  page,
}) => {
  await app.open(LIST);
  const seen = await app.listen("live:patched", "live:flash");
  app.patch([["c0.1", ">1"]]);
  await expect(page.locator("#count")).toHaveText("1");
  expect(await page.evaluate(() => window.views)).toEqual([]);

  app.patch(
    [
      ["c0.2", "><li>b</li>"],
      ["c0.1", ">2"],
    ],
    { effects: [["flash", "info", "done"]] },
  );
  app.patch([["c0.1", ">3"]]);
  await expect(page.locator("#count")).toHaveText("3");
  expect(await page.evaluate(() => window.views)).toEqual(["a stays", "b comes"]);
  const events = (await seen()).map(([name, detail]) => [name, (detail as { version?: number }).version]);
  expect(events).toEqual([
    ["live:patched", 1],
    ["live:patched", 2],
    ["live:flash", undefined],
    ["live:patched", 3],
  ]);
});

test("one that comes while another is being prepared takes its place, without an error", async ({
  app,
  page,
}) => {
  await app.open(LIST);
  for (const letter of "bcdef") app.patch([["c0.2", `><li>${letter}</li>`]]);
  app.patch([["c0.1", ">1"]]);
  await expect(page.locator("#count")).toHaveText("1");
  await expect(page.locator("#list")).toHaveText("f");
  expect((await page.evaluate(() => window.views)).filter(view => view.endsWith("comes"))).toEqual(
    [..."bcdef"].map(letter => `${letter} comes`),
  );
});

test("a page goes on after a patch that could not be shown, and where the browser has no view transitions", async ({
  app,
  page,
}) => {
  app.expectError(/broken/);
  await app.open(LIST);
  await page.evaluate(() =>
    document.addEventListener(
      "live:before-patch",
      () => {
        document.querySelectorAll = () => {
          delete (document as { querySelectorAll?: unknown }).querySelectorAll;
          throw new Error("broken");
        };
      },
      { once: true },
    ),
  );
  app.patch([["c0.2", "><li>b</li>"]]);
  app.patch([["c0.1", ">1"]]);
  await expect(page.locator("#count")).toHaveText("1");

  await page.evaluate(() => {
    Object.assign(document, { startViewTransition: undefined });
  });
  app.patch([["c0.2", "><li>c</li>"]]);
  await expect(page.locator("#list")).toHaveText("c");
});
