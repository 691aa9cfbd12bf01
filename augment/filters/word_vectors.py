"""Texts as vectors of their words, weighted by how rare each is in the corpus."""

import numpy as np
import numpy.typing as npt

from augment.randomness import hash_strings
from augment.text.columns import Ints
from augment.text.tokens import Tokens
from augment.vocabulary import Floats, Vocabulary


def cosines(words: Tokens, vocabulary: Vocabulary | None) -> npt.NDArray[np.float32]:
    """``(n,)`` cosine of row i with row n + i, by TF-IDF; NaN where both have no words.

    Args:
        words: ``2 n`` rows.
        vocabulary: of the corpus; None weighs all words alike.
    """
    half = len(words) // 2
    keys, counts, codes = _cells(words)
    weights = counts * _idf(words, vocabulary)[codes]
    split = int(np.searchsorted(keys, half * len(words.distinct)))
    lengths = np.bincount(keys // max(1, len(words.distinct)), weights**2, 2 * half)
    mirrored = keys[split:] - half * len(words.distinct)
    there = np.searchsorted(keys[:split], mirrored)
    met = np.append(keys[:split], -1)[there] == mirrored
    products = weights[:split][there[met]] * weights[split:][met]
    dots = np.bincount(mirrored[met] // max(1, len(words.distinct)), products, half)
    old, new = lengths[:half], lengths[half:]
    scale = np.sqrt(old) * np.sqrt(new)
    cosine = np.where(scale > 0, dots / np.where(scale > 0, scale, 1.0), 0.0)
    cosine[(old == 0) & (new == 0)] = np.nan
    return np.minimum(cosine, 1.0).astype(np.float32)


def _cells(words: Tokens) -> tuple[Ints, Ints, Ints]:
    """The different words of each row: sorted keys (row, then word), how often, and their codes.

    Words are in the order of their hashes, so that the sums over a row, which floating point
    makes depend on the order, do not depend on the row's batch.
    """
    order = np.argsort(hash_strings(words.distinct), kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    keys, counts = np.unique(words.rows * len(order) + rank[words.codes], return_counts=True)
    return keys, counts, order[keys % max(1, len(order))]


def _idf(words: Tokens, vocabulary: Vocabulary | None) -> Floats:
    """``(d,)`` inverse document frequencies; a word that is not kept stands in one text."""
    if vocabulary is None:
        return np.ones(len(words.distinct))
    documents = np.append(vocabulary.documents, 1)[vocabulary.find(words.distinct)]
    return np.asarray(np.log((1 + vocabulary.texts) / (1 + documents)) + 1)
