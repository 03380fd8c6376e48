"""One component of a snapshot: its state, and what the page knows about it beside the state."""

import logging
import pickle
from dataclasses import dataclass
from typing import Any

from livecomp.conf import settings
from livecomp.mounted import Mounted, Slot

logger = logging.getLogger("livecomp")


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


def save_component(mounted: Mounted) -> SavedComponent:
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
    if not kept:
        return b""
    try:
        return pickle.dumps(kept, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        if mounted.waiting and mounted.page.is_cut:
            logger.warning(
                "%s.start_task: the connection is gone, and the task, or its result, cannot be saved for the next one "
                "(%s), so it is lost. Pass a method of the component or a function of a module, and plain values.",
                type(mounted.component).__name__,
                error,
            )
            mounted.waiting = []
            return _pickled_kept(mounted)
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
