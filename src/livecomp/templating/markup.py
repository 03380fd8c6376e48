"""What HTML's parsing rules say, as far as the analysis of a template needs them.

Source: the HTML Standard, "Parsing HTML documents" (tokenization, and the tree construction's "in body", "in table" and
"in select" modes). The question asked here is always the same: will a browser nest this markup as it is written? Where
it will not, `conflict` names the outermost element that ends up otherwise.
"""

import re
from collections.abc import Sequence
from enum import Enum, auto


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


VOID = _names("area base br col embed hr img input link meta param source track wbr basefont bgsound frame keygen")
RAW_TEXT = _names("script style textarea title xmp iframe noembed noframes noscript")
FOREIGN = _names("svg math")
# A line break right after these start tags is dropped, so their content cannot be sent without the tag.
NEWLINE_EATERS = _names("pre listing textarea")
FORMATTING = _names("a b big code em font i nobr s small strike strong tt u")
HEADINGS = _names("h1 h2 h3 h4 h5 h6")
DOCUMENT_PARTS = _names("html head body frameset frame image isindex plaintext")

CLOSES_P = HEADINGS | _names(
    "address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer header hgroup"
    " main menu nav ol p search section summary ul pre listing form table hr xmp plaintext li dd dt"
)
SPECIAL = HEADINGS | _names(
    "address applet area article aside base basefont bgsound blockquote body br button caption center col colgroup dd"
    " details dir div dl dt embed fieldset figcaption figure footer form frame frameset head header hgroup hr html"
    " iframe img input keygen li link listing main marquee menu meta nav noembed noframes noscript object ol p param"
    " plaintext pre script search section select source style summary table tbody td template textarea tfoot th thead"
    " title tr track ul wbr xmp"
)
MARKERS = _names("applet object marquee template td th caption")
SCOPE = MARKERS | _names("html table")
BUTTON_SCOPE = SCOPE | {"button"}

# End tags that may be left out
OPTIONAL_END = _names("li p dd dt option optgroup rb rp rt rtc tr td th tbody thead tfoot colgroup caption")
# Start tags that end foreign content
BREAKOUT = _names(
    "b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu"
    " meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul var font"
)
# Elements of foreign content in which HTML stands again
INTEGRATION = _names("foreignobject desc title annotation-xml mi mo mn ms mtext")
TABLE_SECTIONS = _names("caption colgroup col thead tbody tfoot")

_ANYWHERE = _names("script style template")
_PARENTS = {
    "caption": _names("table"),
    "colgroup": _names("table"),
    "col": _names("colgroup"),
    "thead": _names("table"),
    "tbody": _names("table"),
    "tfoot": _names("table"),
    "tr": _names("tbody thead tfoot"),
    "td": _names("tr"),
    "th": _names("tr"),
}
_CHILDREN = {
    "table": _names("caption colgroup thead tbody tfoot") | _ANYWHERE,
    "colgroup": _names("col template"),
    "thead": _names("tr") | _ANYWHERE,
    "tbody": _names("tr") | _ANYWHERE,
    "tfoot": _names("tr") | _ANYWHERE,
    "tr": _names("td th") | _ANYWHERE,
    "select": _names("option optgroup hr script template"),
    "optgroup": _names("option hr script template"),
}
NO_TEXT = _names("table thead tbody tfoot tr colgroup")
_TABLE_PARTS = NO_TEXT | {"caption", "td", "th", "col"}


def conflict(open_names: Sequence[str], name: str) -> int | None:
    """The outermost element that a browser will not nest as written when this start tag comes.

    ``open_names``: the open elements, outermost first. Gives an index into them, ``len(open_names)`` for the new
    element itself, None when all is well. The surroundings of the first one are not known and never conflict.
    """
    here = len(open_names)
    if not here:
        return None
    if name in DOCUMENT_PARTS:
        return here
    found = [rule(open_names, name) for rule in (_misplaced, _closes_p, _closes_item, _closes_same)]
    return min((index for index in found if index is not None), default=None)


def _misplaced(open_names: Sequence[str], name: str) -> int | None:
    """Parts of tables and selects where they cannot stand, and other things in between them."""
    parent = open_names[-1]
    if not _fits(parent, name):
        return _outermost(open_names, parent)
    if "select" in open_names and parent == "option":
        return _outermost(open_names, "select")
    return None


def _fits(parent: str, name: str) -> bool:
    allowed = _CHILDREN.get(parent)
    if allowed is not None and name not in allowed:
        return False
    return name not in _PARENTS or parent in _PARENTS[name]


def text_conflict(open_names: Sequence[str]) -> int | None:
    """The same question for text that is not white space: between the parts of a table it is moved before the table."""
    if open_names and open_names[-1] in NO_TEXT:
        return _outermost(open_names, open_names[-1])
    return None


def _outermost(open_names: Sequence[str], parent: str) -> int:
    """Where the construct begins that ``parent`` is part of: its table, its select, or itself."""
    last = len(open_names) - 1
    if parent in _TABLE_PARTS:
        index = last
        while index > 0 and open_names[index] != "table" and open_names[index - 1] in _TABLE_PARTS:
            index -= 1
        return index
    if parent in ("select", "optgroup", "option"):
        return max(index for index, name in enumerate(open_names) if name == "select" or index == 0)
    return last + 1


def _closes_p(open_names: Sequence[str], name: str) -> int | None:
    if name not in CLOSES_P:
        return None
    for index in range(len(open_names) - 1, -1, -1):
        if open_names[index] == "p":
            return index
        if open_names[index] in BUTTON_SCOPE:
            break
    return None


def _closes_item(open_names: Sequence[str], name: str) -> int | None:
    same = {"li": ("li",), "dd": ("dd", "dt"), "dt": ("dd", "dt")}.get(name)
    if same is None:
        return None
    for index in range(len(open_names) - 1, -1, -1):
        if open_names[index] in same:
            return index
        if open_names[index] in SPECIAL and open_names[index] not in ("address", "div", "p"):
            break
    return None


def _closes_same(open_names: Sequence[str], name: str) -> int | None:
    last = len(open_names) - 1
    if name in HEADINGS:
        return _closes_heading(open_names)
    if name in ("option", "optgroup") and open_names[last] == "option":
        return last
    barrier = {"a": MARKERS, "nobr": SCOPE, "button": SCOPE, "form": frozenset({"template"})}.get(name)
    if barrier is None:
        return None
    for index in range(last, -1, -1):
        if open_names[index] == name:
            return index
        if open_names[index] in barrier:
            break
    return None


def _closes_heading(open_names: Sequence[str]) -> int | None:
    """A heading ends the one right around it, also when it first ends paragraphs that were in between."""
    paragraph = _closes_p(open_names, "h1")
    index = len(open_names) - 1
    if paragraph is not None:
        index = paragraph
        while index > 0 and (open_names[index] == "p" or open_names[index] not in SPECIAL):
            index -= 1
    return index if open_names[index] in HEADINGS else None


def reach(open_names: Sequence[str], index: int) -> int:
    """The outermost element that is disturbed when a browser ends the element at this index early.

    Those inside of it are gone with it, and their end tags, when they come, end others of the same names further out.
    """
    outer, found = list(open_names[:index]), index
    for name in reversed(open_names[index + 1 :]):
        barrier = SCOPE if name in SPECIAL else SPECIAL
        for at in range(len(outer) - 1, -1, -1):
            if outer[at] == name:
                found = at
                del outer[at:]
                break
            if outer[at] in barrier:
                break
    return found


class Mode(Enum):
    """Where the tokenizer stands."""

    DATA = auto()
    TAG = auto()
    RAW = auto()
    COMMENT = auto()
    BOGUS = auto()
    FOREIGN = auto()
    LOST = auto()


class Spot(Enum):
    """Where in a tag the tokenizer stands."""

    BETWEEN = auto()
    NAME = auto()
    AFTER_NAME = auto()
    BEFORE_VALUE = auto()
    DOUBLE = auto()
    SINGLE = auto()
    UNQUOTED = auto()
    FUZZY = auto()  # after something dynamic: between attributes, or in the middle of a name


SPACE = "\t\n\f\r "
_NAME_END = re.compile(r"[\t\n\f\r />=]")
_VALUE_END = re.compile(r"[\t\n\f\r >]")
TAG_NAME = re.compile(r"[A-Za-z][^\t\n\f\r />\x00]*")
MARK = re.compile(r"<(?:!--|[!?]|/[A-Za-z]|/>|/|[A-Za-z])")
COMMENT_END = re.compile(r"--!?>")
_ABRUPT = re.compile(r"-?>")


def comment_end(text: str, start: int, fresh: bool) -> int:
    """Position after the comment that is open at ``start``, or -1. ``fresh``: right after its `<!--`."""
    if fresh and (found := _ABRUPT.match(text, start)):
        return found.end()
    found = COMMENT_END.search(text, start)
    return found.end() if found else -1


def raw_end(text: str, start: int, name: str) -> int:
    """Position of the end tag that closes raw text of this element, or -1."""
    found = re.compile(rf"</{re.escape(name)}(?=[\t\n\f\r />])", re.IGNORECASE).search(text, start)
    return found.start() if found else -1


class TagScan:
    """Walks over the inside of one tag, from behind its name to its ``>``."""

    __slots__ = ("begun", "name", "name_known", "spot")

    def __init__(self) -> None:
        self.spot = Spot.BETWEEN
        self.name = ""  # of the attribute at hand
        self.name_known = True
        self.begun = False  # a value has just begun; the caller resets it

    def copy(self) -> "TagScan":
        other = TagScan()
        other.spot, other.name, other.name_known = self.spot, self.name, self.name_known
        return other

    def step(self, text: str, start: int) -> tuple[int, bool]:
        """Go on from ``start`` to the next change of place. Gives the new position, and whether the tag ended there."""
        spot = self.spot
        if spot is Spot.DOUBLE or spot is Spot.SINGLE:
            return self._to_quote(text, start, '"' if spot is Spot.DOUBLE else "'"), False
        if spot is Spot.UNQUOTED:
            found = _VALUE_END.search(text, start)
            if found is None:
                return len(text), False
            self.spot = Spot.BETWEEN
            return found.start(), False
        if text[start] == ">":
            return start + 1, True
        if spot is Spot.NAME:
            return self._through_name(text, start), False
        return self._from_space(text, start), False

    def _to_quote(self, text: str, start: int, quote: str) -> int:
        end = text.find(quote, start)
        if end < 0:
            return len(text)
        self.spot = Spot.BETWEEN
        return end + 1

    def _through_name(self, text: str, start: int) -> int:
        found = _NAME_END.search(text, start + (1 if not self.name and text[start] == "=" else 0))
        end = found.start() if found else len(text)
        self.name += text[start:end].lower()
        if found:
            at = text[end]
            self.spot = Spot.BEFORE_VALUE if at == "=" else Spot.AFTER_NAME if at in SPACE else Spot.BETWEEN
            return end + (at != ">")
        return end

    def _from_space(self, text: str, start: int) -> int:
        at = text[start]
        spot = self.spot
        if at in SPACE:
            self.spot = Spot.BETWEEN if spot is Spot.FUZZY else spot
            return start + 1
        if spot is Spot.BEFORE_VALUE:
            self.begun = True
            self.spot = {'"': Spot.DOUBLE, "'": Spot.SINGLE}.get(at, Spot.UNQUOTED)
            return start + (self.spot is not Spot.UNQUOTED)
        if at == "=" and spot in (Spot.AFTER_NAME, Spot.FUZZY):
            self.name_known = self.name_known and spot is Spot.AFTER_NAME
            self.spot = Spot.BEFORE_VALUE
            return start + 1
        if at == "/":
            self.spot = Spot.BETWEEN
            return start + 1
        self.spot, self.name, self.name_known = Spot.NAME, "", spot is not Spot.FUZZY
        return start

    def hole(self) -> None:
        """Something dynamic stands here."""
        if self.spot is Spot.NAME:
            self.name_known = False
        elif self.spot is Spot.BEFORE_VALUE:
            self.begun = True
            self.spot = Spot.UNQUOTED
        elif self.spot in (Spot.BETWEEN, Spot.AFTER_NAME):
            self.spot = Spot.FUZZY

    @property
    def in_value(self) -> bool:
        return self.spot in (Spot.DOUBLE, Spot.SINGLE, Spot.UNQUOTED)

    @property
    def kind(self) -> Spot:
        """Spots that go on alike have the same kind."""
        if self.spot in (Spot.DOUBLE, Spot.SINGLE, Spot.BEFORE_VALUE):
            return self.spot
        return Spot.FUZZY
