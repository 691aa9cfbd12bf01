"""The filter of decoders' loops: phrases in a row that the source does not have."""

from typing import Annotated

import numpy as np
from pydantic import Field

from augment.batch import TextBatch, Variants
from augment.component import component
from augment.filter import Filter, Verdicts
from augment.filters.pairs import Pairs
from augment.text.columns import Ints
from augment.text.tokens import Tokens


@component("repetition")
class Repetition(Filter):
    """Reject variants that run in a loop, where their source does not.

    A phrase many times in a row is how a decoder degenerates (Holtzman, Buys, Du, Forbes & Choi
    2020, "The curious case of neural text degeneration", §5.3, who count phrases that stand there
    three times). A long phrase is a loop already when it is said twice. Marks between the words
    and letter case are looked past; what a source repeats as often, its variant may.

    Args:
        max: how many times in a row a short phrase may stand.
        long: words from which on a phrase is long, and may stand there once.
        phrase: words of the longest phrase that is looked for.
    """

    max: Annotated[int, Field(ge=1)] = 2
    long: Annotated[int, Field(ge=2)] = 6
    phrase: Annotated[int, Field(ge=1, le=200)] = 30

    def judge(self, source: TextBatch, variants: Variants) -> Verdicts:
        """The score is how often, at most, a phrase stands in a row; the reason is ``loop``."""
        pairs = Pairs.of(source, variants)
        words = pairs.tokens().words()
        short = repetitions(words, 1, min(self.long - 1, self.phrase))
        long = repetitions(words, self.long, self.phrase)
        half = len(pairs)
        loop = (short[half:] > np.maximum(short[:half], self.max)) | (
            long[half:] > np.maximum(long[:half], 1)
        )
        return pairs.verdicts(np.maximum(short, long)[half:], {"loop": loop})


def repetitions(words: Tokens, least: int, most: int) -> Ints:
    """``(n,)``: how often, at most, a phrase of so many words stands in a row; 1 if none does.

    Args:
        words: n rows.
        least: words of the shortest phrase.
        most: words of the longest.
    """
    found = np.ones(len(words), np.int64)
    codes, rows = words.codes, words.rows
    longest = int(np.diff(words.first).max(initial=0)) // 2
    for n in range(least, min(most, longest) + 1):
        # A token that equals the one n before it: n of these in a row say a phrase again.
        again = (codes[n:] == codes[:-n]) & (rows[n:] == rows[:-n])
        edges = np.flatnonzero(np.diff(again, prepend=False, append=False))
        starts, stops = edges[::2], edges[1::2]
        np.maximum.at(found, rows[starts + n], (stops - starts) // n + 1)
    return found
