import { expect, test } from "./harness";

const component = (inner: string) => `<div lc="c0.0" lc-token="t">${inner}</div>`;

test.describe("DOM events", () => {
  for (const [attribute, html, act] of [
    ["live-click", "<button live-click=go id=x></button>", "click"],
    ["live-dblclick", "<button live-dblclick=go id=x></button>", "dblclick"],
    ["live-focus", "<button live-focus=go id=x></button>", "focus"],
    ["live-mouseenter", "<button live-mouseenter=go id=x></button>", "hover"],
    ["live-pointerdown", "<button live-pointerdown=go id=x></button>", "click"],
  ] as const)
    test(`${attribute} calls the event`, async ({ app, page }) => {
      await app.open(component(html));
      await page.locator("#x")[act]();
      await app.message("event");
      await app.settled();
      expect(app.calls).toEqual([["event", "c0", "go", {}, {}]]);
    });

  test("live-blur calls it, for events that do not bubble too", async ({ app, page }) => {
    await app.open(component("<div live-blur=never><input id=x live-blur=left></div>"));
    await page.fill("#x", "text");
    await page.locator("#x").blur();
    await app.message("event");
    await app.settled();
    expect(app.calls).toEqual([["event", "c0", "left", {}, { value: "text" }]]);
  });

  test("any DOM event, one's own too, with its detail", async ({ app, page }) => {
    await app.open(component("<div live-map:moved=moved><i></i></div>"));
    await page.evaluate(() =>
      document
        .querySelector("i")!
        .dispatchEvent(new CustomEvent("map:moved", { bubbles: true, detail: { x: 1 } })),
    );
    expect((await app.message("event")).slice(2)).toEqual(["c0", "moved", {}, { detail: { x: 1 } }]);
  });

  test("an event that only a patch brings is heard", async ({ app, page }) => {
    await app.open(component("<p lc=c0.1></p>"));
    app.patch([["c0.1", "<p><button live-contextmenu=menu id=x></button></p>"]]);
    await page.click("#x", { button: "right" });
    expect((await app.message("event"))[3]).toBe("menu");
  });

  test("t135: text that looks like our attributes is text, in the first HTML and in patches", async ({
    app,
    page,
  }) => {
    await page.addInitScript(() => {
      const { addEventListener } = EventTarget.prototype;
      const seen: string[] = [];
      Object.assign(window, { heard: seen });
      EventTarget.prototype.addEventListener = function (...args: unknown[]) {
        seen.push(args[0] as string);
        addEventListener.apply(this, args as never);
      };
    });
    const heard = () => page.evaluate(() => (window as unknown as { heard: string[] }).heard.length);
    const text = (from: number) =>
      Array.from({ length: 40 }, (_, line) =>
        Array.from({ length: 600 }, (_, word) => ` live-x${from + line * 600 + word}=a`).join(""),
      ).join("<br>");
    await app.open(component(`<p lc=c0.1>text</p><p title="live-title=a">${text(0)}</p>`));
    const before = await heard();
    expect(before).toBeLessThan(60);
    app.patch([
      ["c0.1", `<p lc=c0.1 title=" live-title2=a"><i>${text(30_000)}</i><!-- live-comment=a --></p>`],
    ]);
    await app.settled();
    expect(await heard()).toBeLessThanOrEqual(before + 2); // of the test itself
    app.patch([["c0.1", `<p lc=c0.1><i>${text(0)}</i><b id=x live-contextmenu=menu>b</b></p>`]]);
    await app.settled();
    await page.click("#x", { button: "right" });
    expect((await app.message("event"))[3]).toBe("menu");
  });

  for (const [how, html] of [
    ["in capitals", "<b LIVE-CONTEXTMENU=menu>b</b>"],
    ["behind a slash", "<b/live-contextmenu=menu>b</b>"],
    ["behind a value", '<b title="a"live-contextmenu=menu>b</b>'],
  ] as const)
    test(`t135: an attribute that is written ${how} is heard`, async ({ app, page }) => {
      await app.open(component("<p lc=c0.1></p>"));
      app.patch([["c0.1", `<p>${html}</p>`]]);
      await page.click("b", { button: "right" });
      expect((await app.message("event"))[3]).toBe("menu");
    });

  test("an attribute that a patch adds to an element that stays is heard", async ({ app, page }) => {
    await app.open(component("<p lc=c0.1><b id=x>b</b></p>"));
    app.patch([["c0.1", "<p><b id=x live-contextmenu=menu>b</b></p>"]]);
    await page.click("#x", { button: "right" });
    expect((await app.message("event"))[3]).toBe("menu");
  });

  test("live-keydown sends the key; live-keys chooses among them", async ({ app, page }) => {
    await app.open(
      component('<p live-keyup=up><input id=x live-keydown=pressed live-keys="Enter Escape"></p>'),
    );
    for (const key of ["a", "Enter"]) await page.press("#x", key);
    await app.message("event", 3);
    expect(app.all("event").map(([, , , name, , offered]) => [name, offered])).toEqual([
      ["up", { value: "a", key: "a" }],
      ["pressed", { value: "a", key: "Enter" }],
      ["up", { value: "a", key: "Enter" }],
    ]);
  });

  test("a key that belongs to an input method is not sent", async ({ app, page }) => {
    await app.open(component("<input id=x live-keydown=pressed>"));
    await page.evaluate(() => {
      const press = (isComposing: boolean) =>
        document
          .querySelector("input")!
          .dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, isComposing }));
      press(true);
      press(false);
    });
    await app.message("event");
    await app.settled();
    expect(app.calls).toHaveLength(1);
  });

  test("nor is one that Safari sends after the input method has ended", async ({ app, page }) => {
    await app.open(component("<input id=x live-keydown=pressed>"));
    await page.evaluate(() => {
      const field = document.querySelector("input")!;
      const send = (event: Event) => field.dispatchEvent(event);
      send(new CompositionEvent("compositionend", { bubbles: true }));
      send(new KeyboardEvent("keydown", { key: "Enter", keyCode: 229, bubbles: true }));
      send(new KeyboardEvent("keydown", { key: "Enter", keyCode: 13, bubbles: true }));
    });
    await app.message("event");
    await app.settled();
    expect(app.calls).toHaveLength(1);
  });

  test("live-window-keydown hears keys anywhere, live-window-resize the window", async ({ app, page }) => {
    await app.open(
      `${component("<p live-window-keydown=key live-keys=x live-window-resize=resized></p>")}<input id=out>`,
    );
    await page.press("#out", "x");
    await app.message("event");
    await page.setViewportSize({ width: 500, height: 400 });
    await app.message("event", 2);
    expect(app.all("event").map(([, , , name]) => name)).toEqual(["key", "resized"]);
  });

  test("live-click-away hears clicks elsewhere, while the element is shown", async ({ app, page }) => {
    await app.open(component("<p live-click-away=close id=menu><b id=in>in</b></p><i id=out>out</i>"));
    await page.click("#in");
    await page.click("#out");
    await app.message("event");
    await page.evaluate(() => document.querySelector("#menu")!.toggleAttribute("hidden"));
    await page.click("#out");
    await app.settled();
    expect(app.calls).toEqual([["event", "c0", "close", {}, {}]]);
  });

  test("a press that begins or ends in a live-click-away element is not away from it", async ({
    app,
    page,
  }) => {
    await app.open(
      component(
        "<p live-click-away=close id=menu><input id=in value='some text'></p><button id=out>out</button>",
      ),
    );
    const drag = async (from: string, to: string) => {
      await page.hover(from);
      await page.mouse.down();
      await page.hover(to);
      await page.mouse.up();
    };
    await drag("#in", "#out");
    await drag("#out", "#in");
    await app.settled();
    expect(app.calls).toEqual([]);
    await page.focus("#out");
    await page.keyboard.press("Enter"); // whatever the pointer did before
    await app.message("event");
    await page.click("#out");
    await app.message("event", 2);
  });

  test("a click on what is just gone is told to scripts, not to the visitor", async ({ app, page }) => {
    await app.open(
      `<div live-flash></div>${component('<p lc="c1.0"><button id=x live-click=go>x</button></p>')}`,
    );
    const seen = await app.listen("live:error");
    await page.click("#x");
    await app.message("event");
    app.patch([["c0.0", ">gone</div>"]], { ack: 0 });
    app.send(["error", 1, "gone", "There is no component 'c1' on this page.", "c1"]);
    await app.settled();
    expect((await seen())[0]![1]).toMatchObject({ code: "gone" });
    await expect(page.locator("[live-flash]")).toBeEmpty();
    app.send(["error", 0, "gone", "This part of the page is out of date.", "c0"]);
    await expect(page.locator("[live-flash]")).toContainText("out of date");
  });

  test("an event goes to every element on its way up, unless live-stop or the page's own script ends it", async ({
    app,
    page,
  }) => {
    await app.open(
      component(
        `<div live-click=outer><div live-click=middle><b id=a live-click=inner>a</b></div>
        <b id=b live-click=stopped live-stop>b</b><b id=c>c</b></div>`,
      ),
    );
    await page.evaluate(() =>
      document.querySelector("#c")!.addEventListener("click", event => event.stopPropagation()),
    );
    for (const id of ["#a", "#b", "#c"]) await page.click(id);
    await app.message("event", 4);
    await app.settled();
    expect(app.all("event").map(([, , , name]) => name)).toEqual(["inner", "middle", "outer", "stopped"]);
  });

  test("live-self hears only the element itself; live-prevent keeps the browser's own action away", async ({
    app,
    page,
  }) => {
    await app.open(
      component(`<div id=self live-click=self live-self>around <b id=in>in</b></div>
      <a href="/elsewhere" id=link live-click=link live-prevent>link</a>`),
    );
    await page.click("#in");
    await page.click("#self", { position: { x: 2, y: 2 } });
    await page.click("#link");
    await app.message("event", 2);
    await app.settled();
    expect(app.all("event").map(([, , , name]) => name)).toEqual(["self", "link"]);
    expect(new URL(page.url()).pathname).toBe("/");
  });
});

test.describe("arguments", () => {
  test("live-value-* are the event's arguments; dashes are underscores", async ({ app, page }) => {
    await app.open(component("<button id=x live-click=go live-value-by=2 live-value-item-id=7></button>"));
    await page.click("#x");
    expect((await app.message("event"))[4]).toEqual({ by: "2", item_id: "7" });
  });

  test("what has no text of its own is JSON behind a mark; anything else is text", async ({ app, page }) => {
    await app.open(
      component(`<button id=x live-click=go live-value-none="json:null" live-value-many="json:[1,null,&quot;a&quot;]"
        live-value-text='json:"json:1"' live-value-half="json:[1" live-value-plain="null" live-value-yes="true"></button>`),
    );
    await page.click("#x");
    expect((await app.message("event"))[4]).toEqual({
      none: null,
      many: [1, null, "a"],
      text: "json:1",
      half: "json:[1",
      plain: "null",
      yes: "true",
    });
  });

  test("t10: names that reach a prototype are left out of the arguments; as fields they are text in a list", async ({
    app,
    page,
  }) => {
    await app.open(
      component(`<form live-submit=go live-value-__proto__=x live-value-constructor=x live-value-prototype=x live-value-good=1>
        <input name=__proto__ value=1><input name=constructor value=1><input name=good value=2><button id=x></button></form>`),
    );
    await page.click("#x");
    const [, , , , args, offered] = await app.message("event");
    expect(JSON.stringify([args, offered])).toBe(
      '[{"good":"1"},[["__proto__","1"],["constructor","1"],["good","2"]]]',
    );
  });

  test("live-target sends it to another component", async ({ app, page }) => {
    await app.open(
      `${component('<button id=x live-click=go live-target="#other"></button>')}<div lc="c1.0" lc-token="u"><p id=other></p></div>`,
    );
    await page.click("#x");
    expect((await app.message("event"))[2]).toBe("c1");
  });

  test("a nested component's events are its own", async ({ app, page }) => {
    await app.open(component('<div lc="c1.0"><button id=x live-click=go></button></div>'));
    await page.click("#x");
    expect((await app.message("event"))[2]).toBe("c1");
  });
});

test.describe("live-confirm", () => {
  for (const [answer, calls] of [
    ["accept", 1],
    ["dismiss", 0],
  ] as const)
    test(`${answer}`, async ({ app, page }) => {
      await app.open(component('<form live-submit=go><button id=x live-confirm="Sure?"></button></form>'));
      const asked: string[] = [];
      page.on("dialog", dialog => {
        asked.push(dialog.message());
        void dialog[answer]();
      });
      await page.click("#x");
      await app.settled();
      expect(asked).toEqual(["Sure?"]);
      expect(app.calls).toHaveLength(calls);
    });
});

test.describe("pace", () => {
  test.beforeEach(({ page }) => page.clock.install());

  test("live-debounce waits until the typing stops", async ({ app, page }) => {
    await app.open(component("<input id=x live-input=search live-debounce=300>"));
    await app.stopClock();
    await page.locator("#x").pressSequentially("ab");
    await page.clock.runFor(299);
    await page.locator("#x").pressSequentially("c");
    await page.clock.runFor(299);
    await app.settled();
    expect(app.calls).toEqual([]);
    await page.clock.runFor(1);
    await app.message("event");
    expect(app.calls).toEqual([["event", "c0", "search", {}, { value: "abc" }]]);
  });

  test("what is debounced is sent when the field is left", async ({ app, page }) => {
    await app.open(component("<input id=x live-input=search live-debounce=300>"));
    await app.stopClock();
    await page.fill("#x", "abc");
    await page.locator("#x").blur();
    await app.message("event");
    await page.clock.runFor(1_000);
    await app.settled();
    expect(app.calls).toHaveLength(1);
  });

  test("what is debounced is sent before a submit, and before any other event", async ({ app, page }) => {
    await app.open(
      component(`<form live-submit=save><input name=q id=x live-model=q live-debounce=300></form>
        <p live-window-keydown=help live-keys=F1></p>`),
    );
    await app.stopClock();
    await page.fill("#x", "abc");
    await page.press("#x", "Enter");
    await app.message("event");
    await page.fill("#x", "abcd");
    await page.press("#x", "F1");
    await app.message("event", 2);
    expect(app.calls).toEqual([
      ["set", "c0", { q: "abc" }],
      ["event", "c0", "save", {}, [["q", "abc"]]],
      ["set", "c0", { q: "abcd" }],
      ["event", "c0", "help", {}, { key: "F1", value: "abcd" }],
    ]);
  });

  test("live-throttle: clicks at most once in that time", async ({ app, page }) => {
    await app.open(component("<button id=x live-click=go live-throttle=1000></button>"));
    await app.stopClock();
    await page.click("#x");
    await page.click("#x");
    await page.clock.runFor(1_000);
    await page.click("#x");
    await app.message("event", 2);
    await app.settled();
    expect(app.calls).toHaveLength(2);
  });

  for (const attribute of ["live-keydown", "live-window-keydown"])
    test(`live-throttle: each key by itself, for ${attribute}`, async ({ app, page }) => {
      await app.open(component(`<input id=x ${attribute}=go live-throttle=1000>`));
      await app.stopClock();
      for (const key of ["ArrowUp", "ArrowUp", "ArrowDown", "ArrowUp"]) await page.press("#x", key);
      await app.message("event", 2);
      await page.clock.runFor(1_000);
      await app.settled();
      await page.press("#x", "ArrowUp");
      await app.message("event", 3);
      expect(app.all("event").map(([, , , , , offered]) => offered)).toEqual([
        expect.objectContaining({ key: "ArrowUp" }),
        expect.objectContaining({ key: "ArrowDown" }),
        expect.objectContaining({ key: "ArrowUp" }),
      ]);
    });

  test("live-throttle with live-once: once, whatever the key", async ({ app, page }) => {
    await app.open(component("<input id=x live-keydown=go live-throttle=1000 live-once>"));
    for (const key of ["ArrowUp", "ArrowDown"]) await page.press("#x", key);
    await app.message("event");
    await app.settled();
    expect(app.calls).toHaveLength(1);
  });

  test("live-throttle: of text the last is always sent", async ({ app, page }) => {
    await app.open(component("<input id=x live-input=typing live-throttle=1000>"));
    await app.stopClock();
    await page.locator("#x").pressSequentially("abc");
    await page.clock.runFor(1_000);
    await app.message("event", 2);
    await app.settled();
    expect(app.all("event").map(([, , , , , offered]) => offered)).toEqual([
      { value: "a" },
      { value: "abc" },
    ]);
  });

  test("live-once: once for each element, also after a patch of it", async ({ app, page }) => {
    await app.open(component("<button id=x lc=c0.1 live-click=go live-once>1</button>"));
    await page.click("#x");
    await app.message("event");
    app.patch([["c0.1", "<button id=x live-click=go live-once>2</button>"]]);
    await expect(page.locator("#x")).toHaveText("2");
    await page.click("#x");
    await app.settled();
    expect(app.calls).toHaveLength(1);
  });
});

test("live-patch links send the new URL and change the address bar; back and forward send it too", async ({
  app,
  page,
}) => {
  await app.open(component('<a id=x live-patch live-current href="?filter=done">done</a>'));
  await page.click("#x");
  expect((await app.message("url"))[2]).toBe("/?filter=done");
  await expect(page).toHaveURL(`${app.url}/?filter=done`);
  await page.goBack();
  expect((await app.message("url", 2))[2]).toBe("/");
  await page.goForward();
  expect((await app.message("url", 3))[2]).toBe("/?filter=done");
});

test("a live-patch link opened with a modifier is the browser's", async ({ app, page, context }) => {
  await app.open(component('<a id=x live-patch href="/?filter=done">done</a>'));
  const other = context.waitForEvent("page");
  await page.click("#x", { modifiers: ["Control"] });
  await (await other).waitForURL("**/?filter=done");
  await app.message("join", 2);
  expect(app.calls).toEqual([]);
});
