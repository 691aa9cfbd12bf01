"""What identifies a model in a fingerprint: its files' contents, or its hub name and revision."""

from functools import cache
from pathlib import Path

import xxhash

_CHUNK = 1 << 20


def model_digest(model: str, revision: str | None = None) -> str:
    """Digest of a folder's files, or ``name@revision`` of a model that is on a hub."""
    folder = Path(model)
    if not folder.is_dir():
        return f"{model}@{revision or 'main'}"
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".md")
    state = xxhash.xxh3_128()
    for path in files:
        stat = path.stat()
        state.update(str(path.relative_to(folder)).encode())
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
