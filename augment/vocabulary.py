"""The frequent words of a language in a corpus: looked up whole columns at a time."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from augment.text.columns import Ints
from augment.text.index import WordIndex

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Vocabulary:
    """The frequent words of one language in a corpus.

    Attributes:
        texts: how many texts the language has.
        words: ``(w,)`` string, lower case, distinct; those in most texts first.
        documents: ``(w,)`` int64, texts that hold the word.
        counts: ``(w,)`` int64, how often it occurs.
        lower: ``(w,)`` int64, how often of these in lower case.
    """

    texts: int
    words: pa.StringArray
    documents: Ints
    counts: Ints
    lower: Ints

    @cached_property
    def idf(self) -> Floats:
        """``(w + 1,)``: log(texts ÷ documents); at the end that of a word of a single text.

        So the index −1, which :meth:`find` gives to words that are not kept, is good here too.
        """
        return np.asarray(np.log(max(1, self.texts) / np.append(self.documents, 1)))

    def find(self, words: pa.StringArray) -> Ints:
        """``(n,)``: each word's place, −1 if it isn't there; case is ignored."""
        return self._index.find(pc.utf8_lower(words))

    @cached_property
    def _index(self) -> WordIndex:
        return WordIndex(self.words)
