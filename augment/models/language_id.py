"""Which language a text is in, by ``py3langid`` (Lui & Baldwin 2012, "langid.py").

Character n-grams of a few words tell little: short texts are not asked about.
"""

from functools import cache
from typing import Any

import regex

LETTERS = 20
"""Letters that a text must have at the least. Of 600 English sentences and as many Portuguese
ones, two and seven were mistaken below it, one and two from 20 letters on."""

_LETTER = regex.compile(r"\p{L}")


def language_of(text: str) -> str | None:
    """The primary subtag of a text's likeliest language, None if it is too short to tell."""
    if len(text) < LETTERS or sum(1 for _ in _LETTER.finditer(text)) < LETTERS:
        return None
    return str(_identifier().classify(text)[0])


def left_language(source: str, made: str, tag: str) -> bool:
    """Whether a rewrite is no longer in its source's language, where that can be told.

    Args:
        source: what it was made of; if it is not taken for its own language, nothing can be told.
        made: the rewrite.
        tag: the primary subtag of the source's language.
    """
    found = language_of(made)
    return found is not None and found != tag and language_of(source) == tag


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)
