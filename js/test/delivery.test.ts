import { expect, test } from "./harness";

const COUNTER = `<div lc="c0.0" lc-token="t"><b id="count" lc="c0.1">0</b>
  <button id="inc" live-click="add">+</button><button id="dec" live-click="subtract">-</button></div>`;

test("five rapid clicks at 300 ms latency are five events, in order", async ({ app, page }) => {
  await app.open(COUNTER);
  await page.evaluate(() => window.livecomp.latency(300));
  for (const id of ["#inc", "#inc", "#dec", "#inc", "#inc"]) await page.click(id);
  await app.message("event", 5);
  expect(app.all("event").map(([, ref, , name]) => [ref, name])).toEqual([
    [1, "add"],
    [2, "add"],
    [3, "subtract"],
    [4, "add"],
    [5, "add"],
  ]);
  app.patch([["c0.1", ">3</b>"]]);
  await expect(page.locator("#count")).toHaveText("3");
});

test("clicks made offline are kept and sent in order after the page has resumed", async ({ app, page }) => {
  await app.open(COUNTER);
  await page.click("#inc");
  await app.message("event");
  app.ack(1);
  await app.goDown();
  await page.click("#inc");
  await page.click("#dec");
  expect(app.all("event")).toHaveLength(1);
  app.answer = () => ({ ack: 1 });
  await app.comeBack();
  await app.message("event", 3);
  expect(app.all("event").map(([, ref, , name]) => [ref, name])).toEqual([
    [1, "add"],
    [2, "add"],
    [3, "subtract"],
  ]);
});

test("what waits is sent in portions that the server's queue has room for, in order", async ({
  app,
  page,
}) => {
  await app.open(COUNTER);
  await app.goDown();
  await page.evaluate(() => {
    for (let i = 0; i < 120; i++) document.querySelector<HTMLElement>("#inc")!.click();
  });
  await app.comeBack();
  await app.message("event", 50);
  await app.settled();
  expect(app.all("event")).toHaveLength(50);
  app.ack(20);
  await app.message("event", 70);
  await app.settled();
  expect(app.all("event")).toHaveLength(70);
  await page.click("#dec");
  app.ack(70);
  await app.message("event", 120);
  app.ack(120);
  await app.message("event", 121);
  expect(app.all("event").map(([, ref]) => ref)).toEqual(Array.from({ length: 121 }, (_, i) => i + 1));
  expect(app.all("event").at(-1)![3]).toBe("subtract");
});

test("a resume names the page and the last version, and only what is not acknowledged is sent again", async ({
  app,
  page,
}) => {
  await app.open(COUNTER);
  await page.click("#inc");
  await page.click("#inc");
  await app.message("event", 2);
  app.patch([["c0.1", ">1</b>"]], { ack: 1 });
  await expect(page.locator("#count")).toHaveText("1");
  await app.goDown();
  app.answer = () => ({ ack: 1 });
  await app.comeBack();
  await app.message("event", 3);
  expect((await app.message("join", 2))[3]).toEqual(["page-1", 1]);
  expect(app.all("event").map(([, ref]) => ref)).toEqual([1, 2, 2]);
});

test("events that the server applied before the cut are not sent again", async ({ app, page }) => {
  await app.open(COUNTER);
  await page.click("#inc");
  await page.click("#inc");
  await app.message("event", 2);
  await app.goDown();
  app.answer = () => ({ ack: 2, patches: [["c0.1", ">2</b>"]] });
  app.version = 1;
  await app.comeBack();
  await expect(page.locator("#count")).toHaveText("2");
  await app.settled();
  expect(app.all("event")).toHaveLength(2);
});

test("when the page could not be resumed, the server says what is in doubt, the user is told, and the rest is done", async ({
  app,
  page,
}) => {
  await app.open(`${COUNTER}<div live-flash id="messages"></div>`);
  await page.click("#inc");
  await app.message("event");
  await app.goDown();
  await page.click("#dec");
  await app.comeBack("page-2");
  await app.message("event", 3);
  expect(app.all("event").map(([, ref, , name]) => [ref, name])).toEqual([
    [1, "add"],
    [1, "add"],
    [2, "subtract"],
  ]);
  app.send(["error", 1, "doubt", "Your last action may be lost.", "c0"]);
  await expect(page.locator("#messages > .error")).toHaveText("Your last action may be lost.");
  app.ack(2);
  await app.settled();
  expect(app.all("event")).toHaveLength(3);
});

test("a join tells which outcomes are known and what was ever sent", async ({ app, page }) => {
  await app.open(COUNTER);
  for (let i = 0; i < 3; i++) await page.click("#inc");
  await app.message("event", 3);
  app.ack(1);
  await app.settled();
  await app.goDown();
  await page.click("#inc");
  app.answer = () => ({ ack: 1 });
  await app.comeBack();
  await app.message("event", 6);
  expect((await app.message("join", 1)).slice(5)).toEqual([0, 0]);
  expect((await app.message("join", 2)).slice(5)).toEqual([1, 3]);
  app.ack(4);
  await app.settled();
  await app.goDown();
  await app.comeBack();
  expect((await app.message("join", 3)).slice(5)).toEqual([4, 4]);
});

test("t122: a submit whose error was lost in a cut keeps what was typed, and the user hears of it", async ({
  app,
  page,
}) => {
  await app.open(`<div lc="c0.0" lc-token="t"><form live-submit="save"><input name="text"><button>Send</button></form>
    </div><div live-flash id="messages"></div>`);
  await page.fill("input", "typed");
  await page.click("button");
  await app.message("event");
  await app.goDown();
  app.answer = () => ({ ack: 1, failed: [["error", 1, "failed", "Something went wrong.", "c0"]] });
  await app.comeBack();
  await expect(page.locator("#messages > .error")).toHaveText("Something went wrong.");
  await expect(page.locator("input")).toHaveValue("typed");
  await page.click("button");
  expect((await app.message("event", 2))[1]).toBe(2);
});

test("t126: a message over which the server breaks down three times is given up with an error", async ({
  app,
  page,
}) => {
  await app.open(`${COUNTER}<div live-flash id="messages"></div>`);
  await page.click("#inc");
  await page.click("#dec");
  for (let sent = 2; sent <= 6; sent += 2) {
    await app.message("event", sent);
    app.socket!.close(1011);
    if (sent < 6) await app.comeBack();
  }
  await expect(page.locator("#messages > .error")).toHaveText("Something went wrong.");
  await app.comeBack();
  await app.message("event", 7);
  await app.settled();
  expect(app.all("event").map(([, ref]) => ref)).toEqual([1, 2, 1, 2, 1, 2, 2]);
});

test("when the page was further than it is now, the user is told even if nothing was under way", async ({
  app,
  page,
}) => {
  await app.open(`${COUNTER}<div live-flash id="messages"></div>`);
  app.answer = () => ({ effects: [["doubt", true]] });
  await app.goDown();
  await app.comeBack();
  await app.message("join", 2);
  await expect(page.locator("#messages > .error")).toContainText("Your last action may be lost.");
});

test("the server may answer an event with an error: it is not sent again, and the page hears of it", async ({
  app,
  page,
}) => {
  await app.open(`${COUNTER}<div live-flash></div>`);
  const seen = await app.listen("live:error");
  await page.click("#inc");
  await app.message("event");
  app.send(["error", 1, "forbidden", "Not you.", "c0"]);
  await app.settled();
  expect(await seen()).toEqual([["live:error", { code: "forbidden", message: "Not you.", component: "c0" }]]);
  await expect(page.locator("[live-flash] > .error")).toHaveText("Not you.");
  await app.goDown();
  await app.comeBack();
  await app.message("join", 2);
  await app.settled();
  expect(app.all("event")).toHaveLength(1);
});

test("t61: a render older than the page is dropped", async ({ app, page }) => {
  await app.open(COUNTER);
  app.patch([["c0.1", ">1</b>"]]);
  app.patch([["c0.1", ">2</b>"]]);
  app.patch([["c0.1", ">1</b>"]], { version: 1 });
  app.version = 2;
  await app.settled();
  await expect(page.locator("#count")).toHaveText("2");
});

test("t61: where a render is missing the whole page is asked for, and the rest is not applied", async ({
  app,
  page,
}) => {
  await app.open(COUNTER);
  app.patch([["c0.1", ">1</b>"]]);
  app.patch([["c0.1", ">3</b>"]], { version: 3 });
  await app.message("render");
  await expect(page.locator("#count")).toHaveText("1");
  expect(app.all("render")).toEqual([["render", ""]]);
  app.patch([["c0.0", '<div><b id="count" lc="c0.1">4</b></div>']]);
  await expect(page.locator("#count")).toHaveText("4");
  app.patch([["c0.1", ">5</b>"]]);
  await expect(page.locator("#count")).toHaveText("5");
  expect(app.all("render")).toHaveLength(1);
});

test("t61: where renders are missing a second time the whole page is asked for again", async ({
  app,
  page,
}) => {
  await app.open(COUNTER);
  app.patch([["c0.1", ">3</b>"]], { version: 3 });
  await app.message("render");
  app.patch([["c0.0", '<div><b id="count" lc="c0.1">4</b></div>']]);
  await expect(page.locator("#count")).toHaveText("4");
  app.patch([["c0.1", ">9</b>"]], { version: 9 });
  expect(await app.message("render", 2)).toEqual(["render", ""]);
});

test("renders are acknowledged, at the latest after five", async ({ app, page }) => {
  await page.clock.install();
  await app.open(COUNTER);
  await app.stopClock();
  for (let count = 1; count <= 5; count++) app.patch([["c0.1", `>${count}</b>`]]);
  expect(await app.message("ack")).toEqual(["ack", 5]);
  app.patch([["c0.1", ">6</b>"]]);
  await app.settled();
  expect(app.all("ack")).toHaveLength(1);
  await page.clock.runFor(250);
  expect(await app.message("ack", 2)).toEqual(["ack", 6]);
});

test("a missing target: its component is asked for once, then applied", async ({ app, page }) => {
  await app.open(COUNTER);
  await page.evaluate(() => document.querySelector("#count")!.remove());
  app.patch([["c0.1", ">1</b>"]]);
  app.patch([["c0.1", ">2</b>"]]);
  await app.settled();
  expect(app.all("render")).toEqual([["render", "c0"]]);
  app.patch([["c0.0", '<div><b id="count" lc="c0.1">2</b></div>']]);
  await expect(page.locator("#count")).toHaveText("2");
  await page.evaluate(() => document.querySelector("#count")!.remove());
  app.patch([["c0.1", ">3</b>"]]);
  await app.message("render", 2);
});

test("a missing component: the page is asked for, and when that does not help it is loaded again", async ({
  app,
  page,
}) => {
  await app.open(COUNTER);
  await page.evaluate(() => document.querySelector("[lc]")!.remove());
  app.patch([["c0.1", ">1</b>"]]);
  expect(await app.message("render")).toEqual(["render", ""]);
  app.patch([["c0.0", "<div><b id=count lc=c0.1>1</b></div>"]]);
  await app.message("join", 2);
  await expect(page.locator("#count")).toHaveText("0");
});

test("several messages may come in one frame", async ({ app, page }) => {
  await app.open(COUNTER);
  app.send([
    ["patch", 1, 0, [["c0.1", ">1</b>"]]],
    ["patch", 2, 0, [["c0.1", ">2</b>"]]],
  ]);
  await expect(page.locator("#count")).toHaveText("2");
});

test("live:connected, live:before-patch, live:patched, live:disconnected and live:reconnected tell outside code", async ({
  app,
  page,
}) => {
  app.pageId = null;
  await app.open(COUNTER, { joined: false });
  const seen = await app.listen(
    ...["connected", "before-patch", "patched", "disconnected", "reconnected"].map(name => `live:${name}`),
  );
  await app.message("join");
  app.send(["joined", "page-1", 0, 0, []]);
  app.patch([["c0.1", ">1</b>"]]);
  await expect(page.locator("#count")).toHaveText("1");
  app.pageId = "page-1";
  app.socket!.close(1001);
  await app.message("join", 2);
  await app.settled();
  expect(await seen()).toEqual([
    ["live:connected", { page: "page-1" }],
    ["live:before-patch", { version: 1, patches: [["c0.1", ">1</b>"]] }],
    ["live:patched", { version: 1, patches: [["c0.1", ">1</b>"]] }],
    ["live:disconnected", { code: 1001, final: false }],
    ["live:reconnected", { page: "page-1" }],
  ]);
});

test("pushEvent answers when the server is done", async ({ app, page }) => {
  await app.open(COUNTER);
  const good = page.evaluate(() => window.livecomp.pushEvent("#count", "add", { by: 3 }));
  expect(await app.message("event")).toEqual(["event", 1, "c0", "add", { by: 3 }, {}]);
  app.ack(1);
  expect(await good).toBeUndefined();
  const bad = page.evaluate(() => window.livecomp.pushEvent("#count", "nothing"));
  await app.message("event", 2);
  app.send(["error", 2, "unknown_event", "There is none."]);
  expect(await bad).toEqual({ code: "unknown_event", message: "There is none." });
  const nowhere = await page.evaluate(() => window.livecomp.pushEvent("#missing", "add"));
  expect(nowhere?.code).toBe("unknown_component");
});

test("a component that all viewers share has versions of its own", async ({ app, page }) => {
  await app.open(`${COUNTER}<div lc="s1.0" lc-token="u"><i lc="s1.1">0</i></div>`);
  const shared = page.locator("i");
  app.send(["shared", "s1", 7, [["s1.0", '<div><i lc="s1.1">7</i></div>']], true]);
  await expect(shared).toHaveText("7");
  app.send(["shared", "s1", 8, [["s1.1", ">8"]]]);
  await expect(shared).toHaveText("8");
  app.send(["shared", "s1", 7, [["s1.1", ">7"]]]);
  app.patch([["c0.1", ">1"]]);
  await expect(page.locator("#count")).toHaveText("1");
  await expect(shared).toHaveText("8");
  app.send(["shared", "s1", 10, [["s1.1", ">10"]]]);
  expect(await app.message("render")).toEqual(["render", "s1"]);
  await expect(shared).toHaveText("8");
});

test("t139: the page that is loaded again asks for the outcome of what was under way", async ({
  app,
  page,
}) => {
  await app.open(`${COUNTER}<div live-flash id="messages"></div>`);
  app.pageId = "html.tab.process1";
  await app.goDown();
  await app.comeBack();
  await page.click("#inc");
  await app.message("event");
  await page.reload();
  expect((await app.message("event", 2)).slice(1)).toEqual([1, "c0", "add", {}, {}, "html.tab:1"]);
  await page.reload(); // and once more
  expect((await app.message("event", 3)).slice(1)).toEqual([1, "c0", "add", {}, {}, "html.tab:1"]);
  app.patch([], { ack: 1, effects: [["flash", "success", "Paid."]] });
  await expect(page.locator("#messages > .success")).toHaveText("Paid.");
  await page.reload();
  await app.message("join", 5);
  await app.settled();
  expect(app.all("event")).toHaveLength(3);
});

test("what came beside a render counts as had: the next join and the acknowledgement say so", async ({
  app,
  page,
}) => {
  await app.open(`${COUNTER}<div live-flash id="messages"></div>`);
  await page.click("#inc");
  await app.message("event");
  app.patch([], { ack: 1, effects: [["flash", "info", "came"]] });
  expect((await app.message("ack"))[1]).toBe(1);
  await app.goDown();
  app.version = 2;
  app.answer = () => ({ ack: 1, effects: [["flash", "info", "missed"]] });
  await app.comeBack();
  expect((await app.message("join", 2))[3]).toEqual(["page-1", 1]);
  await expect(page.locator("#messages > .info")).toHaveText(["came", "missed"]);
  await app.settled();
  app.answer = () => ({ ack: 1 });
  await app.goDown();
  await app.comeBack();
  expect((await app.message("join", 3))[3]).toEqual(["page-1", app.version]);
});

const KEPT = (time: string, path = '"/"') =>
  `sessionStorage["livecomp:events"] = JSON.stringify({ path: ${path}, time: ${time}, isForced: false, events: [["c0", "pay", "html.tab:7"]] })`;

test("what a reload carried is asked for after an hour, too", async ({ app, page }) => {
  await app.open(`${COUNTER}<div live-flash id="messages"></div>`);
  await page.evaluate(KEPT("Date.now() - 3_600_000"));
  await page.reload();
  expect((await app.message("event")).slice(1)).toEqual([1, "c0", "pay", {}, {}, "html.tab:7"]);
});

test("what is older than a server remembers is told to be in doubt", async ({ app, page }) => {
  await app.open(`${COUNTER}<div live-flash id="messages"></div>`);
  await page.evaluate(KEPT("Date.now() - 90_000_000"));
  await page.reload();
  await app.message("join", 2);
  await expect(page.locator("#messages")).toContainText("may be lost");
  expect(app.all("event")).toEqual([]);
});

test("what another page carried waits until that page is here again", async ({ app, page }) => {
  await app.open(COUNTER);
  await page.evaluate(KEPT("Date.now()", '"/pay/"'));
  await page.reload();
  await app.message("join", 2);
  expect(app.all("event")).toEqual([]);
  await app.open(COUNTER, { path: "/pay/" });
  expect((await app.message("event"))[6]).toBe("html.tab:7");
});

test("who reloads the page himself is not told that nobody knows; where the client did it, he is", async ({
  app,
  page,
}) => {
  await app.open(`${COUNTER}<div live-flash id="messages"></div>`);
  await page.click("#inc");
  await app.message("event");
  await page.reload();
  await app.message("event", 2);
  const seen = await app.listen("live:error");
  app.send(["error", 1, "doubt", "Your last action may be lost."]);
  await app.settled();
  expect((await seen())[0]![1]).toMatchObject({ code: "doubt" });
  expect(await page.locator("#messages > *").count()).toBe(0);
  await page.click("#inc");
  await app.message("event", 3);
  app.socket!.close(4409);
  await app.message("event", 4);
  app.send(["error", 1, "doubt", "Your last action may be lost."]);
  await expect(page.locator("#messages > .error")).toHaveText("Your last action may be lost.");
});

test("another page asks for nothing, but says that something may be lost if nobody wanted to leave", async ({
  app,
  page,
}) => {
  const body = `${COUNTER}<div live-flash id="messages"></div>`;
  await app.open(body, { path: "/other" });
  await app.open(body);
  await page.click("#inc");
  await app.message("event");
  await page.goto(`${app.url}/other`);
  await app.message("join", 3);
  await app.settled();
  expect(app.all("event")).toHaveLength(1);
  expect(await page.locator("#messages > *").count()).toBe(0);
});

test("70,000 characters go in parts that fit into a frame, and no character is cut in two", async ({
  app,
  page,
}) => {
  for (const text of ["a".repeat(70_000), "é😀".repeat(30_000), '\\\n"'.repeat(20_000), "+".repeat(70_000)]) {
    app.frames.length = app.received.length = 0;
    await app.open(`<div lc="c0.0" lc-token="t"><textarea id=x live-model=text></textarea></div>`);
    await page.evaluate(text => {
      const area = document.querySelector<HTMLTextAreaElement>("#x")!;
      area.value = text;
      area.dispatchEvent(new InputEvent("input", { bubbles: true }));
    }, text);
    expect((await app.message("set"))[3]).toEqual({ text });
    for (const frame of app.frames) expect(Buffer.byteLength(frame)).toBeLessThanOrEqual(65_536);
    expect(app.frames.filter(frame => frame.startsWith("+")).length).toBeGreaterThan(4);
  }
});

test("the parts are as small as the server's frames", async ({ app, page }) => {
  app.told = "data-livecomp-frame=1000";
  await app.open(`<div lc="c0.0" lc-token="t"><textarea id=x live-model=text></textarea></div>`);
  await page.fill("#x", "ü".repeat(5_000));
  expect((await app.message("set"))[3]).toEqual({ text: "ü".repeat(5_000) });
  for (const frame of app.frames) expect(Buffer.byteLength(frame)).toBeLessThanOrEqual(1_000);
});

test("t127: the tokens of 2,000 components join", async ({ app }) => {
  const one = (_: unknown, i: number) => `<p lc="c${i}.0" lc-token="${"t".repeat(300)}${i}"></p>`;
  await app.open(Array.from({ length: 2_000 }, one).join(""));
  const [, , tokens] = await app.message("join");
  expect(tokens).toHaveLength(2_000);
  for (const frame of app.frames) expect(frame.length).toBeLessThanOrEqual(65_536);
});

test("what the server finds too long is refused at its field, in words; the connection and the text stay", async ({
  app,
  page,
}) => {
  app.told = `data-livecomp-texts='{"too_large":"Zu lang."}'`;
  await app.open(
    `<div lc="c0.0" lc-token="t"><textarea id=x live-model=text></textarea></div><div live-flash></div>`,
  );
  await page.fill("#x", "x".repeat(100_000));
  await app.message("set");
  app.send(["error", 1, "too_large", "At most 100000 bytes.", "c0", "text"]);
  await expect(page.locator("#x")).toHaveAttribute("aria-invalid", "true");
  await expect(page.locator("[live-flash] > .error")).toHaveText("Zu lang.");
  await page.fill("#x", "x");
  expect((await app.message("set", 2))[3]).toEqual({ text: "x" });
  await expect(page.locator("#x")).not.toHaveAttribute("aria-invalid");
  expect(app.joins).toBe(1);
});

test("a poll that waits behind a value that is not sent yet is a message of its own, and comes again", async ({
  app,
  page,
}) => {
  await app.open(
    `<div lc="c0.0" lc-token="t"><input id=x live-model=text><button id=go live-click=go></button><i live-poll="5s"></i></div>`,
  );
  await app.stopClock();
  await page.evaluate(() => {
    for (let i = 0; i < 50; i++) document.querySelector<HTMLElement>("#go")!.click();
  });
  await page.fill("#x", "typed");
  await page.clock.runFor(5_000);
  await app.message("event", 50);
  app.ack(app.all("event").at(-1)![1]);
  await app.message("set", 2);
  app.ack();
  await app.settled();
  await page.clock.runFor(5_000);
  await app.message("set", 3);
});
