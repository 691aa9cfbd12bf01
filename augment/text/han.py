"""Chinese segmentation: runs that hold Han characters are cut into words by ``rjieba`` (Rust).

All runs of a column go through one call, a line each: the segmenter never joins across a line
end, so a run's words do not depend on what else is in the batch. Latin words, numbers and
punctuation are cut by the same classes as everywhere else.

The segmenter knows simplified characters. In a row that is written in traditional ones it would
cut at random, and a simplified word put into it would be a mistake, so its runs count as gaps:
no method finds a word to change there.
"""

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from augment.errors import MissingExtraError
from augment.text.columns import Bools, Ints, Utf8
from augment.text.segments import Segments, segment, wide_characters

_HAN = ((0x3005, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF))
_UNIFIED = range(0x4E00, 0xA000)
"""CJK Unified Ideographs; the national standards of both scripts encode no others."""
_SIMPLIFIED, _TRADITIONAL = 1, -1


def cutter_version() -> str:
    """What decides how the segmenter cuts; nothing is loaded.

    Raises:
        MissingExtraError: ``rjieba`` is not installed.
    """
    try:
        return version("rjieba")
    except PackageNotFoundError:
        raise MissingExtraError("Chinese segmentation", "rjieba", "zh") from None


@cache
def cutter() -> Any:
    """The segmenter with its own dictionary.

    Raises:
        MissingExtraError: ``rjieba`` is not installed.
    """
    if find_spec("rjieba") is None:
        raise MissingExtraError("Chinese segmentation", "rjieba", "zh")
    import rjieba

    return rjieba.Jieba()


def segment_han(text: Utf8) -> Segments:
    """Words and gaps of Chinese or mixed text.

    Raises:
        MissingExtraError: ``rjieba`` is not installed.
    """
    rough = segment(text)
    if text.is_ascii:
        return rough
    widths, points = wide_characters(text)
    han = np.zeros(len(text.data) + 1, np.bool_)
    han[:-1][text.data >= 0x80] = np.repeat(_is_han(points), widths)
    before = np.append(0, np.cumsum(han))
    runs = np.flatnonzero(rough.is_word & (before[rough.stops] > before[rough.starts]))
    if not len(runs):
        return rough
    foreign = _traditional(text, points)[rough.rows[runs]]
    is_word = rough.is_word.copy()
    is_word[runs[foreign]] = False
    cuts = _cuts(rough, runs[~foreign])
    opens = np.zeros(len(text.data), np.bool_)
    opens[rough.starts] = True
    piece_of = np.cumsum(opens) - 1
    # Between two characters that are not Han, the run was not the segmenter's to cut: "don't".
    opens[cuts[han[cuts] | han[cuts - 1]]] = True
    starts = np.flatnonzero(opens)
    return Segments(text, starts, is_word[piece_of[starts]])


def _cuts(rough: Segments, runs: Ints) -> Ints:
    """Bytes at which the words of the runs start; the runs are cut in one call."""
    lines = "\n".join(rough.pieces.take(pa.array(runs)).to_pylist())
    tokens = Utf8.of(pa.array(cutter().cut(lines), pa.string()))
    starts = tokens.offsets[:-1]
    words = tokens.data[starts] != ord("\n")
    line = np.cumsum(~words)[words]
    lengths = rough.stops[runs] - rough.starts[runs] + 1
    heads = np.cumsum(lengths) - lengths
    return np.asarray(rough.starts[runs][line] + starts[words] - heads[line])


def _is_han(points: Ints) -> Bools:
    """``(c,)``: characters of script Han: ideographs with their extensions, and 々〇."""
    found = np.zeros(len(points), np.bool_)
    for first, last in _HAN:
        found |= (points >= first) & (points <= last)
    return found


def _traditional(text: Utf8, points: Ints) -> Bools:
    """``(n,)``: rows with more characters that only traditional script has than simplified."""
    scripts = _scripts()[np.minimum(points, len(_scripts()) - 1)]
    told = np.flatnonzero(scripts)
    leads = np.flatnonzero(text.data >= 0xC0)[told]
    weights = scripts[told].astype(np.float64)
    balance = np.bincount(text.rows_of(leads), weights, minlength=len(text))
    return np.asarray(balance < 0)


@cache
def _scripts() -> npt.NDArray[np.int8]:
    """Per code point: whether only one of the scripts' national standards has the character."""
    table = np.zeros(_UNIFIED.stop + 1, np.int8)
    for point in _UNIFIED:
        simplified, traditional = (_encodes(chr(point), name) for name in ("gb2312", "big5"))
        table[point] = _SIMPLIFIED * simplified + _TRADITIONAL * traditional
    return table


def _encodes(character: str, standard: str) -> bool:
    try:
        character.encode(standard)
    except UnicodeEncodeError:
        return False
    return True
