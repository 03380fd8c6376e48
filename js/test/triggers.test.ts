import { expect, test } from "./harness";

const component = (inner: string) => `<div lc="c0.0" lc-token="t">${inner}</div>`;

test("live-init calls its event once, and for elements that come later", async ({ app }) => {
  await app.open(component("<p live-init=start live-value-n=1></p><div lc=c0.1></div>"));
  expect(await app.message("event")).toEqual(["event", 1, "c0", "start", { n: "1" }, {}]);
  app.patch([["c0.1", "><i live-init=late></i>"]]);
  expect((await app.message("event", 2))[3]).toBe("late");
  app.patch([["c0.1", "><i live-init=late class=x></i>"]]);
  await app.settled();
  expect(app.calls).toHaveLength(2);
});

test("live-poll renders anew, or calls an event, one at a time", async ({ app, page }) => {
  await page.clock.install();
  await app.open(component('<p live-poll="5s"></p>'));
  await app.stopClock();
  await page.clock.runFor(5_000);
  expect(await app.message("set")).toEqual(["set", 1, "c0", {}]);
  await page.clock.runFor(20_000);
  await app.settled();
  expect(app.calls).toHaveLength(1);
  app.ack();
  await app.settled();
  await page.clock.runFor(5_000);
  await app.message("set", 2);
});

test("live-poll with an event; it stops when the server takes it away, and starts when it comes", async ({
  app,
  page,
}) => {
  await page.clock.install();
  await app.open(component('<p lc="c0.1"></p>'));
  await app.stopClock();
  app.patch([["c0.1", '<p live-poll="check 500ms"></p>']]);
  await app.settled();
  await page.clock.runFor(500);
  expect((await app.message("event"))[3]).toBe("check");
  app.patch([["c0.1", "<p></p>"]]);
  await app.settled();
  await page.clock.runFor(5_000);
  await app.settled();
  expect(app.calls).toHaveLength(1);
});

test("a poll behind 50 unsent messages, beside what was typed, goes on", async ({ app, page }) => {
  await app.open(
    component(
      "<button id=x live-click=go></button><input id=q live-model=q><i live-loading=q></i><p live-poll=10s></p>",
    ),
  );
  await app.stopClock();
  await page.evaluate(() => {
    for (let i = 0; i < 50; i++) document.querySelector<HTMLElement>("#x")!.click();
  });
  await page.fill("#q", "a");
  await page.clock.runFor(10_000);
  await expect(page.locator("i")).toHaveAttribute("data-loading");
  await app.message("event", 50);
  app.ack(50);
  await app.message("set", 2);
  expect(app.all("set")).toEqual([
    ["set", 51, "c0", { q: "a" }],
    ["set", 52, "c0", {}],
  ]);
  app.ack(52);
  await app.settled();
  await expect(page.locator("[data-loading]")).toHaveCount(0);
  await page.clock.runFor(10_000);
  await app.message("set", 3);
});

test("live-poll piles nothing up while offline", async ({ app, page }) => {
  await page.clock.install();
  await app.open(component('<p live-poll="1s"></p>'));
  await app.stopClock();
  await app.goDown();
  const before = app.calls.length;
  await page.clock.runFor(10_000);
  await app.comeBack();
  await app.settled();
  expect(app.calls.length - before).toBeLessThanOrEqual(1);
});

test("live-intersect: when it comes into view, and again while what it brought leaves it there", async ({
  app,
  page,
}) => {
  app.files.set("/style.css", ["text/css", "p { height: 300px; margin: 0 }"]);
  await page.setViewportSize({ width: 400, height: 700 });
  await app.open(component('<div lc="c0.1"><p>1</p><p>2</p><p>3</p></div><i live-intersect=more>…</i>'), {
    head: '<link rel=stylesheet href="/style.css">',
  });
  await app.settled();
  expect(app.calls).toEqual([]);
  await page.evaluate(() => scrollTo(0, 10_000));
  await app.message("event");
  await page.evaluate(() => scrollTo(0, 0));
  app.patch([["c0.1", "><p>1</p><p>2</p>"]]); // so few that it is in view at the top
  await app.message("event", 2);
  app.ack(); // nothing new
  await app.settled();
  await page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))));
  await app.settled();
  expect(app.calls).toHaveLength(2);
});

test("live-autofocus: a field that comes into the page gets the focus, once", async ({ app, page }) => {
  await app.open(component("<button live-click=edit>edit</button><p lc=c0.1></p>"));
  await page.click("button");
  await app.message("event");
  app.patch([["c0.1", "><input id=name live-autofocus>"]]);
  await expect(page.locator("#name")).toBeFocused();
  await page.click("button");
  app.patch([["c0.1", "><input id=name class=x live-autofocus>"]]);
  await expect(page.locator(".x")).toHaveCount(1);
  await expect(page.locator("button")).toBeFocused();
});

test("live-autofocus: in a page as it was loaded too", async ({ app, page }) => {
  await app.open(component("<input><input id=name live-autofocus>"));
  await expect(page.locator("#name")).toBeFocused();
});

for (const field of [
  "<input id=field>",
  "<textarea id=field></textarea>",
  "<p id=field contenteditable>x</p>",
])
  test(`live-autofocus never takes the focus from ${field}, in which the user may be typing`, async ({
    app,
    page,
  }) => {
    await app.open(component(`${field}<p lc=c0.1></p>`));
    await page.click("#field");
    app.patch([["c0.1", "><input id=name live-autofocus>"]]);
    await expect(page.locator("#name")).toHaveCount(1);
    await app.settled();
    await expect(page.locator("#field")).toBeFocused();
  });
