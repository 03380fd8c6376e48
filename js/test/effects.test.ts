import { expect, test } from "./harness";

const BODY = `<div lc="c0.0" lc-token="t"><b lc="c0.1">0</b></div><div live-flash></div>`;

test("title, url and flash, after the patch and in order", async ({ app, page }) => {
  await app.open(BODY);
  const seen = await app.listen("live:flash");
  app.patch([["c0.1", ">1"]], {
    effects: [
      ["title", "New <title>"],
      ["url", "push", "/?page=2"],
      ["url", "replace", "/?page=3"],
      ["flash", "success", "Saved <b>it</b>."],
    ],
  });
  await expect(page).toHaveTitle("New <title>");
  await expect(page).toHaveURL(`${app.url}/?page=3`);
  await expect(page.locator("[live-flash] > p.success")).toHaveText("Saved <b>it</b>.");
  expect(await seen()).toEqual([["live:flash", { level: "success", text: "Saved <b>it</b>." }]]);
  await page.goBack();
  expect((await app.message("url"))[2]).toBe("/");
});

for (const kind of ["redirect", "navigate"] as const)
  test(`${kind} goes to another page`, async ({ app, page }) => {
    app.files.set("/other", ["text/html", "<!doctype html><title>other</title>"]);
    await app.open(BODY);
    app.ack(0, [[kind, "/other"]]);
    await expect(page).toHaveTitle("other");
  });

test("what is said together with a redirect is said on the page that it leads to, once", async ({
  app,
  page,
}) => {
  const shell = `<!doctype html><title>next</title><script type="module" src="/livecomp.js"></script><div live-flash></div>`;
  app.files.set("/next", ["text/html", shell]);
  await app.open(BODY);
  app.ack(0, [
    ["flash", "success", "Saved <b>it</b>."],
    ["redirect", "/next"],
    ["flash", "info", "Welcome."],
  ]);
  await expect(page).toHaveTitle("next");
  await expect(page.locator("[live-flash] > p")).toHaveText(["Saved <b>it</b>.", "Welcome."]);
  await page.reload();
  await expect(page.locator("[live-flash]")).toBeEmpty();
});

test("t89: URLs that are not http(s), or hold control characters or backslashes, are not followed", async ({
  app,
  page,
}) => {
  await app.open(BODY);
  const bad = [
    "javascript:window.x=1",
    " javascript:window.x=1",
    "\tjavascript:window.x=1",
    "java\nscript:window.x=1",
    "/\\evil.test",
    "\\\\evil.test",
    "/a\nb",
    "/a\u0000",
    "data:text/html,x",
    "http://[",
    "blob:x",
    "file:///etc/passwd",
  ];
  app.ack(
    0,
    bad.flatMap(url => [
      ["redirect", url],
      ["navigate", url],
      ["url", "push", url],
      ["url", "replace", url],
    ]),
  );
  app.ack(0, [
    ["url", "push", "https://evil.test/"],
    ["url", "push", "//evil.test/"],
  ]);
  await app.settled();
  await expect(page).toHaveURL(`${app.url}/`);
  expect(await page.evaluate(() => "x" in window)).toBe(false);
});

test("t10: names and keys that reach a prototype do nothing", async ({ app, page }) => {
  await app.open(BODY);
  const seen = await app.listen("live:push");
  app.socket!.send(
    '["ack",0,[["constructor","x"],["__proto__","x"],["toString"],["push","p",{"__proto__":{"polluted":1},"a":{"constructor":{"prototype":{"polluted":1}},"b":2}},"c0"]]]',
  );
  app.socket!.send('["__proto__",1]');
  app.socket!.send('["constructor",1]');
  await app.settled();
  expect(await page.evaluate(() => "polluted" in {})).toBe(false);
  expect(JSON.stringify((await seen())[0])).toBe(
    '["live:push",{"name":"p","payload":{"a":{"b":2}},"component":"c0"}]',
  );
});

test("t91: a script in a patch does not run; nor does t87: markup in text and attributes", async ({
  app,
  page,
}) => {
  await app.open(BODY);
  app.files.set("/evil.js", ["text/javascript", "window.x = 1"]);
  app.patch([["c0.1", '><script src="/evil.js"></script>&lt;img src=x onerror=window.x=1&gt;']]);
  await expect(page.locator("b")).toContainText("<img");
  await app.settled();
  expect(await page.evaluate(() => "x" in window)).toBe(false);
});

const TEXTS = `data-livecomp-texts='{"bad_arguments":"Das geht nicht.","dismiss":"Schließen"}'`;

test("a visitor reads of an error what the server has for its code, in the page's language; a developer the rest", async ({
  app,
  page,
}) => {
  app.told = TEXTS;
  const warned: string[] = [];
  page.on("console", message => message.type() === "warning" && warned.push(message.text()));
  await app.open(`${BODY}<div lc="c1.0" lc-token="u"><button id=x live-click=move></button></div>`);
  const seen = await app.listen("live:error", "live:flash");
  await page.click("#x");
  await app.message("event");
  app.send(["error", 1, "bad_arguments", "move(card=…): no such card.", "c1", "card"]);
  await expect(page.locator("[live-flash] > p.error")).toHaveText("Das geht nicht.");
  await expect(page.locator("[live-flash] > p.error")).toHaveRole("alert");
  expect(await seen()).toEqual([
    [
      "live:error",
      {
        code: "bad_arguments",
        message: "move(card=…): no such card.",
        component: "c1",
        field: "card",
        text: "Das geht nicht.",
      },
    ],
    ["live:flash", { level: "error", text: "Das geht nicht." }],
  ]);
  expect(warned).toEqual(["livecomp: bad_arguments: move(card=…): no such card."]);
});

test("a notice is dismissed with the mouse and with the keyboard", async ({ app, page }) => {
  app.told = TEXTS;
  await app.open(BODY);
  app.ack(0, [
    ["flash", "info", "one"],
    ["flash", "info", "two"],
  ]);
  const notices = page.locator("[live-flash] > p");
  await expect(notices).toHaveText(["one", "two"]);
  await expect(notices.first()).toHaveRole("status");
  await expect(notices.getByRole("button")).toHaveCount(2);
  await expect(notices.getByRole("button").first()).toHaveAccessibleName("Schließen");
  await page.locator("p:has-text('one')").getByRole("button").click();
  await expect(notices).toHaveText(["two"]);
  await page.keyboard.press("Tab");
  await expect(notices.getByRole("button")).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(notices).toHaveCount(0);
});

test("a notice goes by itself after a while, but not while it is pointed at or in use", async ({
  app,
  page,
}) => {
  await app.open(`${BODY}<p id=elsewhere>x</p>`);
  await app.stopClock();
  app.ack(0, [
    ["flash", "info", "one"],
    ["flash", "info", "two"],
    ["flash", "info", "three"],
  ]);
  const notices = page.locator("[live-flash] > p");
  await expect(notices).toHaveCount(3);
  await page.locator("p:has-text('one')").hover();
  await page.locator("p:has-text('two')").getByRole("button").focus();
  await page.clock.runFor(60_000);
  await expect(notices).toHaveText(["one", "two"]);
  await page.locator("#elsewhere").hover();
  await page.clock.runFor(10_000);
  await expect(notices).toHaveText(["two"]);
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await page.clock.runFor(10_000);
  await expect(notices).toHaveCount(0);
});

test("the same notice is there once, however often it comes, and stays as long as the last", async ({
  app,
  page,
}) => {
  await app.open(BODY);
  await app.stopClock();
  const again: ["flash", string, string] = ["flash", "error", "again"];
  app.ack(0, [again, ["flash", "info", "again"], again]);
  const notices = page.locator("[live-flash] > p");
  await expect(notices).toHaveText(["again", "again"]);
  await expect(page.locator("p.error")).toHaveCount(1);
  await page.clock.runFor(9_000);
  app.ack(0, [again]);
  await app.settled();
  await page.clock.runFor(2_000);
  await expect(notices).toHaveCount(1);
  await expect(notices).toHaveClass("error");
  await page.locator("p.error").getByRole("button").focus();
  app.ack(0, [again]);
  await app.settled();
  await expect(page.locator("p.error").getByRole("button")).toBeFocused();
});

test("of many notices the last five are shown", async ({ app, page }) => {
  await app.open(BODY);
  app.ack(
    0,
    Array.from({ length: 9 }, (_, i) => ["flash", "error", `Something went wrong (${i}).`]),
  );
  await expect(page.locator("[live-flash] > p")).toHaveText(
    [4, 5, 6, 7, 8].map(i => `Something went wrong (${i}).`),
  );
});

test("flash with nowhere to show it, or a listener that shows it itself", async ({ app, page }) => {
  await app.open(BODY);
  await page.evaluate(() => document.addEventListener("live:flash", event => event.preventDefault()));
  app.ack(0, [["flash", "info", "mine"]]);
  await app.settled();
  await expect(page.locator("[live-flash]")).toBeEmpty();
  await page.evaluate(() => document.querySelector("[live-flash]")!.remove());
  app.ack(0, [["flash", "info", "nobody"]]);
  await app.settled();
});

test("t90: the payload of a pushed event is data: nothing of it runs, whoever listens", async ({
  app,
  page,
}) => {
  await app.open(BODY);
  const seen = await app.listen("live:push");
  const payload = {
    html: "<img src=x onerror=window.x=1>",
    code: "window.x = 1",
    list: ["</script><script>window.x=1"],
  };
  app.ack(0, [["push", "points", payload, "c0"]]);
  await app.settled();
  expect((await seen())[0]).toEqual(["live:push", { name: "points", payload, component: "c0" }]);
  expect(await page.evaluate(() => ["x" in window, document.querySelectorAll("img").length])).toEqual([
    false,
    0,
  ]);
});
