"""Rows for code that takes a string and gives back something: cut, marked, called, put together."""

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import regex

from augment.batch import EDITS, TextBatch, Variants
from augment.errors import ModelError
from augment.text.diff import edits_between
from augment.text.edits import replay

Call = Callable[[str], Any]
Stretch = tuple[int, int]

_FIRST, _LAST = 0xE000, 0xF8FF
_MARK = regex.compile("([\ue000-\uf8ff])")

_WHOLE = regex.compile(
    r"\s*[\n\r\u2028\u2029]\s*|(?=[\p{Extended_Pictographic}\p{Regional_Indicator}])\X"
)
"""What a tokeniser that knows words and blanks would lose: line breaks and emoji sequences."""


class StopWords(frozenset[str]):
    """Stop words that hold every mark too."""

    def __contains__(self, token: object) -> bool:
        return super().__contains__(token) or _is_mark(token)


def _is_mark(token: object) -> bool:
    return isinstance(token, str) and len(token) == 1 and _FIRST <= ord(token) <= _LAST


def rewritten(batch: TextBatch, call: Call, seed: Callable[[int], None]) -> Variants:
    """Variants by one call per row, or several if it does not keep the marks.

    Args:
        batch: the rows.
        call: ``str`` → a string, a list of them, a pair that begins with one, or nothing.
        seed: told each row's key before its call.
    """
    sources: list[str] = []
    targets: list[str | None] = []
    stretches: list[list[Stretch]] = []
    spans = batch.protected.to_pylist()
    for source, key, kept in zip(batch.text.to_pylist(), batch.keys, spans, strict=True):
        cut = _stretches(source, [(span["start"], span["stop"]) for span in kept or ()])
        old = [source[start:stop] for start, stop in cut]
        seed(int(key))
        stretches.append(cut)
        sources += old
        targets += _made(old, call)
    found = iter(edits_between(sources, targets).to_pylist())
    rows = [_shifted(cut, [next(found) for _ in cut]) for cut in stretches]
    edits = pa.array(rows, EDITS)
    return Variants(replay(batch.text, edits), edits)


def _stretches(source: str, protected: Sequence[Stretch]) -> list[Stretch]:
    """What lies between protected spans, line breaks and emoji; one more than there are of them."""
    out: list[Stretch] = []
    cursor = 0
    for start, stop in [*protected, (len(source), len(source))]:
        for match in _WHOLE.finditer(source, cursor, start):
            out.append((cursor, match.start()))
            cursor = match.end()
        out.append((cursor, start))
        cursor = stop
    return out


def _shifted(
    stretches: Sequence[Stretch], found: Sequence[list[dict[str, Any]] | None]
) -> list[dict[str, Any]] | None:
    """The stretches' edits as edits of the row, or None if there are none."""
    edits = [
        {"start": base + e["start"], "stop": base + e["stop"], "text": e["text"]}
        for (base, _), edits in zip(stretches, found, strict=True)
        for e in edits or ()
    ]
    return edits or None


def _made(old: Sequence[str], call: Call) -> list[str | None]:
    """What the call makes of the stretches of a row."""
    if not any(stretch.strip() for stretch in old):
        return [None] * len(old)
    new = _made_at_once(old, call)
    if new is None:
        new = [_text(call(stretch.strip())) if stretch.strip() else "" for stretch in old]
    if not any(stretch and stretch.strip() for stretch in new):
        return [None] * len(old)
    last = len(old) - 1
    return [
        None if made is None else _framed(stretch, made.strip(), i in (0, last))
        for i, (stretch, made) in enumerate(zip(old, new, strict=True))
    ]


def _made_at_once(old: Sequence[str], call: Call) -> Sequence[str | None] | None:
    """One call for the row, with a mark for every break; None if the marks did not come back."""
    marks = [chr(_FIRST + i) for i in range(len(old) - 1)]
    if len(marks) > _LAST - _FIRST or any(_MARK.search(stretch) for stretch in old):
        return None
    pieces = [piece for pair in zip(old, [*marks, ""], strict=True) for piece in pair]
    made = _text(call("".join(pieces).strip()))
    if made is None:
        return [None] * len(old)
    split = _MARK.split(made)
    return split[::2] if split[1::2] == marks else None


def _framed(old: str, made: str, edge: bool) -> str:
    """What was made, between the white space that stood around it."""
    core = old.strip()
    if not core:
        return old + made + old if made else old
    lead = old[: len(old) - len(old.lstrip())]
    trail = old[len(old.rstrip()) :]
    if made:
        return lead + made + trail
    return "" if edge else lead or trail


def _text(made: Any) -> str | None:
    """One string of whatever nlpaug returns: a list, a pair with details, a string, nothing."""
    while isinstance(made, list | tuple):
        made = made[0] if made else None
    if made is None or isinstance(made, str):
        return made or None
    raise ModelError(f"nlpaug returned {type(made).__name__}, not text")
