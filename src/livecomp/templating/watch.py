"""Markup that comes from data: does it stay where the template put it?

Escaped text can never leave its place. Marked-safe text, and what unknown tags give, can: an unclosed `<b>`, a stray
`</div>`, a block inside of a `<p>`. Then the browser's elements are not those that the template was analysed into, and
the component is patched as a whole, for as long as such markup is in it.
"""

import logging
from dataclasses import dataclass, field

from django.conf import settings

from livecomp.exceptions import TemplateError
from livecomp.templating.elements import Lost, Scanner
from livecomp.templating.markup import raw_end
from livecomp.templating.nesting import Open
from livecomp.templating.tree import Spot, Text

logger = logging.getLogger("livecomp")

_LIMIT = 200  # verdicts kept for one place
_LONGEST = 2000  # characters of text whose verdict is kept


@dataclass(slots=True, eq=False)
class Place:
    """Where a tag of the template gives its text, and what was found about texts met there."""

    spot: Spot
    template: str
    line: int
    verdicts: dict[str, bool] = field(default_factory=dict)
    warned: bool = False

    def holds(self, text: str) -> bool:
        """True when this text stays inside of its place."""
        known = self.verdicts.get(text)
        if known is None:
            known = stays(text, self.spot)
            if len(text) <= _LONGEST:
                if len(self.verdicts) >= _LIMIT:
                    self.verdicts.clear()
                self.verdicts[text] = known
        if not known and not self.warned and settings.DEBUG:
            self.warned = True
            logger.warning(
                "%s, line %d: this gives markup that a browser nests otherwise than it stands there, as %r does. The"
                " whole component is sent whenever it changes.",
                self.template,
                self.line,
                text[:80],
            )
        return known


def watch(text: str, place: Place, wild: list[str]) -> str:
    """Give the text, and take note where it does not stay in its place."""
    if not text.isalnum() and any(mark in text for mark in place.spot.marks) and not place.holds(text):
        wild.append(text)
    return text


def stays(text: str, spot: Spot) -> bool:
    """Whether a browser leaves this text where it stands."""
    if spot.raw:
        return raw_end(text, 0, spot.raw) < 0
    if spot.marks != "<":
        return False
    scanner = Scanner()
    scanner.chain = [Open(name, [Text(f"<{name}")], 0) for name in spot.names]
    try:
        scanner.scan([Text(text)])
    except (Lost, TemplateError):
        return False
    return not (scanner.poison or scanner.spilled or any(each.closed for each in scanner.chain))
