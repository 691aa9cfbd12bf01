"""Windows around masks, for texts longer than a model takes.

A window is as wide as the model, and lies around a group of masks at most half as wide: so every
mask has context on both sides, a quarter of the width at the least, unless the text ends there.
"""

import numpy as np
import numpy.typing as npt

from augment.text.columns import Bools, first_of_rows

Ints = npt.NDArray[np.int64]

_REACH = 8
"""Tokens by which a window may shrink so as to begin and end at a word's border: a part of this
of its width at the most."""


def windows_of(
    first: Ints, places: Ints, rows: Ints, slots: Ints, opens: Bools, room: int
) -> tuple[Ints, Ints]:
    """Windows, and the one for each mask.

    Args:
        first: ``(n + 1,)`` the first token of each row, and the number of tokens.
        places: ``(m,)`` the masks' places among all tokens, in order.
        rows: ``(m,)`` row of each mask.
        slots: ``(m,)`` slot of each mask; a slot's masks stay together.
        opens: ``(t,)`` whether a token opens a word.
        room: width of a window.

    Returns:
        ``(w, 2)`` tokens [start, stop) of each window; ``(m,)`` the window of each mask.
    """
    masks = first_of_rows(rows, len(first) - 1)
    windows: list[Ints] = []
    window = np.zeros(len(places), np.int64)
    count = 0
    for row in np.flatnonzero(np.diff(masks)):
        own = slice(masks[row], masks[row + 1])
        start, stop = int(first[row]), int(first[row + 1])
        if stop - start <= room:
            made, of = np.array([[start, stop]]), np.zeros(masks[row + 1] - masks[row], np.int64)
        else:
            made, of = _cut(start, stop, places[own], slots[own], opens, room)
        windows.append(made)
        window[own] = of + count
        count += len(made)
    return np.concatenate([np.zeros((0, 2), np.int64), *windows]), window


def _cut(
    start: int, stop: int, places: Ints, slots: Ints, opens: Bools, room: int
) -> tuple[Ints, Ints]:
    """Windows of one long row."""
    _, head, index = np.unique(slots, return_index=True, return_inverse=True)
    last = np.append(head[1:], len(places)) - 1
    middles = (places[head] + places[last]) / 2
    centres, group = [], 0
    while group < len(middles):
        end = int(np.searchsorted(middles, middles[group] + room / 2, side="right"))
        centres.append((middles[group] + middles[end - 1]) / 2)
        group = end
    begins = np.clip(np.rint(np.array(centres) - room / 2).astype(np.int64), start, stop - room)
    spans = np.unique(begins)[:, None] + np.array([0, room])
    margin = np.minimum(
        np.where(spans[:, 0] == start, np.inf, middles[:, None] - spans[:, 0]),
        np.where(spans[:, 1] == stop, np.inf, spans[:, 1] - middles[:, None]),
    )
    best = margin.argmax(axis=1)
    used, of = np.unique(best, return_inverse=True)
    inner = [_aligned(spans[w], start, stop, opens, room) for w in used]
    return np.array(inner, np.int64), of[index]


def _aligned(span: Ints, start: int, stop: int, opens: Bools, room: int) -> tuple[int, int]:
    """A window that begins and ends at words' borders, if there are some nearby."""
    begin, end = map(int, span)
    reach = room // _REACH
    if begin > start:
        near = np.flatnonzero(opens[begin : begin + reach])
        begin += int(near[0]) if len(near) else 0
    if end < stop:
        near = np.flatnonzero(opens[end - reach + 1 : end + 1])
        end -= reach - 1 - int(near[-1]) if len(near) else 0
    return begin, end
