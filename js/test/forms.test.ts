import { expect, test } from "./harness";

const component = (inner: string) => `<div lc="c0.0" lc-token="t">${inner}</div>`;

test.describe("form fields", () => {
  test("as the browser would submit them, after the names of the choices of several", async ({
    app,
    page,
  }) => {
    await app.open(
      component(`<form live-submit=save live-value-kind=a>
      <input name=title value=x><input name=off value=x disabled><input name=csrfmiddlewaretoken value=secret>
      <input type=checkbox name=one value=1 checked><input type=checkbox name=none>
      <input type=checkbox name=many value=1 checked><input type=checkbox name=many value=2>
      <input name=twice value=1><input name=twice value=2>
      <select name=multi multiple><option selected>a<option>b</select><select name=empty multiple><option>a</select>
      <select name=single><option>a<option selected>b</select>
      <textarea name=text>line</textarea><input type=file name=file>
      <button id=x name=button value=this></button><button name=button value=other></button></form>`),
    );
    await page.click("#x");
    expect((await app.message("event")).slice(3)).toEqual([
      "save",
      { kind: "a" },
      [
        ["one", null],
        ["many", null],
        ["multi", null],
        ["empty", null],
        ["title", "x"],
        ["one", "1"],
        ["many", "1"],
        ["twice", "1"],
        ["twice", "2"],
        ["multi", "a"],
        ["single", "b"],
        ["text", "line"],
        ["button", "this"],
      ],
    ]);
  });

  test("exactly what FormData holds: any name, any order, fieldsets, form=, dirname, image buttons, entries that a script adds", async ({
    app,
    page,
  }) => {
    await app.open(
      component(`<input name="form-0-name" form=f value=first><form id=f live-submit=save>
      <input name="form-TOTAL_FORMS" value=1><input name="a[]" value=1><input name="a[]" value=2><input name="a.b" value=3>
      <input name=constructor value=4><input name=__proto__ value=5><input name="" value=no><input value=no>
      <fieldset disabled><legend><input name=legend value=6></legend><input name=off value=no></fieldset>
      <input name=comment dirname=comment.dir value=שלום dir=auto><input type=email name=mail multiple value=a@x,b@x>
      <select name=none><option value="" disabled selected>choose</select><input type=image id=go name=map src="/favicon.ico">
      </form><button name=else form=other></button><textarea name=after form=f>\n7</textarea>`),
    );
    await page.evaluate(() => {
      const form = document.querySelector<HTMLFormElement>("#f")!;
      form.addEventListener("formdata", ({ formData }) => formData.append("added", "8"));
      (window as unknown as { held: unknown }).held = [
        ...new FormData(form, document.querySelector<HTMLElement>("#go")),
      ];
      form.requestSubmit(document.querySelector<HTMLElement>("#go"));
    });
    const sent = (await app.message("event"))[5] as [string, string][];
    expect(sent).toEqual(await page.evaluate(() => (window as unknown as { held: unknown }).held));
    expect(sent).toEqual([
      ["form-0-name", "first"],
      ["form-TOTAL_FORMS", "1"],
      ["a[]", "1"],
      ["a[]", "2"],
      ["a.b", "3"],
      ["constructor", "4"],
      ["__proto__", "5"],
      ["legend", "6"],
      ["comment", "שלום"],
      ["comment.dir", "rtl"],
      ["mail", "a@x,b@x"],
      ["map.x", "0"],
      ["map.y", "0"],
      ["after", "7"],
      ["added", "8"],
    ]);
  });

  test("a group of checkboxes is named as one, whatever is chosen in it and however many it has", async ({
    app,
    page,
  }) => {
    await app.open(
      component(`<form live-submit=save><input type=checkbox name=tags value=a id=a><input type=checkbox name=agree id=agree>
      <input type=checkbox name=two id=two><input type=checkbox name=two>
      <fieldset disabled><input type=checkbox name=off value=b></fieldset><button id=go></button></form>`),
    );
    const several = [
      ["tags", null],
      ["two", null],
    ];
    await page.click("#go");
    expect((await app.message("event"))[5]).toEqual(several);
    app.ack();
    for (const id of ["a", "agree", "two"]) await page.check(`#${id}`);
    await page.click("#go");
    expect((await app.message("event", 2))[5]).toEqual([
      ...several,
      ["tags", "a"],
      ["agree", "on"],
      ["two", "on"],
    ]);
  });

  test("of a file the name is sent, and the console says that it is no more than that", async ({
    app,
    page,
  }) => {
    const warned: string[] = [];
    page.on("console", message => warned.push(`${message.type()}: ${message.text()}`));
    await app.open(
      component(
        "<form live-submit=save><input type=file name=f id=f><input type=file name=g><button id=go></button></form>",
      ),
    );
    await page.setInputFiles("#f", { name: "me.png", mimeType: "image/png", buffer: Buffer.from("x") });
    await page.click("#go");
    expect((await app.message("event"))[5]).toEqual([["f", "me.png"]]);
    await expect.poll(() => warned).toEqual(["warning: livecomp: f: of a file only the name is sent."]);
  });

  test("a form may hold controls with names like elements, id and submit", async ({ app, page }) => {
    await app.open(
      component(`<form live-submit=save><input name=elements value=1><input name=id value=2>
      <input name=submit value=3><button id=x></button></form>`),
    );
    await page.click("#x");
    expect((await app.message("event"))[5]).toEqual([
      ["elements", "1"],
      ["id", "2"],
      ["submit", "3"],
    ]);
    app.ack();
    await app.settled();
  });

  test("live-change and live-input on a form send its fields", async ({ app, page }) => {
    await app.open(
      component(
        "<form live-change=changed live-input=typed><input name=a id=x><input name=b value=2></form>",
      ),
    );
    await page.fill("#x", "1");
    await page.locator("#x").blur();
    await app.message("event", 2);
    const AB = [
      ["a", "1"],
      ["b", "2"],
    ];
    expect(app.calls).toEqual([
      ["event", "c0", "typed", {}, AB],
      ["event", "c0", "changed", {}, AB],
    ]);
  });

  test("a submit is not sent again while it is under way", async ({ app, page }) => {
    await app.open(component("<form live-submit=pay><button id=x>pay</button></form>"));
    await page.dblclick("#x");
    await app.message("event");
    await app.settled();
    expect(app.calls).toHaveLength(1);
    app.send(["error", 1, "failed", "No."]);
    await app.settled();
    await page.click("#x");
    await app.message("event", 2);
  });
});

test.describe("live-model", () => {
  test("sends what is typed, chosen and checked", async ({ app, page }) => {
    await app.open(
      component(`<input id=text live-model=q><textarea id=area live-model=text></textarea>
      <input type=checkbox id=box live-model=yes>
      <input type=checkbox class=tag live-model=tags value=a><input type=checkbox class=tag live-model=tags value=b>
      <input type=radio name=r live-model=r value=1><input type=radio name=r id=radio live-model=r value=2>
      <select id=one live-model=one><option>a<option>b</select>
      <select id=more live-model=more multiple><option>a<option>b</select>`),
    );
    await page.fill("#text", "1");
    await page.fill("#area", "2");
    await page.check("#box");
    for (const tag of await page.locator(".tag").all()) await tag.check();
    await page.check("#radio");
    await page.selectOption("#one", "b");
    await page.selectOption("#more", ["a", "b"]);
    await app.message("set", 8);
    expect(app.all("set").map(([, , , values]) => values)).toEqual([
      { q: "1" },
      { text: "2" },
      { yes: true },
      { tags: ["a"] },
      { tags: ["a", "b"] },
      { r: "2" },
      { one: "b" },
      { more: ["a", "b"] },
    ]);
  });

  test(".change waits for the change event, .blur until the field is left", async ({ app, page }) => {
    await app.open(component("<input id=a live-model.change=a><input id=b live-model.blur=b>"));
    await page.fill("#a", "1");
    await app.settled();
    expect(app.calls).toEqual([]);
    await page.press("#a", "Enter");
    await app.message("set");
    await page.fill("#b", "2");
    await page.locator("#b").blur();
    await app.message("set", 2);
    expect(app.calls).toEqual([
      ["set", "c0", { a: "1" }],
      ["set", "c0", { b: "2" }],
    ]);
  });

  test("half a number is not sent", async ({ app, page }) => {
    await app.open(component("<input type=number id=x live-model=n>"));
    await page.locator("#x").pressSequentially("1e2");
    await app.message("set", 2);
    expect(app.calls).toEqual([
      ["set", "c0", { n: "1" }],
      ["set", "c0", { n: "1e2" }],
    ]);
  });

  test("text typed before the socket is open is kept and sent, before what is clicked", async ({
    app,
    page,
  }) => {
    app.pageId = null;
    await app.open(
      component(
        '<p lc="c0.1">0</p><input id=x lc="c0.2" live-model=q value=""><button id=go live-click=go></button>',
      ),
      {
        joined: false,
      },
    );
    await app.message("join");
    await page.fill("#x", "typed");
    await page.click("#go");
    app.send(["joined", "page-1", 1, 0, [["c0.2", '<input id=x live-model=q value="server">']]]);
    await app.message("event");
    expect(app.calls).toEqual([
      ["set", "c0", { q: "typed" }],
      ["event", "c0", "go", {}, {}],
    ]);
    await expect(page.locator("#x")).toHaveValue("typed");
  });

  test("text that the browser restored before the client ran is sent", async ({ app }) => {
    app.files.set("/restore.js", ["text/javascript", 'document.querySelector("#x").value = "restored"']);
    await app.open(component('<input id=x live-model=q value=""><input live-model=r value=same>'), {
      head: '<script src="/restore.js" defer></script>',
    });
    expect(await app.message("set")).toEqual(["set", 1, "c0", { q: "restored" }]);
    await app.settled();
    expect(app.calls).toHaveLength(1);
  });

  test("typing while offline is one message for each field, and goes to a new page too when the old one is gone", async ({
    app,
    page,
  }) => {
    await app.open(component('<input id=x live-model=q value=""><input id=y live-model=r value="">'));
    await page.fill("#y", "before");
    await app.message("set");
    app.ack();
    await app.settled();
    await app.goDown();
    await page.locator("#x").pressSequentially("abc");
    await app.comeBack("page-2");
    await app.message("set", 3);
    await app.settled();
    expect(app.calls).toEqual([
      ["set", "c0", { r: "before" }],
      ["set", "c0", { q: "abc" }],
      ["set", "c0", { r: "before" }],
    ]);
  });

  test("what is typed offline into several fields and back waits in a message for each, and one refused spoils no other", async ({
    app,
    page,
  }) => {
    await app.open(
      component(
        '<i lc="c0.1"><input id=note live-model=note value=""><input id=n live-model=n value="3"></i><button id=go live-click=go></button><div live-flash></div>',
      ),
    );
    await app.goDown();
    await page.fill("#note", "wri");
    await page.fill("#n", "");
    await page.fill("#note", "written");
    await page.click("#go");
    await page.fill("#n", "4");
    await app.comeBack();
    await app.message("set", 3);
    expect(app.calls).toEqual([
      ["set", "c0", { note: "written" }],
      ["set", "c0", { n: "" }],
      ["event", "c0", "go", {}, {}],
      ["set", "c0", { n: "4" }],
    ]);
    app.ack(1);
    await page.fill("#n", "");
    await app.message("set", 4);
    const seen = await page.evaluateHandle(() => {
      const targets: string[] = [];
      document.addEventListener("live:error", event => targets.push((event.target as Element).id));
      return targets;
    });
    app.ack(4);
    app.send(["error", 5, "bad_arguments", "n: a whole number was expected.", "c0", "n"]);
    await expect(page.locator("#n")).toHaveAttribute("aria-invalid", "true");
    expect(await seen.jsonValue()).toEqual(["n"]);
    await expect(page.locator("#note")).toHaveValue("written");
    await expect(page.locator("#n")).toHaveValue("");
    await expect(page.locator("[live-flash]")).toBeEmpty();
    await page.fill("#n", "5");
    await expect(page.locator("#n")).not.toHaveAttribute("aria-invalid");
  });

  test("an aria-invalid that is the author's own stays when a refused value changes", async ({
    app,
    page,
  }) => {
    await app.open(component("<input id=x live-model=q aria-invalid=true>"));
    await page.fill("#x", "bad");
    await app.message("set");
    app.send(["error", 1, "bad_arguments", "No.", "c0", "q"]);
    await app.settled();
    await page.fill("#x", "good");
    await expect(page.locator("#x")).toHaveAttribute("aria-invalid", "true");
  });
});

test.describe("who wins", () => {
  const field = (value: string) => `<input id=x live-model=q value="${value}">`;

  test("t64: typing with 300 ms latency: replies to older keystrokes never overwrite newer ones", async ({
    app,
    page,
  }) => {
    await app.open(component(`<i lc="c0.1">${field("")}</i><button id=else>else</button>`));
    await page.evaluate(() => window.livecomp.latency(300));
    const text = "the quick brown fox";
    const seen = await page.evaluateHandle(() => {
      const values: string[] = [];
      const watch = () => {
        values.push(document.querySelector<HTMLInputElement>("#x")!.value);
        requestAnimationFrame(watch);
      };
      watch();
      return values;
    });
    let echoed = 0;
    const echo = setInterval(() => {
      for (const [, ref, , { q }] of app.all("set").slice(echoed)) {
        app.patch([["c0.1", `>${field(String(q))}`]], { ack: ref });
        echoed++;
      }
    }, 5);
    await page.locator("#x").pressSequentially(text, { delay: 20 });
    await page.locator("#else").focus(); // the field is left while replies are under way
    await app.message("set", text.length);
    await app.until(() => echoed === text.length);
    clearInterval(echo);
    await app.message("ack");
    await app.settled();
    await expect(page.locator("#x")).toHaveValue(text);
    expect(await page.locator("#x").getAttribute("value")).toBe(text);
    const values = await seen.jsonValue();
    for (const value of values)
      expect(text.startsWith(value), `"${value}" on the way to "${text}"`).toBe(true);
    expect(values.every((value, i) => i === 0 || value.length >= values[i - 1]!.length)).toBe(true);
  });

  test("a field that was left takes what the server made of its text", async ({ app, page }) => {
    await app.open(component(`<i lc="c0.1">${field("")}</i>`));
    await page.fill("#x", "  A ");
    await app.message("set");
    app.patch([["c0.1", `>${field("a")}`]]);
    await app.settled();
    await expect(page.locator("#x")).toHaveValue("  A ");
    await page.locator("#x").blur();
    await expect(page.locator("#x")).toHaveValue("a");
  });

  test("a focused field that holds the server's own word takes the next one", async ({ app, page }) => {
    await app.open(component(`<i lc="c0.1">${field("")}</i>`));
    await page.fill("#x", "abc");
    await app.message("set");
    app.patch([["c0.1", `>${field("abc")}`]]);
    await app.settled();
    app.patch([["c0.1", `>${field("")}`]]);
    await app.settled();
    await expect(page.locator("#x")).toHaveValue("");
  });

  test("a choice that is under way is not undone by an older render", async ({ app, page }) => {
    const select = (chosen: string) =>
      `<select id=x live-model=s>${["a", "b", "c"].map(o => `<option${o === chosen ? " selected" : ""}>${o}</option>`).join("")}</select>`;
    await app.open(
      component(`<i lc="c0.1">${select("a")}</i><input type=checkbox id=box live-model=b lc="c0.2">`),
    );
    await page.selectOption("#x", "c");
    await page.check("#box");
    await app.message("set", 2);
    app.patch([["c0.1", `>${select("b")}`]], { ack: 0 });
    app.patch([["c0.2", "<input type=checkbox id=box live-model=b class=seen>"]], { ack: 0 });
    await app.settled();
    await expect(page.locator("#x")).toHaveValue("c");
    await expect(page.locator("#box")).toBeChecked();
    app.patch([
      ["c0.1", `>${select("b")}`],
      ["c0.2", "<input type=checkbox id=box live-model=b>"],
    ]);
    await app.settled();
    expect(await page.locator("#x option[selected]").allTextContents()).toEqual(["b"]);
  });

  test("a refused value is not sent for ever, and the page hears of it", async ({ app, page }) => {
    await app.open(component(`<i lc="c0.1">${field("")}</i><div live-flash></div>`));
    const seen = await app.listen("live:error");
    await page.fill("#x", "bad");
    await app.message("set");
    app.send(["error", 1, "bad_arguments", "Not a number."]);
    await app.settled();
    expect(await seen()).toEqual([["live:error", { code: "bad_arguments", message: "Not a number." }]]);
    await expect(page.locator("[live-flash]")).toBeEmpty();
    await page.locator("#x").blur();
    app.patch([["c0.1", `>${field("7")}`]]);
    await expect(page.locator("#x")).toHaveValue("7");
  });
});

test.describe("after a submit", () => {
  const say = (value = "") => `<form live-submit=say><input id=x name=text value="${value}"></form>`;

  async function submit(app: import("./harness").App, text: string) {
    await app.page.locator("#x").pressSequentially(text);
    await app.page.press("#x", "Enter");
    return app.message("event");
  }

  test("a chat box empties, though it has the focus", async ({ app, page }) => {
    await app.open(component(`<ul lc="c0.1"></ul>${say()}`));
    expect((await submit(app, "hello"))[5]).toEqual([["text", "hello"]]);
    await expect(page.locator("#x")).toHaveValue("hello");
    app.patch([["c0.1", "><li>hello</li>"]]);
    await expect(page.locator("#x")).toHaveValue("");
    await expect(page.locator("#x")).toBeFocused();
  });

  test("what was typed since stays", async ({ app, page }) => {
    await app.open(component(say()));
    await submit(app, "hello");
    await page.locator("#x").pressSequentially(" you");
    app.ack();
    await expect(page.locator("#x")).toHaveValue(" you");
  });

  test("an error leaves everything as it is", async ({ app, page }) => {
    await app.open(component(say()));
    await submit(app, "hello");
    app.send(["error", 1, "failed", "No."]);
    await app.settled();
    await expect(page.locator("#x")).toHaveValue("hello");
  });

  test("what the server renders into the form holds: rejected text stays, corrected text is corrected", async ({
    app,
    page,
  }) => {
    await app.open(component(`<i lc="c0.1">${say()}</i>`));
    await submit(app, "Hello");
    app.patch([["c0.1", `>${say("Hello")}<p class=error>No capitals.</p>`]]);
    await expect(page.locator(".error")).toBeVisible();
    await expect(page.locator("#x")).toHaveValue("Hello");
    await page.press("#x", "Enter");
    await app.message("event", 2);
    app.patch([["c0.1", `>${say("hello")}`]]);
    await expect(page.locator("#x")).toHaveValue("hello");
  });

  for (const isFocused of [true, false])
    test(`what the server has appended is there once (${isFocused ? "focused" : "left"})`, async ({
      app,
      page,
    }) => {
      await app.open(component(`<i lc="c0.1">${say()}</i>`));
      await submit(app, "7");
      if (!isFocused) await page.locator("#x").blur();
      app.patch([["c0.1", `>${say("70")}`]]);
      await app.settled();
      await expect(page.locator("#x")).toHaveValue("70");
      await page.locator("#x").focus();
      await page.press("#x", "Enter");
      expect((await app.message("event", 2))[5]).toEqual([["text", "70"]]);
    });

  test("a bound chat box empties, and the server knows it", async ({ app, page }) => {
    const bound = (value: string) =>
      `<form live-submit=say><input id=x name=text live-model=text${value}></form>`;
    await app.open(component(`<i lc="c0.1">${bound(' value=""')}</i>`));
    await app.page.locator("#x").pressSequentially("hi");
    await app.page.press("#x", "Enter");
    await app.message("event");
    app.patch([["c0.1", `>${bound(' value="hi"')}`]], { ack: 2 });
    await app.settled();
    app.patch([["c0.1", `>${bound(' value=""')}`]], { ack: 3 });
    await expect(page.locator("#x")).toHaveValue("");
    await app.settled();
    expect(app.all("set")).toHaveLength(2);
  });

  test("a bound field that the template renders without its value tells the server that it is empty", async ({
    app,
    page,
  }) => {
    await app.open(component("<form live-submit=say><input id=x name=text live-model=text></form>"));
    await submit(app, "h");
    app.ack();
    await expect(page.locator("#x")).toHaveValue("");
    expect((await app.message("set", 2))[3]).toEqual({ text: "" });
  });

  test("boxes, choices and text areas go back to what was rendered; live-permanent ones do not", async ({
    app,
    page,
  }) => {
    await app.open(
      component(`<form live-submit=save><input type=checkbox id=box><textarea id=area>old</textarea>
      <select id=select><option>a<option>b</select><input id=kept live-permanent><button id=go></button></form>`),
    );
    await page.check("#box");
    await page.fill("#area", "new");
    await page.selectOption("#select", "b");
    await page.fill("#kept", "kept");
    await page.click("#go");
    await app.message("event");
    app.ack();
    await expect(page.locator("#box")).not.toBeChecked();
    await expect(page.locator("#area")).toHaveValue("old");
    await expect(page.locator("#select")).toHaveValue("a");
    await expect(page.locator("#kept")).toHaveValue("kept");
  });
});

test.describe("a control that nobody touched", () => {
  test("is never sent, whatever it makes of what the server rendered", async ({ app, page }) => {
    await app.open(
      component(`<form live-submit=save live-input=typed><p live-dirty hidden>dirty</p>
      <input type=number live-model=a value="1,5"><input type=range live-model=b><input type=color live-model=c>
      <input type=date live-model=d value="28.2.2026"><input type=email live-model=e value=" a@b "><input type=range name=f>
      <select live-model=g id=g><option value=x>x<option value="" selected>none</select>
      <select live-model=h><option disabled value=x>x<option value=y>y</select>
      <select live-model=i size=3><option>x<option>y</select>
      <textarea live-model=j>\n\nx</textarea><input type=radio name=k live-model=k value=1 checked>
      <input type=radio name=k live-model=k value=2 checked><button id=go></button></form>`),
    );
    await app.settled();
    await expect(page.locator("[live-dirty]")).toBeHidden();
    expect(app.calls).toEqual([]);
    await page.click("#go");
    await app.message("event");
    app.ack();
    await app.settled();
    await expect(page.locator("#g")).toHaveValue("");
    expect(app.calls).toHaveLength(1);
  });
});

test.describe("when the server has lost the state", () => {
  const q = (value: string) => `<input id=q live-model=q value="${value}">`;

  test("what was typed, acknowledged and left is kept and sent again", async ({ app, page }) => {
    await app.open(component(`<i lc="c0.1">${q("")}</i><p lc="c0.2">old</p><input id=other>`));
    await page.fill("#q", "typed");
    await app.message("set");
    app.patch([["c0.1", `>${q("typed")}`]]);
    await page.locator("#other").focus();
    await app.settled();
    await app.goDown();
    app.answer = () => ({
      patches: [
        ["c0.1", `>${q("")}`],
        ["c0.2", "<p>new</p>"],
      ],
    });
    await app.comeBack("page-2");
    expect((await app.message("set", 2))[3]).toEqual({ q: "typed" });
    await expect(page.locator("#q")).toHaveValue("typed");
    await expect(page.locator("p")).toHaveText("new");
    app.ack();
    expect((await app.message("render"))[1]).toBe("c0");
    app.patch([["c0.1", `>${q("typed")}`]]);
    await app.settled();
    await expect(page.locator("#q")).toHaveValue("typed");
    app.patch([["c0.1", `>${q("server")}`]]);
    await expect(page.locator("#q")).toHaveValue("server");
  });

  test("boxes and choices are, too", async ({ app, page }) => {
    const controls = (is: boolean) => `<input type=checkbox id=box live-model=box${is ? " checked" : ""}>
      <select id=one live-model=one><option>a<option${is ? " selected" : ""}>b</select>
      <input type=radio name=r live-model=r value=1><input type=radio name=r id=two live-model=r value=2${is ? " checked" : ""}>`;
    await app.open(component(`<form lc="c0.1">${controls(false)}</form>`));
    await page.check("#box");
    await page.selectOption("#one", "b");
    await page.check("#two");
    await app.message("set", 3);
    app.patch([["c0.1", `>${controls(true)}`]]);
    await app.settled();
    await app.goDown();
    app.answer = () => ({ patches: [["c0.1", `>${controls(false)}`]] });
    await app.comeBack("page-2");
    await app.message("set", 6);
    expect(
      app
        .all("set")
        .slice(3)
        .map(([, , , values]) => values),
    ).toEqual([{ box: true }, { one: "b" }, { r: "2" }]);
    await expect(page.locator("#box")).toBeChecked();
    await expect(page.locator("#one")).toHaveValue("b");
    await expect(page.locator("#two")).toBeChecked();
  });

  test("a live-input form is sent again as it stands, with the row that was added", async ({ app, page }) => {
    const form = (rows: number) =>
      `<input name=TOTAL value=${rows}>${Array.from({ length: rows }, (_, i) => `<p live-key=${i}><input name="row-${i}" id="row-${i}"></p>`).join("")}`;
    await app.open(component(`<form lc="c0.1" live-input=check live-submit=save>${form(1)}</form>`));
    app.patch([["c0.1", `>${form(2)}`]], { ack: 0 });
    await page.fill("#row-1", "second");
    await app.message("event");
    app.ack();
    await app.settled();
    await app.goDown();
    app.answer = () => ({ patches: [["c0.1", `>${form(1)}`]] });
    await app.comeBack("page-2");
    const [, , , name, , offered] = await app.message("event", 2);
    expect(name).toBe("check");
    expect(JSON.stringify(offered)).toContain("second");
    await expect(page.locator("#row-1")).toHaveValue("second");
    app.patch([["c0.1", `>${form(2)}`]]);
    await app.message("render");
    await expect(page.locator("#row-1")).toHaveValue("second");
    expect(app.all("event")).toHaveLength(2);
  });

  test("a live-input form of which an event was under way is sent again, as that one may be refused", async ({
    app,
    page,
  }) => {
    app.expectError(/doubt/);
    await app.open(component(`<form live-input=check><input id=text name=text></form><p lc="c0.1"></p>`));
    await page.fill("#text", "typed");
    const [, begun] = await app.message("event");
    await app.goDown();
    await app.comeBack("page-2");
    app.send(["error", begun, "doubt", "Your last action may be lost.", "c0"]);
    const [, ref, , name, , offered] = await app.message("event", 3);
    expect([ref, name, offered]).toEqual([begun + 1, "check", [["text", "typed"]]]);
    app.ack();
    await app.settled();
    expect(app.all("event")).toHaveLength(3);
    await expect(page.locator("#text")).toHaveValue("typed");
  });

  test("a form that only a submit sends keeps its text, whatever the server has forgotten", async ({
    app,
    page,
  }) => {
    const form = (value: string) => `<input name=text id=text value="${value}">`;
    await app.open(component(`<form lc="c0.1" live-submit=save>${form("Hello")}</form>`));
    await page.fill("#text", "Hello you");
    await page.locator("#text").blur();
    await app.goDown();
    app.answer = () => ({ patches: [["c0.1", `>${form("")}`]] });
    await app.comeBack("page-2");
    await app.settled();
    await expect(page.locator("#text")).toHaveValue("Hello you");
    expect(app.calls).toEqual([]);
  });

  test("what was refused in such a form stays marked", async ({ app, page }) => {
    app.expectError(/No capitals/);
    await app.open(component('<form lc="c0.1" live-submit=save><input name=text id=text></form>'));
    await page.fill("#text", "Hello");
    await page.press("#text", "Enter");
    const [, ref] = await app.message("event");
    app.send(["error", ref, "bad_arguments", "No capitals.", "c0", "text"]);
    await expect(page.locator("#text")).toHaveAttribute("aria-invalid", "true");
    await app.goDown();
    app.answer = () => ({ patches: [["c0.1", "><input name=text id=text>"]] });
    await app.comeBack("page-2");
    await app.settled();
    await expect(page.locator("#text")).toHaveValue("Hello");
    await expect(page.locator("#text")).toHaveAttribute("aria-invalid", "true");
  });

  test("what was submitted is not sent again", async ({ app, page }) => {
    await app.open(component("<form live-input=check live-submit=save><input name=text id=text></form>"));
    await page.fill("#text", "Hello");
    await page.press("#text", "Enter");
    await app.message("event", 2);
    app.ack();
    await expect(page.locator("#text")).toHaveValue("");
    await app.goDown();
    await app.comeBack("page-2");
    await app.settled();
    expect(app.all("event")).toHaveLength(2);
  });

  test("a connection that is cut before all is sent again asks for the whole page", async ({ app, page }) => {
    await app.open(component(`<i lc="c0.1">${q("")}</i>`));
    app.patch([["c0.1", `>${q("")}`]]);
    await page.fill("#q", "typed");
    await app.message("set");
    app.patch([["c0.1", `>${q("typed")}`]]);
    await app.settled();
    await app.goDown();
    app.answer = () => ({ patches: [["c0.1", `>${q("")}`]] });
    await app.comeBack("page-2");
    await app.message("set", 2);
    await app.goDown();
    app.answer = () => ({});
    await app.comeBack("page-2");
    await app.message("join", 3);
    expect(app.all("join")[2]![3]).toEqual(["page-2", 0]);
  });
});

test("what was typed into a live-input form before the script had loaded is sent", async ({ app }) => {
  app.files.set("/restore.js", ["text/javascript", 'document.querySelector("#x").value = "early"']);
  await app.open(component("<form live-input=check><input id=x name=a><input name=b value=2></form>"), {
    head: '<script src="/restore.js" defer></script>',
  });
  const [, , , name, , offered] = await app.message("event");
  expect(name).toBe("check");
  expect(JSON.stringify(offered)).toContain("early");
  await app.settled();
  expect(app.calls).toHaveLength(1);
});
