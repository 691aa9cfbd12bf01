"""The files that an input means: one, all below a directory, or those that a pattern matches.

A URL goes to the file system that pyarrow has for it (``s3://``, ``gs://``, ``abfs://``,
``hdfs://``), which takes credentials, region and endpoint from where the vendor's own tools do:
for S3 ``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``, ``AWS_SESSION_TOKEN``, ``AWS_PROFILE``
with ``~/.aws``, ``AWS_REGION``, and ``AWS_ENDPOINT_URL`` (or ``AWS_ENDPOINT_URL_S3``) for servers
other than Amazon's; or from the URL: ``s3://bucket/path?endpoint_override=host:9000&scheme=http``.
Any other scheme goes to fsspec.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from glob import has_magic
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.fs

from augment.errors import MissingExtraError
from pipelines.errors import DataError, InputMissingError
from pipelines.inputs.source import File

SUFFIXES = {
    "parquet": (".parquet",),
    "csv": (".csv", ".tsv"),
    "jsonl": (".jsonl", ".ndjson", ".json"),
    "text": (".txt",),
}
"""Formats, and what the names of their files end with."""

_COMPRESSED = (".gz", ".bz2", ".zst", ".lz4")

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")

_NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True, slots=True)
class Found:
    """A file of the input, its format, and its path below the input's folder."""

    file: File
    format: str
    path: PurePosixPath

    @property
    def folder(self) -> str:
        """The ``key=value`` folders on the way to it, as they are written."""
        return "/".join(part for part in self.path.parts[:-1] if "=" in part)

    @property
    def partition(self) -> dict[str, str | None]:
        """What these folders say."""
        pairs = (part.split("=", 1) for part in self.folder.split("/") if part)
        return {key: None if v == _NULL_PARTITION else unquote(v) for key, v in pairs}


def find(place: str, format: str = "auto") -> tuple[list[Found], tuple[str, ...]]:
    """The files in order of their paths, and warnings of what was left out.

    Raises:
        InputMissingError: there is no such file.
        DataError: it can't be told which files of a directory are meant.
        MissingExtraError: the URL needs fsspec.
    """
    if place.startswith("file://"):
        place = unquote(place.removeprefix("file://"))
    files, listed = _remote(place) if _URL.match(place) else _local(place)
    place = _without_password(place)
    files.sort(key=lambda pair: pair[1])
    if listed:
        return _chosen(place, files, format)
    return [Found(file, _format(file.path, format), path) for file, path in files], ()


_Pairs = list[tuple[File, PurePosixPath]]


def _local(place: str) -> tuple[_Pairs, bool]:
    """Files with their paths, and whether they are all that a directory has."""
    path = Path(place)
    if path.is_file():
        return _pairs([path], path.parent), False
    if path.is_dir():
        below = (p for p in path.rglob("*") if _visible(p.relative_to(path).parts))
        return _pairs((p for p in below if p.is_file()), path), True
    if has_magic(place):
        fixed = [*takewhile(lambda part: not has_magic(part), path.parts[:-1])]
        base = Path(*fixed)
        found = [p for p in base.glob(str(path.relative_to(base))) if p.is_file()]
        if not found:
            raise InputMissingError(f"no file matches the input {place!r}")
        return _pairs(found, base), False
    raise InputMissingError(f"the input {place!r} does not exist")


def _pairs(paths: Iterable[Path], base: Path) -> _Pairs:
    return [(File(str(p), str(p)), PurePosixPath(*p.relative_to(base).parts)) for p in paths]


def _visible(parts: Sequence[str]) -> bool:
    return not any(part.startswith((".", "_")) for part in parts)


def _remote(place: str) -> tuple[_Pairs, bool]:
    url, _, query = re.sub(r"\s", "%20", place).partition("?")
    parts = url.split("/")
    # What is left of the pattern always has the scheme and the host.
    fixed = [*takewhile(lambda part: not re.search(r"[*\[]", part), parts)]
    pattern = [unquote(part) for part in parts[len(fixed) :]]
    base = "/".join(fixed)
    filesystem, path = _filesystem(f"{base}?{query}" if query else base)
    scheme = base.partition("://")[0]
    root = PurePosixPath(path)

    def pair(found: str, below: PurePosixPath) -> tuple[File, PurePosixPath]:
        name = PurePosixPath(found).relative_to(below)
        return File(f"{scheme}://{found.lstrip('/')}", found, filesystem), name

    info = filesystem.get_file_info(path)
    if info.type == pyarrow.fs.FileType.File and not pattern:
        return [pair(path, root.parent)], False
    if info.type != pyarrow.fs.FileType.Directory:
        raise InputMissingError(f"the input {_without_password(place)!r} does not exist")
    listed = filesystem.get_file_info(pyarrow.fs.FileSelector(path, recursive=True))
    pairs = [pair(each.path, root) for each in listed if each.type == pyarrow.fs.FileType.File]
    if not pattern:
        return [(file, name) for file, name in pairs if _visible(name.parts)], True
    matching = [(file, name) for file, name in pairs if _matches(name.parts, pattern)]
    if not matching:
        raise InputMissingError(f"no file matches the input {_without_password(place)!r}")
    return matching, False


def _without_password(place: str) -> str:
    """A URL for messages and logs."""
    return re.sub(r"://[^/@]*@", "://", place)


def _matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether a path is one that a pattern means; ``**`` is any number of folders."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_matches(parts[skip:], pattern[1:]) for skip in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])


def _filesystem(url: str) -> tuple[Any, str]:
    """Pyarrow's file system for a URL, or fsspec's in its guise, and the path there."""
    try:
        filesystem, path = pyarrow.fs.FileSystem.from_uri(url)
        return filesystem, path
    except pa.ArrowInvalid as error:
        if "Unrecognized filesystem" not in str(error):
            told = _without_password(f"the input {url!r} is no URL: {error}")
            raise InputMissingError(told) from None
    try:
        import fsspec
    except ImportError:
        scheme = url.partition("://")[0]
        raise MissingExtraError(f"an input at {scheme}://", "fsspec", "remote") from None
    try:
        other, path = fsspec.url_to_fs(url)
    except (ValueError, ImportError) as error:
        shown = _without_password(url)
        raise InputMissingError(f"the input {shown!r} can't be reached: {error}") from None
    return pyarrow.fs.PyFileSystem(pyarrow.fs.FSSpecHandler(other)), path


def _format(path: str, wanted: str) -> str:
    """The format of a file by its name; Parquet, if that says nothing."""
    return wanted if wanted != "auto" else _told(path) or "parquet"


def _told(path: str) -> str | None:
    name = path.lower()
    for ending in _COMPRESSED:
        name = name.removesuffix(ending)
    for format, suffixes in SUFFIXES.items():
        if name.endswith(suffixes):
            return format
    return None


def _chosen(place: str, files: _Pairs, wanted: str) -> tuple[list[Found], tuple[str, ...]]:
    """The files of a directory that are of one format; Parquet before all others."""
    by_format: dict[str, list[Found]] = {}
    for file, path in files:
        format = _told(file.path)
        if format is not None:
            by_format.setdefault(format, []).append(Found(file, format, path))
    if wanted == "auto":
        wanted = _likely(place, by_format)
    chosen = by_format.pop(wanted, [])
    if not chosen:
        endings = ", ".join(f"*{suffix}" for suffix in SUFFIXES[wanted])
        raise InputMissingError(f"the input directory {place!r} holds no {endings} file")
    others = [found for format in by_format.values() for found in format]
    if not others:
        return chosen, ()
    warning = (
        f"{len(others)} files of other formats below {place!r} are not read, such as "
        f"{others[0].file.name}"
    )
    return chosen, (warning,)


def _likely(place: str, by_format: Mapping[str, Sequence[Found]]) -> str:
    """Parquet before all others, and plain text after them: that may be a note or a licence."""
    if {"csv", "jsonl"} <= by_format.keys() and "parquet" not in by_format:
        each = ", ".join(f"{len(found)} {format}" for format, found in by_format.items())
        raise DataError(
            f"the input directory {place!r} holds files of several formats ({each}); "
            f"name one by input_format: {', '.join(SUFFIXES)}"
        )
    return next((format for format in SUFFIXES if format in by_format), "parquet")
