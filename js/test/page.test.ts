import { expect, test } from "./harness";

const COUNTER = `<div lc="c0.0" lc-token="token-0"><b id="count" lc="c0.1">0</b> <button id="inc" live-click="add" live-value-by="2">+</button></div>`;

test("joins with the tokens in document order, and calls an event", async ({ app, page }) => {
  await app.open(`${COUNTER}<div lc="c1.0" lc-token="token-1"></div>`, { path: "/some/" });
  expect(await app.message("join")).toEqual(["join", 1, ["token-0", "token-1"], null, "/some/", 0, 0]);
  await page.click("#inc");
  expect(await app.message("event")).toEqual(["event", 1, "c0", "add", { by: "2" }, {}]);
  app.patch([["c0.1", ">2</b>"]]);
  await expect(page.locator("#count")).toHaveText("2");
  expect(await app.message("ack")).toEqual(["ack", 1]);
});
