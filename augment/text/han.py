"""Chinese segmentation: runs that hold Han characters are cut into words by ``rjieba`` (Rust).

Every distinct run of a column is cut once. Latin words, numbers and punctuation within Chinese
text are cut by the same classes as everywhere else.
"""

from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
import pyarrow.compute as pc

from augment.errors import MissingExtraError
from augment.text.columns import Utf8
from augment.text.segments import Segments, segment


@cache
def _cutter() -> Any:
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
    if not len(rough.starts):
        return rough
    distinct = rough.distinct.dictionary
    han = np.zeros(len(distinct), np.bool_)
    found = pc.match_substring_regex(distinct, r"\p{Han}").to_numpy(zero_copy_only=False)
    han[found] = True
    cuts = [
        _inner_cuts(word.as_py()) if has else [0] for word, has in zip(distinct, han, strict=True)
    ]
    counts = np.array([len(c) for c in cuts])
    flat = np.array([c for inner in cuts for c in inner], np.int64)
    first = np.append(0, np.cumsum(counts))
    # Spread every distinct piece's inner cuts over all the places where the piece stands.
    repeats = counts[rough.codes]
    within = np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    starts = (
        np.repeat(rough.starts, repeats) + flat[np.repeat(first[rough.codes], repeats) + within]
    )
    return Segments(text, starts, np.repeat(rough.is_word, repeats))


def _inner_cuts(run: str) -> list[int]:
    """Bytes at which the words of a run start."""
    lengths = [len(word.encode()) for word in _cutter().cut(run)]
    return [0, *np.cumsum(lengths[:-1]).tolist()]
