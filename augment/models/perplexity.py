"""How surprised a language model is by parts of texts, per word or token.

``exp`` of the mean surprise of a whole text is its perplexity. Of a masked model it is the
pseudo-perplexity of Salazar, Liang, Nguyen & Kirchhoff 2020, "Masked Language Model Scoring", §2:
every token is predicted from all others. Here the tokens that follow in the same word are hidden
with it, since they would give it away (Kauf & Ivanova 2023, "A Better Way to Do Masked Language
Model Scoring", §3, ``PLL-word-l2r``); and every :data:`STRIDE`-th token of a text is hidden in the
same pass, about as many as when BERT was trained (Devlin et al. 2019, §3.1), so that a text takes
that many passes at the most, and a few tokens next to each other are predicted one by one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from augment.models.fill_mask import FillMask
from augment.models.ngram import NgramModel
from augment.models.vocabulary import specials, stand_in
from augment.models.windows import windows_of
from augment.text.columns import Ints, Utf8
from augment.text.languages import language

if TYPE_CHECKING:
    from tokenizers import Encoding

Floats = npt.NDArray[np.float64]

STRIDE = 6
"""Passes that a text takes at the most."""

AROUND = 1
"""Words on either side of a place that a masked model reads with it."""

REACH = 2
"""Words on either side that an n-gram model does: all that a trigram sees."""

Places = Sequence[tuple[int, int]]
"""Code points [start, stop) of a text, sorted; empty where something was taken out."""


def masked_surprise(
    model: FillMask, texts: Sequence[str], places: Sequence[Places], batch_tokens: int
) -> Floats:
    """``(n,)``: the mean −log p of the tokens at the places of each text, and of the words beside.

    NaN where a text has none there that the model knows.

    Args:
        model: a masked language model.
        texts: n.
        places: of each text, where to look.
        batch_tokens: tokens in a padded batch at the most.
    """
    requests = list(_requests(model, texts, places))
    found = np.zeros(sum(len(request.scored) for request in requests))
    answers = model.log_probabilities(
        [request.ids for request in requests],
        [request.scored for request in requests],
        [request.targets for request in requests],
        batch_tokens,
    )
    for numbers, values in answers:
        found[numbers] = values
    rows = np.repeat([r.row for r in requests], [len(r.scored) for r in requests]).astype(np.int64)
    return _means(rows, -found, np.ones(len(rows), np.int64), len(texts))


def ngram_surprise(
    model: NgramModel, texts: pa.StringArray, places: Sequence[Places], tag: str
) -> Floats:
    """``(n,)``: the mean −log p of the words at the places of each text, and of two beside.

    NaN where a text has no word there. A word that the model does not know as it is written is
    looked for in lower case.

    Args:
        model: of words.
        texts: ``(n,)``, no nulls.
        places: of each text, where to look.
        tag: BCP 47 tag, which decides how words are found.
    """
    segments = language(tag).segment(Utf8.of(texts))
    chars = segments.text.char_offsets
    words = np.flatnonzero(segments.is_word)
    rows = segments.rows[words]
    starts = segments.text.to_chars(segments.starts[words]) - chars[rows]
    stops = segments.text.to_chars(segments.stops[words]) - chars[rows]
    first = np.searchsorted(rows, np.arange(len(texts) + 1))
    spelled = segments.pieces.take(pa.array(words)).to_pylist()
    of: list[int] = []
    counts: list[int] = []
    passages: list[str] = []
    for row, wanted in enumerate(places):
        own = slice(first[row], first[row + 1])
        marked = _near(starts[own], stops[own], wanted, REACH)
        for run in _runs(marked):
            written = [spelled[first[row] + place] for place in run]
            passages.append(" ".join(w if w in model else w.lower() for w in written))
            of.append(row)
            counts.append(len(run))
    surprise = -model.score(passages)
    return _means(np.array(of, np.int64), surprise, np.array(counts, np.int64), len(texts))


@dataclass(frozen=True, slots=True)
class _Request:
    """A sequence with masks.

    Attributes:
        row: the text.
        ids: tokens, some of them masks.
        scored: places of the tokens to predict.
        targets: these tokens.
    """

    row: int
    ids: Ints
    scored: Ints
    targets: Ints


def _requests(
    model: FillMask, texts: Sequence[str], places: Sequence[Places]
) -> Iterator[_Request]:
    unread = np.array([*specials(model.tokenizer), stand_in(model.tokenizer)])
    encoded = model.tokenizer.encode_batch(list(texts), add_special_tokens=False)
    for row, (tokens, wanted) in enumerate(zip(encoded, places, strict=True)):
        ids = np.array(tokens.ids, np.int64)
        scored, ends = _scored(tokens, wanted)
        known = ~np.isin(ids[scored], unread)
        scored, ends = scored[known], ends[known]
        for (start, stop), own in _windows(len(ids), scored, model.room):
            for part in range(STRIDE):
                chosen = own[scored[own] % STRIDE == part]
                if not len(chosen):
                    continue
                masked = ids[start:stop].copy()
                for place, end in zip(scored[chosen], ends[chosen], strict=True):
                    masked[place - start : end - start] = model.mask_id
                at = scored[chosen] - start
                yield _Request(row, masked, at, ids[scored[chosen]])


def _scored(tokens: "Encoding", wanted: Places) -> tuple[Ints, Ints]:
    """The tokens of the words at the places and beside, and where the word of each ends."""
    empty = np.zeros(0, np.int64)
    if not len(tokens.ids) or not len(wanted):
        return empty, empty
    spans = np.array(tokens.offsets, np.int64)
    word = np.array([-1 if w is None else w for w in tokens.word_ids], np.int64)
    opens = np.flatnonzero(np.append(True, word[1:] != word[:-1]))
    closes = np.append(opens[1:], len(word))
    near = _near(spans[opens, 0], spans[closes - 1, 1], wanted, AROUND)
    ranges = [np.arange(opens[w], closes[w]) for w in near]
    if not ranges:
        return empty, empty
    return np.concatenate(ranges), np.repeat(closes[near], [len(r) for r in ranges])


def _near(starts: Ints, stops: Ints, wanted: Places, around: int) -> Ints:
    """The words that share a character with a place, and so many on either side; ascending."""
    marked = np.zeros(len(starts), np.bool_)
    for start, stop in wanted:
        low = int(np.searchsorted(stops, start, side="right"))
        high = max(low, int(np.searchsorted(starts, stop)))
        marked[max(0, low - around) : high + around] = True
    return np.flatnonzero(marked)


def _runs(places: Ints) -> Iterable[Ints]:
    """Consecutive numbers together."""
    cuts = np.flatnonzero(np.diff(places) > 1) + 1
    return np.split(places, cuts) if len(places) else ()


def _windows(length: int, scored: Ints, room: int) -> Iterator[tuple[tuple[int, int], Ints]]:
    """What of a text the model reads at once, and which of the scored tokens it predicts there."""
    if not len(scored):
        return
    rows, opens = np.zeros(len(scored), np.int64), np.ones(length, np.bool_)
    spans, window = windows_of(
        np.array([0, length]), scored, rows, np.arange(len(scored)), opens, room
    )
    for number, (start, stop) in enumerate(spans):
        yield (int(start), int(stop)), np.flatnonzero(window == number)


def _means(rows: Ints, totals: Floats, numbers: Ints, count: int) -> Floats:
    """Of each of ``count`` rows the sum of its totals over the sum of their numbers, or NaN."""
    total = np.bincount(rows, totals, minlength=count)
    number = np.bincount(rows, numbers, minlength=count)
    return np.asarray(np.where(number > 0, total / np.maximum(number, 1), np.nan))
