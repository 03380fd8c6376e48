import { expect, test } from "./harness";

const component = (html: string) => `<div lc="c0.0" lc-token="t">${html}</div>`;
const long = (text: string) => `><p style="height: 5000px">${text}</p></div>`;

test.describe("what the browser does by itself", () => {
  const links: [what: string, attributes: string][] = [
    ["a hash of the same page", 'href="#notes"'],
    ["an empty hash", 'href="#"'],
    ["a hash after the page's own URL", 'href="/?page=1#notes"'],
    ["a download", 'href="/?page=2" download="x.txt"'],
    ["another site", 'href="http://127.0.0.1:1/?page=2"'],
    ["mail", 'href="mailto:a@example.com"'],
    ["another window", 'href="/?page=2" target="_blank"'],
    ["a named window", 'href="/?page=2" target="help"'],
    ["no address", ""],
  ];
  for (const [what, attributes] of links)
    test(`a live-patch link is left to it: ${what}`, async ({ app, page }) => {
      await app.open(component(`<a id=x live-patch ${attributes}>x</a>`), { path: "/" });
      await page.evaluate(() => history.replaceState(null, "", "/?page=1"));
      const isPrevented = await page.evaluate(() => {
        let prevented: boolean | undefined;
        addEventListener("click", event => {
          prevented = event.defaultPrevented;
          event.preventDefault();
        });
        document.querySelector<HTMLElement>("#x")!.click();
        return prevented;
      });
      expect(isPrevented).toBe(false);
      await expect(page).toHaveURL(/\?page=1$/);
      await app.settled();
      expect(app.all("url")).toEqual([]);
    });

  test("an ordinary link to a hash, and the way back over it, are nothing for the server", async ({
    app,
    page,
  }) => {
    await app.open(component('<a id=x href="#notes">x</a><h2 id=notes>Notes</h2>'));
    await page.click("#x");
    await expect(page).toHaveURL(/#notes$/);
    await page.goBack();
    await expect(page).not.toHaveURL(/#notes$/);
    await page.goForward();
    await expect(page).toHaveURL(/#notes$/);
    await app.settled();
    expect(app.all("url")).toEqual([]);
  });
});

test("url= fields change the address and the hash stays, as does what other scripts keep in the history", async ({
  app,
  page,
}) => {
  await app.open(component("x"));
  await page.evaluate(() => history.replaceState({ theirs: 1 }, "", "#notes"));
  app.ack(0, [["url", "replace", "/?q=a"]]);
  await expect(page).toHaveURL(`${app.url}/?q=a#notes`);
  expect(await page.evaluate(() => history.state.theirs)).toBe(1);
  app.ack(0, [["url", "push", "/?q=a&page=2"]]);
  await expect(page).toHaveURL(`${app.url}/?q=a&page=2#notes`);
  app.ack(0, [["url", "push", "/other/"]]);
  await expect(page).toHaveURL(`${app.url}/other/`);
});

test.describe("late answers", () => {
  const body = component(
    '<input id=q live-model="q" live-debounce=5000><a id=two live-patch href="/?page=2">2</a><a id=three live-patch href="/?page=3">3</a>',
  );

  test("what was typed before a live-patch link is sent before it, and its answer is about the URL before", async ({
    app,
    page,
  }) => {
    await app.open(body);
    await page.fill("#q", "abc");
    await page.click("#two");
    await app.message("url");
    expect(app.calls).toEqual([
      ["set", "c0", { q: "abc" }],
      ["url", "/?page=2"],
    ]);
    app.ack(1, [["url", "replace", "/?q=abc"]]);
    await app.settled();
    await expect(page).toHaveURL(`${app.url}/?page=2`);
    app.ack(2);
    await page.goBack();
    expect((await app.message("url", 2))[2]).toBe("/?q=abc");
    await expect(page).toHaveURL(`${app.url}/?q=abc`);
  });

  test("Back sends what waits for its debounce first", async ({ app, page }) => {
    await app.open(body);
    await page.click("#two");
    await app.message("url");
    app.ack();
    await page.fill("#q", "abc");
    await page.evaluate(() => history.back());
    await app.message("url", 2);
    expect(app.calls.slice(1)).toEqual([
      ["set", "c0", { q: "abc" }],
      ["url", "/"],
    ]);
  });

  test("a URL that the server pushed while the user went elsewhere is not gone to", async ({ app, page }) => {
    await app.open(`${body}`);
    await page.click("#two");
    await app.message("url");
    app.ack(0, [["url", "push", "/?page=9"]]);
    app.ack(1);
    await app.settled();
    await expect(page).toHaveURL(`${app.url}/?page=2`);
    app.ack(1, [["url", "push", "/?page=9"]]);
    await expect(page).toHaveURL(`${app.url}/?page=9`);
  });

  test("offline: typed, two links clicked, back again: the join is about the first URL, the bar shows the last", async ({
    app,
    page,
  }) => {
    await app.open(body);
    await app.goDown();
    await page.fill("#q", "abc");
    await page.click("#two");
    await page.click("#three");
    await app.comeBack();
    expect(app.all("join").at(-1)![4]).toBe("/");
    await app.message("url", 2);
    expect(app.calls).toEqual([
      ["set", "c0", { q: "abc" }],
      ["url", "/?page=2"],
      ["url", "/?page=3"],
    ]);
    app.ack(1, [["url", "replace", "/?q=abc"]]);
    app.ack(2);
    app.ack(3);
    await app.settled();
    await expect(page).toHaveURL(`${app.url}/?page=3`);
    await page.goBack();
    await expect(page).toHaveURL(`${app.url}/?page=2`);
    await page.goBack();
    await expect(page).toHaveURL(`${app.url}/?q=abc`);
  });
});

test.describe("scroll positions", () => {
  test.beforeEach(({ app }) => {
    app.policy = "default-src 'self'; style-src 'unsafe-inline'";
  });

  test("Back and forward wait for the content of their entry", async ({ app, page }) => {
    await app.open(component('<a id=x live-patch href="/?page=2">2</a><p style="height: 5000px">long</p>'));
    await page.evaluate(() => scrollTo(0, 1500));
    await page.evaluate(() => new Promise(requestAnimationFrame));
    await page.evaluate(() => document.querySelector<HTMLElement>("#x")!.click());
    await app.message("url");
    app.patch([["c0.0", ">short</div>"]]);
    await app.settled();
    expect(await page.evaluate(() => scrollY)).toBe(0);
    await page.goBack();
    await app.message("url", 2);
    app.patch([["c0.0", long("long")]]);
    await expect.poll(() => page.evaluate(() => scrollY)).toBe(1500);
  });

  test("a live-patch link to a hash goes to it when its content has come", async ({ app, page }) => {
    await app.open(component('<a id=x live-patch href="/?page=3#end">3</a>'));
    await page.click("#x");
    await app.message("url");
    app.patch([
      ["c0.0", '><p style="height: 5000px">long</p><h2 id=end>End</h2><p style="height: 5000px"></p></div>'],
    ]);
    await expect.poll(() => page.evaluate(() => Math.round(scrollY))).toBeGreaterThan(4900);
    expect(await page.evaluate(() => document.querySelector(":target")!.id)).toBe("end");
    await app.settled();
    expect(app.all("url")).toHaveLength(1);
    await expect(page).toHaveURL(`${app.url}/?page=3#end`);
    await page.goBack();
    expect((await app.message("url", 2))[2]).toBe("/");
  });
});

test("pages that send each other back and forth without the user end with words", async ({ app, page }) => {
  const body = `<div live-flash></div>${component("x")}`;
  await app.open(body, { path: "/b/" });
  await app.open(body, { path: "/a/" });
  app.answer = () => ({
    effects: [["redirect", app.all("join").at(-1)![4] === "/a/" ? "/b/" : "/a/"]],
  });
  await page.reload().catch(() => {}); // it is sent away while it loads
  await expect(page.locator("[live-flash]")).toContainText("without end", { timeout: 20_000 });
  expect(app.joins).toBeLessThan(30);
  await page.click("text=without end");
  const here = page.url();
  app.answer = () => ({});
  app.ack(0, [["redirect", here.endsWith("/a/") ? "/b/" : "/a/"]]); // the user is there now
  await expect(page).not.toHaveURL(here);
});
