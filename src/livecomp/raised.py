"""What a project's own code may raise, and what becomes of it: an ``Exception`` with a text, whatever it is."""

import threading
from types import TracebackType


def text_of(error: BaseException) -> str:
    """The text of an exception, as plain text; a project's own may be safe HTML, a lazy translation, or fail itself."""
    try:
        return str.__str__(str(error))
    except Exception as raised:
        return f"{type(error).__name__}, whose text cannot be made: {type(raised).__name__}"


def as_failure(error: BaseException) -> Exception:
    """What is told of it: ``sys.exit()`` or a cancellation ends the handler, not the connection or the server."""
    if isinstance(error, Exception):
        return error
    failure = RuntimeError(f"{error!r} in a component")
    failure.__cause__ = error
    return failure


def is_interrupt(error: BaseException) -> bool:
    """Whether it is somebody at the keyboard who ends the whole program."""
    return isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread()


class _Contained:
    """Whatever is raised within is an ``Exception`` outside. Around the calls of a project's own code."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None and not isinstance(error, Exception) and not is_interrupt(error):
            raise as_failure(error)


contained = _Contained()
