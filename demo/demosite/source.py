"""Source code with colours: the files shown beside each page."""

from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

LANGUAGES = {".py": "python", ".html": "html+django", ".js": "javascript"}


@dataclass(frozen=True)
class Source:
    path: str
    name: str
    lines: int
    html: SafeString


def source(path: str) -> Source:
    """The file at `path`, relative to demo/. Read again when it changes."""
    return _read(path, (settings.BASE_DIR / path).stat().st_mtime_ns)


@lru_cache(maxsize=200)
def _read(path: str, modified: int) -> Source:
    file = settings.BASE_DIR / path
    text = file.read_text().strip("\n")
    lexer = get_lexer_by_name(LANGUAGES[file.suffix])
    html = highlight(text, lexer, HtmlFormatter(nowrap=True))
    return Source(path, file.name, text.count("\n") + 1, mark_safe(html))
