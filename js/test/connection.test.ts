import { delay } from "../src/backoff";
import { expect, test } from "./harness";

const BODY = `<div lc="c0.0" lc-token="t"><b lc="c0.1">0</b></div><p live-offline hidden>offline</p><div live-flash></div>`;
const RESTART = 1012;
const ABNORMAL = 1006;

test.describe("when to try again", () => {
  test("at once after a cut, then with full jitter from 0.5 s up to 30 s", () => {
    const longest = Array.from({ length: 8 }, (_, attempt) => delay(attempt, ABNORMAL, () => 1));
    expect(longest).toEqual([0, 500, 1500, 4500, 13_500, 30_000, 30_000, 30_000]);
    expect(delay(3, ABNORMAL, () => 0.1)).toBeCloseTo(450);
    expect(delay(0, RESTART, () => 1)).toBe(5_000);
  });

  const busiest = (times: number[]) => {
    const buckets = new Map<number, number>();
    for (const time of times) {
      const bucket = Math.floor(time / 100);
      buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
    }
    return Math.max(...buckets.values());
  };

  test("t84: 1,000 clients of a restarted server never come all at once: at most 5 % in any 100 ms", () => {
    const attempts = Array.from({ length: 1000 }, () => {
      const times = [delay(0, RESTART)];
      for (let attempt = 1; attempt < 6; attempt++) times.push(times.at(-1)! + delay(attempt, ABNORMAL));
      return times;
    });
    expect(busiest(attempts.map(([first]) => first!))).toBeLessThan(50);
    expect(busiest(attempts.flatMap(([, ...later]) => later))).toBeLessThan(100); // five attempts each
  });

  test("t84: nor do those of a server that was killed and is back after three seconds", () => {
    const arrivals = Array.from({ length: 1000 }, () => {
      let time = 0;
      for (let attempt = 0; time < 3_000; attempt++) time += delay(attempt, ABNORMAL);
      return time;
    });
    expect(busiest(arrivals)).toBeLessThan(50);
  });
});

test.beforeEach(async ({ page }) => {
  await page.addInitScript(() => {
    Math.random = () => 0.99;
  });
});

for (const code of [1001, 1012, 1013, 4001, 4012, 4013])
  test(`close code ${code}: the client comes back`, async ({ app, page }) => {
    await page.clock.install();
    await app.open(BODY);
    await app.stopClock();
    app.socket!.close(code);
    await expect(page.locator("[live-offline]")).toBeVisible();
    await page.clock.runFor(5_000);
    await app.message("join", 2);
    await expect(page.locator("[live-offline]")).toBeHidden();
  });

// Daphne may not send the codes of the protocol itself: they come 3000 higher.
test("a restart is a restart, whichever way the server may say so", () => {
  expect(delay(0, 4012, () => 1)).toBe(delay(0, RESTART, () => 1));
});

for (const code of [1011, 1006])
  test(`close code ${code}: the client comes back at once`, async ({ app, page }) => {
    await page.clock.install();
    await app.open(BODY);
    await app.stopClock();
    const seen = await app.listen("live:disconnected");
    if (code === 1006) app.socket!.terminate();
    else app.socket!.close(code);
    await expect.poll(seen).toEqual([["live:disconnected", { code, final: false }]]);
    await page.clock.runFor(1);
    await app.message("join", 2);
  });

for (const code of [4401, 4409])
  test(`close code ${code}: the page is loaded again`, async ({ app, page }) => {
    await app.open(BODY);
    await page.evaluate(() => Object.assign(window, { before: true }));
    app.socket!.close(code);
    await app.message("join", 2);
    expect(await page.evaluate(() => "before" in window)).toBe(false);
    expect((await app.message("join", 2))[3]).toBeNull();
  });

test("close code 4401 while the answer to a sign-in is on its way: that comes, and no reload", async ({
  app,
  page,
}) => {
  let answer = () => {};
  const answered = new Promise<void>(resolve => {
    answer = resolve;
  });
  app.files.set("/welcome", ["text/html", "<!doctype html><title>welcome</title>"]);
  await page.route("**/login", async route => {
    await answered;
    await route.fulfill({ status: 302, headers: { Location: "/welcome" } });
  });
  await app.open(`${BODY}<form method=post action=/login><button id=in>Sign in</button></form>`);
  await page.click("#in", { noWaitAfter: true });
  app.socket!.close(4401);
  await app.until(() => app.socket!.readyState === 3);
  await new Promise(resolve => setTimeout(resolve, 200)); // the reload would have begun
  answer();
  await expect(page).toHaveTitle("welcome");
});

test("close code 4401 after a click on what turns out to be a download: the page is loaded again, a little later", async ({
  app,
  page,
}) => {
  await page.clock.install();
  await page.route("**/file", route => route.fulfill({ status: 204 }));
  await app.open(`${BODY}<a id=file href=/file>file</a>`);
  await page.click("#file");
  const seen = await app.listen("live:disconnected");
  app.socket!.close(4401);
  await expect.poll(async () => (await seen()).length).toBe(1);
  await page.clock.runFor(30_000);
  await app.message("join", 2);
});

for (const code of [1008, 1009, 4400, 4403, 4408, 4429])
  test(`close code ${code}: the client stops and says so`, async ({ app, page }) => {
    await page.clock.install();
    await app.open(BODY);
    const seen = await app.listen("live:error", "live:disconnected");
    app.socket!.close(code);
    await expect(page.locator("[live-flash]")).toContainText(`(${code})`);
    expect(await seen()).toEqual([
      ["live:disconnected", { code, final: true }],
      ["live:error", { code: "closed", message: expect.stringContaining("Please reload") }],
    ]);
    await page.clock.runFor(120_000);
    await page.evaluate(() => dispatchEvent(new Event("online")));
    await page.clock.runFor(120_000);
    expect(app.all("join")).toHaveLength(1);
  });

test("t73: a page that is told to reload again and again stops after five times a minute and says so", async ({
  app,
  page,
}) => {
  test.slow(); // six loads of the page
  app.answer = () => ({ effects: [["reload"]] });
  await app.open(BODY);
  await expect(page.locator("[live-flash]")).toContainText("out of date", {
    timeout: 60_000,
  });
  expect(app.all("join")).toHaveLength(6);
});

test("heartbeat: a ping every 25 seconds, and a connection that misses two answers is given up", async ({
  app,
  page,
}) => {
  await page.clock.install();
  await app.open(BODY);
  await app.stopClock();
  await page.clock.runFor(25_000);
  await app.message("ping");
  await app.settled();
  await page.clock.runFor(20_000);
  expect(app.all("ping")).toHaveLength(1);
  app.pageId = null; // silent from here on
  await page.clock.runFor(5_000);
  await app.message("ping", 2);
  await page.clock.runFor(44_000);
  await app.message("ping", 3);
  expect(app.all("ping")).toHaveLength(3);
  await expect(page.locator("[live-offline]")).toBeHidden();
  app.pageId = "page-1";
  await page.clock.runFor(6_000);
  await app.message("join", 2);
});

test("t54: a tab that wakes up asks whether its connection lives, and takes a new one after 2 seconds of silence", async ({
  app,
  page,
}) => {
  await page.clock.install();
  await app.open(BODY);
  await app.stopClock();
  app.pageId = null;
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange", { bubbles: true })));
  await app.message("ping");
  app.pageId = "page-1";
  await page.clock.runFor(2_100);
  await app.message("join", 2);
});

for (const event of ["online", "focus", "resume"])
  test(`a waiting client is back at once on ${event}`, async ({ app, page }) => {
    await page.clock.install();
    await app.open(BODY);
    await app.stopClock();
    app.socket!.close(1013);
    await expect(page.locator("[live-offline]")).toBeVisible();
    await page.evaluate(type => dispatchEvent(new Event(type)), event);
    await app.message("join", 2);
  });

test("a handshake without an answer is given up after 10 seconds", async ({ app, page }) => {
  await page.clock.install();
  app.isMute = true;
  await app.open(BODY, { joined: false });
  await app.until(() => app.handshakes > 0);
  await app.stopClock();
  app.isMute = false;
  await page.clock.runFor(10_000);
  await app.message("join");
  expect(app.handshakes).toBe(2);
});

test("t55: the page leaves for the back/forward cache without a connection and takes one when it is back", async ({
  app,
  page,
}) => {
  await app.open(BODY);
  app.patch([["c0.1", ">1</b>"]]);
  await app.settled();
  const closed = new Promise(resolve => app.socket!.once("close", resolve));
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
  await closed;
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  expect((await app.message("join", 2))[3]).toEqual(["page-1", 1]);
  expect(app.all("join")).toHaveLength(2);
});

test("t55: going to another page and back gives a live page", async ({ app, page }) => {
  app.files.set("/other", ["text/html", "<!doctype html><title>other</title>"]);
  await app.open(BODY);
  await page.goto(`${app.url}/other`);
  await page.goBack();
  await app.message("join", 2);
  app.patch([["c0.1", ">live</b>"]]);
  await expect(page.locator("b")).toHaveText("live");
});

test("a page without live components opens no connection", async ({ app, page }) => {
  await app.open("<p>nothing here</p>", { joined: false });
  await page.waitForLoadState("networkidle");
  expect(app.socket).toBeUndefined();
});

test("what connect() returns ends the connection, and connect() starts it again", async ({ app, page }) => {
  await app.open(BODY);
  const closed = new Promise(resolve => app.socket!.once("close", resolve));
  const end = await page.evaluateHandle(() => window.livecomp.connect("/livecomp/ws"));
  await closed; // there is one at most
  await app.message("join", 2);
  const closedToo = new Promise(resolve => app.socket!.once("close", resolve));
  await end.evaluate(stop => stop());
  await closedToo;
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await page.evaluate(() => window.livecomp.connect("/livecomp/ws"));
  await app.message("join", 3);
});

test("a click while the connection is closing waits for the next one", async ({ app, page }) => {
  await page.addInitScript(() => {
    const Native = WebSocket;
    window.WebSocket = class extends Native {
      constructor(url: string | URL) {
        super(url);
        Object.assign(window, { closeSocket: () => this.close() });
      }
    };
  });
  await app.open(`<div lc="c0.0" lc-token="t"><button lc="c0.1" live-click="add">+</button></div>`);
  await page.evaluate(() => {
    (window as unknown as { closeSocket(): void }).closeSocket();
    document.querySelector("button")!.click();
  });
  await app.message("join", 2);
  await app.message("event");
  expect(app.calls).toEqual([["event", "c0", "add", {}, {}]]);
});

test("t56: a duplicated tab is a page of its own: it joins anew and resumes nothing", async ({
  app,
  page,
  context,
}) => {
  await app.open(BODY);
  const other = await context.newPage();
  await other.goto(page.url());
  expect((await app.message("join", 2))[3]).toBeNull();
  await other.close();
});
