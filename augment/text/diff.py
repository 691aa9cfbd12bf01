"""Edits found by comparing two texts, for methods that return whole texts."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import regex
from rapidfuzz.distance import Levenshtein

from augment.batch import EDITS

_TOKENS = regex.compile(r"(?V1)\p{Han}|[\w--\p{Han}]+|\s+|.", regex.DOTALL)


def edits_between(sources: Sequence[str], targets: Sequence[str | None]) -> pa.ListArray:
    """Edits found by a word-wise diff; null where the target is null or equal.

    For methods that return whole texts. Words, runs of white space, single Han characters and
    single other characters are the units (Levenshtein alignment).
    """
    rows = [_diff(s, t) for s, t in zip(sources, targets, strict=True)]
    return pa.array(rows, EDITS)


def _diff(source: str, target: str | None) -> list[dict[str, int | str]] | None:
    if target is None or source == target:
        return None
    old, new = _TOKENS.findall(source), _TOKENS.findall(target)
    numbers = {token: i for i, token in enumerate(dict.fromkeys(old + new))}
    coded = [numbers[t] for t in old], [numbers[t] for t in new]
    at = np.append(0, np.cumsum([len(t) for t in old], dtype=np.int64))
    edits: list[dict[str, int | str]] = []
    for code in Levenshtein.opcodes(*coded):
        if code.tag == "equal":
            continue
        text = "".join(new[code.dest_start : code.dest_end])
        start, stop = int(at[code.src_start]), int(at[code.src_end])
        if edits and edits[-1]["stop"] == start:
            edits[-1]["stop"], edits[-1]["text"] = stop, f"{edits[-1]['text']}{text}"
        else:
            edits.append({"start": start, "stop": stop, "text": text})
    return edits
