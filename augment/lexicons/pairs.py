"""Pairs of words and synonyms, in whatever order and state a file has them → a synonym table."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from augment.lexicons.lexicon import TAG_MARK, Lexicon

_LAST_SENSE = np.iinfo(np.uint8).max


@dataclass(frozen=True, slots=True)
class Pairs:
    """Columns of n pairs.

    Attributes:
        words: ``(n,)`` string.
        synonyms: ``(n,)`` string.
        senses: ``(n,)`` int64, 0 for a word's most frequent sense.
        weights: ``(n,)`` float64, positive.
        tags: ``(n,)`` string, null where the pair holds for any part of speech; None for all.
    """

    words: pa.StringArray
    synonyms: pa.StringArray
    senses: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]
    tags: pa.StringArray | None = None

    def lexicon(self) -> Lexicon:
        """The table of the pairs.

        Words are trimmed and looked up in lower case; synonyms are trimmed and keep their
        capitals. Silently left out are pairs with an empty side, synonyms that are the word
        itself but for case, and repetitions: a synonym counts in a word's first sense only.
        """
        keys, synonyms = pc.utf8_trim_whitespace(self.words), pc.utf8_trim_whitespace(self.synonyms)
        keys, folded = pc.utf8_lower(keys), pc.utf8_lower(synonyms)
        wanted = pc.and_not(pc.not_equal(keys, folded), pc.equal(keys, ""))
        wanted = _bools(pc.and_not(wanted, pc.equal(folded, "")))
        if self.tags is not None:
            tagged = pc.binary_join_element_wise(keys, self.tags, TAG_MARK)
            keys = pc.if_else(self.tags.is_valid(), tagged, keys)
        kept = np.flatnonzero(wanted)
        word, forms = _codes(keys), _codes(folded)
        order = kept[np.lexsort((-self.weights[kept], self.senses[kept], word[kept]))]
        order = order[_first_of_each(word[order], forms[order])]
        counts = np.bincount(word[order], minlength=1)
        return Lexicon(
            pc.unique(keys).take(pa.array(np.flatnonzero(counts))),
            np.append(0, np.cumsum(counts[counts > 0])),
            synonyms.take(pa.array(order)),
            np.minimum(self.senses[order], _LAST_SENSE).astype(np.uint8),
            self.weights[order].astype(np.float32),
        )


def _codes(words: pa.StringArray) -> npt.NDArray[np.int64]:
    """Numbers of the distinct words, by first appearance."""
    return np.asarray(pc.dictionary_encode(words).indices.to_numpy(), np.int64)


def _first_of_each(
    word: npt.NDArray[np.int64], form: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Where each pair of codes appears first, in order."""
    if not len(word):
        return np.zeros(0, np.int64)
    _, first = np.unique(word * (form.max() + 1) + form, return_index=True)
    return np.sort(first)


def _bools(column: pa.BooleanArray) -> npt.NDArray[np.bool_]:
    return np.asarray(column.to_numpy(zero_copy_only=False))
