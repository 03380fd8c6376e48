"""The seam to django-components: `{% component %}` in live templates.

No two renders of a component are the same to the letter: its outermost elements carry a random id, and a comment asks for
its scripts and styles. Here the id becomes one that follows from the content, so that what did not change is not sent, and
the comments go to the end of the page's first HTML, where django-components looks for them.
"""

import hashlib
import re

from livecomp.templating import opaque

_COMMENT = re.compile(r"<!--\s+_RENDERED\s+[\w\-,/.]+?\s+-->")
_ID = re.compile(r"\bdata-djc-id-(\w+)")


def connect() -> None:
    """Have everything that only Django can render pass through `steady`."""
    opaque.steady = steady


def steady(html: str) -> str:
    """The HTML with ids that are the same as long as it is, and without the comments: those are left in
    `opaque.leftovers`. The live components in it change by themselves and do not count."""
    same = _ID.sub("", _COMMENT.sub("", opaque.CHILD.sub("", html)))
    comments = _COMMENT.findall(html)
    ids = list(dict.fromkeys(_ID.findall(html)))
    if not comments and not ids:
        return html
    html = _COMMENT.sub("", html)
    stem = "c" + hashlib.blake2b(same.encode(), digest_size=6).hexdigest()
    found = opaque.leftovers.get()
    for number, id in enumerate(ids):
        html = html.replace(f"data-djc-id-{id}", f"data-djc-id-{stem}{number}")
        comments = [comment.replace(f",{id},", f",{stem}{number},") for comment in comments]
    if found is not None:
        found += comments
    return html
