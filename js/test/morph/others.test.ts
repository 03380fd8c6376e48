import { test } from "./stage";

test.describe("A page that others change too", () => {
  test("must: Listeners and expando properties on surviving nodes stay.", ({ run }) =>
    run(() => {
      stage("<div><button class=a>1</button><p>x</p></div>");
      const button = find("button") as HTMLElement & { mark?: number };
      let clicks = 0;
      button.addEventListener("click", () => clicks++);
      button.mark = 7;
      patch("<div><h1>new</h1><button class=b>2</button><p>y</p></div>");
      const now = find("button") as typeof button;
      now.click();
      equal([clicks, now.mark, now.className], [1, 7, "b"]);
    }));

  test("must: Children made by a third-party widget inside an ignored subtree survive.", ({ run }) =>
    run(() => {
      stage('<div><p>1</p><div class="map" live-ignore><i>loading</i></div></div>');
      const map = find(".map");
      map.innerHTML = "<canvas></canvas><b>widget</b>";
      const canvas = map.firstChild;
      patch('<div><p>2</p><p>3</p><div class="map" live-ignore><i>loading</i></div></div>');
      same(find(".map"), map);
      same(map.firstChild, canvas);
      equal(map.textContent, "widget");
      stage('<div live-ignore class="a">1</div>');
      patch(">2");
      patch('<div live-ignore class="b">3</div>');
      equal(html(), '<div live-ignore="" class="a">1</div>');
    }));

  test("should: Ignored root keeps attributes set by the widget but takes changed data-* from the server.", ({
    run,
  }) =>
    run(() => {
      const box = (points: string) =>
        `<div><div class="map" data-points="${points}" data-old live-ignore></div></div>`.replace(
          points === "2" ? " data-old" : "",
          "",
        );
      stage(box("1"));
      const map = find(".map");
      map.className = "map ready";
      map.tabIndex = 0;
      patch(box("2").replace("map", "map server"));
      equal(map.outerHTML, '<div class="map ready" data-points="2" live-ignore="" tabindex="0"></div>');
    }));

  test("should: An ignored keyed subtree keeps its content when it is moved.", ({ run }) =>
    run(() => {
      const row = (key: string) => `<li id="${key}" live-ignore>${key}</li>`;
      const list = (order: string) => `<ul>${[...order].map(row).join("")}</ul>`;
      stage(list("abc"));
      find("#c").innerHTML = "<b>widget</b>";
      patch(list("cab"));
      equal(
        find("ul").innerHTML,
        list("cab")
          .slice(4, -5)
          .replaceAll("live-ignore", 'live-ignore=""')
          .replace(">c<", "><b>widget</b><"),
      );
    }));

  test("an element that is live-permanent is never patched, and moves with its place", ({ run }) =>
    run(() => {
      stage('<div><p>1</p><section id="player" live-permanent class="a">playing</section></div>');
      const player = find("#player");
      player.append(document.createElement("hr"));
      patch('<div><section id="player" live-permanent class="b" data-x="1">stopped</section><p>2</p></div>');
      same(find("div").firstChild, player);
      equal(player.outerHTML, '<section id="player" live-permanent="" class="a">playing<hr></section>');
      patch("<div><p>2</p></div>");
      equal(player.isConnected, false);
    }));

  test("must: A node injected by an extension at the front shifts indices: the patch still lands in the right places.", ({
    run,
  }) =>
    run(async () => {
      const root = stage('<div lc="c0.0"><p>1</p><p>2</p><p lc="c0.1">3</p></div>');
      const icon = document.createElement("span");
      root.prepend(icon);
      await frame();
      patch(">three", "c0.1");
      patch('><p>one</p><p>2</p><p lc="c0.1">three</p>');
      equal(root.innerHTML, '<span></span><p>one</p><p>2</p><p lc="c0.1">three</p>');
      same(root.firstChild, icon);
      patch("><h1>x</h1><p>two</p>");
      equal(root.innerHTML, "<span></span><h1>x</h1><p>two</p>");
    }));

  test("must: A password manager icon injected after the focused input: input keeps focus, text and node.", ({
    run,
  }) =>
    run(() => {
      stage('<form><input type="password" name="p"><button>Go</button></form>');
      const input = find<HTMLInputElement>("input");
      type(input, "secret");
      const icon = document.createElement("com-manager-icon");
      input.after(icon);
      input.setAttribute("data-manager", "1");
      patch(
        '<form class="x"><input type="password" name="p" class="wrong"><p>Too short</p><button>Go!</button></form>',
      );
      same(document.activeElement, input);
      equal([input.value, input.className, input.dataset.manager], ["secret", "wrong", "1"]);
      same(input.nextSibling, icon);
      equal(find("form").textContent, "Too shortGo!");
    }));

  test("may: Attributes added by an extension (data-gr-…) do not break a patch of other attributes.", ({
    run,
  }) =>
    run(() => {
      stage('<div><textarea class="a">x</textarea></div>');
      const area = find("textarea");
      area.setAttribute("data-gr-ext", "1");
      patch('<div><textarea class="b" rows="2">x</textarea></div>');
      equal(area.outerHTML, '<textarea class="b" data-gr-ext="1" rows="2">x</textarea>');
    }));

  test("must: Google Translate wraps text in <font>: the next text change is shown.", ({ run }) =>
    run(async () => {
      stage(
        '<div lc="c0.0"><p lc="c0.1">Hello</p><p lc="c0.2">You have <b lc="c0.3">3</b> messages</p></div>',
      );
      translate(document.querySelector("[lc]")!);
      equal(find("p").innerHTML, "<font><font>HELLO</font></font>");
      await frame();
      patch(">Good night", "c0.1");
      equal(find("p").innerHTML, "Good night");
      patch(">4", "c0.3");
      patch('>You have got <template lc-keep="c0.3"></template> messages', "c0.2");
      equal(find('[lc="c0.2"]').innerHTML, 'You have got <b lc="c0.3">4</b> messages');
      translate(document.querySelector("[lc]")!);
      patch('<div><p lc="c0.1">All</p><p lc="c0.2">in <b lc="c0.3">one</b> go</p></div>');
      equal(html(), '<div><p lc="c0.1">All</p><p lc="c0.2">in <b lc="c0.3">one</b> go</p></div>');

      function translate(root: Element): void {
        const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
        const found: Text[] = [];
        while (texts.nextNode()) found.push(texts.currentNode as Text);
        for (const text of found) {
          const outer = document.createElement("font");
          const inner = outer.appendChild(document.createElement("font"));
          text.before(outer);
          inner.textContent = text.data.toUpperCase();
          text.remove();
        }
      }
    }));

  test("may: A class toggled by client script is kept when the server class did not change (needs knowledge of the previous server value).", ({
    run,
  }) =>
    run(() => {
      stage('<div><p class="a">1</p></div>');
      find("p").classList.add("open");
      patch('<div><p class="a" title="x">2</p></div>');
      equal(find("p").className, "a open");
      patch('<div><p class="a b">2</p></div>'); // and when it did, both are there
      equal(find("p").className, "open a b");
      patch('<div><p class="b">2</p></div>');
      equal(find("p").className, "open b");
      find("p").classList.remove("open");
      patch("<div><p>2</p></div>");
      equal(find("p").outerHTML, "<p></p>".replace("><", ">2<"));
    }));

  test("an attribute that a script changed and the server changes too is the server's", ({ run }) =>
    run(async () => {
      stage('<div><p title="a">1</p></div>');
      find("p").title = "b";
      find("p").hidden = true;
      await frame();
      patch('<div><p title="a">2</p></div>');
      equal([find("p").title, find("p").hidden], ["b", true]);
      patch('<div><p title="c">3</p></div>');
      equal(find("p").title, "c");
      patch('<div><p title="a">3</p></div>');
      equal(find("p").title, "a");
      find("p").removeAttribute("title");
      patch('<div><p title="a">4</p></div>');
      equal(find("p").hasAttribute("title"), false);
      patch('<div><p title="d">4</p></div>');
      equal(find("p").title, "d");
    }));

  test("a change that the server makes after a script has made it counts, in an otherwise equal tree", ({
    run,
  }) =>
    run(() => {
      const box = (title: string) => `<div><section><p title="${title}">1</p></section><i></i></div>`;
      stage(box("a"));
      find("p").title = "b";
      patch(box("b")); // nothing to do in the page: but now b is the server's word
      patch(box("a"));
      equal(find("p").title, "a");
    }));

  test("must: A script removed a server node: the patch still applies and brings it back or skips it, no throw, other content right.", ({
    run,
  }) =>
    run(async () => {
      const root = stage("<div><p>1</p><i>2</i><b>3</b></div>");
      find("i").remove();
      await frame();
      patch("<div><p>one</p><i>2</i><b>three</b></div>");
      equal(html(), "<div><p>one</p><i>2</i><b>three</b></div>");
      root.replaceChildren();
      patch("<div><p>1</p><i>2</i></div>");
      equal(html(), "<div><p>1</p><i>2</i></div>");
    }));

  test("should: A keyed element moved to <body> by client script (portal/teleport): no throw, not destroyed by the patch of its old parent.", ({
    run,
  }) =>
    run(async () => {
      stage('<div><p>1</p><section id="modal">one</section></div>');
      const modal = find("#modal");
      document.body.append(modal);
      await frame();
      patch('<div><p>2</p><section id="modal" class="x">two</section></div>');
      same(modal.parentNode, document.body);
      equal(modal.outerHTML, '<section id="modal" class="x">two</section>');
      equal(html(), "<div><p>2</p></div>");
      stage('<div><ul><li lc="c0.1"></li></ul></div>');
      const item = find("li");
      document.body.append(item);
      patch('<div><b>new</b><ul><template lc-keep="c0.1"></template></ul></div>');
      same(item.parentNode, document.body);
      equal(html(), "<div><b>new</b><ul></ul></div>");
    }));

  test("content that a script wrote as a whole gives way to the server's", ({ run }) =>
    run(async () => {
      const root = stage("<div></div>");
      root.innerHTML = "<p>script's</p><b>more</b>";
      await frame();
      patch("<div><p>server's</p></div>");
      equal(html(), "<div><p>server's</p></div>");
    }));

  test("a custom element that moves itself away when it is put in does not break the patch", ({ run }) =>
    run(() => {
      customElements.define(
        "x-portal",
        class extends HTMLElement {
          connectedCallback() {
            if (this.parentNode !== document.body) document.body.append(this);
          }
        },
      );
      stage("<div><p>1</p></div>");
      patch("<div><b>0</b><x-portal>x</x-portal><p>1</p><i>2</i></div>");
      equal(html(), "<div><b>0</b><p>1</p><i>2</i></div>");
    }));
});

test.describe("A component that is sent anew", () => {
  test("content that a hook wrote stays while the server says what it said before", ({ run }) =>
    run(async () => {
      const page = (time: string, n: number) =>
        `<div><p>${n}</p><time>${time}</time><section><h2>Chart</h2><ul><li>a</li></ul></section><b></b></div>`;
      stage(page("2026-03-12", 1));
      await frame();
      find("time").textContent = "12 March";
      find("section").innerHTML = "<canvas></canvas>";
      find("b").append("written");
      find("p").firstChild!.nodeValue = "one";
      await frame();
      patch(page("2026-03-12", 1));
      equal(
        find("div").innerHTML,
        "<p>one</p><time>12 March</time><section><canvas></canvas></section><b>written</b>",
      );
      patch(page("2026-03-13", 2));
      equal(
        find("div").innerHTML,
        "<p>2</p><time>2026-03-13</time><section><canvas></canvas></section><b>written</b>",
      );
      patch(page("2026-03-12", 1));
      equal([find("p").textContent, find("time").textContent], ["1", "2026-03-12"]);
      patch(page("2026-03-12", 1).replace("<li>a", "<li>b"));
      equal(find("section").innerHTML, "<h2>Chart</h2><ul><li>b</li></ul>");
    }));

  test("a change that the server makes after a hook has made it counts from then on", ({ run }) =>
    run(async () => {
      const page = (n: number) => `<div><section><p>${n}</p></section></div>`;
      stage(page(4));
      await frame();
      find("p").textContent = "5";
      await frame();
      patch(page(5));
      patch(page(4));
      equal(find("p").textContent, "4");
    }));
});

test.describe("Copies that a script made of the server's elements", () => {
  const slides = (texts: string[]) =>
    texts.map((text, i) => `<li lc="c0.1.${i}"><b lc="c0.2.${i}">${text}</b></li>`).join("");

  test("a patch goes to the element itself, not to the copy before it", ({ run }) =>
    run(
      async html => {
        const root = stage(`<ul lc="c0.0">${html}</ul>`);
        await frame();
        const [first, last] = [root.firstElementChild!, root.lastElementChild!];
        first.before(last.cloneNode(true));
        last.after(first.cloneNode(true));
        patch("<b>new</b>", "c0.2.2");
        equal(root.textContent, "ConetwonewA".replace("C", "three").replace("A", "one"));
      },
      slides(["one", "two", "three"]),
    ));

  test("also where the script took the element elsewhere with its copies", ({ run }) =>
    run(
      async html => {
        const root = stage(`<div lc="c0.0"><ul>${html}</ul></div>`);
        patch("<b>1</b>", "c0.2.0"); // the targets are known
        const track = document.createElement("section");
        const list = root.firstElementChild!;
        const last = list.lastElementChild!;
        list.prepend(last.cloneNode(true));
        list.replaceWith(track);
        track.append(list);
        await frame();
        patch("<b>new</b>", "c0.2.2");
        equal(last.textContent, "new");
        equal(list.firstElementChild!.textContent, "three");
      },
      slides(["one", "two", "three"]),
    ));
});

test.describe("Calls", () => {
  test("hooks are called exactly once per real change", ({ run }) =>
    run(() => {
      const calls: string[] = [];
      const name = (element: Element) => element.id || element.tagName.toLowerCase();
      const options = {
        added: (element: Element) => calls.push(`added ${name(element)} ${element.isConnected}`),
        updated: (element: Element) => calls.push(`updated ${name(element)}`),
      };
      const step = (html: string) => {
        calls.length = 0;
        patch(html, "c0.0", options);
        return calls.sort();
      };
      stage('<div><p id="a">1</p><ul id="u"><li id="x">x</li><li id="y">y</li></ul></div>');
      equal(step('<div><p id="a">1</p><ul id="u"><li id="x">x</li><li id="y">y</li></ul></div>'), []);
      equal(step('<div><p id="a">2</p><ul id="u"><li id="x">x</li><li id="y">y</li></ul></div>'), [
        "updated a",
      ]);
      equal(step('<div><p id="a" class="c">3</p><ul id="u"><li id="y">y</li><li id="x">x</li></ul></div>'), [
        "updated a",
        "updated u",
      ]);
      equal(
        step(
          '<div><p id="a" class="c">3</p><ul id="u"><li id="y"><b>y</b></li><li id="z"><i></i></li></ul></div>',
        ),
        ["added b true", "added z true", "updated u", "updated y"],
      );
    }));

  test("what the page does in answer to a change is not taken for the server's", ({ run }) =>
    run(() => {
      stage("<div><p>1</p></div>");
      patch('<div><p>1</p><b class="x">new</b></div>', "c0.0", {
        added: element => element.classList.add("mounted"),
      });
      patch('<div><p>2</p><b class="x" title="t">new</b></div>');
      equal(find("b").className, "x mounted");
    }));
});

test.describe("Browsers without moveBefore", () => {
  test("rows are moved all the same, and the focus stays where it was", ({ run }) =>
    run(() => {
      Reflect.deleteProperty(Element.prototype, "moveBefore");
      const row = (key: string) => `<li id="${key}"><input value="abcdef"></li>`;
      stage(`<ul>${["a", "b", "c", "d"].map(row).join("")}</ul>`);
      const input = find<HTMLInputElement>("#d input");
      input.focus();
      input.setSelectionRange(1, 3);
      patch(`<ul>${["d", "a", "b", "c"].map(row).join("")}</ul>`);
      same(document.activeElement, input);
      equal([input.selectionStart, input.selectionEnd], [1, 3]);
      equal(html(), `<ul>${["d", "a", "b", "c"].map(row).join("")}</ul>`);
    }));
});
