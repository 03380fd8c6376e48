"""The components of a page that changed, rendered again after the handlers of a turn."""

from typing import TYPE_CHECKING

from livecomp import inputs
from livecomp.failures import failure_of, failure_patch, is_refused, notice_patches, show_failure
from livecomp.mounted import Mounted
from livecomp.rendering import render_again
from livecomp.turn import Attempt

if TYPE_CHECKING:
    from livecomp.page import LivePage


def render_dirty(page: "LivePage", rendered: set[str] | None = None) -> list[tuple[str, str]]:
    """Render every component that changed, parents first; gives the patches, and in ``rendered`` their ids.

    When a template fails with what a handler of this turn left, the handler is undone, and all that was rendered since:
    then the page is rendered as it is without it."""
    patches: list[tuple[str, str]] = []
    done: set[str] = set()
    start, first_new = len(page.turn.renders), page.number
    page.begin_renders()
    while page.dirty:
        wave = sorted((page.tree[id] for id in page.dirty if id in page.tree), key=lambda each: each.depth)
        page.dirty.clear()
        for mounted in wave:
            if mounted.id in page.tree and mounted.is_shown:
                done.add(mounted.id)
                try:
                    patches += _patches_of(mounted)
                except _HandlersFailed as failed:
                    page.end_renders()
                    page.undo_renders(start)
                    page.undo_handlers(failed.handlers)
                    failed.tell()
                    page.dirty.update(done, (each.id for each in wave))
                    patches.clear()
                    page.begin_renders()
                    break
                page.dirty.discard(mounted.id)
    page.end_renders()
    if rendered is not None:
        rendered |= done
    if page.number != first_new:
        page.begin(first_new)
    return patches


class _HandlersFailed(Exception):
    """A component cannot be rendered with what handlers of this turn left."""

    def __init__(self, mounted: Mounted, handlers: list[Attempt], error: Exception) -> None:
        self.mounted = mounted
        self.handlers = handlers
        self.error = error

    def tell(self) -> None:
        """Log it; answer the turn's event, unless only listeners of what it published are to blame."""
        failure = failure_of(self.mounted, self.error, "render")
        if any(attempt.cause is None for attempt in self.handlers):
            self.mounted.page.answer(self.mounted.id, self.error, failure)


def _patches_of(mounted: Mounted) -> list[tuple[str, str]]:
    page = mounted.page
    try:
        return page.try_render(mounted, lambda: _shown_again(mounted))
    except Exception as error:
        if handlers := page.guilty_of(mounted):
            raise _HandlersFailed(mounted, handlers, error) from error
        failed = error
    return page.try_render(mounted, lambda: _shown_failure(mounted, failed))


def _shown_failure(mounted: Mounted, error: Exception) -> list[tuple[str, str]]:
    show_failure(mounted, error, "render")
    return [failure_patch(mounted)]


def _shown_again(mounted: Mounted) -> list[tuple[str, str]]:
    page = mounted.page
    try:
        refused = is_refused(mounted)
    except Exception as error:  # it stays as it is until the guard can tell
        page.postpone(inputs.RenderAgain(mounted.id), mounted, error)
        return []
    if refused:
        top = mounted
        while top.parent is not None and is_refused(top.parent):
            top = top.parent
        if top is not mounted:  # the notice stands where its parent was
            page.dirty.add(top.id)
            return []
        return notice_patches(mounted)
    patches = render_again(mounted)
    mounted.check_topics()
    return patches
