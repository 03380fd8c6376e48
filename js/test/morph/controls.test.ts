import { expect, test } from "./stage";

test.describe("Form controls: text", () => {
  test("must: Typed text in the focused input is not overwritten when the server value did not change.", ({
    run,
  }) =>
    run(() => {
      stage('<div><p>1</p><input value="old"></div>');
      const input = find<HTMLInputElement>("input");
      type(input, "typed");
      patch('<div><p>2</p><input value="old" class="wide"></div>');
      equal(input.value, "typed");
    }));

  test('must: Late echo: focused dirty input keeps "abc" and caret although the server now renders value="ab".', ({
    run,
  }) =>
    run(() => {
      stage('<div><input value=""></div>');
      const input = find<HTMLInputElement>("input");
      type(input, "abc");
      input.setSelectionRange(1, 1);
      patch('<div><input value="ab"></div>');
      equal([input.value, input.selectionStart], ["abc", 1]);
      equal(input.defaultValue, "ab");
    }));

  test("must: Typed text in an unfocused input is kept when the server value did not change.", ({ run }) =>
    run(() => {
      stage('<div><p>1</p><input value="old"></div>');
      const input = find<HTMLInputElement>("input");
      type(input, "typed", false);
      patch('<div><p>2</p><input value="old" class="wide"></div>');
      equal(input.value, "typed");
    }));

  test("must: Unfocused dirty input takes the server value when the server changed it.", ({ run }) =>
    run(() => {
      stage('<div><input value="old"></div>');
      const input = find<HTMLInputElement>("input");
      type(input, "typed", false);
      patch('<div><input value="new"></div>');
      equal(input.value, "new");
    }));

  test("must: Unfocused dirty input takes the server value when the server had sent none before", ({ run }) =>
    run(() => {
      stage("<div><input></div>");
      const input = find<HTMLInputElement>("input");
      type(input, "typed", false);
      patch('<div><input value="new"></div>');
      equal(input.value, "new");
      type(input, "typed", false);
      patch("<div><input></div>");
      equal(input.value, "");
    }));

  test("must: Untouched input shows the new server value (property, not only attribute).", ({ run }) =>
    run(() => {
      stage('<div><input value="old"></div>');
      const input = find<HTMLInputElement>("input");
      input.value = "old"; // dirty, though nobody sees it
      patch('<div><input value="new"></div>');
      equal([input.value, input.getAttribute("value")], ["new", "new"]);
    }));

  test('must: Server changes value="sent" to value="" (cleared after submit): the dirty, unfocused field is emptied.', ({
    run,
  }) =>
    run(() => {
      stage('<form><input value="sent"><button>Send</button></form>');
      const input = find<HTMLInputElement>("input");
      type(input, "sent", false);
      patch('<form><input value=""><button>Send</button></form>');
      equal(input.value, "");
    }));

  test('should: Half-typed number ("1e") in a focused number input is not wiped.', {
    tag: "@chromium",
  }, async ({ page, run }) => {
    await run(() => stage('<div><input type="number" value="3"></div>') && undefined);
    await page.locator("input").focus();
    await page.keyboard.press("Control+a");
    await page.keyboard.type("1e");
    await run(() => patch('<div><input type="number" value="1" class="wrong"></div>'));
    await page.keyboard.type("2");
    await expect(page.locator("input")).toHaveValue("1e2");
  });

  test("must: disabled attribute removal re-enables the control (property).", ({ run }) =>
    run(() => {
      stage("<div><button disabled>Go</button><input disabled></div>");
      patch("<div><button>Go</button><input></div>");
      equal(
        [find<HTMLButtonElement>("button").disabled, find<HTMLInputElement>("input").disabled],
        [false, false],
      );
    }));

  test("must: IME composition in the focused input is not cancelled by a patch of its class and of a sibling.", {
    tag: "@chromium",
  }, async ({ page, run }) => {
    await run(() => {
      stage("<div><p>1</p><input></div>");
      const input = find("input");
      input.focus();
      Object.assign(window, { ends: 0 });
      input.addEventListener("compositionend", () => (window as unknown as { ends: number }).ends++);
    });
    const session = await page.context().newCDPSession(page);
    const compose = (text: string) =>
      session.send("Input.imeSetComposition", {
        text,
        selectionStart: text.length,
        selectionEnd: text.length,
      });
    await compose("に");
    await run(() => patch('<div><p>2</p><input value="に" class="busy"></div>'));
    expect(await page.evaluate("ends")).toBe(0);
    await compose("にほ");
    await session.send("Input.insertText", { text: "日本" });
    await expect(page.locator("input.busy")).toHaveValue("日本");
    await session.detach();
  });

  test("should: Focused contenteditable (server HTML unchanged) keeps what the user typed.", {
    tag: "@chromium",
  }, async ({ page, run }) => {
    await run(() => stage('<div><p>1</p><div class="text" contenteditable>Hello</div></div>') && undefined);
    await page.locator(".text").click();
    await page.keyboard.press("End");
    await page.keyboard.type(" there");
    await run(() => patch('<div><p>2</p><div class="text" contenteditable>Hello</div></div>'));
    await page.keyboard.type("!");
    await expect(page.locator(".text")).toHaveText("Hello there!");
    await expect(page.locator("p")).toHaveText("2");
  });
});

test.describe("Form controls: boxes and radios", () => {
  test("must: User-checked checkbox is kept when the server did not change it.", ({ run }) =>
    run(() => {
      stage("<div><p>1</p><input type=checkbox></div>");
      find("input").click();
      patch("<div><p>2</p><input type=checkbox></div>");
      equal(find<HTMLInputElement>("input").checked, true);
    }));

  test("must: User-checked checkbox is kept when another attribute of it changes.", ({ run }) =>
    run(() => {
      stage("<div><input type=checkbox></div>");
      find("input").click();
      patch('<div><input type=checkbox class="wide" value="2"></div>');
      equal(find<HTMLInputElement>("input.wide").checked, true);
    }));

  test("must: Server adds checked: a box the user toggled off and on/off (dirty) becomes checked.", ({
    run,
  }) =>
    run(() => {
      stage("<div><input type=checkbox></div>");
      find("input").click();
      find("input").click();
      patch("<div><input type=checkbox checked></div>");
      equal(find<HTMLInputElement>("input").checked, true);
    }));

  test("must: Server removes checked: property becomes false.", ({ run }) =>
    run(() => {
      stage("<div><input type=checkbox checked></div>");
      find("input").click();
      find("input").click();
      patch("<div><input type=checkbox></div>");
      equal(find<HTMLInputElement>("input").checked, false);
    }));

  test("should: indeterminate (property only) survives an unrelated patch.", ({ run }) =>
    run(() => {
      stage("<div><p>1</p><input type=checkbox></div>");
      const input = find<HTMLInputElement>("input");
      input.indeterminate = true;
      patch('<div><p>2</p><input type=checkbox class="wide"></div>');
      equal([input.indeterminate, input.className], [true, "wide"]);
    }));

  test("must: User radio choice is kept on an unrelated patch.", ({ run }) =>
    run(() => {
      const form = (text: string) =>
        `<form><p>${text}</p><input type=radio name=r value=1 checked><input type=radio name=r value=2 title="${text}"></form>`;
      stage(form("a"));
      find("[value='2']").click();
      patch(form("b"));
      equal(find<HTMLInputElement>("[value='2']").checked, true);
    }));

  test("must: Server moves checked from radio 1 to 3 while the user had chosen 2: 3 wins.", ({ run }) =>
    run(() => {
      const form = (chosen: number) =>
        `<form>${[1, 2, 3].map(i => `<input type=radio name=r value=${i}${i === chosen ? " checked" : ""}>`).join("")}</form>`;
      stage(form(1));
      find("[value='2']").click();
      patch(form(3));
      equal(
        Array.from(document.querySelectorAll("input"), input => input.checked),
        [false, false, true],
      );
    }));
});

test.describe("Form controls: select", () => {
  test("must: User choice in a <select> is kept when an unrelated node changes.", ({ run }) =>
    run(() => {
      const form = (text: string) =>
        `<form><p>${text}</p><select title="${text}"><option value=a selected>A<option value=b>B</select></form>`;
      stage(form("1"));
      find<HTMLSelectElement>("select").value = "b";
      patch(form("2"));
      equal(find<HTMLSelectElement>("select").value, "b");
    }));

  test("must: User choice is kept when an option label changes.", ({ run }) =>
    run(() => {
      stage("<form><select><option value=a selected>A</option><option value=b>B</option></select></form>");
      find<HTMLSelectElement>("select").value = "b";
      patch("<form><select><option value=a selected>A1</option><option value=b>B1</option></select></form>");
      equal(find<HTMLSelectElement>("select").value, "b");
      equal(find("select").textContent, "A1B1");
    }));

  test("must: User choice is kept by value when an option is inserted before it.", ({ run }) =>
    run(() => {
      stage(
        "<form><select><option value=a>A</option><option value=b>B</option><option value=c>C</option></select></form>",
      );
      find<HTMLSelectElement>("select").value = "b";
      patch(
        "<form><select><option value=z>Z</option><option value=b>B</option><option value=y>Y</option><option value=a>A</option></select></form>",
      );
      const select = find<HTMLSelectElement>("select");
      equal(select.value, "b");
      equal(
        Array.from(select.options, option => option.value),
        ["z", "b", "y", "a"],
      );
    }));

  test("must: Server moves selected: the new option is chosen although the user had picked another.", ({
    run,
  }) =>
    run(() => {
      stage("<form><select><option value=a selected>A<option value=b>B<option value=c>C</select></form>");
      find<HTMLSelectElement>("select").value = "b";
      patch("<form><select><option value=a>A<option value=b>B<option value=c selected>C</select></form>");
      equal(find<HTMLSelectElement>("select").value, "c");
    }));

  test("must: Server moves selected, with each option a target of its own", ({ run }) =>
    run(() => {
      stage(
        "<select><option lc=c0.1.a value=a selected>A</option><option lc=c0.1.b value=b>B</option><option lc=c0.1.c value=c>C</option></select>",
      );
      find<HTMLSelectElement>("select").value = "b";
      equal(
        applyPatches(document, [
          ["c0.1.a", "<option value=a>A</option>"],
          ["c0.1.c", "<option value=c selected>C</option>"],
        ]),
        [],
      );
      equal(find<HTMLSelectElement>("select").value, "c");
    }));

  test("must: Root is a <select>: option fragment parses and an optgroup appears.", ({ run }) =>
    run(() => {
      stage("<select><option value=a>A</option><option value=b>B</option></select>");
      const select = find<HTMLSelectElement>("select");
      select.value = "b";
      patch(
        "><option value=a>A</option><optgroup label=More><option value=c>C</option></optgroup><option value=b>B</option>",
      );
      equal(
        html(),
        '<select><option value="a">A</option><optgroup label="More"><option value="c">C</option></optgroup><option value="b">B</option></select>',
      );
      equal(select.value, "b");
    }));

  test("should: User choices in a multiple select are kept on an unrelated patch.", ({ run }) =>
    run(() => {
      const form = (first: string) =>
        `<form><select multiple>${first}<option value=a selected>A</option><option value=b>B</option><option value=c>C</option></select></form>`;
      stage(form(""));
      const select = find<HTMLSelectElement>("select");
      const chosen = () => Array.from(select.selectedOptions, option => option.value);
      for (const option of select.options) option.selected = option.value !== "a";
      patch(form("<option value=z>Z</option>"));
      equal(chosen(), ["b", "c"]);
      equal(select.options.length, 4);
    }));
});

test.describe("Form controls: textarea", () => {
  test("must: Dirty unfocused textarea is kept when the server text did not change.", ({ run }) =>
    run(() => {
      stage("<div><p>1</p><textarea>old</textarea></div>");
      type(find<HTMLTextAreaElement>("textarea"), "typed", false);
      patch('<div><p>2</p><textarea class="wide">old</textarea></div>');
      equal(find<HTMLTextAreaElement>("textarea.wide").value, "typed");
    }));

  test("must: Untouched (but value-set) textarea shows new server text.", ({ run }) =>
    run(() => {
      stage("<div><textarea>old</textarea></div>");
      find<HTMLTextAreaElement>("textarea").value = "old";
      patch("<div><textarea>new</textarea></div>");
      equal(find<HTMLTextAreaElement>("textarea").value, "new");
      patch("<div><textarea></textarea></div>");
      equal(find<HTMLTextAreaElement>("textarea").value, "");
    }));

  test("must: Focused dirty textarea is not overwritten by a stale server echo.", ({ run }) =>
    run(() => {
      stage("<div><textarea>a</textarea></div>");
      const area = find<HTMLTextAreaElement>("textarea");
      type(area, "abc");
      area.setSelectionRange(2, 2);
      patch("<div><textarea>ab</textarea></div>");
      equal([area.value, area.selectionStart, area.defaultValue], ["abc", 2, "ab"]);
    }));

  test("should: A leading newline rendered by the server (\\n\\nfoo) is applied with HTML parser rules.", ({
    run,
  }) =>
    run(() => {
      stage("<div><textarea>old</textarea></div>");
      patch("<div><textarea>\n\nfoo</textarea></div>");
      equal(find<HTMLTextAreaElement>("textarea").value, "\nfoo");
      stage("<textarea>old</textarea>");
      patch(">\n\nfoo");
      equal(find<HTMLTextAreaElement>("textarea").value, "\nfoo");
      patch(">\nbar");
      equal(find<HTMLTextAreaElement>("textarea").value, "bar");
    }));

  test("should: form.reset() after a patch goes to the new server default.", ({ run }) =>
    run(() => {
      stage("<form><input value=1><textarea>1</textarea><input type=checkbox></form>");
      const [input, area] = [find<HTMLInputElement>("input"), find<HTMLTextAreaElement>("textarea")];
      type(area, "typed");
      type(input, "typed");
      patch("<form><input value=2><textarea>2</textarea><input type=checkbox checked></form>");
      type(area, "again");
      find<HTMLFormElement>("form").reset();
      equal([input.value, area.value, find<HTMLInputElement>("[type=checkbox]").checked], ["2", "2", true]);
    }));
});

test.describe("Form controls: files and names", () => {
  const file = { name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("a") };

  test("must: A chosen file survives an attribute change on the file input.", { tag: "@chromium" }, async ({
    page,
    run,
  }) => {
    await run(() => stage("<div><input type=file></div>") && undefined);
    await page.locator("input").setInputFiles(file);
    await run(() => {
      patch('<div><input type=file class="wide" multiple></div>');
      equal(find<HTMLInputElement>("input.wide").files!.length, 1);
    });
  });

  test('should: A chosen file survives even if the server renders an explicit value="" on it.', {
    tag: "@chromium",
  }, async ({ page, run }) => {
    await run(() => stage("<div><input type=file></div>") && undefined);
    await page.locator("input").setInputFiles(file);
    await run(() => {
      patch('<div><input type=file value=""></div>');
      patch('<div><input type=file value="x"></div>');
      equal(find<HTMLInputElement>("input").files!.length, 1);
    });
  });

  const hostile = (names: string[]) => {
    const form = (text: string) =>
      `<form class="${text}"><p>${text}</p>${names.map(name => `<input name="${name}" title="${text}">`).join("")}</form>`;
    const root = stage(form("one"));
    const inputs = [...root.getElementsByTagName("input")];
    type(inputs[0]!, "typed");
    patch(form("two"));
    equal(document.querySelector("main")!.innerHTML.replace(' lc="c0.0"', ""), form("two"));
    patch(
      `<form class="three"><ul></ul>${names
        .map(name => `<input name="${name}">`)
        .reverse()
        .join("")}</form>`,
    );
    for (const [i, name] of names.entries()) same(document.getElementsByName(name)[0], inputs[i]);
    patch("<form></form>");
    equal(document.querySelector("main")!.innerHTML, '<form lc="c0.0"></form>');
  };

  const musts = ["id", "children", "attributes", "parent", "name", "title", "action", "method"];
  test("must: A form holding inputs named id, children, attributes, parent, name, title, action, method is patched without error.", ({
    run,
  }) => run(hostile, musts));

  const shoulds = [
    "nodeName",
    "nodeType",
    "firstChild",
    "lastChild",
    "parentNode",
    "nextSibling",
    "childNodes",
  ];
  shoulds.push(
    "localName",
    "previousSibling",
    "contains",
    "isConnected",
    "remove",
    "getAttribute",
    "classList",
  );
  test("should: Same with inputs named nodeName, nodeType, firstChild, lastChild, parentNode, nextSibling, childNodes, localName.", ({
    run,
  }) => run(hostile, shoulds));
});

test.describe("Form controls: attributes that depend on each other", () => {
  const slide = (value: number, max: number) =>
    `<div><input type="range" value="${value}" max="${max}"></div>`;

  for (const [name, before, moved, shown] of [
    ["a slider is where its new value and its new limit put it, touched or not", slide(50, 100), "20", "150"],
    [
      "a slider that nobody touched goes where a wider limit lets it; one that was moved stays",
      slide(150, 100),
      "80",
      "80",
    ],
  ] as const)
    test(name, ({ run }) =>
      run(
        ([before, after, moved, shown]) => {
          stage(before!);
          patch(after!);
          equal(find<HTMLInputElement>("input").value, "150");
          stage(before!);
          find<HTMLInputElement>("input").value = moved!;
          patch(after!);
          equal(find<HTMLInputElement>("input").value, shown!);
        },
        [before, slide(150, 200), moved, shown],
      ),
    );

  test("type and value in one patch: the value is shown", ({ run }) =>
    run(() => {
      stage('<div><input type="text" value="1,5"></div>');
      patch('<div><input value="1.5" type="number"></div>');
      equal(find<HTMLInputElement>("input").value, "1.5");
      patch('<div><input value="2026-02-28" type="date"></div>');
      equal(find<HTMLInputElement>("input").value, "2026-02-28");
      patch('<div><input value="a,b" type="hidden"></div>');
      patch('<div><input value="c" type="text"></div>');
      equal(find<HTMLInputElement>("input").value, "c");
    }));

  test("a password that is shown keeps its text; one that is hidden away is not written into the page", ({
    run,
  }) =>
    run(() => {
      stage('<div><input type="password" name="p"></div>');
      type(find<HTMLInputElement>("input"), "secret", false);
      patch('<div><input type="text" name="p"></div>');
      equal(find<HTMLInputElement>("input").value, "secret");
      patch('<div><input type="hidden" name="p"></div>');
      equal(html(), '<div><input type="hidden" name="p"></div>');
    }));

  test("a select that becomes one of several keeps what was chosen", ({ run }) =>
    run(() => {
      const select = (how: string, more = "") =>
        `<select ${how}><option value="a">a</option><option value="b">b</option>${more}</select>`;
      stage(`<div>${select("")}</div>`);
      find<HTMLSelectElement>("select").value = "b";
      patch(`<div>${select("multiple", '<option value="c">c</option>')}</div>`);
      equal(
        [...find<HTMLSelectElement>("select").selectedOptions].map(({ value }) => value),
        ["b"],
      );
      patch(`<div>${select('size="2"')}</div>`);
      equal(find<HTMLSelectElement>("select").value, "b");
    }));

  test("a select that nobody touched shows what the server's options say", ({ run }) =>
    run(() => {
      stage("<div><select><option value=b>b</option></select></div>");
      patch("<div><select><option value=a>a</option><option value=b>b</option></select></div>");
      equal(find<HTMLSelectElement>("select").value, "a");
      patch("<div><select><option value=a disabled>a</option><option value=b>b</option></select></div>");
      equal(find<HTMLSelectElement>("select").value, "b");
    }));
});

test.describe("A contenteditable", () => {
  const box = (text: string, other = 1) =>
    `<div><p>${other}</p><div class="text" contenteditable>${text}</div></div>`;

  test("an update that was held back while it had the focus is made up for when it is left", ({ run }) =>
    run(
      async ([before, after, last]) => {
        stage(before!);
        find(".text").focus();
        patch(after!);
        patch(last!);
        equal(find(".text").textContent, "old");
        find(".text").blur();
        await until(() => find(".text").textContent === "last");
        patch(after!);
        equal(find(".text").textContent, "new");
      },
      [box("old"), box("new"), box("last", 2)],
    ));

  test("what was typed stays when the server says again what it said before", ({ run }) =>
    run(
      async ([before, again, news]) => {
        stage(before!);
        await frame();
        find(".text").focus();
        document.execCommand("insertText", false, "typed ");
        find(".text").blur();
        const typed = find(".text").textContent;
        equal(typed!.includes("typed"), true);
        await frame();
        patch(again!);
        equal([find(".text").textContent, find("p").textContent], [typed, "2"]);
        patch(news!);
        equal(find(".text").textContent, "new");
      },
      [box("old"), box("old", 2), box("new", 2)],
    ));
});

test.describe("Shadow trees", () => {
  const host = (n: number) =>
    `<div><section><template shadowrootmode="open"><b>${n}</b><input></template>text</section><p>${n}</p></div>`;

  test("the content of a template with shadowrootmode is patched where the browser has put it", ({ run }) =>
    run(
      ([one, two]) => {
        document.querySelector("main")!.setHTMLUnsafe(one!);
        const root = document.querySelector("main > div")!;
        root.setAttribute("lc", "c0.0");
        const shadow = find("section").shadowRoot!;
        const input = shadow.querySelector("input")!;
        input.value = "typed";
        patch(two!);
        equal([shadow.querySelector("b")!.textContent, find("p").textContent], ["2", "2"]);
        same(shadow.querySelector("input"), input);
        equal(input.value, "typed");
      },
      [host(1), host(2)],
    ));

  test("where nothing but the shadow tree changes, it changes", ({ run }) =>
    run(
      ([one, two]) => {
        document.querySelector("main")!.setHTMLUnsafe(one!);
        document.querySelector("main > div")!.setAttribute("lc", "c0.0");
        patch(two!);
        equal(find("section").shadowRoot!.querySelector("b")!.textContent, "2");
      },
      [host(1), host(2).replace("<p>2", "<p>1")],
    ));
});
