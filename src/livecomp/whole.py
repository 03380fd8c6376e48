"""A shared component, rendered as a whole and as patches at once: for those who have nothing of it, and for all others."""

from livecomp.failures import failure_patch, show_error, with_address
from livecomp.mounted import Mounted
from livecomp.rendering import Host, render
from livecomp.templating import RenderMemory


class WholeHost(Host):
    """Renders children anew too, and finds out what changed in them."""

    def __init__(self, mounted: Mounted) -> None:
        super().__init__(mounted)
        self.patches: list[tuple[str, str]] = []
        self.made: dict[str, str] = {}

    def child_html(self, component_id: str) -> str:
        if component_id not in self.made:
            child = self.mounted.page.tree[component_id]
            if child.is_left_out:
                child.page.note(child)
            child.is_left_out = False
            if not child.has_begun:
                child.page.late.append(child.id)
            if child.html is not None:  # mounted just now
                html, child.html = child.html, None
            else:
                html, patches = whole(child)
                self.patches += patches
            self.made[component_id] = html
        return self.made[component_id]


def whole(mounted: Mounted) -> tuple[str, list[tuple[str, str]]]:
    """Render a component and its children. Gives the full HTML, and the patches that make it of what browsers have."""
    mounted.page.dirty.discard(mounted.id)
    if mounted.broken:
        return with_address(mounted.failure or "", mounted.id), []
    try:
        found: list[tuple[str, list[tuple[str, str]]]] = []
        mounted.page.try_render(mounted, lambda: found.append(_whole(mounted)))
        return found[0]  # it cannot lead to another page
    except Exception as error:
        mounted.page.note(mounted)
        show_error(mounted, error, "render")
        patch = failure_patch(mounted)
        return with_address(patch[1], mounted.id), [patch]


def _whole(mounted: Mounted) -> tuple[str, list[tuple[str, str]]]:
    if mounted.failure is not None:
        mounted.memory = RenderMemory()
    mounted.looked = set()
    host = WholeHost(mounted)
    rendering = render(mounted, mounted.memory, host)
    patches = rendering.patches()
    html = rendering.html()
    host.commit(rendering)
    mounted.forget_failure()
    return html, [*patches, *host.patches]
