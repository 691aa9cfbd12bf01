"""What methods report of their choices when a row is traced (see :mod:`augment.tracing`)."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from augment.text.casing import Patterns, recase
from augment.text.columns import Ints
from augment.text.segments import Segments
from augment.tracing import Alternative

MOST = 12
"""Alternatives that are told of one place, the best ones."""


def bounds(segments: Segments, pieces: Ints) -> list[tuple[int, int]]:
    """Where pieces of a column of one row start and stop, in code points."""
    ends = (segments.text.to_chars(e[pieces]) for e in (segments.starts, segments.stops))
    return list(zip(*(end.tolist() for end in ends), strict=True))


def ranked(
    texts: Sequence[str],
    scores: npt.NDArray[np.floating],
    notes: Sequence[str] | None = None,
) -> tuple[Alternative, ...]:
    """The best :data:`MOST` of some texts, equal scores in the order that they are given in."""
    best = np.argsort(-scores, kind="stable")[:MOST].tolist()
    return tuple(Alternative(texts[i], float(scores[i]), notes[i] if notes else "") for i in best)


def score_of(text: str, texts: Sequence[str], scores: npt.NDArray[np.floating]) -> float | None:
    """The score of a text that was chosen: the sum of all that are written like it."""
    same = [float(score) for other, score in zip(texts, scores, strict=True) if other == text]
    return sum(same) if same else None


def written(words: pa.StringArray, pattern: int | np.integer) -> list[str]:
    """Words in the letter case of what they might have replaced."""
    case: Patterns = np.full(len(words), pattern, np.uint8)
    return list(recase(words, case).to_pylist())
