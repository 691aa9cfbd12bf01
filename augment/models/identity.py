"""What identifies a model in a fingerprint: its files' contents, or its hub name and revision."""

from functools import cache
from pathlib import Path

import xxhash

_CHUNK = 1 << 20


def model_digest(model: str, revision: str | None = None) -> str:
    """Digest of a folder's files, or ``name@revision`` of a model that is on a hub."""
    folder = Path(model)
    return path_digest(folder) if folder.is_dir() else f"{model}@{revision or 'main'}"


def path_digest(place: Path) -> str:
    """32 hex digits over a file, or over names and contents of a folder's files."""
    inside = (path for path in place.rglob("*") if path.is_file() and path.suffix != ".md")
    state = xxhash.xxh3_128()
    for path in [place] if place.is_file() else sorted(inside):
        stat = path.stat()
        state.update(str(path.relative_to(place)).encode())
        state.update(_file_digest(path.resolve(), stat.st_size, stat.st_mtime_ns, stat.st_ino))
    return state.hexdigest()


@cache
def _file_digest(path: Path, *_stat: int) -> bytes:
    """Digest of a file's contents, remembered for as long as its stat stays the same."""
    state = xxhash.xxh3_128()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            state.update(chunk)
    return state.digest()
