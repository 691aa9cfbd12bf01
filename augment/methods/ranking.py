"""Rank candidates by how likely an n-gram model finds them between their neighbours.

Candidates of one place differ in nothing else, so the score of the short passage around each of
them ranks them.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from augment.lexicons.lexicon import Lexicon
from augment.models.ngram import NgramModel
from augment.text.columns import Ints
from augment.text.segments import Segments

CONTEXT = 2
"""Words on either side of a candidate that are scored with it: all that a trigram sees."""

_BLANK = r"^\s*$"
_FINE = 2.0**40
"""Likelihoods are counted in parts of the likeliest candidate's: whole numbers add up to the same
sums whatever else is in the batch."""


def draw_in_context(
    model: NgramModel,
    segments: Segments,
    pieces: Ints,
    entries: Ints,
    table: Lexicon,
    uniform: npt.NDArray[np.float64],
) -> Ints:
    """The place of one candidate per piece, in proportion to weight × probability in context.

    Context is up to two words on either side, not across a row's end or punctuation.

    Args:
        model: from :func:`load_ngram`.
        segments: the column.
        pieces: ``(m,)`` the chosen pieces.
        entries: ``(m,)`` each one's word in the table, none negative.
        table: the candidates.
        uniform: ``(m,)`` numbers in [0, 1).

    Returns:
        ``(m,)`` places in ``table.candidates``.
    """
    if not len(pieces):
        return pieces
    counts = np.diff(table.offsets)[entries]
    ends = np.cumsum(counts)
    first = ends - counts
    options, likelihood = _likelihoods(model, segments, pieces, entries, table)
    sums = np.append(0, np.cumsum((likelihood * _FINE).astype(np.int64)))
    target = sums[first] + (uniform * (sums[ends] - sums[first])).astype(np.int64)
    return np.asarray(options[np.searchsorted(sums[1:], target, side="right")])


def shares_in_context(
    model: NgramModel, segments: Segments, pieces: Ints, entries: Ints, table: Lexicon
) -> npt.NDArray[np.float64]:
    """What :func:`draw_in_context` draws in proportion to, candidate by candidate."""
    return _likelihoods(model, segments, pieces, entries, table)[1]


def _likelihoods(
    model: NgramModel, segments: Segments, pieces: Ints, entries: Ints, table: Lexicon
) -> tuple[Ints, npt.NDArray[np.float64]]:
    """All pieces' candidates, and how likely each is, in parts of its piece's likeliest."""
    counts = np.diff(table.offsets)[entries]
    first = np.cumsum(counts) - counts
    of = np.repeat(np.arange(len(pieces)), counts)
    options = table.offsets[entries][of] + np.arange(len(of)) - first[of]
    score = _in_context(model, segments, pieces[of], table.candidates.take(pa.array(options)))
    logits = np.log(table.weights[options].astype(np.float64)) + score
    return options, np.exp(logits - np.maximum.reduceat(logits, first)[of])


def _in_context(
    model: NgramModel, segments: Segments, pieces: Ints, words: pa.StringArray
) -> npt.NDArray[np.float64]:
    """``(m,)`` scores of words that would stand at the pieces; every distinct passage once."""
    before, behind = _neighbours(segments, pieces)
    columns = [segments.pieces.take(pa.array(at, mask=at < 0)) for at in (*before, *behind)]
    passage = [*columns[:CONTEXT], words, *columns[CONTEXT:]]
    joined = pc.binary_join_element_wise(*passage, " ", null_handling="skip")
    distinct = pc.dictionary_encode(joined)
    found = model.score(distinct.dictionary.to_pylist())
    return np.asarray(found[distinct.indices.to_numpy()])


def _neighbours(segments: Segments, pieces: Ints) -> tuple[list[Ints], list[Ints]]:
    """Pieces of the words around each piece, in order of reading; −1 where there is none."""
    words = np.flatnonzero(segments.is_word)
    blank = pc.match_substring_regex(segments.distinct.dictionary, _BLANK)
    open_gap = blank.to_numpy(zero_copy_only=False)[segments.codes] | segments.is_word
    barriers = np.append(0, np.cumsum(~open_gap))[words]
    passage = segments.rows[words] * (len(segments.starts) + 1) + barriers
    at = np.searchsorted(words, pieces)

    def word(step: int) -> Ints:
        other = np.clip(at + step, 0, max(len(words) - 1, 0))
        near = (other == at + step) & (passage[other] == passage[at])
        return np.where(near, words[other], -1)

    steps = range(1, CONTEXT + 1)
    return [word(-step) for step in reversed(steps)], [word(step) for step in steps]
