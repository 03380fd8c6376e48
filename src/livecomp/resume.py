"""Snapshots: a page's components, pickled, in Django's cache. From one, a page goes on in any process.

The cache is the server's own store, like the session's; nothing of a snapshot ever comes from the browser but its key,
and that only together with a valid token of the same visitor.
"""

import logging
import pickle
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.cache import caches

from livecomp import auth, liveness
from livecomp.conf import settings
from livecomp.exceptions import TokenRefused
from livecomp.mounted import Mounted, Slot
from livecomp.shared import Place
from livecomp.this_process import ID_LENGTH, process_id

if TYPE_CHECKING:
    from livecomp.page import LivePage

logger = logging.getLogger("livecomp")

_FORMAT = 5
_CLEAN, _OPEN = b"c", b"o"  # first byte: whether the page stopped after this was saved, or went on
_HTTP_MAX_AGE = 120.0  # seconds between the HTTP render and the join
_PART_BYTES = 4096  # of one part of the HTML's snapshot, and one root component more
_KEYS_AT_ONCE = 500


@dataclass(slots=True)
class SavedComponent:
    """One component of a snapshot. ``values`` is its pickled state, None when it could not be pickled."""

    id: str
    name: str
    parent: str
    slot: Slot
    values: bytes | None
    memory: bytes | None
    kept: bytes = b""


@dataclass(slots=True)
class Snapshot:
    """All that a page needs to go on."""

    format: int
    code_version: str
    binding: str
    page: str
    version: int
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
    snapshot = _snapshot(page, [_saved(mounted) for mounted in page.tree.values()], list(page.shared.values()))
    return _as_bytes(page, snapshot, 0)


def _snapshot(page: "LivePage", components: list[SavedComponent], shared: list[Place]) -> Snapshot:
    return Snapshot(
        format=_FORMAT,
        code_version=settings.version,
        binding=auth.visitor_bindings(page.request)[0],
        page=page.id,
        version=page.version,
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
    if not page.parts or page.parts[-1].size > _PART_BYTES:
        page.parts.append(Part(root))
    roots = {root: page.parts[-1]}
    for changed in {_root_of(page, id) for id in page.dirty}:
        roots.update((changed, part) for part in page.parts if changed in part.roots)
    for each, part in roots.items():
        part.roots[each] = _family(page, each)
    try:
        for part in dict.fromkeys(roots.values()):
            _save_part(page, part)
    except Exception:
        logger.warning("The snapshot of page %s could not be saved.", page.path, exc_info=True)


def _save_part(page: "LivePage", part: Part) -> None:
    components = [each for saved, _ in part.roots.values() for each in saved]
    shared = [each for _, places in part.roots.values() for each in places]
    others = sum(each.size for each in page.parts if each is not part)
    data = _as_bytes(page, _snapshot(page, components, shared), others)
    if data is not None:
        part.size = len(data)
        _cache().set(_key(f"{page.id}:{part.first}"), _OPEN + data, _HTTP_MAX_AGE)


def _family(page: "LivePage", root: str) -> tuple[list[SavedComponent], list[Place]]:
    """A component and all below it, parents first."""
    components, shared, waiting = list[SavedComponent](), list[Place](), [root]
    for id in waiting:
        if id in page.shared:
            shared.append(page.shared[id])
        elif id in page.tree:
            components.append(_saved(page.tree[id]))
            waiting += page.tree[id].children.values()
    return components, shared


def _root_of(page: "LivePage", id: str) -> str:
    mounted = page.tree.get(id)
    while mounted is not None and mounted.parent is not None:
        mounted = mounted.parent
    return mounted.id if mounted is not None else ""


def save(page: "LivePage", *, clean: bool = False) -> None:
    """Save the page's snapshot. A cache that does not answer is logged, not raised: the page itself goes on."""
    if settings.snapshot == "off" and (page.connected or clean):
        return
    try:
        data = take(page)
        if data is None:
            if not clean:
                return
            data = b""  # whoever waits for it need not wait longer
        max_age = settings.snapshot_max_age if page.connected or clean else _HTTP_MAX_AGE
        _cache().set(_key(page.joined_id or page.id), (_CLEAN if clean else _OPEN) + data, max_age)
        if page.resumed_from and page.is_heard:  # the browser knows of this join, so it never asks for the last one
            _cache().delete(_key(page.resumed_from))
            page.resumed_from = ""
    except Exception:
        logger.warning("The snapshot of page %s could not be saved.", page.path, exc_info=True)


def load(page: "LivePage", saved_as: str, roots: Iterable[str] = ()) -> Snapshot | None:
    """The snapshot of this id, if it belongs to the visitor of ``page``, which goes on from it. ``roots``: the root
    components that the browser has, for the HTML's own snapshot.

    A copy stays under the page's new id until it is saved again. It is not clean: a process that dies meanwhile has
    perhaps done more than the copy tells. The snapshot of an older connection stays where it is, too, until the browser
    is known to have heard of this one: if it has not, it comes back with the older id.
    """
    is_html = saved_as.count(".") == 0
    keys = [_key(f"{saved_as}:{root}") for root in roots] if is_html else [_key(saved_as)]
    try:
        found: dict[str, bytes] = {}
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            found |= _cache().get_many(keys[start : start + _KEYS_AT_ONCE])
        loaded = map(_loaded, found.values())
        parts = [part for part in loaded if part is not None and auth.is_bound_to(part.binding, page.request)]
        if not parts:
            return None
        snapshot = _joined(parts)
        if settings.snapshot != "off":
            data = _OPEN + pickle.dumps(snapshot, protocol=pickle.HIGHEST_PROTOCOL)
            _cache().set(_key(page.joined_id), data, settings.snapshot_max_age)
        if is_html:  # what it began may begin once only
            _cache().delete_many(list(found))
        else:
            page.resumed_from = saved_as
    except Exception:
        logger.warning("The snapshot of page %s could not be read.", saved_as, exc_info=True)
        return None
    return snapshot


def _loaded(data: bytes) -> Snapshot | None:
    snapshot = pickle.loads(data[1:]) if len(data) > 1 else None
    if not isinstance(snapshot, Snapshot) or snapshot.format != _FORMAT:
        return None
    snapshot.clean = data[:1] == _CLEAN
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
        data = _cache().get(_key(joined_id))
        is_saved = data is not None and data[:1] == _CLEAN
        return is_saved, data is not None and not is_saved and liveness.is_alive(process)
    except Exception:
        return False, False


def name(page: "LivePage", rendered_as: str, joined_before: str = "") -> None:
    """Give the page its ids. Raises `TokenRefused` for one that no join of this HTML has given.

    ``page.id`` is the HTML's id and the tab's: HTML that was duplicated or restored is joined more than once, and each
    time it is another page. ``page.joined_id`` is that of this connection too. The browser comes back with the one it
    has heard of, so what was saved for a connection that it has not is never taken for its state.
    """
    if joined_before and not is_of(joined_before, rendered_as):
        raise TokenRefused("This page is out of date; load it again.")
    page.id = joined_before.rpartition(".")[0] or f"{rendered_as}.{secrets.token_urlsafe(6)}"
    page.joined_id = f"{page.id}.{process_id()}{secrets.token_urlsafe(6)}"


def is_of(joined_id: str, rendered_as: str) -> bool:
    """Whether a join of this HTML gave the id."""
    return joined_id.count(".") == 2 and joined_id.startswith(f"{rendered_as}.") and len(joined_id) < 100


def state_of(saved: SavedComponent, mounted: Mounted, code_version: str) -> bool:
    """Give a component its saved state. False when it has to be mounted again."""
    if saved.values is None:
        return False
    try:
        values: dict[str, Any] | None = pickle.loads(saved.values)
        if values is not None and code_version != settings.version:
            values = mounted.component.upgrade_state(values, code_version)
        if saved.kept:
            mounted.keep(pickle.loads(saved.kept))
    except Exception:
        logger.warning("The saved state of %s could not be used.", saved.name, exc_info=True)
        return False
    if values is None:
        return False
    mounted.component.__dict__.update(
        {name: value for name, value in values.items() if name in mounted.component.fields}
    )
    return True


def _saved(mounted: Mounted) -> SavedComponent:
    kept = _pickled_kept(mounted)
    return SavedComponent(
        id=mounted.id,
        name=mounted.component.name,
        parent=mounted.parent.id if mounted.parent else "",
        slot=mounted.slot,
        values=_pickled_state(mounted) if kept is not None and mounted.broken != "mount" else None,
        memory=None if mounted.failure is not None else pickle.dumps(mounted.memory, protocol=pickle.HIGHEST_PROTOCOL),
        kept=kept or b"",
    )


def _pickled_kept(mounted: Mounted) -> bytes | None:
    kept = mounted.kept()
    if not any(kept.values()):
        return b""
    try:
        return pickle.dumps(kept, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        if not mounted.waiting:
            logger.warning(
                "%s.send_after: the arguments cannot be pickled (%s), so the component mounts again when the page "
                "resumes. Pass a primary key or plain values instead.",
                type(mounted.component).__name__,
                error,
            )
        return None


def _pickled_state(mounted: Mounted) -> bytes | None:
    state = mounted.state()
    try:
        return pickle.dumps(state, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        logger.warning(
            "%s.%s cannot be pickled (%s), so the component mounts again when the page resumes. Keep a primary key or "
            "plain values in state instead.",
            type(mounted.component).__name__,
            _culprit(state),
            error,
        )
        return None


def _culprit(state: dict[str, Any]) -> str:
    for name, value in state.items():
        try:
            pickle.dumps(value)
        except Exception:
            return name
    return "state"


def _cache() -> Any:
    return caches[settings.snapshot_cache]


def _key(page_id: str) -> str:
    return f"livecomp:page:{page_id}"
