"""What is to be said of an object's files, and whether they are what was written."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from pipelines.store.entry import RejectedRows, Stored
from pipelines.store.footer import KEY, PAGES, STATS

_CHUNK = 1 << 20

_MAGIC_AND_LENGTH = 8
"""Bytes after a Parquet file's footer."""


@dataclass(frozen=True, slots=True)
class _File:
    digest: str
    size: int
    rows: int
    told: dict[str, str]
    sound: bool


def described(key: str, part: Path, rejects: Path, *, checked: bool = False) -> Stored | None:
    """An object, by its files and what their footers tell.

    Args:
        key: of the object.
        part: its file.
        rejects: the file of its rejects, which need not be there.
        checked: look whether the files are those of the key, and what was written: None if not.

    Raises:
        OSError, pa.ArrowInvalid: a file can't be read; unless ``checked``.
    """
    try:
        made = _read(part)
        rejected = _read(rejects) if rejects.exists() else None
        stats: dict[str, Any] = json.loads(made.told[STATS])
    except (OSError, pa.ArrowInvalid, KeyError, ValueError):
        if checked:
            return None
        raise
    files = [made] if rejected is None else [made, rejected]
    if checked and not all(file.sound and file.told.get(KEY) == key for file in files):
        return None
    if checked and rejected is None and any(stats.get("rejected", {}).values()):
        return None
    left_out = rejected and RejectedRows(
        digest=rejected.digest, size=rejected.size, rows=rejected.rows
    )
    return Stored(
        key=key, digest=made.digest, size=made.size, rows=made.rows, stats=stats, rejects=left_out
    )


def _read(path: Path) -> _File:
    footer = pq.read_metadata(path)
    size = path.stat().st_size
    pages = size - _MAGIC_AND_LENGTH - footer.serialized_size
    state, up_to_footer, left = xxhash.xxh3_128(), "", pages
    with path.open("rb") as file:
        while chunk := file.read(min(_CHUNK, left) if left else _CHUNK):
            state.update(chunk)
            left = max(0, left - len(chunk))
            if not left and not up_to_footer:
                up_to_footer = state.hexdigest()
    told = {k.decode(): v.decode() for k, v in (footer.metadata or {}).items() if _ours(k)}
    return _File(state.hexdigest(), size, footer.num_rows, told, told.get(PAGES) == up_to_footer)


def _ours(name: bytes) -> bool:
    return name in (KEY.encode(), STATS.encode(), PAGES.encode())
