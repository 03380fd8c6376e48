import { expect, test } from "./stage";

test.describe("Focus and selection", () => {
  test("must: Focused unkeyed input keeps focus (same node) when a sibling text changes.", ({ run }) =>
    run(() => {
      stage("<div><p>one</p><input></div>");
      const input = find("input");
      input.focus();
      patch("<div><p>two</p><input></div>");
      same(document.activeElement, input);
      same(find("input"), input);
      equal(find("p").textContent, "two");
    }));

  test("must: Selection range in the focused input survives an attribute change on it.", ({ run }) =>
    run(() => {
      stage('<div><input value="abcdef"></div>');
      const input = find<HTMLInputElement>("input");
      input.focus();
      input.setSelectionRange(2, 4, "backward");
      patch('<div><input value="abcdef" class="wrong" aria-invalid="true"></div>');
      equal(input.className, "wrong");
      equal([input.selectionStart, input.selectionEnd, input.selectionDirection], [2, 4, "backward"]);
      same(document.activeElement, input);
    }));

  test("must: Focused input keeps focus when an error paragraph is inserted before it.", ({ run }) =>
    run(() => {
      stage("<form><input name=email></form>");
      const input = find<HTMLInputElement>("input");
      type(input, "me@");
      patch('<form><p class="error">No</p><input name=email class="wrong"></form>');
      same(document.activeElement, input);
      same(find("form").lastChild, input);
      equal(input.value, "me@");
    }));

  test("must: A new input (other name, no ids) inserted before the focused one must not take over its node.", ({
    run,
  }) =>
    run(() => {
      stage('<form><input name="last"></form>');
      const last = find<HTMLInputElement>("input");
      type(last, "Lovelace");
      patch('<form><input name="first"><input name="last" class="second"></form>');
      same(document.activeElement, last);
      same(find('[name="last"]'), last);
      equal(find<HTMLInputElement>('[name="first"]').value, "");
      equal(last.value, "Lovelace");
    }));

  test("must: Unkeyed wrapper before the focused field is removed: the focused field survives.", ({ run }) =>
    run(() => {
      stage('<form><div class="hint"><p>Hint</p></div><div class="field"><input></div></form>');
      const input = find<HTMLInputElement>("input");
      type(input, "typed");
      patch('<form><div class="field wrong"><input></div></form>');
      same(document.activeElement, input);
      equal(input.value, "typed");
      equal(html(), '<form><div class="field wrong"><input></div></form>');
    }));

  test("must: Unkeyed wrapper before the focused field is removed, and the field was directly beside it", ({
    run,
  }) =>
    run(() => {
      stage("<form><div>Hint</div><input><p>one</p></form>");
      const input = find<HTMLInputElement>("input");
      type(input, "typed");
      patch("<form><input><p>two</p></form>");
      same(document.activeElement, input);
      equal(html(), "<form><input><p>two</p></form>");
    }));

  test("must: Focus stays on the same node when its keyed row moves to the front.", ({ run }) =>
    run(() => {
      const row = (key: string) => `<li id="${key}"><input value="${key}"></li>`;
      stage(`<ul>${["a", "b", "c"].map(row).join("")}</ul>`);
      const input = find<HTMLInputElement>("#c input");
      input.focus();
      patch(`<ul>${["c", "a", "b"].map(row).join("")}</ul>`);
      same(document.activeElement, input);
      same(find("ul").firstChild, input.parentNode);
    }));

  test("should: No blur/focusout event reaches the page while the focused keyed row is moved.", ({ run }) =>
    run(() => {
      const row = (key: number) => `<li id="${key}"><input value="${key}"></li>`;
      stage(`<ul>${[1, 2, 3].map(row).join("")}</ul>`);
      const input = find("[id='2'] input");
      input.focus();
      let lost = 0;
      for (const name of ["blur", "focusout"]) document.addEventListener(name, () => lost++, true);
      for (const order of [
        [3, 2, 1],
        [2, 3, 1],
        [1, 3, 2],
      ])
        patch(`<ul>${order.map(row).join("")}</ul>`);
      same(document.activeElement, input);
      equal(lost, 0);
    }));

  test("should: Caret range survives when the focused keyed row really has to move.", ({ run }) =>
    run(() => {
      const row = (key: string) => `<li id="${key}"><input value="abcdef"></li>`;
      stage(`<ul>${["a", "b", "c", "d"].map(row).join("")}</ul>`);
      const input = find<HTMLInputElement>("#d input");
      input.focus();
      input.setSelectionRange(1, 3);
      patch(`<ul>${["d", "a", "b", "c"].map(row).join("")}</ul>`);
      same(find("ul").firstElementChild!.firstChild, input);
      equal([input.selectionStart, input.selectionEnd], [1, 3]);
      same(document.activeElement, input);
    }));

  test("should: Focused element with id moves to another parent and keeps focus.", ({ run }) =>
    run(() => {
      stage('<div><section><input id="q"></section><aside></aside></div>');
      const input = find<HTMLInputElement>("#q");
      type(input, "typed");
      patch('<div><section></section><aside><p>Here</p><input id="q" class="moved"></aside></div>');
      same(document.activeElement, input);
      same(find("aside").lastChild, input);
      equal([input.value, input.className], ["typed", "moved"]);
    }));

  test("must: Focus inside an imperative shadow root survives a patch of the host attributes.", ({ run }) =>
    run(() => {
      stage("<div><p class=host></p></div>");
      const host = find(".host");
      const shadow = host.attachShadow({ mode: "open" });
      shadow.innerHTML = "<input>";
      const input = shadow.querySelector("input")!;
      input.focus();
      patch('<div><p class="host wide" title="x"></p></div>');
      same(shadow.activeElement, input);
      equal(host.className, "host wide");
    }));

  test("must: User text selection in an unchanged paragraph survives a patch elsewhere.", ({ run }) =>
    run(() => {
      stage("<div><p>one</p><p>select me</p><p>two</p></div>");
      const text = find("p:nth-child(2)").firstChild!;
      getSelection()!.setBaseAndExtent(text, 2, text, 6);
      patch("<div><h1>New</h1><p>ONE</p><p>select me</p><p>TWO</p></div>");
      equal(getSelection()!.toString(), "lect");
    }));

  test("must: Removing the focused element does not throw; focus goes to body.", ({ run }) =>
    run(() => {
      stage("<div><p>one</p><input></div>");
      find("input").focus();
      patch("<div><p>one</p></div>");
      same(document.activeElement, document.body);
      equal(html(), "<div><p>one</p></div>");
    }));

  test("must: A newly inserted [autofocus] input does not steal focus from the field the user is typing in.", ({
    run,
  }) =>
    run(async () => {
      stage("<form><input name=a></form>");
      const input = find<HTMLInputElement>("input");
      type(input, "typing");
      patch("<form><input name=a><input name=b autofocus></form>");
      await frame();
      await frame();
      same(document.activeElement, input);
    }));

  test("must: mousedown, patch, mouseup on the same button still gives one click (node not replaced).", {
    tag: "@chromium",
  }, async ({ page, run }) => {
    await run(() => {
      stage("<div><button>Go <b>0</b></button></div>");
      Object.assign(window, { clicks: 0 });
      document.addEventListener("click", () => (window as unknown as { clicks: number }).clicks++);
    });
    await page.locator("button").hover();
    await page.mouse.down();
    await run(() => patch('<div><p>Late</p><button class="busy">Go <b>1</b></button></div>'));
    await run(() => Object.assign(find("p").style, { position: "absolute" }));
    await page.mouse.up();
    expect(await page.evaluate("clicks")).toBe(1);
  });

  test("should: Ctrl+Z still undoes the typing after an attribute-only patch of the focused input.", {
    tag: "@chromium",
  }, async ({ page, run }) => {
    await run(() => stage('<div><input value="old"></div>') && undefined);
    await page.locator("input").focus();
    await page.keyboard.press("End");
    await page.keyboard.type("er");
    await run(() => patch('<div><input value="old" class="wrong"></div>'));
    await page.keyboard.press("Control+z");
    await expect(page.locator("input.wrong")).toHaveValue("old");
  });
});

test.describe("Scroll", () => {
  test("must: scrollTop of an inner scroller is kept when rows are appended.", ({ run }) =>
    run(() => {
      const list = (keys: number[]) => `<div><ul class="scroller">${rows(keys)}</ul></div>`;
      stage(list([1, 2, 3, 4, 5, 6, 7, 8]));
      const scroller = find("ul");
      scroller.scrollTop = 40;
      patch(list([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
      same(find("ul"), scroller);
      equal(scroller.scrollTop, 40);
      equal(scroller.children.length, 10);
    }));

  // Firefox's moveBefore() forgets it; live-preserve-scroll puts that right.
  test(
    "should: scrollTop of an inner scroller survives when a keyed sibling moves across it.",
    {
      tag: "@chromium",
    },
    ({ run }) =>
      run(() => {
        const scroller = `<ul id="scroller" class="scroller">${rows([1, 2, 3, 4, 5, 6, 7])}</ul>`;
        const other = '<p id="other">other</p>';
        const third = '<p id="third">third</p>';
        stage(`<div>${other}${third}${scroller}</div>`);
        find("ul").scrollTop = 30;
        for (const order of [
          [scroller, other, third],
          [third, scroller, other],
          [other, scroller, third],
        ]) {
          patch(`<div>${order.join("")}</div>`);
          equal(find("ul").scrollTop, 30);
          equal(html(), `<div>${order.join("")}</div>`);
        }
      }),
  );

  test("should: Horizontal scroll of an RTL scroller (negative scrollLeft) survives a content patch.", ({
    run,
  }) =>
    run(() => {
      const box = (text: string) =>
        `<div><div class="box scroller" dir="rtl"><p class="wide">${text}</p></div></div>`;
      stage(box("one"));
      const scroller = find(".box");
      scroller.scrollLeft = -50;
      patch(box("two"));
      equal(scroller.scrollLeft, -50);
      equal(find("p").textContent, "two");
    }));
});
