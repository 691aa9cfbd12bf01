"""Where synonyms come from: tables by name, and files that users bring; each is opened once."""

import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated

import xxhash
from pydantic import AfterValidator

from augment.component import MISSING
from augment.errors import (
    LexiconError,
    MissingExtraError,
    ParameterError,
    Problem,
    UnknownNameError,
    nearest,
)
from augment.lexicons import cilin
from augment.lexicons.files import READERS, read_file
from augment.lexicons.lexicon import Lexicon

TABLE = Path(__file__).parent / "tables" / "wordnet-en.arrow"
"""The compiled WordNet."""

_SOURCES: Mapping[str, Callable[[], Lexicon]] = {
    "cilin": cilin.read,
    "wordnet": lambda: Lexicon.load(TABLE),
}

LANGUAGES = {"cilin": "zh", "wordnet": "en"}
"""The language of each named table."""

_DIGESTS: Mapping[str, Callable[[], str]] = {
    "cilin": cilin.digest,
    "wordnet": lambda: load_lexicon("wordnet").digest,
}
"""Of all that decides a named table."""

NAMES = tuple(_SOURCES)

AUTO = "auto"
"""Stands for the named table of the batch's language."""


def checked(value: str) -> str:
    """The value, if it names a table or is the path of a file that is there.

    Raises:
        ParameterError: it is neither.
    """
    names = (AUTO, *NAMES)
    if value in names:
        return value
    if Path(value).suffix.lower() not in READERS:
        raise _wrong(
            f"unknown lexicon {value!r}{nearest(value, names)}; accepted: {', '.join(names)}, "
            f"or a file ({', '.join(READERS)})"
        )
    if not Path(value).is_file():
        raise _wrong(f"there is no file {value!r}, seen from {Path.cwd()}")
    return value


def _wrong(message: str) -> ParameterError:
    return ParameterError([Problem("", message)])


LexiconSource = Annotated[str, AfterValidator(checked)]
"""A parameter that takes ``auto``, a named table, or a file."""


def load_lexicon(source: str) -> Lexicon:
    """The table of that name or in that file, all senses; read once per process and content.

    Raises:
        UnknownNameError: there is no such name, and no file can bear it.
        MissingExtraError: the package that carries the table is not installed.
        LexiconError: the file is not there, or is not what its ending says.
    """
    return _load(source, _stamp(source))


def load_senses(source: str, senses: int, multiword: bool = False) -> Lexicon:
    """The table of each word's first senses; with candidates of several words, if wanted."""
    return _load_senses(source, senses, multiword, _stamp(source))


def digests(source: str) -> dict[str, str]:
    """What identifies the tables that may be used in a fingerprint, for a component's assets.

    Args:
        source: a value of :data:`LexiconSource`.

    Returns:
        Digests of contents; ``missing`` where a package is not installed.

    Raises:
        LexiconError: the file is not there.
    """
    if source == AUTO:
        return {name: _digest(name) for name in NAMES}
    stamp = _stamp(source)
    return {source: _digest(source)} if stamp is None else {"lexicon": _file_digest(source, stamp)}


@cache
def _digest(name: str) -> str:
    try:
        return _DIGESTS[name]()
    except MissingExtraError:
        return MISSING


Stamp = tuple[int, int, int] | None
"""Changes whenever a file does; None for a table that has a name."""


def _stamp(source: str) -> Stamp:
    if source in _SOURCES:
        return None
    path = Path(source)
    if path.suffix.lower() not in READERS:
        raise UnknownNameError("lexicon", source, (*_SOURCES, *(f"file{end}" for end in READERS)))
    try:
        stat = path.stat()
    except OSError as error:
        raise LexiconError(f"lexicon {source!r}: {error.strerror} (in {Path.cwd()})") from error
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


@cache
def _load(source: str, stamp: Stamp) -> Lexicon:
    return _SOURCES[source]() if stamp is None else read_file(Path(source))


@cache
def _load_senses(source: str, senses: int, multiword: bool, stamp: Stamp) -> Lexicon:
    table = _load(source, stamp).most_senses(senses)
    return table if multiword else table.single_words()


@cache
def _file_digest(source: str, _: Stamp) -> str:
    with Path(source).open("rb") as file:
        return hashlib.file_digest(file, xxhash.xxh3_128).hexdigest()
