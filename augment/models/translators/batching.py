"""Texts as parts that fit a model, and parts as batches of about equal length."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from augment.text.sentences import cut_point

_STEP = 16
"""Lengths are rounded up to this for the longest output that is allowed."""
_SPARE = 32
"""Tokens that a translation may have beyond twice its source's."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Sequences that go through a model together.

    Attributes:
        numbers: which sequences; they are about equally long, the longest first.
        limit: how many tokens an output may have.
    """

    numbers: Sequence[int]
    limit: int


def allowed(length: int, most: int) -> int:
    """How many tokens the translation of so many may have: about twice as many.

    It depends on nothing but the length, and all sequences of a batch share it; so a search does
    not know how long its neighbours are.
    """
    return min(2 * (-(-length // _STEP) * _STEP) + _SPARE, most)


def batches(
    lengths: Sequence[int], ties: Sequence[object], *, beams: int, budget: int, most: int
) -> Iterator[Batch]:
    """Batches by falling length, within a budget of padded tokens times beams.

    Args:
        lengths: of the sequences.
        ties: sortable; decides between equal lengths, so that a batch does not depend on the
            order of the sequences.
        beams: hypotheses that are followed at once.
        budget: tokens in a batch; a sequence over it stands alone.
        most: the longest output that the model has places for.
    """
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], ties[i]))
    start = 0
    while start < len(order):
        longest = lengths[order[start]]
        limit = allowed(longest, most)
        stop = min(start + max(1, budget // max(1, longest * beams)), len(order))
        while allowed(lengths[order[stop - 1]], most) != limit:
            stop -= 1
        yield Batch(order[start:stop], limit)
        start = stop


def halves(text: str) -> tuple[str, str, str]:
    """A text in two parts, and what stood between them (a space or nothing).

    A text of hardly more than white space has an empty first part.
    """
    text = text.strip()
    cut = cut_point(text, -(-len(text) // 2))
    if cut >= len(text):  # One endless grapheme: nothing is lost by cutting it.
        cut = len(text) // 2
    first, rest = text[:cut].rstrip(), text[cut:].lstrip()
    return first, " " if len(first) + len(rest) < len(text) else "", rest


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a text, and what joins it to the next piece of that text.

    Attributes:
        row: the text's number.
        turn: the piece's number within the text.
    """

    row: int
    turn: int
    text: str
    joint: str


def joined(parts: Sequence[Part], made: Sequence[Sequence[str]], count: int) -> list[list[str]]:
    """Translations of whole texts from those of their parts.

    The k-th best of a text is made of the k-th best of its parts (of a part with fewer, its
    last). A part without any leaves its text without any.
    """
    pieces: list[list[tuple[Sequence[str], str]]] = [[] for _ in range(count)]
    for part, found in zip(parts, made, strict=True):
        pieces[part.row].append((found, part.joint))
    return [_whole(row) for row in pieces]


def _whole(pieces: Sequence[tuple[Sequence[str], str]]) -> list[str]:
    if not pieces or not all(found for found, _ in pieces):
        return []
    longest = max(len(found) for found, _ in pieces)
    made = (
        "".join(found[min(k, len(found) - 1)] + joint for found, joint in pieces)
        for k in range(longest)
    )
    return list(dict.fromkeys(made))
