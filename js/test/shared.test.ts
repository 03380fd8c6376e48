import { expect, test } from "./harness";

const BOARD = `<ul lc="s1f.0" lc-token="t"><li lc="s1f.1">0</li><li lc="s1f-0.0">child</li></ul>`;

test("renders of a shared component are applied in the order of its own versions", async ({ app, page }) => {
  await app.open(BOARD);
  app.send(["shared", "s1f", 7, [], true]);
  app.send(["shared", "s1f", 8, [["s1f.1", ">1</li>"]]]);
  app.send(["shared", "s1f", 8, [["s1f.1", ">stale</li>"]]]);
  app.send(["shared", "s1f", 9, [["s1f-0.0", ">one</li>"]]]);
  await app.settled();
  await expect(page.locator("ul")).toHaveText("1one");
  expect(app.all("render")).toEqual([]);
});

test("each shared component counts for itself", async ({ app, page }) => {
  await app.open(BOARD + BOARD.replaceAll("s1f", "s2a").replace(` lc-token="t"`, ""));
  app.send(["shared", "s1f", 5, [], true]);
  app.send(["shared", "s2a", 0, [], true]);
  app.send(["shared", "s2a", 1, [["s2a.1", ">two</li>"]]]);
  app.send(["shared", "s1f", 6, [["s1f.1", ">one</li>"]]]);
  await app.settled();
  await expect(page.locator("li:first-child")).toHaveText(["one", "two"]);
});

test("where a version is missing the component is asked for, once, and the whole of it is taken", async ({
  app,
  page,
}) => {
  await app.open(BOARD);
  app.send(["shared", "s1f", 1, [], true]);
  app.send(["shared", "s1f", 3, [["s1f.1", ">3</li>"]]]);
  app.send(["shared", "s1f", 5, [["s1f.1", ">5</li>"]]]);
  expect(await app.message("render")).toEqual(["render", "s1f"]);
  await app.settled();
  await expect(page.locator("li").first()).toHaveText("0");
  app.send(["shared", "s1f", 5, [["s1f.0", `<ul><li lc="s1f.1">five</li></ul>`]], true]);
  app.send(["shared", "s1f", 6, [["s1f.1", ">six</li>"]]]);
  await app.settled();
  await expect(page.locator("ul")).toHaveText("six");
  expect(app.all("render")).toHaveLength(1);
});

test("a missing child is asked for as a part of its shared component", async ({ app }) => {
  await app.open(BOARD);
  app.send(["shared", "s1f", 1, [], true]);
  app.send(["shared", "s1f", 2, [["s1f-9.0", ">x</li>"]]]);
  expect(await app.message("render")).toEqual(["render", "s1f"]);
});

test("what is shared is acknowledged too: the server sees that the browser reads", async ({ app }) => {
  await app.open(BOARD);
  app.send(["shared", "s1f", 1, [], true]);
  expect(await app.message("ack")).toEqual(["ack", 0]);
});

test("a new connection begins with the whole again", async ({ app, page }) => {
  await app.open(BOARD);
  app.send(["shared", "s1f", 7, [], true]);
  await app.settled();
  await app.goDown();
  await app.comeBack();
  app.send(["shared", "s1f", 0, [["s1f.0", `<ul><li lc="s1f.1">new</li></ul>`]], true]);
  app.send(["shared", "s1f", 1, [["s1f.1", ">newer</li>"]]]);
  await app.settled();
  await expect(page.locator("ul")).toHaveText("newer");
});
