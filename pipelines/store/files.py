"""What is asked of a file system: that names last, and what is done where it can't link them."""

import ctypes
import errno
import hashlib
import os
import shutil
import sys
from functools import cache
from pathlib import Path

import xxhash

from pipelines.logs import warn

_LACKING = frozenset(
    {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EXDEV, errno.EMLINK}
)
"""What a link fails with where the file system has none, or not between these two places."""

_NO_PRIVILEGE = 1314
"""What Windows says instead, of symbolic links."""

_EXCHANGE, _AT_CWD = 2, -100
"""Of Linux's renameat2."""


def digest_of(path: Path) -> str:
    """XXH3-128 of a file, 32 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, xxhash.xxh3_128).hexdigest()


def sync(path: Path) -> None:
    """Make a file's bytes, or the names in a folder, last through a power failure."""
    if path.is_dir() and sys.platform == "win32":
        return
    handle = os.open(path, os.O_RDONLY if sys.platform != "win32" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write(path: Path, data: bytes) -> None:
    """Write a file that lasts; it is whole only when this returns."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def remove(path: Path) -> None:
    """Delete a file, a link, or a folder with all that is in it, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def link(source: Path, target: Path) -> None:
    """A second name of a file; a copy where the file system has no hard links."""
    try:
        os.link(source, target)
    except OSError as error:
        if not _lacking(error):
            raise
        if error.errno != errno.EMLINK:
            _warn(
                "no_hard_links",
                f"the output's file system has no hard links ({error.strerror}): every version is "
                "a copy of its files; keep_versions: 1 takes the least room",
            )
        shutil.copy2(source, target)
        sync(target)


def put(source: Path, target: Path) -> None:
    """Move a file to where there must be none; of several that try, one does.

    Raises:
        FileExistsError: there is one.
    """
    try:
        os.link(source, target)
    except OSError as error:
        if not _lacking(error):
            raise
        # As atomic, but only the lock keeps two from doing it.
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
        source.replace(target)
    else:
        source.unlink()
    sync(target.parent)


def symlinks_work(folder: Path) -> bool:
    """Whether there can be symbolic links in a folder."""
    probe = folder / "probe"
    probe.unlink(missing_ok=True)
    try:
        probe.symlink_to("nowhere")
    except OSError as error:
        if not _lacking(error):
            raise
        _warn(
            "no_symbolic_links",
            f"the output's file system has no symbolic links ({error.strerror}): the output is a "
            "folder, replaced by renaming; what reads it meanwhile may be cut off",
        )
        return False
    probe.unlink()
    return True


def point(path: Path, target: str, aside: Path) -> None:
    """Make a path a symbolic link, at once, if it is not that link yet.

    Raises:
        OSError: there is a folder.
    """
    if path.is_symlink() and os.readlink(path) == target:  # noqa: PTH115 - as it is written
        return
    aside.symlink_to(target)
    aside.replace(path)
    sync(path.parent)


def exchange(first: Path, second: Path) -> bool:
    """Swap what two names stand for, at once; False where the system can't."""
    if sys.platform != "linux":
        return False
    try:
        swap = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        return False
    done = swap(_AT_CWD, os.fsencode(first), _AT_CWD, os.fsencode(second), _EXCHANGE)
    if done == 0:
        return True
    code = ctypes.get_errno()
    if code in {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM}:
        return False
    raise OSError(code, os.strerror(code), str(first), None, str(second))


def _lacking(error: OSError) -> bool:
    return error.errno in _LACKING or getattr(error, "winerror", None) == _NO_PRIVILEGE


@cache
def _warn(event: str, message: str) -> None:
    """Once, not for each file."""
    warn(event, message)
