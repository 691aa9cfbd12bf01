"""Words that are probably names: capitalised where no sentence starts."""

import numpy as np

from augment.text.casing import TITLE
from augment.text.columns import Bools, Ints
from augment.text.segments import Segments
from augment.text.spacing import opens_sentence


def inner_capitals(segments: Segments, pieces: Ints) -> Bools:
    """``(m,)``: which of these pieces are capitalised and do not open a sentence or a row."""
    inner = (segments.patterns[segments.codes[pieces]] == TITLE) & segments.is_word[pieces]
    found = np.flatnonzero(inner)
    inner[found[opens_sentence(segments, pieces[found])]] = False
    return np.asarray(inner)
