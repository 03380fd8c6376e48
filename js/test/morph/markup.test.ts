import { test } from "./stage";

test.describe("Custom elements and shadow DOM", () => {
  test("must: A custom element is not disconnected/reconnected when a sibling is inserted; attributeChangedCallback runs once for the changed attribute.", ({
    run,
  }) =>
    run(() => {
      const calls: string[] = [];
      customElements.define(
        "x-a",
        class extends HTMLElement {
          static observedAttributes = ["size", "color"];
          connectedCallback() {
            calls.push("connected");
          }
          disconnectedCallback() {
            calls.push("disconnected");
          }
          attributeChangedCallback(name: string, old: string, now: string) {
            calls.push(`${name}: ${old} to ${now}`);
          }
        },
      );
      stage("<div><x-a size=1 color=red></x-a></div>");
      calls.length = 0;
      patch("<div><p>new</p><x-a size=2 color=red></x-a></div>");
      equal(calls, ["size: 1 to 2"]);
    }));

  test("should: A moved keyed custom element gets connectedMoveCallback, not disconnected+connected.", ({
    run,
  }) =>
    run(() => {
      const calls: string[] = [];
      customElements.define(
        "x-a",
        class extends HTMLElement {
          connectedCallback() {
            calls.push("connected");
          }
          disconnectedCallback() {
            calls.push("disconnected");
          }
          connectedMoveCallback() {
            calls.push("moved");
          }
        },
      );
      const row = (key: string) => `<x-a id="${key}">${key}</x-a>`;
      stage(`<div>${[..."abc"].map(row).join("")}</div>`);
      calls.length = 0;
      patch(`<div>${[..."cab"].map(row).join("")}</div>`);
      equal(calls, ["moved"]);
    }));

  test("must: A custom element in new HTML is constructed exactly once and connected once.", ({ run }) =>
    run(() => {
      const calls: string[] = [];
      customElements.define(
        "x-a",
        class extends HTMLElement {
          constructor() {
            super();
            calls.push("constructed");
          }
          connectedCallback() {
            calls.push(`connected in ${this.parentElement!.tagName} with ${this.textContent}`);
          }
        },
      );
      stage("<div></div>");
      patch("<div><p><x-a>text</x-a></p></div>");
      equal(calls, ["constructed", "connected in P with text"]);
    }));

  test("must: Imperative shadow content and slotted children: light DOM is patched, shadow tree untouched.", ({
    run,
  }) =>
    run(() => {
      stage("<div><section><b>one</b></section></div>");
      const host = find("section");
      const shadow = host.attachShadow({ mode: "open" });
      shadow.innerHTML = "<p>shadow</p><slot></slot>";
      const inside = shadow.firstChild;
      patch('<div><section class="x"><b>two</b><i>more</i></section></div>');
      same(shadow.firstChild, inside);
      equal(
        shadow
          .querySelector("slot")!
          .assignedElements()
          .map(e => e.outerHTML),
        ["<b>two</b>", "<i>more</i>"],
      );
    }));

  test("may: A new host with <template shadowrootmode> in the patch gets its shadow root.", ({ run }) =>
    run(() => {
      stage("<div></div>");
      patch('<div><section><template shadowrootmode="open"><p>shadow</p></template></section></div>');
      equal(find("section").shadowRoot!.innerHTML, "<p>shadow</p>");
    }));
});

test.describe("SVG and MathML", () => {
  test("must: A circle added inside an existing <svg> is an SVG element.", ({ run }) =>
    run(() => {
      stage("<div><svg><rect></rect></svg></div>");
      patch("<div><svg><rect></rect><circle></circle></svg></div>");
      ok(find("circle") instanceof SVGCircleElement);
    }));

  test("must: Patch root is an <svg>/<g>: fragment is parsed in SVG context.", ({ run }) =>
    run(() => {
      stage("<div lc=c0.0><svg lc=c0.1><g lc=c0.2><rect></rect></g></svg></div>");
      patch('<g class="x"><circle></circle><rect></rect></g>', "c0.2");
      ok(find("circle") instanceof SVGCircleElement);
      patch("><linearGradient></linearGradient>", "c0.2");
      ok(find("g").firstChild instanceof SVGLinearGradientElement);
      patch('<svg viewBox="0 0 1 1"><path></path></svg>', "c0.1");
      ok(find("path") instanceof SVGPathElement);
      equal(html(), '<div><svg lc="c0.1" viewBox="0 0 1 1"><path></path></svg></div>');
    }));

  test("must: A new <g> wrapped around a circle with a persisting id is an SVG element.", ({ run }) =>
    run(() => {
      stage('<svg><circle id="c" r="1"></circle></svg>');
      const circle = find("circle");
      patch('<svg><g><circle id="c" r="2"></circle></g></svg>');
      ok(find("g") instanceof SVGGElement);
      same(find("g").firstChild, circle);
      equal(html(), '<svg><g><circle id="c" r="2"></circle></g></svg>');
    }));

  test("must: viewBox case and xlink:href namespace are right after an attribute patch.", ({ run }) =>
    run(() => {
      stage('<div><svg><use xlink:href="#a"></use></svg></div>');
      patch('<div><svg viewBox="0 0 2 2" preserveAspectRatio="none"><use xlink:href="#b"></use></svg></div>');
      const svg = find<HTMLElement & SVGSVGElement>("svg");
      const use = find("use");
      equal([svg.viewBox.baseVal.width, svg.getAttributeNames()], [2, ["viewBox", "preserveAspectRatio"]]);
      equal(use.getAttributeNS("http://www.w3.org/1999/xlink", "href"), "#b");
      equal(use.attributes.length, 1);
      patch("<div><svg><use></use></svg></div>");
      equal([svg.attributes.length, find("use").attributes.length], [0, 0]);
    }));

  test("should: HTML inside foreignObject stays in the HTML namespace.", ({ run }) =>
    run(() => {
      stage("<div lc=c0.0><svg><foreignObject lc=c0.1><p>one</p></foreignObject></svg></div>");
      patch("<div><svg><keep></keep><foreignObject lc=c0.1><p>two</p><input></foreignObject></svg></div>");
      ok(find("p") instanceof HTMLParagraphElement && find("input") instanceof HTMLInputElement);
      patch("><p>three</p><b>x</b>", "c0.1");
      ok(find("b") instanceof HTMLElement && find("p").textContent === "three");
      equal(find("foreignObject").namespaceURI, "http://www.w3.org/2000/svg");
    }));

  test("should: An element added in <math> is a MathML element.", ({ run }) =>
    run(() => {
      stage("<div><math><mi>x</mi></math></div>");
      patch("<div><math><mi>x</mi><mo>+</mo></math></div>");
      equal(find("mo").namespaceURI, "http://www.w3.org/1998/Math/MathML");
      stage("<math><mi>x</mi></math>");
      patch("><mi>x</mi><mn>1</mn>");
      equal(find("mn").namespaceURI, "http://www.w3.org/1998/Math/MathML");
    }));
});

test.describe("Template, script, style, head", () => {
  test("must: Changed <template> content is updated in .content (isEqualNode does not see it).", ({ run }) =>
    run(() => {
      stage("<div><template><p>one</p></template></div>");
      patch("<div><template><p>two</p></template></div>");
      equal(find<HTMLTemplateElement>("template").innerHTML, "<p>two</p>");
      stage("<template><p>one</p></template>");
      patch("><p>two</p>");
      equal(find<HTMLTemplateElement>("template").innerHTML, "<p>two</p>");
    }));

  test("must: Changed <template> content nested in otherwise equal markup is updated.", ({ run }) =>
    run(() => {
      const list = (text: string) =>
        `<div><ul><li><b>x</b><template><template>${text}</template></template></li></ul><p></p></div>`;
      stage(list("one"));
      patch(list("two"));
      equal(html(), list("two"));
    }));

  test("must: A <script> arriving in a patch is not executed.", ({ run }) =>
    run(async () => {
      const state = window as unknown as { hacked?: number };
      const script = "<script>window.hacked = 1</script>";
      stage(`<div><p></p></div>`);
      patch(`<div>${script}<p>${script}</p><svg>${script}</svg></div>`);
      await frame();
      equal(state.hacked, undefined);
      const parsed = new DOMParser().parseFromString(`<div><p>x</p>${script}</div>`, "text/html");
      morph(stage("<div></div>"), parsed.body.firstElementChild!);
      const range = document.createRange().createContextualFragment(`<div>${script}<p>${script}</p></div>`);
      morph(stage("<div></div>"), range.firstElementChild!);
      await frame();
      equal(state.hacked, undefined);
      equal(html(), `<div>${script}<p>${script}</p></div>`);
    }));

  test("must: <img onerror> inside content that the client only parses to compare (unchanged node) is not fired again.", {
    tag: "@chromium",
  }, async ({ page, run }) => {
    await page.goto("?inline");
    await run(async () => {
      const state = Object.assign(window, { fired: 0 });
      const box = (text: string) =>
        `<div><p>${text}</p><span><img src="data:," onerror="fired++"></span></div>`;
      stage(box("one"));
      await until(() => state.fired);
      patch(box("two"));
      for (let i = 0; i < 5; i++) await frame();
      equal([state.fired, find("p").textContent], [1, "two"]);
    });
  });

  test("must: Changed <style> text takes effect.", { tag: "@chromium" }, async ({ page, run }) => {
    await page.goto("?inline");
    await run(() => {
      const box = (color: string) => `<div><style>p { color: ${color} }</style><p>text</p></div>`;
      stage(box("rgb(1, 1, 1)"));
      patch(box("rgb(2, 2, 2)"));
      equal(getComputedStyle(find("p")).color, "rgb(2, 2, 2)");
    });
  });

  test("should: Root is <head>: title changes, the stylesheet element is kept (not re-fetched).", ({ run }) =>
    run(async () => {
      const head = (title: string, more = "") =>
        `<head><meta charset="utf-8"><title>${title}</title>${more}<link rel="stylesheet" href="/sheet.css"></head>`;
      document.head.setAttribute("lc", "c9.0");
      patch(head("one"), "c9.0");
      const link = document.head.querySelector<HTMLLinkElement>("link[rel=stylesheet]")!;
      await new Promise(loaded => link.addEventListener("load", loaded));
      let loads = 0;
      link.addEventListener("load", () => loads++);
      patch(head("two", '<meta name="x">'), "c9.0");
      await frame();
      same(document.head.querySelector("link[rel=stylesheet]"), link);
      equal([document.title, loads, document.querySelectorAll("head, body").length], ["two", 0, 2]);
    }));

  test("should: Root is <body>, and goes on being it", ({ run }) =>
    run(() => {
      const { body } = document;
      body.setAttribute("lc", "c9.0");
      patch('<body class="dark"><p>body</p></body>', "c9.0");
      same(document.body, body);
      equal([body.className, body.innerHTML], ["dark", "<p>body</p>"]);
    }));

  test("<noscript> is left alone: the page holds text where a patch holds elements", {
    tag: "@chromium",
  }, async ({ page, run }) => {
    await page.setContent(`<main><div lc="c0.0"><p>1</p><noscript><img src="/pixel.gif"></noscript></div></main>
      <script src=/page.js></script>`);
    await run(async () => {
      const root = document.querySelector("div")!;
      const seen = await records(root, () =>
        applyPatches(document, [["c0.0", '<div><p>2</p><noscript><img src="/pixel.gif"></noscript></div>']]),
      );
      equal(seen.length, 1);
      equal(root.querySelector("noscript")!.children.length, 0);
    });
  });
});

test.describe("Table fragments", () => {
  test("must: Root is a tbody: <tr> fragments parse and rows are updated in place.", ({ run }) =>
    run(() => {
      stage("<table lc=c0.0><tbody lc=c0.1><tr><td>1</td></tr><tr><td>2</td></tr></tbody></table>");
      const row = find("tr");
      patch("><tr><td>one</td></tr><tr><td>2</td></tr><tr><td>3</td></tr>", "c0.1");
      same(find("tr"), row);
      equal(find("tbody").innerHTML, "<tr><td>one</td></tr><tr><td>2</td></tr><tr><td>3</td></tr>");
      patch("<tbody class=x><tr><td>one</td></tr></tbody>", "c0.1");
      equal(html(), '<table><tbody lc="c0.1" class="x"><tr><td>one</td></tr></tbody></table>');
    }));

  test("must: Root is a tr: <td>/<th> fragments parse.", ({ run }) =>
    run(() => {
      stage("<table lc=c0.0><tbody><tr lc=c0.1><td>1</td></tr></tbody></table>");
      patch("<tr class=x><th>0</th><td>1</td><td lc=c0.2>2</td></tr>", "c0.1");
      equal(find("tr").innerHTML, '<th>0</th><td>1</td><td lc="c0.2">2</td>');
      patch(">two <b>!</b>", "c0.2");
      equal(find("tr").innerHTML, '<th>0</th><td>1</td><td lc="c0.2">two <b>!</b></td>');
    }));

  test("must: Root is a table: caption, colgroup, thead, tfoot are added around the kept tbody.", ({ run }) =>
    run(() => {
      const body = '<tbody lc="c0.1"><tr><td>1</td></tr></tbody>';
      stage(`<table lc=c0.0>${body}</table>`);
      const tbody = find("tbody");
      const table = (middle: string) =>
        `<table><caption>C</caption><colgroup><col></colgroup><thead><tr><th>H</th></tr></thead>${middle}<tfoot><tr><td>F</td></tr></tfoot></table>`;
      patch(table('<template lc-keep="c0.1"></template>'));
      same(find("tbody"), tbody);
      equal(html(), table(body));
    }));
});
