"""Snapshots: a page's components, pickled, in Django's cache. From one, a page goes on in any process.

The cache is the server's own store, like the session's; nothing of a snapshot ever comes from the browser but its key,
and that only together with a valid token of the same visitor.
"""

import logging
import pickle
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.locmem import LocMemCache

from livecomp import auth, liveness, snapshot_cache, standing
from livecomp.conf import settings
from livecomp.exceptions import TokenRefused
from livecomp.saved import SavedComponent, save_component
from livecomp.shared import Place
from livecomp.this_process import ID_LENGTH, process_id
from livecomp.told import Told

if TYPE_CHECKING:
    from livecomp.page import LivePage

logger = logging.getLogger("livecomp")

_FORMAT = 8
_CLEAN, _OPEN = b"c", b"o"  # first byte: whether the page stopped after this was saved, or went on
_HTTP_MAX_AGE = 120.0  # seconds between the HTTP render and the join
_PART_BYTES = 4096  # of one part of the HTML's snapshot, and one root component more
_KEYS_AT_ONCE = 500
_ENTRIES_OF_A_PAGE = 2  # at most: one is of the connection before, until the browser is heard on the new one
_PLACES = "01"  # of a tab's snapshots: see `name`
_JOINED_ID = re.compile(r"[\w-]{1,30}\.[\w-]{1,30}\.[\w-]{1,40}", re.ASCII)


@dataclass(slots=True)
class Snapshot:
    """All that a page needs to go on."""

    format: int
    code_version: str
    binding: str
    page: str
    version: int
    rendered: int
    told: Told
    ack: int
    begun: int
    failed: dict[int, list[Any]]
    number: int
    path: str
    csrf_token: str
    language: str
    timezone: str
    components: list[SavedComponent]
    shared: list[Place]
    marks: str  # the key of the page's marks
    clean: bool = False  # saved by a page that then stopped: nothing happened after it


class Part:
    """Some root components of a page that HTTP renders one after the other, with their children. Each entry in the cache
    holds one part: a page of many roots is not written anew for each, and one of few takes one entry."""

    def __init__(self, first: str) -> None:
        self.first = first
        self.roots: dict[str, tuple[list[SavedComponent], list[Place]]] = {}
        self.size = 0


def take(page: "LivePage") -> bytes | None:
    """The snapshot of a page as bytes, None when it is larger than ``MAX_STATE_BYTES``."""
    snapshot = _snapshot(page, [save_component(mounted) for mounted in page.tree.values()], list(page.shared.values()))
    return _as_bytes(page, snapshot, 0)


def _snapshot(page: "LivePage", components: list[SavedComponent], shared: list[Place]) -> Snapshot:
    return Snapshot(
        format=_FORMAT,
        code_version=settings.version,
        binding=auth.visitor_bindings(page.request)[0],
        page=page.id,
        version=page.version,
        rendered=page.rendered,
        told=page.told,
        ack=page.ack,
        begun=page.begun,
        failed=page.failed,
        number=page.number,
        path=page.url,
        csrf_token=page.csrf_token_if_used,
        language=page.language,
        timezone=page.timezone,
        components=components,
        shared=shared,
        marks=page.marks.key,
    )


def _as_bytes(page: "LivePage", snapshot: Snapshot, others: int) -> bytes | None:
    """The snapshot as bytes. ``others``: the size of the page's other parts."""
    data = pickle.dumps(snapshot, protocol=pickle.HIGHEST_PROTOCOL)
    if len(data) + others > settings.max_state_bytes:
        logger.warning(
            "The state of page %s takes %d bytes, more than LIVECOMP['MAX_STATE_BYTES']; it will not resume. Keep rows "
            "in the database and query them in a property.",
            page.path,
            len(data) + others,
        )
        return None
    return data


def save_root(page: "LivePage", root: str) -> None:
    """Save what HTTP has rendered: a root component with its children, and those that it changed meanwhile."""
    moved = _take_given(page, root)
    if not page.parts or page.parts[-1].size > _PART_BYTES:
        page.parts.append(Part(root))
    roots = {root: page.parts[-1]}
    for changed in {_root_of(page, id) for id in page.dirty}:
        roots.update((changed, part) for part in page.parts if changed in part.roots)
    for each, part in roots.items():
        part.roots[each] = _family(page, each)
    try:
        for part in dict.fromkeys((*moved, *roots.values())):
            _save_part(page, part)
    except Exception as error:
        _warn("The snapshot of page %s could not be saved.", page.path, error)


def _take_given(page: "LivePage", root: str) -> list[Part]:
    """What stands in the fills of a root component is saved with it: where it is not shown, the browser cannot ask for it
    by its token. Gives the other parts that have changed by that."""
    given = page.tree[root].given if root in page.tree else ()
    changed = [part for part in page.parts if not part.roots.keys().isdisjoint(given)]
    for part in changed:
        for id in given:
            part.roots.pop(id, None)
        if part.first in given:
            _forget([_key(f"{page.id}:{part.first}")])
            part.first = next(iter(part.roots), "")
    page.parts = [part for part in page.parts if part.roots]
    return [part for part in changed if part.roots]


def _save_part(page: "LivePage", part: Part) -> None:
    components = [each for saved, _ in part.roots.values() for each in saved]
    shared = [each for _, places in part.roots.values() for each in places]
    others = sum(each.size for each in page.parts if each is not part)
    data = _as_bytes(page, _snapshot(page, components, shared), others)
    if data is not None:
        part.size = len(data)
        _write(page, f"{page.id}:{part.first}", _entry("", data, clean=False), _HTTP_MAX_AGE)


def _family(page: "LivePage", root: str) -> tuple[list[SavedComponent], list[Place]]:
    """A component and all that stands in it, parents first."""
    ids = [root, *standing.within(page, root)]
    shared = [page.shared[id] for id in ids if id in page.shared]
    return [save_component(page.tree[id]) for id in ids if id in page.tree], shared


def _root_of(page: "LivePage", id: str) -> str:
    around = [each.id for each in standing.all_around(page, id)]
    return around[-1] if around else id if id in page.tree else ""


def save(page: "LivePage", *, clean: bool = False) -> bool:
    """Save the page's snapshot. A cache that does not take it is logged, not raised: the page itself goes on. False when
    that may be worth another try."""
    if settings.snapshot == "off" and (page.is_live or clean):
        return True
    try:
        data = take(page)
    except Exception as error:  # of the database, perhaps: the visitor is read for it
        _warn("The snapshot of page %s could not be saved.", page.path, error)
        return False
    if data is None:
        if not clean:
            return True
        data = b""  # whoever waits for it need not wait longer
    max_age = settings.snapshot_max_age if page.is_live or clean else _HTTP_MAX_AGE
    saved_as = page.joined_id or page.id
    if _is_replaced(page):
        return True
    if not _write(page, saved_as, _entry(saved_as, data, clean=clean), max_age):
        return False
    if page.resumed_from and page.is_heard:  # the browser knows of this join, so it never asks for the last one
        _forget([_key(page.resumed_from)])
        page.resumed_from = ""
    return True


def _write(page: "LivePage", saved_as: str, data: bytes, max_age: float) -> bool:
    try:
        snapshot_cache.set(_key(saved_as), data, max_age)
    except Exception as error:
        _warn("The snapshot of page %s could not be saved.", page.path, error)
        return False
    return True


def _forget(keys: list[str]) -> None:
    """Delete what nobody needs any more. What stays is as old as it is, and expires."""
    try:
        snapshot_cache.delete_many(keys)
    except Exception as error:
        logger.debug("Old snapshots could not be deleted: %r", error)


def _warn(text: str, page: str, error: Exception) -> None:
    if isinstance(error, snapshot_cache.CacheDown):  # that has been logged once, and not for each page
        logger.debug(text, page)
    else:
        logger.warning(text, page, exc_info=error)


def load(page: "LivePage", saved_as: str, roots: Iterable[str] = ()) -> Snapshot | None:
    """The snapshot of this id, if it belongs to the visitor of ``page``, which goes on from it. ``roots``: the root
    components that the browser has, for the HTML's own snapshot.

    A copy stays under the page's new id until it is saved again. It is not clean: a process that dies meanwhile has
    perhaps done more than the copy tells. The snapshot of an older connection stays where it is, too, until the browser
    is known to have heard of this one: if it has not, it comes back with the older id. What was read is used, also when
    the cache takes no copy.
    """
    is_html = saved_as.count(".") == 0
    keys = [_key(f"{saved_as}:{root}") for root in roots] if is_html else [_key(saved_as)]
    try:
        found: dict[str, bytes] = {}
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            found |= snapshot_cache.get_many(keys[start : start + _KEYS_AT_ONCE])
        loaded = [_loaded(entry, "" if is_html else saved_as) for entry in found.values()]
        parts = [part for part in loaded if part is not None and auth.is_bound_to(part.binding, page.request)]
        if not parts:
            return None
        snapshot = _joined(parts)
    except Exception as error:
        _warn("The snapshot of page %s could not be read.", saved_as, error)
        return None
    if settings.snapshot != "off":
        data = pickle.dumps(snapshot, protocol=pickle.HIGHEST_PROTOCOL)
        _write(page, page.joined_id, _entry(page.joined_id, data, clean=False), settings.snapshot_max_age)
    if is_html:  # what it began may begin once only
        _forget(list(found))
    else:
        page.resumed_from = saved_as
    return snapshot


def _entry(saved_as: str, data: bytes, *, clean: bool) -> bytes:
    """What is put into the cache: the kind, whose it is, and the snapshot."""
    return (_CLEAN if clean else _OPEN) + saved_as.encode() + b"\n" + data


def _is_of(entry: Any, saved_as: str) -> bool:
    return entry is not None and entry.startswith(saved_as.encode() + b"\n", 1)


def _is_replaced(page: "LivePage") -> bool:
    """Whether the tab has come back on another connection since, without having heard of this one: it asks for that one,
    or for the older one, and never for what this one would save in its place."""
    if page.is_heard or not page.resumed_from:
        return False
    try:
        entry = snapshot_cache.get(_key(page.joined_id))
    except Exception:
        return False
    return entry is not None and not _is_of(entry, page.joined_id)


def _loaded(entry: bytes, saved_as: str) -> Snapshot | None:
    if saved_as and not _is_of(entry, saved_as):
        return None
    data = entry.partition(b"\n")[2]
    snapshot = pickle.loads(data) if data else None
    if not isinstance(snapshot, Snapshot) or snapshot.format != _FORMAT:
        return None
    snapshot.clean = entry[:1] == _CLEAN
    return snapshot


def _joined(parts: list[Snapshot]) -> Snapshot:
    """One snapshot of all parts."""
    parts.sort(key=lambda part: part.number)
    whole = parts[-1]
    whole.components = [each for part in parts for each in part.components]
    whole.shared = [each for part in parts for each in part.shared]
    whole.csrf_token = next((part.csrf_token for part in parts if part.csrf_token), "")
    return whole


def look_at(joined_id: str) -> tuple[bool, bool]:
    """Whether the page has stopped and is saved; else whether it is in another process that lives, and so is going to
    save it."""
    process = joined_id.rpartition(".")[2][:ID_LENGTH]
    try:
        data = snapshot_cache.get(_key(joined_id))
        if not _is_of(data, joined_id):
            return False, False
        is_saved = data[:1] == _CLEAN
        return is_saved, not is_saved and liveness.is_alive(process)
    except Exception:
        return False, False


def name(page: "LivePage", rendered_as: str, joined_before: str = "") -> None:
    """Give the page its ids. Raises `TokenRefused` for one that no join of this HTML has given.

    ``page.id`` is the HTML's id and the tab's: HTML that was duplicated or restored is joined more than once, and each
    time it is another page. ``page.joined_id`` is that of this connection too. The browser comes back with the one it
    has heard of, so what was saved for a connection that it has not is never taken for its state.

    A tab has two places for snapshots, and the id ends with its own: one for the connection that the browser has heard of,
    one for the connection that comes after it. However often a browser comes back with the same id, there are no more.
    """
    if joined_before and not is_of(joined_before, rendered_as):
        raise TokenRefused("This page is out of date; load it again.")
    page.id = joined_before.rpartition(".")[0] or f"{rendered_as}.{secrets.token_urlsafe(6)}"
    place = _PLACES[joined_before.endswith(_PLACES[0])]
    page.joined_id = f"{page.id}.{process_id()}{secrets.token_urlsafe(6)}{place}"


def is_of(joined_id: str, rendered_as: str) -> bool:
    """Whether a join of this HTML gave the id."""
    return _JOINED_ID.fullmatch(joined_id) is not None and joined_id.startswith(f"{rendered_as}.")


def entries_that_fit() -> int | None:
    """How many entries the cache of snapshots holds before it drops some, None for one that has no such number."""
    cache: Any = caches[settings.snapshot_cache]
    return cache._max_entries if isinstance(cache, (LocMemCache, FileBasedCache, DatabaseCache)) else None


def has_room_of_its_own() -> bool:
    """Whether there is more room for snapshots than for anything else, see `livecomp.snapshot_cache`."""
    cache: Any = caches[settings.snapshot_cache]
    return isinstance(cache, LocMemCache) and snapshot_cache.says_nothing_of_entries(settings.snapshot_cache)


def pages_that_fit() -> int | None:
    """How many open pages have room in the cache of snapshots; None for one without a number of entries, as Redis."""
    entries = entries_that_fit()
    if entries is None or settings.snapshot == "off" or has_room_of_its_own():
        return None
    return entries // _ENTRIES_OF_A_PAGE


def _key(saved_as: str) -> str:
    """The key of a snapshot: of the HTML's parts by their own id, of a tab's by its place."""
    tab, _, connection = saved_as.rpartition(".")
    return f"livecomp:page:{tab}:{connection[-1:]}" if tab else f"livecomp:page:{saved_as}"
