"""Where everything of an output in a local folder lies.

::

    OUT                                    → OUT.aug/snapshots/000012
    OUT.aug/objects/<key>.parquet          what was made of one shard; never changed
    OUT.aug/objects/<key>.rejects.parquet  the rows of it that could not be used
    OUT.aug/log/<20 digits>.json           one entry per version; its name appearing is the commit
    OUT.aug/snapshots/<6 digits>/          the files of a version: hard links to objects
    OUT.aug/quarantine/<6 digits>/         its rejects, likewise
    OUT.aug/rejects                        → quarantine/000012, if that version has any
    OUT.aug/failed/                        rejects of a run that published nothing for them
    OUT.aug/damaged/                       objects that were not what was written
    OUT.aug/oldest                         the first version whose objects are kept
    OUT.aug/live                           the version that OUT holds, if that is no link
    OUT.aug/previous/                      what OUT held, while it is replaced without a link
    OUT.aug/cache/                         what outlives a run, to make the next one faster
    OUT.aug/runs/                          one record per run
    OUT.aug/tmp/                           of the run in progress, or of one that was killed
    OUT.aug/lock
"""

import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Place:
    """An output and the folder beside it.

    Attributes:
        output: where readers look.
        home: what is beside it.
    """

    output: Path
    home: Path

    @classmethod
    def of(cls, output: str | Path) -> Self:
        """The place of an output; links are not followed."""
        path = Path(os.path.abspath(output))  # noqa: PTH100 - symlinks are not followed
        return cls(path, path.with_name(f"{path.name}.aug"))

    def __getitem__(self, name: str) -> Path:
        return self.home / name

    @property
    def tmp(self) -> Path:
        """What is in it belongs to the holder of the lock, who may delete it."""
        return self.home / "tmp"

    def aside(self) -> Path:
        """A new name for what is not whole yet."""
        self.tmp.mkdir(parents=True, exist_ok=True)
        return self.tmp / uuid.uuid4().hex
