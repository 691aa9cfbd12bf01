"""The files of Delta tables beside an output: which version each is for, and which go when."""

import re
from collections.abc import Collection, Iterable
from pathlib import Path

from pipelines.store.files import remove
from pipelines.store.place import Place

_LINK = re.compile(r"(.+)-(\d{6,})\.parquet")


def linked(name: str, version: int) -> str:
    """What a version's file is called in a table: like no other version's."""
    return f"{name.removesuffix('.parquet')}-{version:06d}.parquet"


def links(place: Place) -> list[Path]:
    """All of them; the tables' own files are none."""
    return [path for path in sorted(place["tables"].rglob("*.parquet")) if _version(path)]


def clear(place: Place, versions: Iterable[int]) -> None:
    """Delete what lies there under the number of a version."""
    doomed = set(versions)
    for path in links(place):
        if _version(path) in doomed:
            path.unlink()


def forget(place: Place, kept: Collection[int]) -> None:
    """Delete the files of all other versions, and tables without any that readers do not see."""
    clear(place, [version for path in links(place) if (version := _version(path)) not in kept])
    shown = place.output.resolve()
    for table in sorted(place["tables"].glob("*")):
        if table.resolve() != shown and not any(_version(path) for path in table.rglob("*")):
            remove(table)


def _version(path: Path) -> int:
    """The version that a link is for; 0 if it is none."""
    found = _LINK.fullmatch(path.name)
    return int(found[2]) if found else 0
