"""How often the words of a corpus occur: exact counts that add up with ``+``, in any order.

A word is counted in lower case, per language. Words with digits or underscores are not counted,
nor is what lies in a protected span: neither could ever be replaced or take a word's place.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.text.columns import Bools, Utf8
from augment.text.languages import language as language_of
from augment.text.segments import Segments

SCHEMA = pa.schema(
    [
        ("language", pa.string()),
        ("word", pa.string()),
        ("documents", pa.int64()),
        ("count", pa.int64()),
        ("lower", pa.int64()),
    ]
)
"""Of each word: texts that hold it, how often it occurs, and how often of these in lower case."""

_NUMBERS = SCHEMA.names[2:]

_COUNTABLE = r"^\p{L}[\p{L}\p{M}'’‐‑·-]*$"


@dataclass(frozen=True, eq=False)
class WordCounts:
    """Words of some texts, all of them.

    Attributes:
        texts: how many texts of each language, by its primary tag.
        table: as in :data:`SCHEMA`, sorted by language and word; each pair stands there once.
    """

    texts: Mapping[str, int]
    table: pa.Table

    @classmethod
    def of(
        cls,
        texts: Iterable[str] | pa.StringArray,
        language: str = "en",
        protected: pa.ListArray | None = None,
    ) -> "WordCounts":
        """Count the words of texts of one language.

        Args:
            texts: ``(n,)``, no nulls.
            language: BCP 47 tag.
            protected: ``(n,)`` spans whose words are not counted; none if left out.
        """
        column = texts if isinstance(texts, pa.Array) else pa.array(list(texts), pa.string())
        tongue = language_of(language)
        segments = tongue.segment(Utf8.of(column))
        free = segments.is_word
        if protected is not None:
            free = free & segments.outside(protected)
        return cls({tongue.tag: len(column)}, _counted(segments, free, tongue.tag))

    @classmethod
    def sum(cls, parts: Sequence["WordCounts"]) -> "WordCounts":
        """All of them together; the same for any order and any grouping."""
        tags = sorted({tag for part in parts for tag in part.texts})
        texts = {tag: sum(part.texts.get(tag, 0) for part in parts) for tag in tags}
        return cls(texts, added([part.table for part in parts]))

    def __add__(self, other: "WordCounts") -> "WordCounts":
        return WordCounts.sum([self, other])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, WordCounts):
            return NotImplemented
        return self.texts == other.texts and self.table.equals(other.table)


def added(tables: Sequence[pa.Table]) -> pa.Table:
    """One table of several: numbers of the same word are added; sorted by language and word."""
    whole = pa.concat_tables([SCHEMA.empty_table(), *tables])
    groups = whole.group_by(["language", "word"], use_threads=False)
    sums = groups.aggregate([(name, "sum") for name in _NUMBERS])
    columns = [*SCHEMA.names[:2], *(f"{name}_sum" for name in _NUMBERS)]
    order = [("language", "ascending"), ("word", "ascending")]
    return sums.select(columns).rename_columns(SCHEMA.names).sort_by(order).combine_chunks()


def countable(words: pa.StringArray) -> Bools:
    """``(n,)``: which words consist of letters, apart from apostrophes and hyphens."""
    return np.asarray(pc.match_substring_regex(words, _COUNTABLE).to_numpy(zero_copy_only=False))


def _counted(segments: Segments, free: Bools, tag: str) -> pa.Table:
    if not len(segments.starts):
        return SCHEMA.empty_table()
    distinct = segments.distinct.dictionary
    lowered = pc.utf8_lower(distinct)
    folded = pc.dictionary_encode(lowered)
    words, code_of = folded.dictionary, folded.indices.to_numpy()
    places = np.flatnonzero(free & countable(lowered)[segments.codes])
    pieces = segments.codes[places]
    codes = code_of[pieces].astype(np.int64)
    counts = np.bincount(codes, minlength=len(words))
    small = pc.equal(distinct, lowered).to_numpy(zero_copy_only=False)[pieces]
    lower = np.bincount(codes[small], minlength=len(words))
    pairs = np.sort(segments.rows[places] * len(words) + codes)
    first = np.append(True, pairs[1:] != pairs[:-1])[: len(pairs)]
    documents = np.bincount(pairs[first] % len(words), minlength=len(words))
    there = np.flatnonzero(counts)
    columns = [documents[there], counts[there], lower[there]]
    return pa.table(
        [pa.repeat(tag, len(there)), words.take(pa.array(there)), *map(pa.array, columns)],
        schema=SCHEMA,
    ).sort_by("word")
