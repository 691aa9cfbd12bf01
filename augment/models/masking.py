"""Token sequences with words masked or masks inserted, in windows that a model can take."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from augment.models.vocabulary import specials, stand_in
from augment.models.windows import windows_of
from augment.text.columns import Bools, first_of_rows

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Slots:
    """Where masks come: sorted, not overlapping.

    Attributes:
        rows: ``(s,)`` row of each.
        starts, stops: ``(s,)`` the masked word, in code points of its row; equal where masks are
            inserted, right before a word.
        counts: ``(s,)`` masks of each; 0 for as many as the word has tokens.
        shown: whether a word that has just as many tokens stays visible: its tokens take the place
            of the masks.
    """

    rows: Ints
    starts: Ints
    stops: Ints
    counts: Ints
    shown: bool = False


@dataclass(frozen=True, slots=True)
class Masked:
    """Tokens of all rows, back to back, and the windows in which their masks are read.

    Attributes:
        ids: ``(t,)`` token ids without specials; a drawn item takes the place of its mask.
        places: ``(m,)`` the masks' places among them, in order.
        slots, levels: ``(m,)`` the slot of each mask, and its number within it.
        counts: ``(s,)`` masks of each slot; 0 for a word of which the tokenizer leaves nothing.
        heads: ``(s,)`` the token that stood first in the word, or behind an insertion; −1 if none.
        windows: ``(w, 2)`` the tokens [start, stop) of each window.
        window: ``(m,)`` the window of each mask: the one in which its word is most central.
    """

    ids: Ints
    places: Ints
    slots: Ints
    levels: Ints
    counts: Ints
    heads: Ints
    windows: Ints
    window: Ints

    def requests(self, masks: Ints) -> tuple[list[Ints], list[Ints], Ints]:
        """What to ask the model about some masks.

        Args:
            masks: ``(k,)`` which, ascending.

        Returns:
            Sequences, the places of the masks in each, and ``(k,)`` the masks in the order of the
            answer.
        """
        order = masks[np.argsort(self.window[masks], kind="stable")]
        asked, per_window = np.unique(self.window[order], return_counts=True)
        spans = self.windows[asked]
        places = self.places[order] - np.repeat(spans[:, 0], per_window)
        parts = np.split(places, np.cumsum(per_window)[:-1]) if len(asked) else []
        return [self.ids[start:stop] for start, stop in spans], parts, order


@dataclass(frozen=True, slots=True)
class _Tokens:
    """Tokens of all rows, back to back.

    Attributes:
        opens: whether a token opens a word of the tokenizer's own.
    """

    rows: Ints
    ids: Ints
    starts: Ints
    stops: Ints
    opens: Bools

    @classmethod
    def of(cls, tokenizer: "Tokenizer", texts: Sequence[str], room: int) -> "_Tokens":
        encoded = tokenizer.encode_batch(list(texts), add_special_tokens=False)
        lengths = np.array([len(e) for e in encoded], np.int64)
        total = int(lengths.sum())
        ids = np.fromiter(chain.from_iterable(e.ids for e in encoded), np.int64, total)
        _read_literally(tokenizer, ids)
        flat = chain.from_iterable(chain.from_iterable(e.offsets for e in encoded))
        offsets = np.fromiter(flat, np.int64, 2 * total).reshape(-1, 2)
        rows = np.repeat(np.arange(len(texts)), lengths)
        opens = np.ones(total, np.bool_)
        first = first_of_rows(rows, len(texts))
        for row in np.flatnonzero(lengths > room // 2):  # only long rows are cut
            words = np.array([-1 if w is None else w for w in encoded[row].word_ids], np.int64)
            opens[first[row] + 1 : first[row + 1]] = words[1:] != words[:-1]
        return cls(rows, ids, offsets[:, 0], offsets[:, 1], opens)


def _read_literally(tokenizer: "Tokenizer", ids: Ints) -> None:
    """Specials that a text spells out become unknown words: Unigram models know them by heart."""
    special = np.isin(ids, sorted(specials(tokenizer)))
    if special.any():
        ids[special] = stand_in(tokenizer)


def mask_slots(
    tokenizer: "Tokenizer", texts: Sequence[str], slots: Slots, mask_id: int, room: int
) -> Masked:
    """Put masks where they come: for all tokens of a word, or between two words.

    A text longer than ``room`` is read in windows around its masks, never truncated.

    Args:
        tokenizer: prepared by :func:`augment.models.fill_mask.prepare`.
        texts: ``(n,)``.
        slots: where.
        mask_id: the mask's token id.
        room: tokens of text that fit into one input.
    """
    tokens = _Tokens.of(tokenizer, texts, room)
    word = _word_of(tokens, slots)
    at, size = _heads(tokens, slots, word)
    there = np.flatnonzero(size >= 0)
    counts = np.zeros(len(slots.rows), np.int64)
    counts[there] = np.where(slots.counts[there] > 0, slots.counts[there], size[there])
    heads = np.full(len(counts), -1)
    heads[there] = tokens.ids[at[there]]
    # Before every token stand the masks of a slot, if one comes here, and then the token itself.
    before, own = np.zeros(len(tokens.ids), np.int64), (word < 0).astype(np.int64)
    before[at[there]] = counts[there]
    slot = np.full(len(tokens.ids), -1)
    slot[at[there]] = there
    repeats = np.stack([before, own], axis=1).ravel()
    masked = np.repeat(np.stack([slot, np.full_like(slot, -1)], axis=1).ravel(), repeats)
    ids = np.repeat(np.stack([np.full_like(slot, mask_id), tokens.ids], axis=1).ravel(), repeats)
    rows = np.repeat(np.repeat(tokens.rows, 2), repeats)
    opens = np.repeat(np.repeat(tokens.opens, 2), repeats)
    places = np.flatnonzero(masked >= 0)
    of = masked[places]
    levels = np.arange(len(of)) - np.searchsorted(of, of)
    opens[places] = levels == 0
    if slots.shown:
        kept = (size == counts)[of] & (slots.starts < slots.stops)[of]
        ids[places[kept]] = tokens.ids[at[of[kept]] + levels[kept]]
    first = first_of_rows(rows, len(texts))
    windows, window = windows_of(first, places, rows[places], of, opens, room)
    return Masked(ids, places, of, levels, counts, heads, windows, window)


def _heads(tokens: _Tokens, slots: Slots, word: Ints) -> tuple[Ints, Ints]:
    """``(s,)`` each: the token before which a slot's masks come, and how many they replace.

    The number is −1 where there is no such token.
    """
    at, size = np.zeros(len(slots.rows), np.int64), np.full(len(slots.rows), -1)
    held = np.flatnonzero(word >= 0)
    found, first, counts = np.unique(word[held], return_index=True, return_counts=True)
    at[found], size[found] = held[first], counts
    inserted = np.flatnonzero(slots.starts == slots.stops)
    if len(inserted):
        stride = int(max(tokens.stops.max(initial=0), slots.stops.max(initial=0))) + 1
        ends = tokens.rows * stride + tokens.stops
        wanted = slots.rows[inserted] * stride + slots.starts[inserted]
        place = np.searchsorted(ends, wanted, side="right")
        inside = place < len(ends)
        inside[inside] = tokens.rows[place[inside]] == slots.rows[inserted][inside]
        # Two places that the tokenizer runs into one get one insertion.
        inside[1:] &= place[1:] != place[:-1]
        at[inserted[inside]], size[inserted[inside]] = place[inside], 1
    return at, size


def _word_of(tokens: _Tokens, slots: Slots) -> Ints:
    """Per token, the slot with whose word it shares a character, −1 if there is none."""
    longest = max(tokens.stops.max(initial=0), slots.stops.max(initial=0))
    stride = int(longest) + 1
    word_starts = np.append(slots.rows * stride + slots.starts, np.iinfo(np.int64).max)
    first = np.searchsorted(
        slots.rows * stride + slots.stops, tokens.rows * stride + tokens.starts, side="right"
    )
    shared = word_starts[first] < tokens.rows * stride + tokens.stops
    held = np.where(shared, first, -1)
    spans = np.append(slots.stops > slots.starts, False)
    return np.where(spans[held], held, -1)
