"""Synonym tables by name; each is opened once per process."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from augment.errors import UnknownNameError
from augment.lexicons import cilin
from augment.lexicons.lexicon import Lexicon

TABLE = Path(__file__).parent / "tables" / "wordnet-en.arrow"
"""The compiled WordNet."""

_SOURCES: Mapping[str, Callable[[], Lexicon]] = {
    "cilin": cilin.read,
    "wordnet": lambda: Lexicon.load(TABLE),
}

LANGUAGES = {"cilin": "zh", "wordnet": "en"}
"""The language of each table."""

NAMES = tuple(_SOURCES)


@cache
def load_lexicon(name: str) -> Lexicon:
    """The table of that name, all senses.

    Raises:
        UnknownNameError: there is none.
        MissingExtraError: the package that carries it is not installed.
    """
    if name not in _SOURCES:
        raise UnknownNameError("lexicon", name, _SOURCES)
    return _SOURCES[name]()


@cache
def load_senses(name: str, senses: int) -> Lexicon:
    """The table of each word's first senses."""
    return load_lexicon(name).most_senses(senses)
