"""Texts as the numbers of their words, for models that learn words; cut once for all seeds."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.text.columns import Ints, Utf8
from augment.text.languages import language

_ROWS = 8192


@dataclass(frozen=True, slots=True)
class Words:
    """The words of n texts, back to back; letter case is ignored.

    Attributes:
        first: ``(n + 1,)`` where each text's words begin.
        codes: ``(words,)`` int64 numbers of words.
        size: how many different words there are.
    """

    first: Ints
    codes: Ints
    size: int

    @classmethod
    def of(cls, texts: pa.StringArray, tag: str) -> "Words":
        """Cut texts as the language is cut for the augmenters (Chinese: the extra ``zh``)."""
        lengths, pieces = [np.zeros(0, np.int64)], [pa.array([], pa.string())]
        for start in range(0, len(texts), _ROWS):
            part = texts.slice(start, _ROWS)
            segments = language(tag).segment(Utf8.of(part))
            words = np.flatnonzero(segments.is_word)
            lengths.append(np.bincount(segments.rows[words], minlength=len(part)))
            folded = pc.utf8_lower(segments.distinct.dictionary)
            pieces.append(folded.take(pa.array(segments.codes[words])))
        coded = pc.dictionary_encode(pa.chunked_array(pieces)).combine_chunks()
        codes = np.asarray(coded.indices.to_numpy(), np.int64)
        return cls(np.append(0, np.cumsum(np.concatenate(lengths))), codes, len(coded.dictionary))

    @property
    def lengths(self) -> Ints:
        """``(n,)`` words of each text."""
        return np.diff(self.first)
