"""Synonyms that a user brings as pairs: a text file with tabs, or a Parquet or Arrow table.

Text (UTF-8) has one pair on a line, ``word<TAB>synonym`` or ``word<TAB>synonym<TAB>weight``; blank
lines and lines that begin with ``#`` are passed over. A table has the columns ``word`` and
``synonym``, and may have ``sense`` (whole number, 0 for the word's most frequent), ``weight``
(positive; how likely the synonym is drawn; by default less for later senses) and ``tag`` (a Penn
Treebank tag: the pair then holds only for words so tagged; null for any).
"""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from augment.errors import LexiconError, nearest
from augment.lexicons.pairs import Pairs

REQUIRED = ("word", "synonym")
OPTIONAL = ("weight", "sense", "tag")


def read_tsv(path: Path) -> Pairs:
    """Pairs of a text file.

    Raises:
        LexiconError: naming the first line that is not a pair, or not UTF-8.
    """
    words, synonyms, weights = [], [], []
    for number, line in decoded(path, path.read_bytes(), "utf-8-sig"):
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.split("\t")
        if len(parts) not in {2, 3}:
            raise _not_a_pair(path, number, line)
        words.append(parts[0])
        synonyms.append(parts[1])
        weights.append(_weight(path, number, parts[2]) if len(parts) == 3 else 1.0)
    return Pairs(
        pa.array(words, pa.string()),
        pa.array(synonyms, pa.string()),
        np.zeros(len(words), np.int64),
        np.array(weights, np.float64),
    )


def decoded(path: Path, data: bytes, encoding: str) -> Iterator[tuple[int, str]]:
    """Numbers, from 1, and texts of a file's lines.

    Raises:
        LexiconError: naming the line that is not in the encoding.
    """
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise LexiconError(
            f"{path}, line {line}: not {encoding.removesuffix('-sig').upper()}: {error.reason}"
        ) from None
    for number, content in enumerate(text.split("\n"), 1):
        yield number, content.removesuffix("\r")


def _not_a_pair(path: Path, number: int, line: str) -> LexiconError:
    return LexiconError(
        f"{path}, line {number}: expected word<TAB>synonym or word<TAB>synonym<TAB>weight, "
        f"not {line[:60]!r}"
    )


def _weight(path: Path, number: int, text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = math.nan
    if not 0 < weight < math.inf:
        raise LexiconError(f"{path}, line {number}: the weight is a positive number, not {text!r}")
    return weight


def pairs_of_table(table: pa.Table, path: Path) -> Pairs:
    """Pairs of a table that was read from ``path``.

    Raises:
        LexiconError: a column is missing, unknown or of another type, or a value can't be used.
    """
    _check_names(table, path)
    count = len(table)
    columns = {name: table[name].combine_chunks() for name in table.column_names}
    senses = _senses(columns, path, count)
    weights = _weights(columns, path, senses)
    tags = _text(columns, "tag", path) if "tag" in columns else None
    words, synonyms = (_complete(_text(columns, n, path), n, path) for n in REQUIRED)
    return Pairs(words, synonyms, senses, weights, tags)


def _check_names(table: pa.Table, path: Path) -> None:
    known = (*REQUIRED, *OPTIONAL)
    accepted = f"accepted: {', '.join(REQUIRED)}, and if wanted {', '.join(OPTIONAL)}"
    for name in REQUIRED:
        if name not in table.column_names:
            found = ", ".join(table.column_names) or "none"
            raise LexiconError(f"{path}: no column {name!r}; its columns: {found}; {accepted}")
    for name in table.column_names:
        if name not in known:
            raise LexiconError(f"{path}: unknown column {name!r}{nearest(name, known)}; {accepted}")


def _text(columns: Mapping[str, pa.Array], name: str, path: Path) -> pa.StringArray:
    kind = columns[name].type
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    if not (pa.types.is_string(plain) or pa.types.is_large_string(plain)):
        raise LexiconError(f"{path}: the column {name!r} holds text, not {kind}")
    return columns[name].cast(pa.string())


def _complete(column: pa.Array, name: str, path: Path) -> pa.Array:
    if column.null_count:
        row = pc.index(column.is_null(), True).as_py()
        raise LexiconError(f"{path}: the column {name!r} is null in row {row}")
    return column


def _senses(columns: Mapping[str, pa.Array], path: Path, count: int) -> npt.NDArray[np.int64]:
    if "sense" not in columns:
        return np.zeros(count, np.int64)
    kind = columns["sense"].type
    if not pa.types.is_integer(kind):
        raise LexiconError(f"{path}: the column 'sense' holds whole numbers, not {kind}")
    values = np.asarray(_complete(columns["sense"], "sense", path).to_numpy(), np.int64)
    _check(values, values >= 0, "the column 'sense' counts from 0", path)
    return values


def _weights(
    columns: Mapping[str, pa.Array], path: Path, senses: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    if "weight" not in columns:
        return np.asarray(1.0 / (1.0 + senses), np.float64)
    kind = columns["weight"].type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        raise LexiconError(f"{path}: the column 'weight' holds numbers, not {kind}")
    values = np.asarray(_complete(columns["weight"], "weight", path).to_numpy(), np.float64)
    _check(values, (values > 0) & (values < np.inf), "the column 'weight' is positive", path)
    return values


def _check(
    values: npt.NDArray[np.generic], good: npt.NDArray[np.bool_], rule: str, path: Path
) -> None:
    if not good.all():
        row = int(np.argmin(good))
        raise LexiconError(f"{path}: {rule}, but is {values[row]} in row {row}")
