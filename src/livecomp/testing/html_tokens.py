"""HTML text -> tokens, by the rules of HTML5's tokenizer.

Deliberately not shared with `livecomp.templating`: the test client must not inherit a misreading
of the code it checks. One regular expression per construct keeps it quick enough to parse a
1,000-row table after every step.
"""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Iterator
from html.entities import html5
from typing import NamedTuple

RAW_TEXT = frozenset({"script", "style", "xmp", "iframe", "noembed", "noframes", "noscript"})
"""Elements whose content is text without character references.

`noscript` is one: the test client stands for a browser that runs scripts.
"""
ESCAPABLE_RAW_TEXT = frozenset({"title", "textarea"})

_SPACE = r"[\t\n\f\r ]"
_ATTRIBUTE = rf"""
    [^\t\n\f\r />][^\t\n\f\r />=]*+
    (?: {_SPACE}*+ = {_SPACE}*+ (?: "[^"]*+(?:"|\Z) | '[^']*+(?:'|\Z) | (?=>) | [^\t\n\f\r >"'][^\t\n\f\r >]*+ ) )?+
"""
_TAG = re.compile(rf"<(/?)([a-zA-Z][^\t\n\f\r />]*+)((?:[\t\n\f\r /]++|{_ATTRIBUTE})*+)>", re.VERBOSE)
_ATTRIBUTES = re.compile(
    rf"""([^\t\n\f\r />][^\t\n\f\r />=]*+)
    (?: {_SPACE}*+ = {_SPACE}*+ (?: "([^"]*+)(?:"|\Z) | '([^']*+)(?:'|\Z) | (?=>|\Z) | ([^\t\n\f\r >"'][^\t\n\f\r >]*+) ) )?+
    """,
    re.VERBOSE,
)
_TAG_OPENING = re.compile(r"</?[a-zA-Z]")
_COMMENT = re.compile(r"<!--(?:-?>|(.*?)(?:--!?>|-?-?\Z))", re.DOTALL)
_DOCTYPE = re.compile(r"<!doctype[^>]*>?", re.IGNORECASE)
_BOGUS_COMMENT = re.compile(r"<[!?/]([^>]*)>?")
_CDATA = re.compile(r"<!\[CDATA\[(.*?)(?:\]\]>|\Z)", re.DOTALL)
_TEXT = re.compile(r"<?[^<]*+(?:<(?![a-zA-Z/!?])[^<]*+)*+")
_CHARACTER_REFERENCE = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[a-zA-Z][a-zA-Z0-9]*[;=]?)")
# What XML, and so lxml, cannot hold: shown as the Unicode pictures of the control characters.
_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"
_NOT_XML = re.compile(f"[{_CONTROLS}]")
_NOT_A_TAG_NAME = re.compile(r"[&<>\"'{}]")


class StartTag(NamedTuple):
    """`<name attributes>`; `self_closing` matters in SVG and MathML only."""

    name: str
    attributes: dict[str, str]
    self_closing: bool


class EndTag(NamedTuple):
    """`</name>`."""

    name: str


class Text(NamedTuple):
    """Characters, with references resolved."""

    data: str


class Comment(NamedTuple):
    """`<!-- data -->`, and what HTML5 treats as one."""

    data: str


Token = StartTag | EndTag | Text | Comment


def xml_safe(text: str) -> str:
    """`text` with the characters that lxml refuses replaced one for one."""
    return _NOT_XML.sub(_picture, text)


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"


def _attribute_value(raw: str) -> str:
    return xml_safe(_CHARACTER_REFERENCE.sub(_attribute_reference, raw)) if "&" in raw else raw


def _unescaped(text: str) -> str:
    return xml_safe(html.unescape(text)) if "&" in text else text


def _attribute_reference(match: re.Match[str]) -> str:
    # In an attribute `&copy=1` and `&copyright` are plain text (URLs rely on it).
    reference = match[0]
    if reference.startswith("&#") or reference.endswith(";") or reference[1:] in html5:
        return html.unescape(reference)
    return reference


@functools.lru_cache(maxsize=1000)
def _attributes(raw: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTES.findall(raw):
        # `{` would start a namespace for lxml.
        name = name.lower().replace("{", "\uff5b").replace("}", "\uff5d")
        found.setdefault(name, _attribute_value(double or single or bare))
    return found


class Tokenizer:
    """Yields the tokens of `source`.

    Two flags are set by the tree builder, which alone knows where a tag stands: SVG's `title` is
    not raw text, and CDATA exists in SVG and MathML only.
    """

    def __init__(self, source: str) -> None:
        self.source = xml_safe(source.replace("\r\n", "\n").replace("\r", "\n").replace("\0", ""))
        self.position = 0
        self.in_foreign_content = False
        self.raw_text_follows = False

    def __iter__(self) -> Iterator[Token]:
        source, end = self.source, len(self.source)
        while self.position < end:
            if source[self.position] != "<":
                yield self._text()
            elif match := _TAG.match(source, self.position):
                self.position = match.end()
                slash, name, raw = match.groups()
                name = _NOT_A_TAG_NAME.sub("_", name.lower())
                if slash:
                    yield EndTag(name)
                    continue
                yield StartTag(name, _attributes(raw) if raw else {}, raw[-1:] == "/" and _is_self_closing(raw))
                if self.raw_text_follows:
                    self.raw_text_follows = False
                    yield from self.raw_text(name)
            else:
                yield from self._other()

    def raw_text(self, name: str) -> Iterator[Token]:
        """The content of a raw text element whose start tag has just been read."""
        closing = re.compile(rf"</{re.escape(name)}(?=[\t\n\f\r />])", re.IGNORECASE)
        match = closing.search(self.source, self.position)
        end = match.start() if match else len(self.source)
        raw, self.position = self.source[self.position : end], end
        if raw:
            yield Text(_unescaped(raw) if name in ESCAPABLE_RAW_TEXT else raw)

    def _text(self) -> Text:
        match = _TEXT.match(self.source, self.position)
        assert match is not None
        self.position = match.end()
        return Text(_unescaped(match[0]))

    def _other(self) -> Iterator[Token]:
        source, start = self.source, self.position
        if match := _COMMENT.match(source, start):
            self.position = match.end()
            yield Comment(match[1] or "")
        elif self.in_foreign_content and (match := _CDATA.match(source, start)):
            self.position = match.end()
            yield Text(match[1])
        elif match := _DOCTYPE.match(source, start):
            self.position = match.end()
        elif source.startswith("</>", start):
            self.position += 3
        elif _TAG_OPENING.match(source, start):
            self.position = len(source)  # the file ends inside a tag: HTML5 drops it
        elif match := _BOGUS_COMMENT.match(source, start):
            self.position = match.end()
            yield Comment(match[1])
        else:
            yield self._text()


def _is_self_closing(raw: str) -> bool:
    # In `<a b=c/>` the slash belongs to the unquoted value.
    ends = [match.end() for match in _ATTRIBUTES.finditer(raw)]
    return not ends or ends[-1] < len(raw)
