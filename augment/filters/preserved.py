"""The filter of what must stay: numbers, addresses, placeholders, labelled entities."""

from collections import Counter
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import model_validator

from augment.batch import TextBatch, Variants
from augment.component import component
from augment.errors import AugmillError
from augment.filter import Filter, Verdicts
from augment.filters.pairs import Pairs
from augment.text.columns import Bools, Flat, Ints, Utf8, first_of_rows
from augment.text.edits import overlaps
from augment.text.protect import DEFAULT_KINDS, Protection


@component("preserved")
class Preserved(Filter):
    """Reject variants that lost, added or changed what has to stay the same.

    Source and variant must hold the same numbers, URLs, placeholders and so on, each as often; in
    what order does not matter. Characters are compared in their compatibility form (Unicode's
    NFKC: full-width digits are digits) and without white space. The texts of the source's
    protected spans, labelled entities among them, must stand in the variant as often as in the
    source, too. Numbers in words (``three``, ``三``) are not looked at.

    Args:
        kinds: of what is compared: ``urls``, ``emails``, ``markup``, ``placeholders``,
            ``handles``, ``hashtags``, ``numbers``; all of them if left out.
        patterns: regular expressions (syntax of the ``regex`` package) of what is, besides.
        spans: whether the source's protected spans are.
    """

    kinds: tuple[str, ...] = DEFAULT_KINDS
    patterns: tuple[str, ...] = ()
    spans: bool = True

    @model_validator(mode="after")
    def _check_kinds(self) -> Self:
        try:
            Protection(self.kinds, self.patterns)
        except AugmillError as error:
            raise ValueError(str(error)) from None
        return self

    def judge(self, source: TextBatch, variants: Variants) -> Verdicts:
        """The score is the share of what either text holds that both do, NaN where neither has
        anything; reasons are ``lost`` (and perhaps added) and ``added``.
        """
        pairs = Pairs.of(source, variants)
        lost, added, common = _compared(*(self._held(text) for text in (pairs.old, pairs.new)))
        if self.spans:
            lost = lost + _missing(source, variants, pairs)
        held = lost + added + common
        score = np.where(held > 0, common / np.maximum(held, 1), np.nan)
        return pairs.verdicts(score, {"lost": lost > 0, "added": added > 0})

    def _held(self, text: pa.StringArray) -> tuple[pa.StringArray, Ints, int]:
        """What a column holds, in the form in which it is compared, the row of each, and rows."""
        flat = Flat.of(Protection(self.kinds, self.patterns).find(text))
        texts = pc.utf8_normalize(_texts(text, flat), form="NFKC")
        return pc.replace_substring_regex(texts, r"\s+", ""), flat.rows, len(text)


def _texts(text: pa.StringArray, spans: Flat) -> pa.StringArray:
    """``(m,)``: the characters of each span."""
    column = Utf8.of(text)
    base = column.char_offsets[spans.rows]
    bounds = np.zeros(2 * len(base) + 1, np.int64)
    bounds[1::2] = column.to_bytes(base + spans.fields["start"])
    bounds[2::2] = column.to_bytes(base + spans.fields["stop"])
    return column.pieces(bounds).take(pa.array(np.arange(1, len(bounds), 2)))


def _compared(
    old: tuple[pa.StringArray, Ints, int], new: tuple[pa.StringArray, Ints, int]
) -> tuple[Ints, Ints, Ints]:
    """``(n,)`` each: how many things are in the old row only, in the new one only, in both."""
    encoded = pc.dictionary_encode(pa.concat_arrays([old[0], new[0]]))
    rows, count = np.concatenate([old[1], new[1]]), old[2]
    keys = rows * len(encoded.dictionary) + encoded.indices.to_numpy()
    distinct, places = np.unique(keys, return_inverse=True)
    was, now = (
        np.bincount(part, minlength=len(distinct))
        for part in (places[: len(old[0])], places[len(old[0]) :])
    )
    owner = distinct // max(1, len(encoded.dictionary))
    parts = np.maximum(was - now, 0), np.maximum(now - was, 0), np.minimum(was, now)
    lost, added, common = (
        np.bincount(owner, part, minlength=count).astype(np.int64) for part in parts
    )
    return lost, added, common


def _missing(source: TextBatch, variants: Variants, pairs: Pairs) -> Ints:
    """``(m,)``: how many texts of protected spans a variant lacks.

    Where no edit touches a span, its text is there; only the other rows are searched.
    """
    touched: Bools = overlaps(variants.edits, source.protected)[pairs.rows]
    lacking = np.zeros(len(pairs), np.int64)
    places = np.flatnonzero(touched)
    if not len(places):
        return lacking
    index = pa.array(places)
    old, new = pairs.old.take(index), pairs.new.take(index).to_pylist()
    flat = Flat.of(source.protected.take(pa.array(pairs.rows[places])))
    wanted, first = _texts(old, flat).to_pylist(), first_of_rows(flat.rows, len(places))
    for row, (before, after) in enumerate(zip(old.to_pylist(), new, strict=True)):
        texts = Counter(wanted[first[row] : first[row + 1]])
        lacking[places[row]] = sum(
            max(0, min(times, before.count(text)) - after.count(text))
            for text, times in texts.items()
            if text
        )
    return lacking
