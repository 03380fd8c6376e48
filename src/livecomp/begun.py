"""Which events have begun, in a file that outlives this process when it is killed.

Before a handler runs, its event's number is written to memory that is mapped to a file. The kernel keeps what was
written there, however the process ends. So the next process on this machine can tell an event that was under way, and
may have done something, from one that waited for its turn and has done nothing: that one is simply sent again.

Another machine, or a container with a file system of its own, cannot read the file. Then all that was sent is in doubt.
"""

import atexit
import contextlib
import errno
import hashlib
import logging
import mmap
import os
import re
import stat
import struct
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from livecomp.conf import settings
from livecomp.this_process import ID_LENGTH, after_fork, process_id

fcntl: Any
try:
    import fcntl
except ImportError:  # without locks nobody can tell that a process is dead
    fcntl = None

logger = logging.getLogger("livecomp")

_RECORD = struct.Struct("=16sQ")  # which page; highest number that has begun
_NUMBER = struct.Struct("=Q")
_NOBODY = bytes(16)
_PAGES = 1024  # records by which the file grows
_NAME = re.compile(rf"[0-9a-f]{{{ID_LENGTH}}}")


class Record:
    """What the file holds of one page."""

    __slots__ = ("_file", "_number", "_place")

    def __init__(self, file: "_File", place: int, number: int) -> None:
        self._file = file
        self._place = place
        self._number = number

    def write(self, number: int) -> None:
        """The handler of this event begins."""
        if number > self._number:
            self._number = number
            self._file.write(self._place, number)

    def erase(self) -> None:
        """The page is saved: its snapshot tells."""
        self._file.erase(self._place)


class _File:
    """The file of this process. It is locked as long as the process lives."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._file = path.open("x+b")
        path.chmod(0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._free: list[int] = []
        self._size = 0
        try:
            self._map = self._enlarge()
        except OSError:
            self._file.close()
            path.unlink(missing_ok=True)
            raise

    def add(self, joined_id: str, number: int) -> Record:
        """A record for a page. Raises OSError where there is no room for more."""
        with self._lock:
            if not self._free:
                enlarged = self._enlarge()
                self._map.close()
                self._map = enlarged
            place = self._free.pop()
            _RECORD.pack_into(self._map, place, _key(joined_id), number)
        return Record(self, place, number)

    def write(self, place: int, number: int) -> None:
        """Write a page's number."""
        with self._lock:
            _NUMBER.pack_into(self._map, place + len(_NOBODY), number)

    def erase(self, place: int) -> None:
        """The record is free for another page."""
        with self._lock:
            _RECORD.pack_into(self._map, place, _NOBODY, 0)
            self._free.append(place)

    def close(self) -> None:
        """Let go of it."""
        self._map.close()
        self._file.close()

    def remove_if_empty(self) -> None:
        """Leave nothing behind, unless there are pages that were not saved."""
        if len(self._free) * _RECORD.size == self._size:
            self._path.unlink(missing_ok=True)

    def _enlarge(self) -> mmap.mmap:
        """Make room for more pages. Raises OSError where there is none: memory that is mapped to a file without room for it
        would end the process at the first write."""
        old, size = self._size, self._size + _PAGES * _RECORD.size
        try:
            _allocate(self._file.fileno(), old, size - old)
        except OSError:
            self._file.truncate(old)
            raise
        enlarged = mmap.mmap(self._file.fileno(), size)
        self._size = size
        self._free += range(old, size, _RECORD.size)
        return enlarged


def _allocate(file: int, start: int, size: int) -> None:
    """Have the file system set room aside, where it can; else by writing there. Raises OSError where there is none."""
    try:
        os.posix_fallocate(file, start, size)
    except (AttributeError, OSError) as error:
        if isinstance(error, OSError) and error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
            raise
        if os.pwrite(file, bytes(size), start) < size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from None


_own: _File | None = None
_is_unusable = False  # there can be no file
_is_full = False  # there was no room for one page more, and the log was told
_opening = threading.Lock()


def open_record(joined_id: str, number: int) -> Record | None:
    """The record of a page that lives in this process from now on. None where there can be no such file."""
    global _own, _is_unusable, _is_full
    if fcntl is None or settings.snapshot == "off":
        return None
    with _opening:
        if _own is None and not _is_unusable:
            try:
                _own = _File(_directory() / process_id())
                _remove_old()
            except OSError as error:
                _is_unusable = True
                logger.warning("No file for the numbers of events (%s): after a kill more of them are in doubt.", error)
        if _own is None:
            return None
        try:
            record, _is_full = _own.add(joined_id, number), False
        except OSError as error:
            if not _is_full:
                logger.warning(
                    "No room for more numbers of events (%s): after a kill more of them are in doubt.", error
                )
            record, _is_full = None, True
        return record


def read(joined_id: str) -> int | None:
    """The highest number that had begun when the process of this page died. None where that cannot be told."""
    process = joined_id.rpartition(".")[2][:ID_LENGTH]
    if fcntl is None or not _NAME.fullmatch(process) or process == process_id():
        return None
    try:
        with (_directory() / process).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # a living process has its lock
            data = file.read()
    except OSError:
        return None
    key = _key(joined_id)
    whole = data[: len(data) // _RECORD.size * _RECORD.size]
    return next((number for page, number in _RECORD.iter_unpack(whole) if page == key), None)


def _directory() -> Path:
    """A folder that belongs to this user of the machine alone. Raises OSError where there is none."""
    path = Path(tempfile.gettempdir()) / f"livecomp-{os.getuid()}"
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PermissionError(f"{path} is not a folder of this user")
    if found.st_mode & 0o077:
        path.chmod(0o700)
    return path


def _remove_old() -> None:
    """Remove the files of processes whose pages cannot come back any more. When a process died is not known, so its file
    is marked when it is first found: from then on it is read-only, and its date says when that was."""
    for path in _directory().iterdir():
        with contextlib.suppress(OSError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            found = path.stat()
            if found.st_mode & 0o200:
                path.chmod(0o400)
                os.utime(path)
            elif found.st_mtime < time.time() - settings.snapshot_max_age:
                path.unlink()


def _key(joined_id: str) -> bytes:
    return hashlib.blake2b(joined_id.encode(), digest_size=len(_NOBODY)).digest()


def _begin_anew() -> None:
    """A forked process has a file of its own."""
    global _own, _is_unusable, _is_full, _opening
    if _own is not None:
        _own.close()
    _own, _is_unusable, _is_full, _opening = None, False, False, threading.Lock()


def _end() -> None:
    if _own is not None:
        _own.remove_if_empty()


after_fork(_begin_anew)
atexit.register(_end)
