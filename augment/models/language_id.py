"""Which language a text is in, by ``py3langid`` (Lui & Baldwin 2012, "langid.py").

Character n-grams of a few words tell little: short texts are not asked about.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import regex

from augment.errors import ModelError, nearest
from augment.text.languages import primary

LETTERS = 20
"""Letters that a text must have at the least. Of 600 English sentences and as many Portuguese
ones, two and seven were mistaken below it, one and two from 20 letters on."""

_LETTER = regex.compile(r"\p{L}")
_HAN = regex.compile(r"\p{Han}")

_SAME = {
    **dict.fromkeys(("nb", "nn"), "no"),
    **dict.fromkeys(("wuu", "yue", "cmn", "lzh"), "zh"),
    **dict.fromkeys(("bs", "hr", "sh"), "sr"),
    **dict.fromkeys(("fil",), "tl"),
    "ms": "id",
    "iw": "he",
}
"""Languages that are told apart badly in short texts, or not at all, or have two tags. Of 275
Chinese passages of seven characters, 20 were taken for one of the others of its row or Japanese."""


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


def known_language(tag: str) -> str | None:
    """The name under which :func:`probabilities` has a language; None for ``und``.

    Args:
        tag: BCP 47 tag.

    Raises:
        ModelError: the identifier does not know it.
    """
    main = primary(tag)
    if main == "und":
        return None
    known = {_SAME.get(label, label) for label in _identifier(True).labels}
    name = _SAME.get(main, main)
    if name not in known:
        raise ModelError(
            f"language {tag!r} is none that py3langid knows{nearest(main, sorted(known))}"
        )
    return name


def probabilities(text: str, letters: int = LETTERS) -> Mapping[str, float] | None:
    """Language → how likely a text is in it, the likeliest first; None if it is too short to tell.

    Languages that can't be told apart count as one.

    Args:
        text: any.
        letters: that it must have; a Han character counts as two.
    """
    if 2 * len(text) < letters or _letters(text) < letters:
        return None
    found: dict[str, float] = {}
    for label, share in _identifier(True).rank(text):
        name = _SAME.get(label, label)
        found[name] = found.get(name, 0.0) + share
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _letters(text: str) -> int:
    han = 0 if text.isascii() else len(_HAN.findall(text))
    return han + len(_LETTER.findall(text))


@cache
def _identifier(normalised: bool = False) -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=normalised)
