import { expect, test } from "./stage";

test.describe("Open states", () => {
  test("must: <details> opened by the user stays open when its content changes and the server never rendered open.", {
    tag: "@chromium",
  }, async ({ page, run }) => {
    await run(() => stage("<div><details><summary>S</summary><p>one</p></details></div>") && undefined);
    await page.locator("summary").click();
    await run(() => {
      patch('<div><details class="x"><summary>S</summary><p>two</p></details></div>');
      patch("<div><details><summary>S</summary><p>three</p></details></div>");
      equal([find<HTMLDetailsElement>("details").open, find("p").textContent], [true, "three"]);
    });
  });

  test("must: <details> closed by the user stays closed while the server goes on rendering it open", ({
    run,
  }) =>
    run(() => {
      stage("<div><details open><summary>S</summary><p>one</p></details></div>");
      find("summary").click();
      patch("<div><details open><summary>S</summary><p>two</p></details></div>");
      equal(find<HTMLDetailsElement>("details").open, false);
    }));

  test("must: Server adding open opens it; it is not ignored.", ({ run }) =>
    run(() => {
      stage("<div><details><summary>S</summary><p>one</p></details></div>");
      patch("<div><details open><summary>S</summary><p>one</p></details></div>");
      equal(find<HTMLDetailsElement>("details").open, true);
    }));

  test("must: Server removing open closes it.", ({ run }) =>
    run(() => {
      const details = (open: string) =>
        `<div><details ${open}><summary>S</summary><p>one</p></details></div>`;
      stage(details("open"));
      patch(details(""));
      equal(find<HTMLDetailsElement>("details").open, false);
      patch(details("open"));
      patch(details(""));
      equal(find<HTMLDetailsElement>("details").open, false);
    }));

  test("must: A server word that the user was ahead of counts from then on", ({ run }) =>
    run(() => {
      const details = (open: string) => `<div><details ${open}><summary>S</summary></details></div>`;
      stage(details(""));
      find("summary").click();
      patch(details("open")); // the page is as the server wants it already
      patch(details(""));
      equal(find<HTMLDetailsElement>("details").open, false);
    }));

  test("must: A dialog opened with showModal() stays open and modal while its content is patched.", ({
    run,
  }) =>
    run(() => {
      stage("<div><dialog><p>one</p></dialog></div>");
      const dialog = find<HTMLDialogElement>("dialog");
      dialog.showModal();
      patch('<div><p>before</p><dialog class="x"><p>two</p></dialog></div>');
      equal([dialog.open, dialog.matches(":modal"), dialog.textContent], [true, true, "two"]);
    }));

  test("must: An open popover stays open while its content is patched.", ({ run }) =>
    run(() => {
      stage("<div><section popover><p>one</p></section></div>");
      const popover = find("section");
      popover.showPopover();
      patch('<div><p>before</p><section popover class="x"><p>two</p></section></div>');
      equal([popover.matches(":popover-open"), popover.textContent], [true, "two"]);
    }));

  test("should: An open popover stays open when its keyed row moves (moveBefore).", ({ run }) =>
    run(() => {
      const row = (key: string) => `<li id="${key}">${key}<section popover>more</section></li>`;
      stage(`<ul>${["a", "b", "c"].map(row).join("")}</ul>`);
      find("#c section").showPopover();
      for (const order of ["cab", "acb", "bca"]) {
        patch(`<ul>${[...order].map(row).join("")}</ul>`);
        ok(find("#c section").matches(":popover-open"), order);
      }
    }));

  test("no patch changes the options of an open native select", { tag: "@chromium" }, async ({
    page,
    run,
  }) => {
    const form = (last: string) => `<form><p>${last}</p><select><option>a<option>b${last}</select></form>`;
    await run(form => stage(form) && undefined, form(""));
    await page.locator("select").click();
    await page.waitForFunction(() => find("select").matches(":open"));
    await run(
      ([one, two]) => {
        patch(one);
        patch(two);
        equal(find<HTMLSelectElement>("select").options.length, 2);
        equal(find("p").textContent, "<option>d");
      },
      ["<option>c", "<option>d"].map(last =>
        form(last).replace(`<p>${last}`, `<p>${last.replace("<", "&lt;")}`),
      ) as [string, string],
    );
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await expect(page.locator("option")).toHaveText(["a", "b", "d"]);
    await expect(page.locator("select")).toHaveValue("b");
  });
});

test.describe("Media and frames", () => {
  test("must: An iframe is not reloaded when a sibling is inserted before it (no ids).", ({ run }) =>
    run(async () => {
      stage('<div><iframe src="/frame"></iframe></div>');
      const iframe = find<HTMLIFrameElement>("iframe");
      await until(() => iframe.contentDocument?.querySelector("p"));
      const inside = iframe.contentDocument!.querySelector("p");
      patch('<div><p>new</p><iframe src="/frame" class="wide"></iframe></div>');
      await frame();
      same(find<HTMLIFrameElement>("iframe.wide").contentDocument!.querySelector("p"), inside);
    }));

  test("should: A keyed iframe that has to move is not reloaded (moveBefore).", ({ run }) =>
    run(async () => {
      const row = (key: string) => `<li id="${key}"><iframe src="/frame?${key}"></iframe></li>`;
      stage(`<ul>${[..."abcd"].map(row).join("")}</ul>`);
      const bodies = () =>
        Array.from(document.querySelectorAll("iframe"), f => f.contentDocument!.querySelector("p"));
      await until(() => bodies().every(Boolean));
      const [a, b, c, d] = bodies();
      patch(`<ul>${[..."dcba"].map(row).join("")}</ul>`);
      await frame();
      for (const [i, body] of [d, c, b, a].entries()) same(bodies()[i], body);
    }));

  test("must: A playing <audio> keeps playing (same node, not paused) when its neighbours change.", ({
    run,
  }) =>
    run(async () => {
      stage('<div><p>1</p><audio src="/silence.wav" muted></audio></div>');
      const audio = find<HTMLAudioElement>("audio");
      await audio.play();
      patch('<div><h1>new</h1><p>2</p><audio src="/silence.wav" muted></audio><p>3</p></div>');
      same(find("audio"), audio);
      equal([audio.paused, audio.currentSrc.endsWith("/silence.wav")], [false, true]);
    }));

  test("must: Playing audio with a server src is neither reloaded nor paused by a class change.", ({ run }) =>
    run(async () => {
      stage('<div><audio src="/silence.wav" muted></audio></div>');
      const audio = find<HTMLAudioElement>("audio");
      await audio.play();
      let emptied = 0;
      audio.addEventListener("emptied", () => emptied++);
      patch('<div><audio src="/silence.wav" muted class="wide"></audio></div>');
      await frame();
      equal([audio.paused, emptied, audio.className], [false, 0, "wide"]);
    }));

  test("must: Canvas pixels survive a patch of a sibling (width/height attributes are not re-set).", ({
    run,
  }) =>
    run(() => {
      stage("<div><p>1</p><canvas width=20 height=20></canvas></div>");
      const context = find<HTMLCanvasElement>("canvas").getContext("2d")!;
      context.fillStyle = "rgb(1, 2, 3)";
      context.fillRect(0, 0, 20, 20);
      patch('<div><h1>x</h1><p>2</p><canvas width=20 height=20 class="wide"></canvas></div>');
      equal([...context.getImageData(5, 5, 1, 1).data], [1, 2, 3, 255]);
      same(find<HTMLCanvasElement>("canvas.wide").getContext("2d"), context);
    }));

  test("should: An unchanged <img> gets no attribute mutation and is the same node when a list row is prepended.", ({
    run,
  }) =>
    run(async () => {
      const row = (i: number) => `<li><img src="/pixel.gif?${i}" alt=""></li>`;
      const root = stage(`<ul>${[1, 2].map(row).join("")}</ul>`);
      const images = [...root.querySelectorAll("img")];
      const seen = await records(root, () => patch(`<ul>${[0, 1, 2].map(row).join("")}</ul>`));
      same(find('img[src$="?1"]'), images[0]);
      same(find('img[src$="?2"]'), images[1]);
      equal(
        seen.map(record => record.type),
        ["childList"],
      );
    }));
});

test.describe("Transitions and animations", () => {
  test("must: A running CSS transition goes on when an unrelated sibling is inserted before.", ({ run }) =>
    run(() => {
      stage('<div><p class="fading">text</p></div>');
      const p = find("p");
      getComputedStyle(p).opacity;
      p.style.opacity = "0";
      const [transition] = p.getAnimations();
      patch('<div><h1>new</h1><p class="fading">text</p></div>');
      same(p.getAnimations()[0], transition);
      equal([transition!.playState, p.isConnected], ["running", true]);
    }));

  test("should: A CSS animation is not restarted when its keyed row moves (moveBefore).", ({ run }) =>
    run(() => {
      const row = (key: string) => `<li id="${key}" class="turn">${key}</li>`;
      const root = stage(`<ul>${[..."abcd"].map(row).join("")}</ul>`);
      const before = Array.from(root.children, li => li.getAnimations()[0]);
      patch(`<ul>${[..."dbca"].map(row).join("")}</ul>`);
      const after = Array.from(root.children, li => li.getAnimations()[0]);
      for (const [i, old] of [3, 1, 2, 0].entries()) same(after[i], before[old]);
    }));

  test("must: A class change is applied to the existing node (so CSS transitions can run), not by replacement.", ({
    run,
  }) =>
    run(() => {
      stage('<div><p class="a">text</p></div>');
      const p = find("p");
      patch('<div><p class="b">text</p></div>');
      same(find("p.b"), p);
    }));

  test("a removed element with a leaving transition stays until it ends, and comes back whole when its id returns", ({
    run,
  }) =>
    run(async () => {
      const list = (...keys: string[]) =>
        `<ul>${keys.map(key => `<li id="${key}" class="box" live-leave="out">${key}</li>`).join("")}</ul>`;
      stage(list("a", "b", "c"));
      const b = find("#b");
      getComputedStyle(b).opacity;
      patch(list("a", "c"));
      equal([b.isConnected, b.className], [true, "box out"]);
      patch(list("x", "a", "c", "b"));
      equal(html(), list("x", "a", "c", "b"));
      same(find("#b"), b);
      patch(list("a", "c", "b"));
      patch(list("a"));
      await until(() => document.querySelectorAll("li").length === 1);
      equal(html(), list("a"));
    }));

  test("so does one that is known by its live-key or its address, with what was typed into it", ({ run }) =>
    run(async () => {
      for (const attribute of ["live-key", "lc"]) {
        const list = (...keys: string[]) =>
          `<ul>${keys.map(key => `<li ${attribute}="c0.1.${key}" class="box" live-leave="out"><input></li>`).join("")}</ul>`;
        stage(list("a", "b", "c"));
        const [, b] = document.querySelectorAll("li");
        getComputedStyle(b!).opacity;
        b!.querySelector("input")!.value = "typed";
        patch(list("a", "c"));
        equal([b!.isConnected, b!.className], [true, "box out"]);
        patch(list("x", "a", "c", "b"));
        equal(html(), list("x", "a", "c", "b"));
        same(document.querySelectorAll("li")[3], b);
        equal(b!.querySelector("input")!.value, "typed");
        patch(list("a"));
        await until(() => document.querySelectorAll("li").length === 1);
      }
    }));
});
