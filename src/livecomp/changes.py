"""The components of a page that changed, rendered again after the handlers of a turn."""

import heapq
from typing import TYPE_CHECKING

from livecomp import inputs, standing
from livecomp.failures import failure_of, is_refused, notice_patches, show_error
from livecomp.mounted import Mounted
from livecomp.protocol import Effects
from livecomp.rendering import render_again
from livecomp.turn import Attempt

if TYPE_CHECKING:
    from livecomp.page import LivePage


def render_dirty(page: "LivePage", rendered: set[str] | None = None) -> list[tuple[str, str]]:
    """Render every component that changed, parents first; gives the patches, and in ``rendered`` their ids.

    When a template fails with what a handler of this turn left, the handler is undone, and all that was rendered since:
    then the page is rendered as it is without it."""
    patches: list[tuple[str, str]] = []
    line: list[tuple[int, int, str]] = []  # a heap: what something stands in is always rendered before it
    due: set[str] = set()
    way_on: Effects = []  # of renders that were refused, and a handler undone for it
    done: set[str] = set() if rendered is None else rendered
    start, first_new = page.turn.renders.mark(), page.number
    while page.dirty or line:
        if len(page.dirty) == 1 and not line:
            id = page.dirty.pop()
        else:
            for id in page.dirty - due & page.tree.keys():
                heapq.heappush(line, (page.tree[id].depth, len(due), id))
                due.add(id)
            page.dirty.clear()
            if not line:
                break
            id = heapq.heappop(line)[-1]
            due.discard(id)
        mounted = page.tree.get(id)
        if mounted is None or not mounted.is_shown:
            continue
        done.add(id)
        try:
            patches += _patches_of(mounted)
            page.dirty.discard(id)
        except _HandlersFailed as failed:
            page.undo_renders(start)
            page.undo_handlers(failed.handlers)
            failed.tell()
            way_on += failed.way_on
            page.dirty.update(done, due)
            patches.clear()
            line.clear()
            due.clear()
    for effect in way_on:
        if effect not in page.turn.renders.effects:  # the render without the handler may have asked for it again
            page.effect(*effect)
    if page.number != first_new or page.late:
        page.begin(first_new)
    return patches


class _HandlersFailed(Exception):
    """A component cannot be rendered with what handlers of this turn left."""

    def __init__(self, mounted: Mounted, handlers: list[Attempt], error: Exception, way_on: Effects) -> None:
        self.mounted = mounted
        self.handlers = handlers
        self.error = error
        self.way_on = way_on  # a refusal does not undo a redirect

    def tell(self) -> None:
        """Log it; answer the turn's event, unless only listeners of what it published are to blame."""
        failure = failure_of(self.mounted, self.error, "render")
        if any(attempt.cause is None for attempt in self.handlers):
            self.mounted.page.answer(self.mounted.id, self.error, failure)


def _patches_of(mounted: Mounted) -> list[tuple[str, str]]:
    page = mounted.page
    patches: list[tuple[str, str]] = []
    asked = page.turn.renders.effects
    before = len(asked)
    try:
        page.try_render(mounted, lambda: patches.extend(_shown_again(mounted)))
    except Exception as error:
        if handlers := page.guilty_of(mounted):
            raise _HandlersFailed(mounted, handlers, error, asked[before:]) from error
        failed = error
    else:
        return patches
    patches.clear()
    page.try_render(mounted, lambda: patches.extend(_shown_failure(mounted, failed)))
    return patches


def _shown_failure(mounted: Mounted, error: Exception) -> list[tuple[str, str]]:
    show_error(mounted, error, "render")
    return notice_patches(mounted)


def _shown_again(mounted: Mounted) -> list[tuple[str, str]]:
    page = mounted.page
    try:
        refused = is_refused(mounted)
    except Exception as error:  # it stays as it is until the guard can tell
        page.postpone(inputs.RenderAgain(mounted.id), mounted, error)
        return []
    if refused:
        top = mounted
        for each in standing.all_around(page, mounted.id):
            top = each if is_refused(each) else top
        if top is not mounted:  # the notice stands where its parent was
            page.dirty.add(top.id)
            return []
        return notice_patches(mounted)
    return render_again(mounted)
