"""Synonyms from word vectors: each word's nearest neighbours by cosine.

Sources: k nearest neighbours as replacements, Wang & Yang 2015, "That's so annoying!!!", §3; a
bound on their distance, Alzantot et al. 2018, "Generating natural language adversarial examples",
§3.2 (8 neighbours), as a least cosine of 0.7 in Jin et al. 2020, "Is BERT really robust?", §3.

Vectors of plain co-occurrence (word2vec, GloVe) put antonyms and sister terms close together;
those made for synonymy (counter-fitted, Paragram) are the better source.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from augment.errors import LexiconError
from augment.lexicons.lexicon import Lexicon
from augment.lexicons.pairs import Pairs

Vectors = npt.NDArray[np.float32]

NEIGHBOURS = 8
MIN_COSINE = 0.7
MOST_WORDS = 50_000
"""Files list words by frequency. So many are compared in a minute or two; work grows squarely."""

_DECIMALS = 5
_BLOCK = 1 << 22
"""Cosines held at once."""
_WORD = r"^\p{L}[\p{L}\p{M}]*([-'’][\p{L}\p{M}]+)*$"


def neighbours(
    words: pa.StringArray,
    vectors: Vectors,
    *,
    count: int = NEIGHBOURS,
    min_cosine: float = MIN_COSINE,
) -> Lexicon:
    """The table of each word's nearest neighbours; a neighbour's weight is its cosine.

    Entries that are no words (numbers, marks, phrases) and vectors of length zero are left out; of
    spellings that differ in case only the first stays. Cosines are compared to five decimals, and
    equal ones in the order of the words, so that threads don't change the outcome.

    Args:
        words: ``(n,)`` string, the most frequent first.
        vectors: ``(n, d)`` float32.
        count: neighbours of a word at the most.
        min_cosine: of a neighbour at the least; positive.

    Raises:
        ValueError: ``count`` or ``min_cosine`` is out of range.
    """
    if count < 1 or not 0 < min_cosine <= 1:
        raise ValueError(
            f"count is at least 1 and min_cosine in (0, 1], not {count} and {min_cosine}"
        )
    words, unit = _usable(words, vectors)
    size = max(1, _BLOCK // max(1, len(unit)))
    found = [_nearest(unit, i, size, count, min_cosine) for i in range(0, len(unit), size)]
    if not found:
        return Lexicon.of({})
    own, other, cosine = (np.concatenate(column) for column in zip(*found, strict=True))
    senses = np.zeros(len(own), np.int64)
    return Pairs(words.take(pa.array(own)), words.take(pa.array(other)), senses, cosine).lexicon()


def _usable(words: pa.StringArray, vectors: Vectors) -> tuple[pa.StringArray, Vectors]:
    """What can be compared: words, and vectors brought to length one."""
    lengths = np.linalg.norm(vectors, axis=1)
    plain = pc.match_substring_regex(words, _WORD).to_numpy(zero_copy_only=False)
    kept = np.flatnonzero(plain & (lengths > 0))
    folded = pc.utf8_lower(words.take(pa.array(kept)))
    codes = pc.dictionary_encode(folded).indices.to_numpy()
    kept = kept[np.unique(codes, return_index=True)[1]]
    return words.take(pa.array(kept)), vectors[kept] / lengths[kept, None]


def _nearest(
    unit: Vectors, start: int, size: int, count: int, min_cosine: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Neighbours of words [start, start + size): word, neighbour and cosine of each pair."""
    block = unit[start : start + size]
    cosines = block @ unit.T
    inside = np.arange(len(block))
    cosines[inside, start + inside] = -1.0
    rows, columns = np.nonzero(cosines >= min_cosine - 10**-_DECIMALS)
    rounded = np.round(cosines[rows, columns].astype(np.float64), _DECIMALS)
    near = rounded >= min_cosine
    own, other, cosine = rows[near], columns[near], np.asarray(rounded[near], np.float64)
    order = np.lexsort((other, -cosine, own))
    rank = np.arange(len(own)) - np.searchsorted(own, own)
    best = order[rank < count]  # own is sorted, so the ranks hold for the sorted pairs too
    return own[best] + start, other[best], cosine[best]


def read_vectors(path: Path, most: int = MOST_WORDS) -> tuple[pa.StringArray, Vectors]:
    """The first words of a text file of vectors, as word2vec and GloVe write them.

    Each line is a word and its numbers, with spaces between; a first line of two whole numbers,
    the counts of words and of numbers, is passed over.

    Raises:
        LexiconError: naming the first line that is not so.
    """
    words: list[str] = []
    rows: list[Vectors] = []
    width = 0
    with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
        for number, line in enumerate(file, 1):
            if number == 1 and _is_count(line):
                continue
            if len(words) == most:
                break
            word, row = _vector(line, width, path, number)
            width = len(row)
            words.append(word)
            rows.append(row)
    if not rows:
        raise LexiconError(f"{path}: holds no vectors")
    return pa.array(words, pa.string()), np.stack(rows)


def _is_count(line: str) -> bool:
    """Whether a line is word2vec's first: how many words and how many numbers for each."""
    parts = line.split()
    return len(parts) == 2 and all(part.isdecimal() for part in parts)


def _vector(line: str, width: int, path: Path, number: int) -> tuple[str, Vectors]:
    """A line's word and vector; words may hold spaces once the width is known."""
    word, *texts = line.rstrip().rsplit(" ", width) if width else line.split() or [""]
    try:
        row = np.array(texts, np.float32)
    except ValueError:
        row = np.zeros(0, np.float32)
    wanted = f"{width} numbers" if width else "at least two numbers"
    if len(row) != width if width else len(row) < 2:
        raise LexiconError(
            f"{path}, line {number}: expected a word and {wanted}, not {line.strip()[:60]!r}"
        )
    if not np.isfinite(row).all():
        raise LexiconError(f"{path}, line {number}: the vector of {word!r} is not finite")
    return word, row


def vectors_of_table(
    table: pa.Table, path: Path, most: int = MOST_WORDS
) -> tuple[pa.StringArray, Vectors]:
    """The first words of a table with the columns ``word`` and ``vector`` (lists of numbers).

    Raises:
        LexiconError: a column has another type, or the vectors are not all of one length.
    """
    table = table.slice(0, most)
    words, lists = (table[name].combine_chunks() for name in ("word", "vector"))
    kind = lists.type
    of_lists = (
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )
    if not (of_lists and pa.types.is_floating(kind.value_type)):
        raise LexiconError(f"{path}: the column 'vector' holds lists of numbers, not {kind}")
    widths = pc.unique(pc.list_value_length(lists)).to_pylist()
    values = lists.flatten().to_numpy(zero_copy_only=False).astype(np.float32)
    if len(widths) != 1 or widths[0] is None or words.null_count:
        raise LexiconError(f"{path}: each word has a vector, all of one length, not {widths}")
    if not np.isfinite(values).all():
        raise LexiconError(f"{path}: the column 'vector' holds what is not finite")
    return words.cast(pa.string()), values.reshape(len(words), widths[0])
