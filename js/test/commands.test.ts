import { expect, test } from "./harness";

const component = (inner: string) => `<div lc="c0.0" lc-token="t">${inner}</div>`;
const button = (commands: string, more = "") => `<button id=x live-js="${commands}" ${more}>x</button>`;

for (const [commands, before, after] of [
  ["toggle:#menu", "hidden", ""],
  ["toggle:#menu", "", "hidden"],
  ["show:#menu", "hidden", ""],
  ["hide:#menu", "", "hidden"],
  ["add-class:open #menu", "", 'class="open"'],
  ["add-class:open.wide #menu", "", 'class="open wide"'],
  ["remove-class:open #menu", 'class="a open"', 'class="a"'],
  ["toggle-class:open #menu", "", 'class="open"'],
  ["toggle-class:open.shut #menu", 'class="open"', 'class="shut"'],
  ["set-attr:data-size=a=b #menu", "", 'data-size="a=b"'],
  ["set-attr:open #menu", "", 'open=""'],
  ["add-class:open closest section > :first-child", "", ""],
] as const)
  test(`${commands} with <p ${before}>`, async ({ app, page }) => {
    await app.open(component(`${button(commands)}<p id=menu ${before}>menu</p>`));
    await page.click("#x");
    const html = await page
      .locator("#menu")
      .evaluate(element => element.outerHTML.replaceAll('=""', "").replace("open", "open"));
    expect(html).toBe(`<p id="menu"${after && ` ${after.replace('=""', "")}`}>menu</p>`);
    await app.settled();
    expect(app.calls).toEqual([]);
  });

test("the element itself, elements around it, and several at once", async ({ app, page }) => {
  await app.open(
    component(`<ul><li>${button("add-class:me; add-class:row closest li; hide:.note, #other")}</ul>
      <p class=note>1</p><p class=note>2</p><p id=other>3</p>`),
  );
  await page.click("#x");
  await expect(page.locator("button.me")).toBeVisible();
  await expect(page.locator("li.row")).toBeVisible();
  await expect(page.locator("p:visible")).toHaveCount(0);
});

test("focus, dispatch and push, in order", async ({ app, page }) => {
  await app.open(
    component(`${button("show:#menu; focus:#field; dispatch:opened #menu; push:open", "live-value-by=2")}
    <p id=menu hidden><input id=field></p>`),
  );
  const seen = await app.listen("opened");
  await page.click("#x");
  await expect(page.locator("#field")).toBeFocused();
  expect((await seen()).map(([name]) => name)).toEqual(["opened"]);
  expect(await app.message("event")).toEqual(["event", 1, "c0", "open", { by: "2" }, {}]);
});

test("beside an event, on a form's submit too", async ({ app, page }) => {
  await app.open(
    component('<form live-submit=save live-js="hide:#menu"><button id=x></button></form><p id=menu>menu</p>'),
  );
  await page.click("#x");
  expect((await app.message("event"))[3]).toBe("save");
  await expect(page.locator("#menu")).toBeHidden();
});

test("aria-expanded of the button follows", async ({ app, page }) => {
  await app.open(component(`${button("toggle:#menu", "aria-expanded=false")}<p id=menu hidden>menu</p>`));
  await page.click("#x");
  await expect(page.locator("#x")).toHaveAttribute("aria-expanded", "true");
  await page.click("#x");
  await expect(page.locator("#x")).toHaveAttribute("aria-expanded", "false");
});

test("what commands changed stays across patches", async ({ app, page }) => {
  const menu = (text: string, classes: string) => `<p id=menu hidden class="${classes}">${text}</p>`;
  await app.open(
    component(
      `${button("toggle:#menu; add-class:open #menu; set-attr:data-a=1 #menu")}<i lc="c0.1">${menu("1", "menu")}</i>`,
    ),
  );
  await page.click("#x");
  app.patch([["c0.1", `>${menu("2", "menu")}`]]);
  await expect(page.locator("#menu")).toHaveText("2");
  app.patch([["c0.1", `>${menu("3", "menu wide")}`]]);
  await expect(page.locator("#menu")).toHaveText("3");
  await expect(page.locator("#menu")).toBeVisible();
  await expect(page.locator("#menu")).toHaveClass(/(?=.*\bmenu\b)(?=.*\bopen\b)(?=.*\bwide\b)/);
  await expect(page.locator("#menu")).toHaveAttribute("data-a", "1");
});

test("transitions: the class is there while the element comes and goes, and a change of mind is followed", async ({
  app,
  page,
}) => {
  app.files.set("/style.css", [
    "text/css",
    "@keyframes fade { to { opacity: 0.5 } } .fade { animation: fade 60s linear }",
  ]);
  await app.open(component(`${button("toggle:#menu with fade")}<p id=menu>menu</p>`), {
    head: '<link rel=stylesheet href="/style.css">',
  });
  const finish = () =>
    page.evaluate(() => document.getAnimations().forEach(animation => void animation.finish()));
  const menu = page.locator("#menu");
  await page.click("#x");
  await expect(menu).toHaveClass("fade");
  await expect(menu).toBeVisible();
  await finish();
  await expect(menu).toBeHidden();
  await expect(menu).toHaveClass("");
  await page.click("#x");
  await expect(menu).toBeVisible();
  await expect(menu).toHaveClass("fade");
  await finish();
  await expect(menu).toHaveClass("");
  await page.click("#x"); // leave …
  await page.click("#x"); // … no, stay
  await finish();
  await expect(menu).toHaveClass("");
  await expect(menu).toBeVisible();
});
