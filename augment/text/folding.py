"""Texts without what hardly makes a difference: letter case, white space, punctuation."""

from collections.abc import Collection
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

Fold = Literal["case", "space", "punctuation"]

FOLDS: tuple[Fold, ...] = ("case", "space", "punctuation")

_PATTERNS = {"space": r"\s\p{Z}", "punctuation": r"\p{P}"}


def folded(text: pa.StringArray, folds: Collection[Fold] = FOLDS) -> pa.StringArray:
    """Texts in a form in which those are equal that differ in nothing but this.

    Args:
        text: ``(n,)`` string; nulls stay.
        folds: ``case``: letters are folded as Unicode's caseless matching does; ``space``: any
            white space is one blank, and none at either end; ``punctuation``: it is white space.

    Returns:
        ``(n,)`` string, in Unicode's compatibility form NFKC; a text of which nothing is left, as
        it is.

    >>> folded(pa.array(["Straße,  bitte!"])).to_pylist()
    ['strasse bitte']
    """
    out = pc.utf8_normalize(text, form="NFKC")
    if "case" in folds:
        out = pa.array([t if t is None else t.casefold() for t in out.to_pylist()], pa.string())
    found = "".join(_PATTERNS[fold] for fold in ("space", "punctuation") if fold in folds)
    if found:
        blank = " " if "space" in folds else ""
        out = pc.replace_substring_regex(out, f"[{found}]+", blank)
    if "space" in folds:
        out = pc.utf8_trim_whitespace(out)
    return pc.if_else(pc.equal(out, ""), text, out)
