"""Grapheme clusters: where a word can be cut without tearing what a reader sees as one character.

Clusters are those of Unicode Standard Annex 29, as the ``regex`` package finds them.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import regex

from augment.text.columns import Ints

_CLUSTER = regex.compile(r"\X")


def inner_cut(words: pa.StringArray, uniform: npt.NDArray[np.float64]) -> Ints:
    """``(n,)``: a byte between two clusters of each word, all equally likely; 0 if it has one.

    Args:
        words: ``(n,)`` string.
        uniform: ``(n,)`` numbers in [0, 1).
    """
    lengths = np.asarray(pc.binary_length(words).to_numpy(zero_copy_only=False), np.int64)
    cuts = 1 + (uniform * (lengths - 1)).astype(np.int64)
    cuts[lengths < 2] = 0
    wide = np.flatnonzero(~pc.string_is_ascii(words).to_numpy(zero_copy_only=False))
    if len(wide):
        cuts[wide] = _wide_cuts(words.take(pa.array(wide)), uniform[wide])
    return cuts


def _wide_cuts(words: pa.StringArray, uniform: npt.NDArray[np.float64]) -> Ints:
    encoded = pc.dictionary_encode(words)
    cuts = [_cuts(word) for word in encoded.dictionary.to_pylist()]
    counts = np.array([len(inner) for inner in cuts], np.int64)
    flat = np.array([cut for inner in cuts for cut in inner] or [0], np.int64)
    codes = encoded.indices.to_numpy()
    first = np.cumsum(counts) - counts
    place = first[codes] + (uniform * counts[codes]).astype(np.int64)
    return np.where(counts[codes] > 0, flat[np.minimum(place, len(flat) - 1)], 0)


def _cuts(word: str) -> list[int]:
    """Bytes at which the second and later clusters start."""
    lengths = [len(cluster.encode()) for cluster in _CLUSTER.findall(word)]
    return np.cumsum(lengths[:-1]).tolist() if len(lengths) > 1 else []
