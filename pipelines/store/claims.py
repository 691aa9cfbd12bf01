"""Whose is what stands in an output's place? Nothing that augmill did not write is replaced."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from pipelines.errors import OutputError
from pipelines.store.place import Place

_PART = re.compile(r"part-\d{5,}[^/]*\.parquet")
_FOLDER = re.compile(r"[^=]+=.*")
_LINK = re.compile(r"[^/]+\.aug/(snapshots/\d{6}|tables/[0-9a-f]{8})")

_SHOWN = 3


def check(place: Place, committed: bool) -> None:
    """Make sure that the output may be replaced.

    Args:
        place: of the output.
        committed: whether there is a version of it.

    Raises:
        OutputError: somebody else wrote what is there.
    """
    output = place.output
    if output.is_symlink():
        _check_link(place)
    elif output.is_dir():
        _check_folder(place, committed)
    elif output.exists():
        raise OutputError(f"the output {output} exists and is no directory")


def _check_link(place: Place) -> None:
    target = os.readlink(place.output)  # noqa: PTH115 - as it is written
    ours = _LINK.fullmatch(Path(target).as_posix()) is not None
    # Renamed together with the folder beside it, the link leads nowhere: nothing is lost.
    if not ours or (not target.startswith(f"{place.home.name}/") and place.output.exists()):
        raise OutputError(
            f"the output {place.output} is a link to {target}, which augmill did not make; choose "
            "another place or move it away"
        )


def _check_folder(place: Place, committed: bool) -> None:
    output = place.output
    if output.is_mount():
        raise OutputError(
            f"the output {output} is where a file system is mounted and can't be replaced; choose "
            f"a folder in it, such as {output / 'dataset'}"
        )
    foreign = sorted(_foreign(output))
    if foreign:
        shown = ", ".join(foreign[:_SHOWN]) + (", …" if len(foreign) > _SHOWN else "")
        raise OutputError(
            f"the output {output} exists and holds files that augmill did not write ({shown}); "
            "choose another place or move them away"
        )
    if not any(output.iterdir()) or place["live"].is_file():
        return
    if not place["lock"].is_file():
        raise OutputError(
            f"the output {output} exists and augmill did not write it: {place.home} is missing or "
            "empty; choose another place or move it away"
        )
    if committed:
        raise OutputError(
            f"the output {output} is a folder, where augmill left a link to {place.home}; move it "
            "away, and the next run puts the link back"
        )


def _foreign(folder: Path, below: str = "") -> Iterator[str]:
    """What is neither a part nor a folder of a hive partition that holds parts alone."""
    for path in folder.iterdir():
        name = f"{below}{path.name}"
        if path.is_symlink():
            yield name
        elif path.is_dir():
            if _FOLDER.fullmatch(path.name):
                yield from _foreign(path, f"{name}/")
            else:
                yield name
        elif not _PART.fullmatch(path.name):
            yield name
