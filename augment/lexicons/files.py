"""The files of synonyms and word vectors that users bring; how each is read is told by its ending.

- ``.tsv``: a pair of words on a line, see :mod:`augment.lexicons.thesaurus`
- ``.dat``: a LibreOffice thesaurus, see :mod:`augment.lexicons.mythes`
- ``.vec``: word vectors as text (word2vec, GloVe), see :mod:`augment.lexicons.neighbours`
- ``.txt``: pairs if there is a tab near its beginning, else word vectors
- ``.parquet``, ``.arrow``, ``.feather``: by its columns, pairs (``word, synonym``), word vectors
  (``word, vector``) or a compiled table

Reading the larger ones takes seconds, comparing word vectors minutes. ``python -m
augment.lexicons FILE TABLE.arrow`` does it once, and the compiled table opens at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from augment.errors import LexiconError
from augment.lexicons import neighbours as vectors
from augment.lexicons.lexicon import Lexicon
from augment.lexicons.mythes import read_mythes
from augment.lexicons.thesaurus import pairs_of_table, read_tsv

_HEAD = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Closeness:
    """How word vectors become synonyms.

    Attributes:
        count: neighbours of a word at the most.
        min_cosine: of a neighbour at the least.
        words: how many of a file's words, from its beginning, are compared.
    """

    count: int = vectors.NEIGHBOURS
    min_cosine: float = vectors.MIN_COSINE
    words: int = vectors.MOST_WORDS

    def lexicon(self, words: pa.StringArray, of: vectors.Vectors) -> Lexicon:
        """The table of neighbours."""
        return vectors.neighbours(words, of, count=self.count, min_cosine=self.min_cosine)


def read_file(path: Path, closeness: Closeness | None = None) -> Lexicon:
    """The table of a file, all senses.

    Args:
        path: its ending is one of :data:`READERS`.
        closeness: for word vectors.

    Raises:
        LexiconError: the file is not what its ending says, or leaves no usable pair.
    """
    lexicon = READERS[path.suffix.lower()](path, closeness or Closeness())
    if not len(lexicon.words):
        raise LexiconError(f"{path}: no word in it has a synonym that can be used")
    return lexicon


def _tsv(path: Path, _: Closeness) -> Lexicon:
    return read_tsv(path).lexicon()


def _mythes(path: Path, _: Closeness) -> Lexicon:
    return read_mythes(path).lexicon()


def _vectors(path: Path, closeness: Closeness) -> Lexicon:
    return closeness.lexicon(*vectors.read_vectors(path, closeness.words))


def _text(path: Path, closeness: Closeness) -> Lexicon:
    with path.open("rb") as file:
        tabs = b"\t" in file.read(_HEAD)
    return (_tsv if tabs else _vectors)(path, closeness)


def _columns(path: Path, closeness: Closeness) -> Lexicon:
    try:
        if path.suffix.lower() == ".parquet":
            table = pq.read_table(path)
        else:
            with pa.memory_map(str(path)) as source:
                table = pa.ipc.open_file(source).read_all()
    except (pa.ArrowException, OSError) as error:
        raise LexiconError(f"{path}: {error}") from error
    if "candidates" in table.column_names:
        return _compiled(path)
    if "vector" in table.column_names and "word" in table.column_names:
        return closeness.lexicon(*vectors.vectors_of_table(table, path, closeness.words))
    return pairs_of_table(table, path).lexicon()


def _compiled(path: Path) -> Lexicon:
    try:
        return Lexicon.load(path)
    except (pa.ArrowException, KeyError, ValueError) as error:
        raise LexiconError(
            f"{path}: has a column 'candidates', but is no table that augmill compiled: {error}"
        ) from error


READERS: Mapping[str, Callable[[Path, Closeness], Lexicon]] = {
    ".arrow": _columns,
    ".dat": _mythes,
    ".feather": _columns,
    ".parquet": _columns,
    ".tsv": _tsv,
    ".txt": _text,
    ".vec": _vectors,
}
"""By the file's ending, in lower case."""
