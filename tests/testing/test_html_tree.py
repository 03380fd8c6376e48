"""HTML parsed as browsers parse it."""

from __future__ import annotations

import shutil
from random import Random
from typing import Any

import pytest
from lxml import etree
from lxml.etree import _Element as Element
from playwright.sync_api import sync_playwright

from livecomp.testing.html_text import inner_html, outer_html
from livecomp.testing.html_tree import context_of, parse_document, parse_fragment


@pytest.mark.parametrize(
    ("source", "parsed"),
    [
        ("a<wbr>b<video><source src=x>c<track>d</video>", 'a<wbr>b<video><source src="x">c<track>d</video>'),
        ("<table><tr><td>1<td>2</table>", "<table><tbody><tr><td>1</td><td>2</td></tr></tbody></table>"),
        ("<table>text<tr></tr></table>", "text<table><tbody><tr></tr></tbody></table>"),
        ("<table><col><tr></tr></table>", "<table><colgroup><col></colgroup><tbody><tr></tr></tbody></table>"),
        ("<table><template>x</template><tr></tr></table>", "<table><template>x</template><tbody><tr></tr></tbody></table>"),
        ("<ul><li>1<li>2</ul>", "<ul><li>1</li><li>2</li></ul>"),
        ("<p>a<div>b</div>", "<p>a</p><div>b</div>"),
        ("<p>a<p>b</p></p>", "<p>a</p><p>b</p><p></p>"),
        ("<b><p>x</p></b>", "<b><p>x</p></b>"),
        ("<ul><form>x</form></ul>", "<ul><form>x</form></ul>"),
        ("<form><form>x</form>y</form>", "<form>x</form>y"),
        ("<a href=1>x<a href=2>y</a>", '<a href="1">x</a><a href="2">y</a>'),
        ("<button>x<button>y</button>", "<button>x</button><button>y</button>"),
        ("<dl><dt>a<dd>b<dt>c</dl>", "<dl><dt>a</dt><dd>b</dd><dt>c</dt></dl>"),
        ("<h1>x</h2>y", "<h1>x</h1>y"),
        ("<select><option>a<option>b<optgroup label=c><option>d</select>",
         '<select><option>a</option><option>b</option><optgroup label="c"><option>d</option></optgroup></select>'),
        ('<svg viewBox="0 0 1 1"><linearGradient/><path/></svg><path/>x',
         '<svg viewBox="0 0 1 1"><linearGradient></linearGradient><path></path></svg><path>x</path>'),
        ("<svg><foreignObject><div viewBox=1></div></foreignObject></svg>",
         '<svg><foreignObject><div viewbox="1"></div></foreignObject></svg>'),
        ("<svg><title>a<b>c</b></title></svg>", "<svg><title>a<b>c</b></title></svg>"),
        ("<svg><p>x", "<svg></svg><p>x</p>"),
        ("<textarea>\n\n<b>&lt;</textarea>", "<textarea>\n&lt;b&gt;&lt;</textarea>"),
        ("<pre>\n\nx</pre>", "<pre>\nx</pre>"),
        ("<script>a<b && '</p>'</script>", "<script>a<b && '</p>'</script>"),
        ("<noscript><p>x</p></noscript>", "<noscript><p>x</p></noscript>"),
        ('<div/>x', "<div>x</div>"),
        ("<p @click='a' :b=c [d] e>", '<p @click="a" :b="c" [d]="" e=""></p>'),
        ('<p a="1" A="2">', '<p a="1"></p>'),
        ("<a href='?a=1&copy=2&amp;b&lt'>&copy2 &nbsp;</a>", '<a href="?a=1&amp;copy=2&amp;b&lt;">©2 &nbsp;</a>'),
        ("a < b <3 <!-- c -- d --><!x>", "a &lt; b &lt;3 <!-- c -‐ d --><!--x-->"),
        ("</p>", "<p></p>"),
        ("x</div></span></p", "x"),
        ("<b", ""),
        ("\r\n\x00\x0b", "\n␋"),
    ],
)  # fmt: skip
def test_fragments(source: str, parsed: str) -> None:
    assert inner_html(parse_fragment(source)) == parsed


@pytest.mark.parametrize(
    ("source", "context", "parsed"),
    [
        ("<tr><td>1", "tbody", "<tr><td>1</td></tr>"),
        ("<tr><td>1", "table", "<tbody><tr><td>1</td></tr></tbody>"),
        ("<td>1<td>2", "tr", "<td>1</td><td>2</td>"),
        ("<tr><td>1", "div", "1"),
        ("<option>a<option>b", "select", "<option>a</option><option>b</option>"),
        ("<circle/><circle/>", "svg:g", "<circle></circle><circle></circle>"),
        ("<b>&amp;", "textarea", "&lt;b&gt;&amp;"),
        ("<b>&amp;", "script", "<b>&amp;"),
        ("<div>x</div>", "p", "<div>x</div>"),
    ],
)
def test_fragments_in_context(source: str, context: str, parsed: str) -> None:
    assert inner_html(parse_fragment(source, context)) == parsed


@pytest.mark.parametrize(
    ("source", "parsed"),
    [
        ("", "<html><head></head><body></body></html>"),
        (
            "<!doctype html>\n<title>x</title>\n<p>y",
            "<html><head><title>x</title>\n</head><body><p>y</p></body></html>",
        ),
        (
            "<html lang=en><head><meta charset=utf-8></head>\n<body class=a>x</body></html>\n",
            '<html lang="en"><head><meta charset="utf-8"></head>\n<body class="a">x\n</body></html>',
        ),
        (
            "<template><p>x</p></template><p>y",
            "<html><head><template><p>x</p></template></head><body><p>y</p></body></html>",
        ),
    ],
)
def test_documents(source: str, parsed: str) -> None:
    assert outer_html(parse_document(source)) == parsed


def test_context_of() -> None:
    root = parse_fragment("<svg><g><foreignObject><p>x</p></foreignObject></g></svg><title>x</title>")
    contexts = {element.tag: context_of(element) for element in root.iter()}
    assert contexts == {
        "div": "div",
        "svg": "svg:svg",
        "g": "svg:g",
        "foreignObject": "svg:foreignObject",
        "p": "p",
        "title": "title",
    }


TAGS = [
    "div",
    "p",
    "span",
    "ul",
    "ol",
    "li",
    "dl",
    "dt",
    "dd",
    "table",
    "tbody",
    "thead",
    "tr",
    "td",
    "th",
    "caption",
    "colgroup",
    "col",
    "select",
    "optgroup",
    "option",
    "form",
    "button",
    "input",
    "h1",
    "h2",
    "pre",
    "textarea",
    "section",
    "svg",
    "g",
    "circle",
    "foreignObject",
    "title",
    "script",
    "style",
    "br",
    "wbr",
    "source",
    "hr",
    "label",
    "details",
    "summary",
    "img",
    "video",
    "my-el",
    "ruby",
    "rt",
    "math",
    "mi",
]
ATTRIBUTES = [
    "",
    "",
    "",
    ' class="a"',
    " id=x",
    ' @click="y"',
    ' viewBox="0 0"',
    " disabled",
    ' href="?a=1&b=2"',
    " a=b/",
    " /",
]
TEXTS = ["x", " ", "\n", "a &amp; b", "&lt;", "&nbsp;", "\n\n", "é", "a < b", "<3"]
CONTEXTS = ["div", "div", "tbody", "tr", "table", "ul", "select", "svg:g", "td", "p", "page", "body", "button"]

IN_BROWSER = """items => {
  const inert = document.implementation.createHTMLDocument();
  const tree = node => {
    const children = [];
    for (const child of node.childNodes) {
      if (child.nodeType !== Node.TEXT_NODE) children.push(child.nodeType === Node.ELEMENT_NODE ? tree(child) : ["", child.data]);
      else if (typeof children.at(-1) === "string") children.push(children.pop() + child.data);
      else children.push(child.data);
    }
    return [node.localName, Object.fromEntries(Array.from(node.attributes, ({ name, value }) => [name, value])), ...children];
  };
  return items.map(([context, html]) => {
    if (context === "page") return tree(new DOMParser().parseFromString(html, "text/html").documentElement);
    const [local, prefix] = context.split(":").reverse();
    const parent = prefix ? inert.createElementNS("http://www.w3.org/2000/svg", local) : inert.createElement(local);
    parent.innerHTML = html;
    return tree(parent);
  });
}"""


def markup(random: Random) -> str:
    """Tags in some order, mostly closed again."""
    parts, opened = [], []
    for _ in range(random.randint(1, 14)):
        kind = random.random()
        if kind < 0.5:
            tag = random.choice(TAGS)
            parts.append(f"<{tag}{random.choice(ATTRIBUTES)}>")
            opened.append(tag)
        elif kind < 0.75 and opened:
            parts.append(f"</{opened.pop() if random.random() < 0.8 else random.choice(TAGS)}>")
        elif kind < 0.78:
            parts.append("<!--c-->")
        else:
            parts.append(random.choice(TEXTS))
    return "".join(parts)


def tree(element: Element) -> list[Any]:
    """As in the browser: name, attributes, children."""
    if element.tag is etree.Comment:
        return ["", element.text or ""]
    children: list[Any] = [element.text] if element.text else []
    for child in element:
        children.append(tree(child))
        if child.tail:
            children.append(child.tail)
    return [element.tag, dict(element.attrib), *children]


def parse(context: str, source: str) -> list[Any]:
    return tree(parse_document(source) if context == "page" else parse_fragment(source, context))


def test_it_parses_as_chromium_does() -> None:
    random = Random(7)
    items = [(random.choice(CONTEXTS), markup(random)) for _ in range(1000)]
    arguments = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        expected = browser.new_page().evaluate(IN_BROWSER, items)
        browser.close()
    parsed = [parse(*item) for item in items]
    wrong = [each for each in zip(items, expected, parsed, strict=True) if each[1] != each[2]]
    assert not wrong, f"{len(wrong)} of {len(items)}, the shortest: {min(wrong, key=lambda each: len(each[0][1]))}"
