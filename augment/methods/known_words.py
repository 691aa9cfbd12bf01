"""Words that nobody uses: small translators coin them, or leave words of the other language."""

from collections.abc import Mapping
from functools import cache

import regex

from augment.component import MISSING
from augment.lexicons.forms import load_forms
from augment.text.languages import language

MIN_LETTERS = 4
"""Shorter words are mostly function words and interjections, which lexicons do not list."""

_WORD = regex.compile(r"\p{L}[\p{L}\p{M}]*")
_MORE = {
    "en": """throughout whether unless whenever wherever whatever whichever forty fifty sixty
        seventy eighty ninety eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
        nineteen twenty thirty till okay yeah whilst thus hence""",
}
"""Language → further words that are no coinage: open lists of forms leave them out."""
_ENDINGS: Mapping[str, tuple[str, ...]] = {"en": ("ly", "ness", "ship", "able", "less")}
_PREFIXES: Mapping[str, tuple[str, ...]] = {"en": ("un", "non", "re", "pre", "over", "sub")}


def coins_words(source: str, made: str, tag: str) -> bool:
    """Whether a rewrite has a word that is neither its source's nor known.

    Names are not known, so that a new one is found wherever it stands. Never so in a language
    without a table of forms.

    >>> coins_words("An awful day.", "A dreadfulous day.", "en")
    True
    """
    known = _known(tag)
    if not known:
        return False
    given = {word.casefold() for word in _WORD.findall(source)}
    return any(
        len(word) >= MIN_LETTERS
        and word.casefold() not in given
        and not _is_known(word.casefold(), tag)
        for word in _WORD.findall(made)
    )


def _is_known(word: str, tag: str) -> bool:
    known = _known(tag)
    bases = [word[: -len(end)] for end in _ENDINGS.get(tag, ()) if word.endswith(end)]
    bases += [word[len(start) :] for start in _PREFIXES.get(tag, ()) if word.startswith(start)]
    return word in known or any(base in known and len(base) >= MIN_LETTERS for base in bases)


@cache
def _known(tag: str) -> frozenset[str]:
    forms = load_forms(tag)
    if forms is None:
        return frozenset()
    function_words = language(tag).stopwords.to_pylist()
    return frozenset([*forms.words.to_pylist(), *function_words, *_MORE.get(tag, "").split()])


def forms_digest() -> str:
    """Of the English table, the one that there is; for a component's assets."""
    forms = load_forms("en")
    return forms.digest if forms else MISSING
