"""Latin letters as tables by code point: which they are, and their cases."""

from functools import cache

import numpy as np
import regex

from augment.text.characters import PLANE, Points
from augment.text.columns import Bools


@cache
def latin() -> Bools:
    """``(PLANE,)``: which code points are Latin letters, those of full width left out."""
    found = np.zeros(PLANE, np.bool_)
    plane = "".join(map(chr, range(0x2C80))) + "".join(map(chr, range(0xA720, 0xAB70)))
    found[[ord(c) for c in regex.findall(r"[\p{Latin}&&\p{L}]", plane, flags=regex.V1)]] = True
    return found


@cache
def cases() -> tuple[Points, Points]:
    """``(PLANE,)`` each: lower and upper case of every Latin letter, where it is one character."""
    lower, upper = np.arange(PLANE, dtype=np.uint32), np.arange(PLANE, dtype=np.uint32)
    for point in np.flatnonzero(latin()).tolist():
        for table, other in ((lower, chr(point).lower()), (upper, chr(point).upper())):
            if len(other) == 1 and ord(other) < PLANE:
                table[point] = ord(other)
    return lower, upper


def like(points: Points, models: Points) -> Points:
    """``(m,)``: the letters in the case of their models."""
    lower, upper = cases()
    return np.where(lower[models] != models, upper[points], lower[points])
