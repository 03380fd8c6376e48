import { expect, test } from "./harness";

const component = (inner: string) => `<div lc="c0.0" lc-token="t">${inner}</div>`;

test("data-loading: on the trigger, its form and live-loading elements of the component, until the event is done", async ({
  app,
  page,
}) => {
  await app.open(
    `${component(`<form><button id=x type=button live-click=add>+</button></form>
     <i class=on live-loading=add></i><i class=on live-loading="remove add"></i><i class=on live-loading></i>
     <i live-loading=remove></i>`)}<div lc="c1.0" lc-token="u"><i live-loading=add></i></div>`,
  );
  await page.click("#x");
  await page.click("#x");
  await app.message("event", 2);
  const loading = page.locator("[data-loading][aria-busy=true]");
  await expect(loading).toHaveCount(5);
  await expect(page.locator(".on[data-loading]")).toHaveCount(3);
  app.ack(1);
  await app.settled();
  await expect(loading).toHaveCount(5);
  app.ack(2);
  await expect(loading).toHaveCount(0);
  await expect(page.locator("[aria-busy]")).toHaveCount(0);
});

test("what the page's author says with aria-busy and aria-current stays", async ({ app, page }) => {
  await app.open(
    component(
      '<button id=x live-click=add aria-busy=true>+</button><i live-loading=add aria-busy=false></i><a id=y live-current aria-current=step href="/other/">y</a>',
    ),
  );
  await page.click("#x");
  await page.click("#x");
  await app.message("event", 2);
  await expect(page.locator("i")).toHaveAttribute("aria-busy", "true");
  app.ack(1);
  app.ack(2);
  await expect(page.locator("[data-loading]")).toHaveCount(0);
  await expect(page.locator("#x")).toHaveAttribute("aria-busy", "true");
  await expect(page.locator("i")).toHaveAttribute("aria-busy", "false");
  await expect(page.locator("#y")).toHaveAttribute("aria-current", "step");
});

test("data-loading stays through patches that are not the answer, and ends with an error", async ({
  app,
  page,
}) => {
  await app.open(component("<button id=x lc=c0.1 live-click=add>1</button>"));
  await page.click("#x");
  await app.message("event");
  app.patch([["c0.1", "<button id=x live-click=add class=new>2</button>"]], { ack: 0 });
  await expect(page.locator("#x.new")).toHaveText("2");
  await expect(page.locator("#x")).toHaveAttribute("data-loading");
  app.send(["error", 1, "failed", "No."]);
  await expect(page.locator("#x")).not.toHaveAttribute("data-loading");
});

test("a typing reply keeps no field busy", async ({ app, page }) => {
  await app.open(component("<input id=x live-model=q><i live-loading=q></i>"));
  await page.fill("#x", "1");
  await app.message("set");
  await expect(page.locator("i")).toHaveAttribute("data-loading");
  app.ack();
  await expect(page.locator("[data-loading]")).toHaveCount(0);
});

test("live-disable-with: a button, its form and its text survive patches until the acknowledgement", async ({
  app,
  page,
}) => {
  const form = (label: string, disabled = "") =>
    `<form live-submit=save><button id=x ${disabled} live-disable-with="Saving…"><b lc="c0.2">${label}</b></button></form>`;
  await app.open(component(`<i lc="c0.1">${form("Save")}</i>`));
  await page.click("#x");
  await app.message("event");
  await expect(page.locator("#x")).toBeDisabled();
  await expect(page.locator("#x")).toHaveText("Saving…");
  app.patch([["c0.2", ">Keep"]], { ack: 0 });
  app.patch([["c0.1", `>${form("Store")}`]], { ack: 0 });
  await app.settled();
  await expect(page.locator("#x")).toBeDisabled();
  await expect(page.locator("#x")).toHaveText("Saving…");
  app.ack();
  await expect(page.locator("#x")).toBeEnabled();
  await expect(page.locator("#x > b")).toHaveText("Store");
  await page.click("#x");
  await app.message("event", 2);
  app.patch([["c0.1", `>${form("Done", "disabled")}`]]);
  await expect(page.locator("#x")).toHaveText("Done");
  await expect(page.locator("#x")).toBeDisabled();
});

test("live-disable-with and data-loading find the buttons and the form of form=, not those of another form around", async ({
  app,
  page,
}) => {
  await app.open(
    component(`<form id=f live-submit=save><input name=a></form>
      <form id=other><button id=x form=f live-disable-with="Saving…">Save</button><input id=y form=f live-change=check>
      <button id=z type=button live-disable-with="No">Z</button></form>
      <button id=w type=button form=f live-disable-with="…">W</button>`),
  );
  await page.click("#x");
  await app.message("event");
  await expect(page.locator("#x")).toHaveText("Saving…");
  await expect(page.locator("#w")).toBeDisabled();
  await expect(page.locator("#z")).toBeEnabled();
  await expect(page.locator("#f")).toHaveAttribute("data-loading");
  app.ack();
  await expect(page.locator("#x")).toHaveText("Save");
  await page.fill("#y", "1");
  await page.press("#y", "Tab");
  await app.message("event", 2);
  await expect(page.locator("[data-loading]")).toHaveCount(2);
  await expect(page.locator("#f[data-loading]")).toHaveCount(1);
  await expect(page.locator("#x")).toBeEnabled();
});

test("live-disable-with on an input shows its text as the value, and takes it back, also where there was none", async ({
  app,
  page,
}) => {
  await app.open(
    component(`<form live-submit=save><input type=submit id=x value=Save live-disable-with="Saving…">
      <input type=submit id=y live-disable-with="Wait…"></form>`),
  );
  await page.click("#x");
  await app.message("event");
  await expect(page.locator("#x")).toHaveValue("Saving…");
  await expect(page.locator("#y")).toHaveValue("Wait…");
  await expect(page.locator("#x")).toBeDisabled();
  app.ack();
  await expect(page.locator("#x")).toHaveValue("Save");
  await expect(page.locator("#x")).toBeEnabled();
  await expect(page.locator("#y")).not.toHaveAttribute("value");
});

test("live-disable-with on the trigger of a click gives the focus back", async ({ app, page }) => {
  await app.open(component('<button id=x live-click=go live-disable-with="…">Go</button>'));
  await page.focus("#x");
  await page.keyboard.press("Enter");
  await app.message("event");
  await expect(page.locator("#x")).toHaveText("…");
  await page.evaluate(() => new Promise(requestAnimationFrame));
  app.ack();
  await expect(page.locator("#x")).toHaveText("Go");
  await expect(page.locator("#x")).toBeFocused();
});

test("live-disable-with waits for the submit, not for other events of the form, whose click would be lost", async ({
  app,
  page,
}) => {
  await app.open(
    component(`<form live-input=check live-debounce=5000 live-submit=save>
      <input name=q id=q><button id=x live-disable-with="Saving…">Save</button></form>`),
  );
  await page.fill("#q", "a");
  await page.click("#x");
  await app.message("event", 2);
  expect(app.all("event").map(([, , , name]) => name)).toEqual(["check", "save"]);
  await expect(page.locator("#x")).toHaveText("Saving…");
});

test("live-once with live-disable-with: sent once, and enabled again when it is done", async ({
  app,
  page,
}) => {
  await app.open(component("<button id=x live-click=go live-once live-disable-with=Wait>Go</button>"));
  await page.click("#x");
  await app.message("event");
  app.ack();
  await expect(page.locator("#x")).toBeEnabled();
  await page.click("#x");
  await app.settled();
  expect(app.calls).toHaveLength(1);
  await expect(page.locator("#x")).toHaveText("Go");
});

test("live-offline is shown, or has its class, while there is no connection", async ({ app, page }) => {
  await app.open(
    `${component("")}<p id=banner live-offline hidden>offline</p><p id=shade live-offline="dim grey"></p>`,
  );
  await expect(page.locator("#banner")).toBeHidden();
  await app.goDown();
  await expect(page.locator("#banner")).toBeVisible();
  await expect(page.locator("#shade")).toHaveClass("dim grey");
  await app.comeBack();
  await expect(page.locator("#banner")).toBeHidden();
  await expect(page.locator("#shade")).toHaveClass("");
});

test("live-cloak is shown once the page is live", async ({ app, page }) => {
  app.pageId = null;
  await app.open(component("<p live-cloak hidden>tools</p><p id=b live-cloak=ready></p>"), { joined: false });
  await app.message("join");
  await expect(page.locator("p").first()).toBeHidden();
  app.send(["joined", "page-1", 0, 0, []]);
  await expect(page.locator("p").first()).toBeVisible();
  await expect(page.locator("#b")).toHaveClass("ready");
});

test("live-dirty is shown while its form holds something that the server did not render", async ({
  app,
  page,
}) => {
  await app.open(
    component(`<form live-submit=save><i lc="c0.1"><input id=x name=a value=old></i><p live-dirty hidden>unsaved</p>
      <input id=box type=checkbox><button id=save></button></form>`),
  );
  const note = page.locator("[live-dirty]");
  await expect(note).toBeHidden();
  await page.fill("#x", "new");
  await expect(note).toBeVisible();
  await page.fill("#x", "old");
  await expect(note).toBeHidden();
  await page.check("#box");
  await expect(note).toBeVisible();
  await page.uncheck("#box");
  await page.fill("#x", "new");
  await page.click("#save");
  await app.message("event");
  app.patch([["c0.1", '><input id=x name=a value="new">']]);
  await expect(note).toBeHidden();
});

test("live-dirty shows the state of the form that form= names", async ({ app, page }) => {
  await app.open(
    component(
      "<form id=f><input id=x name=a value=old></form><button form=f live-dirty=unsaved>Save</button>",
    ),
  );
  await page.fill("#x", "new");
  await expect(page.locator("button")).toHaveClass("unsaved");
});

test("live-current marks the links to where the page is", async ({ app, page }) => {
  await app.open(
    component(`<a id=all live-patch live-current="bold wide" href="/#top">all</a>
      <a id=done live-patch live-current="bold wide" href="/?filter=done">done</a>`),
  );
  await expect(page.locator("#all")).toHaveAttribute("aria-current", "page");
  await expect(page.locator("#all")).toHaveClass("bold wide");
  await page.click("#done");
  await expect(page.locator("#done")).toHaveAttribute("aria-current", "page");
  await expect(page.locator("#all")).not.toHaveAttribute("aria-current");
  await page.goBack();
  await expect(page.locator("#all")).toHaveAttribute("aria-current", "page");
});

test("debug mode logs each message and flashes what a patch changes", async ({ app, page }) => {
  const logged: string[] = [];
  page.on("console", message => logged.push(message.text()));
  await app.open(component("<b lc=c0.1>0</b><p>still</p>"));
  const flashed = await page.evaluateHandle(async () => {
    window.livecomp.debug();
    await import("/extras/debug.js" as string);
    const elements: string[] = [];
    const { animate } = Element.prototype;
    Element.prototype.animate = function (...args) {
      elements.push(this.localName);
      return animate.apply(this, args);
    };
    return elements;
  });
  app.patch([["c0.1", ">1"]]);
  await expect(page.locator("b")).toHaveText("1");
  await expect.poll(() => logged.join("\n")).toContain("patch");
  expect(await flashed.jsonValue()).toEqual(["b"]);
  await page.evaluate(() => window.livecomp.debug(false));
});

test("debug mode names ids that are there twice, and addresses that are not there", async ({ app, page }) => {
  const logged: string[] = [];
  page.on("console", message => logged.push(message.text()));
  await app.open(component("<i id=a></i><b lc=c0.1><i id=a></i></b>"));
  await page.evaluate(() => window.livecomp.debug());
  await expect.poll(() => logged).toEqual(["livecomp duplicate ids [a]"]);
  app.patch([["c0.1", "><i id=b></i><i id=b></i>"]]);
  await expect.poll(() => logged).toContain("livecomp duplicate ids [b]");
  app.patch([
    ["c0.1", "><i id=b></i>"],
    ["c0.9", ">x"],
  ]);
  await expect.poll(() => logged).toContain("livecomp missing c0.9");
  expect(logged.filter(text => text.includes("duplicate"))).toHaveLength(2);
});

test("t60: a double click on a button with live-disable-with, and on one with live-throttle, is one event", async ({
  app,
  page,
}) => {
  await app.open(
    component(
      "<button id=pay live-click=pay live-disable-with=…>pay</button><button id=buy live-click=buy live-throttle=1000>buy</button>",
    ),
  );
  await page.dblclick("#pay", { noWaitAfter: true, force: true });
  await page.dblclick("#buy");
  await app.settled();
  expect(app.calls.map(call => (call as string[])[2])).toEqual(["pay", "buy"]);
});
