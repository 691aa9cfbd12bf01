"""Where a model may put words: which words it may replace, and where it may insert one."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from augment.batch import TextBatch
from augment.errors import ModelError
from augment.lexicons.forms import CLASSES, TAGS, Forms, load_forms
from augment.lexicons.phrases import load_phrases
from augment.models.tagger import load_tagger
from augment.text.casing import MIXED
from augment.text.columns import Bools, Ints
from augment.text.languages import Language
from augment.text.negations import negations
from augment.text.segments import Segments
from augment.text.spacing import inner_spaces

Pos = Literal["NOUN", "VERB", "ADJ", "ADV"]
Shares = npt.NDArray[np.float32]

_PLAIN = {"zh": r"^\p{Han}{1,4}$"}
_LETTERS = r"^\p{L}[\p{L}\p{M}]*$"
_TAG_PREFIXES = {"NOUN": ("N",), "VERB": ("V",), "ADJ": ("JJ", "ADJ"), "ADV": ("RB", "ADV")}
"""How tags begin in the sets of tags in use (Penn, STTS, Universal); ``NNP`` and the like are
names."""
_NAMES = ("NNP", "NE", "PROPN")


def substitutable(segments: Segments, tongue: Language, batch: TextBatch) -> Bools:
    """``(pieces,)``: words that may be replaced.

    They are no stopwords, negations, names, parts of set phrases; of one letter case; unprotected.
    """
    fit = _plain(segments, tongue) & segments.outside(batch.protected)
    fit &= ~negations(segments, tongue.tag)
    pieces = np.flatnonzero(fit)
    fit[pieces[tongue.names(segments, pieces)]] = False
    phrases = load_phrases(tongue.tag)
    if phrases is not None:
        pieces = np.flatnonzero(fit)
        fit[pieces[phrases.holds(segments, pieces)]] = False
    return fit


def insertable(segments: Segments, tongue: Language, batch: TextBatch) -> Bools:
    """``(pieces,)``: words right before which another may be put.

    The word itself could be replaced; before it stands a word that is no negation, and between
    them, in languages with spaces, nothing but spaces. No place is in or beside a protected span.
    """
    fit = substitutable(segments, tongue, batch)
    free = segments.outside(batch.protected)
    denied = negations(segments, tongue.tag)
    gap = 1 if tongue.spaced else 0
    behind = np.zeros(len(fit), np.bool_)
    reach = 1 + gap
    behind[reach:] = segments.is_word[:-reach] & ~denied[:-reach] & free[:-reach]
    behind[reach:] &= segments.rows[reach:] == segments.rows[:-reach]
    if gap:
        behind[1:] &= (inner_spaces(segments) & free)[:-1]
    return np.asarray(fit & behind)


def _plain(segments: Segments, tongue: Language) -> Bools:
    distinct = segments.distinct.dictionary
    plain = pc.match_substring_regex(distinct, _PLAIN.get(tongue.tag, _LETTERS))
    stop = pc.is_in(pc.utf8_lower(distinct), value_set=tongue.stopwords)
    fit = pc.and_not(plain, stop).to_numpy(zero_copy_only=False) & (segments.patterns != MIXED)
    return np.asarray(fit[segments.codes] & segments.is_word)


class Grammar:
    """What the words of a column are: from a tagger, or from what they usually are.

    Attributes:
        forms: the language's table, if there is one.
        shares: ``(pieces, t)`` float32, how likely a word is of each of
            :data:`augment.lexicons.forms.TAGS`; zeros for gaps and unknown words.
        places: ``(pieces,)`` int64, places in the table, −1 if not there.
    """

    def __init__(self, segments: Segments, tongue: Language, tagger: str | None) -> None:
        self.forms: Forms | None = load_forms(tongue.tag)
        self._tags: pa.DictionaryArray | None = None
        codes = segments.codes
        self.places: Ints = np.full(len(codes), -1)
        self.shares: Shares = np.zeros((len(codes), len(TAGS)), np.float32)
        if self.forms is not None:
            found = self.forms.find(segments.distinct.dictionary)
            usual = self.forms.shares[found].astype(np.float32)
            usual[found < 0] = 0
            usual /= np.maximum(usual.sum(axis=1, keepdims=True), 1)
            self.places, self.shares = found[codes], usual[codes]
        if tagger is not None:
            self._tags = load_tagger(tagger).tags(segments)
            self._believe(self._tags)

    def _believe(self, tags: pa.DictionaryArray) -> None:
        """Where a tag is known, it alone counts."""
        names = ["VB" if name == "VBP" else name for name in tags.dictionary.to_pylist()]
        column = np.array([TAGS.index(name) if name in TAGS else -1 for name in names], np.int64)
        given = pc.fill_null(tags.indices, len(names)).to_numpy()
        at = np.append(column, -1)[given]
        told = np.flatnonzero(given < len(names))
        self.shares[told] = 0
        sure = np.flatnonzero(at >= 0)
        self.shares[sure, at[sure]] = 1

    def of(self, pos: Sequence[Pos], tag: str) -> Bools:
        """``(pieces,)``: words that are, or nearly always are, of one of these parts of speech.

        Raises:
            ModelError: neither a tagger nor a table says so.
        """
        if self._tags is not None:
            names = self._tags.dictionary.to_pylist()
            starts = tuple(start for name in pos for start in _TAG_PREFIXES[name])
            fit = [n.startswith(starts) and not n.startswith(_NAMES) for n in names]
            given = pc.fill_null(self._tags.indices, len(names)).to_numpy()
            return np.asarray(np.append(np.array(fit, np.bool_), False)[given])
        if self.forms is None:
            raise ModelError(
                f"masked_lm: pos needs a tagger for language {tag!r}, such as spacy:MODEL; "
                "only English has a table of parts of speech"
            )
        return np.asarray(self.share(pos) > 0.5)

    def share(self, pos: Sequence[Pos]) -> Shares:
        """``(pieces,)``: how likely a word is of one of these parts of speech."""
        columns = [TAGS.index(tag) for name in pos for tag in CLASSES[name]]
        return np.asarray(self.shares[:, columns].sum(axis=1))
