import { test } from "./stage";

test.describe("Text, attributes, fidelity", () => {
  test("must: Whitespace-only differences do not replace elements.", ({ run }) =>
    run(() => {
      stage("<ul><li>1</li>\n  <li>2</li></ul>");
      const items = [...document.querySelectorAll("li")];
      patch("<ul>\n\n<li>1</li><li>2</li>   </ul>");
      for (const [i, item] of document.querySelectorAll("li").entries()) same(item, items[i]);
      equal(html(), "<ul>\n\n<li>1</li><li>2</li>   </ul>");
    }));

  test("should: Comment nodes (markers) that did not change keep their identity.", ({ run }) =>
    run(() => {
      const root = stage("<div><!--start--><p>1</p><!--end--></div>");
      const [start, , end] = root.childNodes;
      patch("<div><p>0</p><!--start--><p>1</p><p>2</p><!--end--><b></b></div>");
      equal(html(), "<div><p>0</p><!--start--><p>1</p><p>2</p><!--end--><b></b></div>");
      same(root.childNodes[1], start);
      same(root.childNodes[4], end);
    }));

  test("must: Split text nodes (splitText / empty text drift) end with the right text.", ({ run }) =>
    run(async () => {
      const root = stage("<div><p>Hello world</p></div>");
      const p = find("p");
      (p.firstChild as Text).splitText(5).splitText(3);
      p.prepend("");
      await frame();
      patch("<div><p>Hello world</p></div>");
      equal(p.textContent, "Hello world");
      (p.firstChild as Text).splitText(5);
      patch("<div><p>Goodbye</p></div>");
      equal(p.textContent, "Goodbye");
      root.firstChild!.before("", "");
      patch("<div>a<p>b</p></div>");
      equal(html(), "<div>a<p>b</p></div>");
    }));

  test("should: A text change updates the existing text node (aria-live, selection) and records one mutation.", ({
    run,
  }) =>
    run(async () => {
      const root = stage("<div><h1>x</h1><p aria-live=polite>one</p></div>");
      const text = find("p").firstChild;
      const seen = await records(root, () => patch("<div><h1>x</h1><p aria-live=polite>two</p></div>"));
      same(find("p").firstChild, text);
      equal(
        seen.map(record => record.type),
        ["characterData"],
      );
    }));

  test("must: Identical HTML causes no DOM mutation at all.", ({ run }) =>
    run(async () => {
      const page = `<form class="a"><table><tbody><tr><td>1</td></tr></tbody></table>text<!--c--><input value="a" disabled="">
        <select><option selected="">a</option></select><textarea>x</textarea><svg viewBox="0 0 1 1"><path d=""></path></svg>
        <template><p>t</p></template><details open=""><summary>s</summary></details>\n<x-y @click="go"></x-y></form>`;
      const root = stage(page);
      equal((await records(root, () => patch(page))).length, 0);
      equal((await records(root, () => patch(page.slice(15, -7)))).length, 0);
    }));

  test("must: Content to empty and root text nodes.", ({ run }) =>
    run(() => {
      const root = stage("<div><p>1</p>text<!--c--></div>");
      patch("<div></div>");
      equal(root.childNodes.length, 0);
      patch("<div>just text</div>");
      equal(html(), "<div>just text</div>");
      patch(">other");
      equal(html(), "<div>other</div>");
      patch(">");
      equal(html(), "<div></div>");
    }));

  test("must: Several top-level nodes with bare text.", ({ run }) =>
    run(() => {
      stage("<div>one<b>two</b>three</div>");
      const b = find("b");
      patch(">1<i>x</i>2<b>two!</b>3<!--c-->4");
      equal(html(), "<div>1<i>x</i>2<b>two!</b>3<!--c-->4</div>");
      same(find("b"), b);
    }));

  test("must: Entities, nbsp, astral characters and quotes in attributes.", ({ run }) =>
    run(() => {
      stage("<div><p>x</p></div>");
      const odd = `<div><p title="&quot;a&quot; 'b' &lt;&amp;&nbsp;😀" data-x="\n\t">&amp;lt;&nbsp;é😀 &gt; "</p></div>`;
      patch(odd);
      equal(find("p").title, "\"a\" 'b' <&\u00a0😀");
      equal(find("p").dataset.x, "\n\t");
      equal(find("p").textContent, '&lt;\u00a0é😀 > "');
    }));

  test("must: Attribute names like @click, :class, x-on:click.prevent, [foo] are set and removed without throwing.", ({
    run,
  }) =>
    run(() => {
      const names = [
        "@click",
        ":class",
        "x-on:click.prevent",
        "[foo]",
        "(bar)",
        "#baz",
        "a.b",
        "v-bind:[x]",
        "é",
        "1",
      ];
      const box = (value: string) =>
        `<div><p ${names.map(name => `${name}="${value}"`).join(" ")}></p></div>`;
      stage("<div><p></p></div>");
      for (const value of ["a", "b", ""]) {
        patch(box(value));
        equal(find("p").getAttributeNames(), names);
        for (const name of names) equal(find("p").getAttribute(name), value);
      }
      patch("<div><p></p></div>");
      equal(html(), "<div><p></p></div>");
    }));

  test("must: hidden, inert, readonly, required are added and removed.", ({ run }) =>
    run(() => {
      stage("<div><input></div>");
      const input = find<HTMLInputElement>("input");
      const state = () => [input.hidden, input.inert, input.readOnly, input.required];
      patch("<div><input hidden inert readonly required></div>");
      equal(state(), [true, true, true, true]);
      patch("<div><input></div>");
      equal(state(), [false, false, false, false]);
    }));

  test("must: Element changes tag at the same place, children right.", ({ run }) =>
    run(() => {
      stage('<div><p>a <b id="b">b</b></p><i>i</i></div>');
      const [b, i] = [find("b"), find("i")];
      patch('<div><h1>a <b id="b">B</b></h1><i>i</i></div>');
      equal(html(), '<div><h1>a <b id="b">B</b></h1><i>i</i></div>');
      same(find("b"), b);
      same(find("i"), i);
    }));

  test("must: Element changes tag at the same place, and is the patched one itself", ({ run }) =>
    run(() => {
      stage('<div lc="c0.0"><p lc="c0.1" class="x"><b id="b">b</b></p></div>');
      const b = find("b");
      patch('<h1 title="t"><i></i><b id="b">B</b></h1>', "c0.1");
      equal(html(), '<div><h1 title="t" lc="c0.1"><i></i><b id="b">B</b></h1></div>');
      same(find("b"), b);
      patch(">again", "c0.1");
      equal(find("h1").textContent, "again");
    }));

  test("must: Element changes tag at the same place, and keeps the token of its component", ({ run }) =>
    run(() => {
      stage('<div lc="c0.0" lc-token="secret" class="a"></div>');
      patch("<div></div>");
      equal(find("div").outerHTML, '<div lc="c0.0" lc-token="secret"></div>');
      patch('<section id="s">x</section>');
      equal(find("section").outerHTML, '<section id="s" lc="c0.0" lc-token="secret">x</section>');
    }));
});

test.describe("Property: any tree becomes any other", () => {
  test.setTimeout(60_000);

  /** Trees of unique ids, keys and plain elements, texts and comments; seeded, so that a failure can be repeated. */
  const trees = ({ seeds, nesting }: { seeds: [number, number]; nesting: boolean }) => {
    let state = 0;
    const random = (below: number) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return ((state >>> 8) / 2 ** 24) * below;
    };
    const int = (below: number) => Math.floor(random(below));
    const pick = <T>(items: readonly T[]) => items[int(items.length)]!;
    const tags = nesting
      ? ["div", "p", "b", "i", "a", "li", "form", "button"]
      : ["div", "span", "section", "em"];

    const tree = (depth: number, ids: string[]): string => {
      const kind = int(10);
      if (kind < 2 || depth > 4) return pick(["text ", "a", "\n", "b &amp; c", " "]);
      if (kind === 2) return `<!--${pick(["m", "n"])}-->`;
      const id = ids.length && int(3) ? ` id="${ids.splice(int(ids.length), 1)}"` : "";
      const name = int(6) ? "" : ` name="${pick(["x", "y"])}"`;
      const style = int(3) ? "" : ` class="${pick(["p", "q", "p q"])}"`;
      const tag = pick(tags);
      if (!int(8)) return `<input${id}${name}${style}${int(2) ? "" : ` value="${int(3)}"`}>`;
      const content = Array.from({ length: int(5) }, () => tree(depth + 1, ids)).join("");
      return `<${tag}${id}${name}${style}>${content}</${tag}>`;
    };
    const root = () => {
      const ids = Array.from({ length: 12 }, (_, i) => `k${i}`);
      return `<main>${Array.from({ length: 1 + int(6) }, () => tree(0, ids)).join("")}</main>`;
    };
    const parse = (html: string) => {
      const holder = document.implementation.createHTMLDocument().createElement("div");
      holder.innerHTML = html;
      return holder.firstElementChild!;
    };

    for (let seed = seeds[0]; seed < seeds[1]; seed++) {
      state = seed * 7919;
      const [before, after] = [root(), root()];
      const live = document.querySelector("main")!.appendChild(document.importNode(parse(before), true));
      const held = new Map([...live.querySelectorAll("[id]")].map(e => [e.id + e.nodeName, e]));
      const ids = parse(after).querySelectorAll("[id]");
      try {
        const now = morph(live, parse(after));
        if (!now.isEqualNode(parse(after))) equal(now.outerHTML, parse(after).outerHTML);
        if (!nesting)
          for (const { id, nodeName } of ids) {
            const old = held.get(id + nodeName);
            if (old && !old.isConnected) throw new Error(`lost #${id}`);
          }
        ok(morph(now, parse(before)).isEqualNode(parse(before)), "not the way back");
      } catch (error) {
        throw new Error(`seed ${seed}: ${before} -> ${after}: ${(error as Error).stack}`);
      }
      live.remove();
    }
  };

  test("must: 300 random tree pairs (unique ids, moves across parents, nesting; well-nested tags only): result equals the target.", ({
    run,
  }) => run(trees, { seeds: [1, 401] as [number, number], nesting: false }));

  test("should: As fidelity-random but with <p>/<b> mis-nesting, so that the parser itself makes duplicate ids and auto-closes.", ({
    run,
  }) => run(trees, { seeds: [1001, 1401] as [number, number], nesting: true }));

  test("random keyed lists with keeps become the list that the server means", ({ run }) =>
    run(() => {
      let state = 5;
      const int = (below: number) => {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        return Math.floor(((state >>> 8) / 2 ** 24) * below);
      };
      const space = "\n  ";
      const row = (key: number) => `<li lc="c0.1.${key}" id="r${key}"><b>${key}</b></li>`;
      const list = (keys: number[]) =>
        `<ul lc="c0.0"><li>first</li>${space}${keys.map(row).join(space)}${space}</ul>`;
      for (let round = 0; round < 400; round++) {
        const before = shuffle(Array.from({ length: int(12) }, (_, i) => i));
        const after = int(2) ? change(before) : shuffle(Array.from({ length: int(14) }, (_, i) => i));
        stage(list(before));
        const held = new Map([...document.querySelectorAll("ul > [id]")].map(e => [e.id, e]));
        patch(`><li>first</li>${space}${placeholders(before, after)}${space}`);
        const got = document.querySelector("ul")!.outerHTML;
        if (got !== list(after))
          throw new Error(`${before} -> ${after}: ${placeholders(before, after)}\n${got}`);
        for (const key of after)
          if (before.includes(key)) same(document.querySelector(`#r${key}`), held.get(`r${key}`));
      }

      function shuffle<T>(items: T[]): T[] {
        for (let i = items.length; i--; ) items.push(...items.splice(int(i + 1), 1));
        return items;
      }
      /** Takes out, puts in and moves a few. */
      function change(keys: number[]): number[] {
        const changed = [...keys];
        for (let i = int(3); i--; ) changed.splice(int(changed.length), 1);
        for (let i = int(3); i--; ) changed.splice(int(changed.length + 1), 0, 20 + i);
        for (let i = int(2); i--; )
          changed.splice(int(changed.length), 0, ...changed.splice(int(changed.length), 1));
        return changed;
      }
      /** The list as a server writes it: unbroken runs as one item, neighbouring items in one placeholder. */
      function placeholders(before: number[], after: number[]): string {
        const parts: string[] = [];
        let items: string[] = [];
        const flush = () => {
          if (items.length) parts.push(`<template lc-keep="c0.1. ${items.join(" ")}">${space}</template>`);
          items = [];
        };
        for (let i = 0; i < after.length; i++) {
          const key = after[i]!;
          const at = before.indexOf(key);
          if (at < 0) {
            flush();
            parts.push(row(key));
            continue;
          }
          let length = 1;
          while (i + length < after.length && before[at + length] === after[i + length]) length++;
          if (length > 2 && !int(4)) length = 2; // runs need not be as long as they could be
          items.push(length === 1 ? String(key) : `${key}~${after[i + length - 1]}`);
          i += length - 1;
        }
        flush();
        return parts.join(space);
      }
    }));
});
