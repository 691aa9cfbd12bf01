"""How far variants are from their sources: edit rate, and cosine similarity of TF-IDF vectors."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from augment.text.columns import Ints
from pipelines.quality.words import Tokens, Words

Floats = npt.NDArray[np.float64]

_MOST_CODES = 0x10F000
"""Code points that strings of tokens are written in, surrogates left out."""
_SURROGATES, _BEHIND = 0xD800, 0xE000


def edit_rates(tokens: Tokens, sources: Ints, variants: Ints) -> Floats:
    """``(m,)``: Levenshtein distance of the tokens, over the tokens of the longer text.

    Words and the punctuation between them are the units, letter case matters and white space does
    not (Levenshtein 1966, normalised by the greatest distance that there can be).

    Args:
        tokens: of the texts.
        sources: ``(m,)`` which texts are the sources.
        variants: ``(m,)`` which texts are their variants.
    """
    from rapidfuzz.distance import Levenshtein
    from rapidfuzz.process import cpdist

    if not len(sources):
        return np.zeros(0)
    texts = _as_strings(tokens)
    old, new = [texts[i] for i in sources], [texts[i] for i in variants]
    distance = cpdist(old, new, scorer=Levenshtein.distance, dtype=np.int32, workers=1)
    lengths = np.diff(tokens.first)
    longer = np.maximum(np.maximum(lengths[sources], lengths[variants]), 1)
    return np.asarray(distance / longer, np.float64)


def _as_strings(tokens: Tokens) -> list[str]:
    """Every text with a character for each token, so that tokens are compared as letters are."""
    points = (tokens.codes % _MOST_CODES).astype(np.uint32)
    points[points >= _SURROGATES] += _BEHIND - _SURROGATES
    joined = points.tobytes().decode("utf-32-le")
    first = tokens.first.tolist()
    return [joined[a:b] for a, b in pairwise(first)]


@dataclass(frozen=True, slots=True)
class Weights:
    """Inverse document frequencies of the corpus's words.

    They are ``ln((1 + n) / (1 + df)) + 1`` for a word in df of n texts, which is the smoothed form
    of Spärck Jones's weight (1972) that scikit-learn's ``TfidfVectorizer`` has, too.

    Attributes:
        words: of the originals.
        texts: how many originals there are.
    """

    words: Words
    texts: int

    def of(self, words: pa.StringArray) -> Floats:
        """``(w,)``: of any words; one that no original has counts as if in none."""
        place = pc.index_in(words, value_set=self.words.words)
        index = pc.fill_null(place, -1).to_numpy(zero_copy_only=False).astype(np.int64)
        documents = np.append(self.words.documents, 0)[index]
        return np.asarray(np.log((1 + self.texts) / (1 + documents)) + 1)


def similarities(tokens: Tokens, sources: Ints, variants: Ints, weights: Weights) -> Floats:
    """``(m,)``: cosine of the texts' TF-IDF vectors; 0 where one of them has no word.

    A text's vector has, for each word in lower case, how often it occurs times its weight.
    """
    size = max(len(tokens.lower.dictionary), 1)
    pairs, counts = np.unique(tokens.word_rows * size + tokens.word_codes, return_counts=True)
    rows, codes = pairs // size, pairs % size
    values = counts * weights.of(tokens.lower.dictionary)[codes]
    norms = np.sqrt(np.bincount(rows, values * values, tokens.count))
    first = np.searchsorted(rows, np.arange(tokens.count + 1))
    lengths = np.diff(first)[variants]
    # Every entry of a variant is looked up among those of its source.
    at = np.repeat(first[variants] - np.append(0, np.cumsum(lengths)[:-1]), lengths)
    mine = at + np.arange(int(lengths.sum()))
    pair = np.repeat(np.arange(len(variants)), lengths)
    wanted = sources[pair] * size + codes[mine]
    place = np.minimum(np.searchsorted(pairs, wanted), max(len(pairs) - 1, 0))
    met = pairs[place] == wanted if len(pairs) else np.zeros(0, np.bool_)
    product = np.where(met, values[mine] * values[place], 0.0)
    dots = np.bincount(pair, product, len(variants))
    scale = norms[sources] * norms[variants]
    cosines = np.divide(dots, scale, out=np.zeros_like(dots), where=scale > 0)
    return np.asarray(np.minimum(cosines, 1.0))
