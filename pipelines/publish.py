"""From a staging directory to the published output, by renaming: all of it, or nothing.

Beside the output ``OUT`` stands ``OUT.aug``, which holds whatever is not output::

    OUT/part-*.parquet              nothing else
    OUT.aug/rejects/part-*.parquet  rows that could not be used, with the reason
    OUT.aug/failed/part-*.parquet   the same of a run that published nothing for having too many
    OUT.aug/cache/*.arrow           statistics of the corpus, for the steps that need them
    OUT.aug/staging-*/              of a run in progress, or of one that was killed
    OUT.aug/lock
"""

import os
import re
import shutil
import sys
import uuid
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from pipelines.errors import LockedError, OutputError
from pipelines.shard import PARTS, REJECTS


class Staging:
    """Where a run writes; :meth:`publish` makes it the output. Used as a context.

    Attributes:
        path: the staging directory, on the file system of the output.
        cache: where statistics of the corpus lie.
    """

    def __init__(self, output: str | Path) -> None:
        self._output = Path(os.path.abspath(output))  # noqa: PTH100 - symlinks are not followed
        self._home = _home(self._output)
        self._previous = self._home / "previous"
        self.cache = self._home / "cache"
        self._lock: IO[bytes] | None = None
        # Of its own: a worker that outlives a killed run must not write into the next one.
        self.path = self._home / f"staging-{uuid.uuid4().hex}"

    def __enter__(self) -> Self:
        """Lock the output and clean up after a run that was killed.

        Raises:
            OutputError: what stands in the output's place is nothing that augmill wrote.
            LockedError: another run is writing the same output.
        """
        _check_replaceable(self._output)
        self._home.mkdir(parents=True, exist_ok=True)
        self._lock = locked(self._home / "lock", self._output)
        self._finish_killed()
        for folder in (PARTS, REJECTS):
            (self.path / folder).mkdir(parents=True)
        return self

    def _finish_killed(self) -> None:
        if self._previous.exists() and not self._output.exists():
            self._previous.rename(self._output)
        left = self._home.glob("staging-*")
        for leftover in (self._previous, *left, self._home / "failed"):
            shutil.rmtree(leftover, ignore_errors=True)

    def publish(self) -> None:
        """Put the parts in the output's place, and the rejects beside it.

        Raises:
            OutputError: somebody put something else there in the meantime.
        """
        _check_replaceable(self._output)
        self._output.parent.mkdir(parents=True, exist_ok=True)
        _sync(self.path / PARTS)
        if self._output.exists():
            self._output.rename(self._previous)
        (self.path / PARTS).rename(self._output)
        _sync(self._output.parent)
        self._keep_rejects("rejects")
        shutil.rmtree(self._previous, ignore_errors=True)

    def give_up(self) -> Path:
        """Keep the rejects of a run that publishes nothing, for a look at them."""
        return self._keep_rejects("failed")

    def _keep_rejects(self, name: str) -> Path:
        kept = self._home / name
        shutil.rmtree(kept, ignore_errors=True)
        if any((self.path / REJECTS).iterdir()):
            (self.path / REJECTS).rename(kept)
        return kept

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            self._lock.close()


def _check_replaceable(output: Path) -> None:
    """Only what augmill wrote may be replaced: a directory of parts and nothing else."""
    if not os.path.lexists(output):
        return
    if output.is_symlink() or not output.is_dir():
        raise OutputError(f"the output {output} exists and is no directory")
    foreign = sorted(p.name for p in output.iterdir() if not _is_part(p))
    if foreign:
        shown = ", ".join(foreign[:3]) + (", …" if len(foreign) > 3 else "")
        raise OutputError(
            f"the output {output} exists and holds files that augmill did not write ({shown}); "
            "choose another place or move them away"
        )
    if any(output.iterdir()) and not _home(output).is_dir():
        raise OutputError(
            f"the output {output} exists and augmill did not write it: {_home(output)} is missing; "
            "choose another place or move it away"
        )


def _home(output: Path) -> Path:
    """The folder beside an output that holds all else."""
    return output.with_name(f"{output.name}.aug")


def _is_part(path: Path) -> bool:
    return re.fullmatch(r"part-\d{5,}\.parquet", path.name) is not None and path.is_file()


def locked(path: Path, output: Path) -> IO[bytes]:
    """An open file that holds the lock until it is closed, however the process ends."""
    file = path.open("ab")
    if sys.platform != "win32":
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise LockedError(f"another run is writing {output}; try again later") from None
    return file


def _sync(folder: Path) -> None:
    """Make the names in a folder last through a power failure."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
