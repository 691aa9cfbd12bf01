"""The words of a lot's texts as numbers, and how often each word occurs, in bounded memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from augment.randomness import hash_strings, mix
from augment.text.columns import Bools, Ints, Utf8, first_of_rows
from augment.text.languages import language

_MOST_WORDS = 4_000_000
_HELD_WORDS = 500_000
"""Counts held before they are added up."""


@dataclass(frozen=True)
class Tokens:
    """Texts as numbers: words as they are written, and what stands between them, without spaces.

    Attributes:
        rows: ``(m,)`` the text that each token is of, ascending.
        codes: ``(m,)`` index in ``tokens``.
        tokens: ``(t,)`` string, all different.
        is_word: ``(t,)``: word, or punctuation.
        count: of the texts.
    """

    rows: Ints
    codes: Ints
    tokens: pa.StringArray
    is_word: Bools
    count: int

    @classmethod
    def of(cls, texts: pa.StringArray, tag: str) -> Self:
        """Of ``(n,)`` texts of one language.

        Raises:
            MissingExtraError: its segmenter is not installed.
        """
        if not len(texts):
            empty = np.zeros(0, np.int64)
            return cls(empty, empty, pa.array([], pa.string()), np.zeros(0, np.bool_), 0)
        segments = language(tag).segment(Utf8.of(texts))
        trimmed = pc.utf8_trim_whitespace(segments.distinct.dictionary).dictionary_encode()
        codes = np.asarray(trimmed.indices.to_numpy(), np.int64)[segments.codes]
        tokens = trimmed.dictionary
        there = (pc.utf8_length(tokens).to_numpy(zero_copy_only=False) > 0)[codes]
        is_word = np.zeros(len(tokens), np.bool_)
        is_word[codes[segments.is_word]] = True
        return cls(segments.rows[there], codes[there], tokens, is_word, len(texts))

    @cached_property
    def first(self) -> Ints:
        """``(n + 1,)``: where each text's tokens begin."""
        return first_of_rows(self.rows, self.count)

    @cached_property
    def lower(self) -> pa.DictionaryArray:
        """``(t,)``: the tokens in lower case; its dictionary is that of :attr:`word_codes`."""
        return pc.utf8_lower(self.tokens).dictionary_encode()

    @cached_property
    def word_places(self) -> Ints:
        """The tokens that are words."""
        return np.flatnonzero(self.is_word[self.codes])

    @cached_property
    def word_rows(self) -> Ints:
        """``(w,)`` the text that each word is of."""
        return self.rows[self.word_places]

    @cached_property
    def word_codes(self) -> Ints:
        """``(w,)`` each word's index in ``lower.dictionary``."""
        folded = np.asarray(self.lower.indices.to_numpy(zero_copy_only=False), np.int64)
        return folded[self.codes[self.word_places]]

    @cached_property
    def word_counts(self) -> Ints:
        """``(n,)``: words in each text."""
        return np.bincount(self.word_rows, minlength=self.count)

    def occurrences(self, chosen: Bools) -> "Words":
        """How often each word occurs in the chosen texts, and in how many of them."""
        picked = chosen[self.word_rows]
        codes, rows = self.word_codes[picked], self.word_rows[picked]
        size = len(self.lower.dictionary)
        counts = np.bincount(codes, minlength=size)
        pairs = np.unique(rows * size + codes)
        documents = np.bincount(pairs % size, minlength=size) if size else counts
        there = np.flatnonzero(counts)
        return Words.of(self.lower.dictionary.take(there), counts[there], documents[there])

    def words_of(self, row: int) -> list[str]:
        """The words of one text, in lower case."""
        start, stop = np.searchsorted(self.word_rows, [row, row + 1])
        found: list[str] = self.lower.dictionary.take(self.word_codes[start:stop]).to_pylist()
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """Words with their counts; beyond four million different ones, a sample of the words.

    Which words are in the sample is decided by their hashes alone, so parts add up in any order.

    Attributes:
        table: ``word``, ``count``, ``documents``; each word once.
        halvings: the sample has ``2 ** -halvings`` of all words.
    """

    table: pa.Table
    halvings: int = 0

    @classmethod
    def of(
        cls,
        words: pa.StringArray,
        counts: npt.NDArray[np.integer],
        documents: npt.NDArray[np.integer],
    ) -> Self:
        """Of words that are all different."""
        columns = [words, pa.array(counts, pa.int64()), pa.array(documents, pa.int64())]
        return cls(pa.table(columns, names=["word", "count", "documents"]))

    @classmethod
    def sum(cls, parts: Sequence["Words"]) -> Self:
        """All together; sorted by word."""
        halvings = max((part.halvings for part in parts), default=0)
        empty = pa.schema([("word", pa.string()), ("count", "int64"), ("documents", "int64")])
        whole = pa.concat_tables([empty.empty_table(), *(p.thinned(halvings).table for p in parts)])
        groups = whole.group_by("word", use_threads=False)
        sums = groups.aggregate([("count", "sum"), ("documents", "sum")]).rename_columns(
            empty.names
        )
        made = cls(sums.sort_by("word").combine_chunks(), halvings)
        while made.table.num_rows > _MOST_WORDS:
            made = made.thinned(made.halvings + 1)
        return made

    def thinned(self, halvings: int) -> Self:
        """A smaller sample, unless it is as small already."""
        if halvings <= self.halvings:
            return self
        hashes = mix(hash_strings(self.table["word"].combine_chunks()))
        kept = (hashes >> np.uint64(64 - halvings)) == 0
        return type(self)(self.table.filter(pa.array(kept)), halvings)

    def __add__(self, other: Self) -> Self:
        return self.sum([self, other])

    @property
    def total(self) -> int:
        """Occurrences of all words."""
        return int(self.counts.sum())

    @property
    def words(self) -> pa.StringArray:
        """``(w,)``."""
        return self.table["word"].combine_chunks()

    @property
    def counts(self) -> Ints:
        """``(w,)``."""
        return np.asarray(self.table["count"].to_numpy(), np.int64)

    @property
    def documents(self) -> Ints:
        """``(w,)``."""
        return np.asarray(self.table["documents"].to_numpy(), np.int64)


class Counter:
    """Adds up words; what it holds meanwhile is bounded."""

    def __init__(self) -> None:
        self._held: list[Words] = []

    def add(self, words: Words) -> None:
        """Add words."""
        self._held.append(words)
        fresh = sum(part.table.num_rows for part in self._held[1:])
        if fresh > max(_HELD_WORDS, self._held[0].table.num_rows):
            self._held = [Words.sum(self._held)]

    @property
    def words(self) -> Words:
        """All that was added."""
        self._held = [Words.sum(self._held)]
        return self._held[0]
