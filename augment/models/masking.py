"""Token sequences with whole words masked, cut into windows that a model can take."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Words:
    """Words to mask: row, and span in code points of the row; sorted, not overlapping."""

    rows: Ints
    starts: Ints
    stops: Ints


@dataclass(frozen=True, slots=True)
class MaskedSequences:
    """Windows that hold masks.

    Attributes:
        ids: per window, token ids without specials.
        masks: per window, the places of its masks.
        words: ``(m,)`` the word behind each mask, in the order of windows and masks.
    """

    ids: list[Ints]
    masks: list[Ints]
    words: Ints


@dataclass(frozen=True, slots=True)
class _Tokens:
    """Tokens of all rows, back to back."""

    rows: Ints
    ids: Ints
    starts: Ints
    stops: Ints

    @classmethod
    def of(cls, tokenizer: "Tokenizer", texts: Sequence[str]) -> "_Tokens":
        encoded = tokenizer.encode_batch(list(texts), add_special_tokens=False)
        lengths = np.array([len(e) for e in encoded], np.int64)
        total = int(lengths.sum())
        ids = np.fromiter(chain.from_iterable(e.ids for e in encoded), np.int64, total)
        flat = chain.from_iterable(chain.from_iterable(e.offsets for e in encoded))
        offsets = np.fromiter(flat, np.int64, 2 * total).reshape(-1, 2)
        rows = np.repeat(np.arange(len(texts)), lengths)
        return cls(rows, ids, offsets[:, 0], offsets[:, 1])


def mask_words(
    tokenizer: "Tokenizer", texts: Sequence[str], words: Words, mask_id: int, room: int
) -> MaskedSequences:
    """Replace all tokens of each word by one mask; a text longer than ``room`` is cut, never
    truncated, and windows without a mask are left out.

    A word of which the tokenizer leaves nothing (control characters) has no mask.
    """
    tokens = _Tokens.of(tokenizer, texts)
    word = _word_of(tokens, words)
    again = np.zeros(len(word), np.bool_)
    again[1:] = (word[1:] == word[:-1]) & (word[1:] >= 0)
    rows, ids, word = tokens.rows[~again], tokens.ids[~again], word[~again]
    ids[word >= 0] = mask_id
    place = np.arange(len(rows)) - np.searchsorted(rows, rows)
    window = place // room
    opens = np.ones(len(rows), np.bool_)
    opens[1:] = (rows[1:] != rows[:-1]) | (window[1:] != window[:-1])
    bounds = np.append(np.flatnonzero(opens), len(rows))
    masked = np.flatnonzero(word >= 0)
    wanted, per_window = np.unique(
        np.searchsorted(bounds, masked, side="right") - 1, return_counts=True
    )
    places = np.split(masked - np.repeat(bounds[wanted], per_window), np.cumsum(per_window)[:-1])
    sequences = [ids[bounds[w] : bounds[w + 1]] for w in wanted]
    return MaskedSequences(sequences, places if len(wanted) else [], word[masked])


def _word_of(tokens: _Tokens, words: Words) -> Ints:
    """Per token, the word with which it shares a character, −1 if there is none."""
    longest = max(tokens.stops.max(initial=0), words.stops.max(initial=0))
    stride = int(longest) + 1
    word_starts = np.append(words.rows * stride + words.starts, np.iinfo(np.int64).max)
    first = np.searchsorted(
        words.rows * stride + words.stops, tokens.rows * stride + tokens.starts, side="right"
    )
    shared = word_starts[first] < tokens.rows * stride + tokens.stops
    return np.where(shared, first, -1)
