"""Guards: what a rewritten sentence must keep of its source, each with a name to be counted by.

For methods that hand a sentence to a model which promises nothing about what comes back. Length
ratio, repetition and language are the usual cleaning of parallel corpora (cf. Koehn et al. 2018,
"Findings of the WMT 2018 shared task on parallel corpus filtering"); what turns a label or a fact
into another one (negations, names, persons, figures) is compared as in checklists of a
translation's adequacy. A guard errs on the side of the source: a sentence that is let down costs
one variant, a wrong one a wrong label.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from unicodedata import normalize

import regex

from augment.text.negations import WORDS as NEGATIONS
from augment.text.persons import COMPANY, FORMULAS, PERSONS, REFLEXIVES
from augment.text.repetition import loops, stutters

Guard = Callable[[str, str, str], bool]
"""Of a source, its rewrite and their language's primary tag: whether the rewrite fails."""

MIN_RATIO, MAX_RATIO = 0.4, 2.5
"""Least and greatest length of a rewrite over its source's, in code points. Outside of it models
have dropped or invented something."""
LONG = 60
"""Code points from which on a sentence's length may change less, by :data:`NARROW`."""
NARROW = 0.6, 1.6

_LETTER = regex.compile(r"\p{L}")
_WORD = regex.compile(r"[\p{L}\p{N}_][\p{L}\p{M}\p{N}_]*")
_SPOKEN = regex.compile(r"\p{L}[\p{L}\p{M}]*(?:['’]\p{L}+)*")
_OPENS = regex.compile(r"(?:^|[.!?…:;]|--|[—–\"“”„«»‘(\[])[\W_]*$")
"""Before a word that has a capital because something begins with it."""
_DIGITS = regex.compile(r"\p{Nd}+(?:[.,:/]\p{Nd}+)*")
_SYMBOLS = regex.compile(r"[#%&*+=<>@\\^_|~`$€£¥§/()\[\]{}\"“”„«»]")
_QUOTES = str.maketrans("“”„«»", '"' * 5)
_PLAIN = regex.compile(r"[^\p{L}\p{M}\p{N}]+\p{M}*")
_ALPHABETS = {
    name: regex.compile(rf"\p{{{name}}}")
    for name in ("Latin", "Cyrillic", "Greek", "Arabic", "Hebrew", "Han", "Hangul", "Hiragana",
                 "Katakana", "Thai", "Devanagari")
}  # fmt: skip


def is_empty(source: str, made: str, tag: str = "") -> bool:  # noqa: ARG001
    """Nothing that has a letter came back."""
    return not _LETTER.search(made)


def is_ill_sized(source: str, made: str, tag: str = "") -> bool:  # noqa: ARG001
    """Far shorter or longer than its source."""
    least, most = NARROW if len(source) >= LONG else (MIN_RATIO, MAX_RATIO)
    return not least <= len(made) / len(source) <= most


def repeats(source: str, made: str, tag: str = "") -> bool:  # noqa: ARG001
    """A decoder's loop, or a word over and over, where the source has none."""
    return loops(source, made) or stutters(source, made)


def changes_script(source: str, made: str, tag: str = "") -> bool:  # noqa: ARG001
    """Letters of another script than the source's, or one of its scripts is gone."""
    return _scripts(source) != _scripts(made)


def _scripts(text: str) -> set[str]:
    if text.isascii():
        return {"Latin"} if _LETTER.search(text) else set()
    return {name for name, letters in _ALPHABETS.items() if letters.search(text)}


def changes_numbers(source: str, made: str, tag: str = "") -> bool:  # noqa: ARG001
    """Not the same numbers in digits, each as often."""
    return Counter(_DIGITS.findall(source)) != Counter(_DIGITS.findall(made))


def changes_symbols(source: str, made: str, tag: str = "") -> bool:  # noqa: ARG001
    """Not the same symbols, brackets and double quotation marks, each as often."""
    theirs, ours = (Counter(_SYMBOLS.findall(text.translate(_QUOTES))) for text in (source, made))
    return theirs != ours


def changes_question(source: str, made: str, tag: str = "") -> bool:  # noqa: ARG001
    """A question that is none any more, or one that was none."""
    theirs, ours = (sum(text.count(mark) for mark in "?？؟") for text in (source, made))
    return (theirs > 0) != (ours > 0)


def changes_negation(source: str, made: str, tag: str) -> bool:
    """More or fewer negations, of a language whose negations are known."""
    return tag in NEGATIONS and _denials(source, tag) != _denials(made, tag)


def _denials(text: str, tag: str) -> int:
    words = [word.lower().replace("’", "'") for word in _SPOKEN.findall(text)]
    known = set(NEGATIONS[tag].split())
    found: int = sum(word in known or word.endswith("n't") for word in words)
    # Two words for one negation: whether both stand there is a matter of style.
    return min(found, 1) if tag in {"fr", "pt", "es", "it"} else found


def changes_names(source: str, made: str, tag: str) -> bool:
    """A name, an acronym or an identifier is gone or new; other letter case will do.

    Not of sentences in capitals, nor of German, where a capital does not mark a name.
    """
    if tag in {"de", "lb"} or source.isupper():
        return False
    words, others = ({word.casefold() for word in _WORD.findall(text)} for text in (source, made))
    return not (marked(source) <= others and marked(made) <= words)


def marked(text: str) -> set[str]:
    """Words, case-folded, that have a capital or digit which no beginning of a sentence explains.

    >>> sorted(marked("Then Ann saw iOS on my U2 CD."))
    ['ann', 'cd', 'ios', 'u2']
    """
    found = set()
    for match in _WORD.finditer(text):
        word = match.group()
        inner = word[1:] != word[1:].lower() or any(map(str.isdigit, word)) or "_" in word
        title = word[0].isupper() and word != "I"
        if inner or (title and not _OPENS.search(text[: match.start()])):
            found.add(word.casefold())
    return found


def changes_persons(source: str, made: str, tag: str) -> bool:
    """Another person is spoken of: *her* for *his*, *you* for *them*, an *I* out of nothing; or
    a reflexive is gone or new.
    """
    if tag not in PERSONS:
        return False
    theirs, ours = _persons(source, tag), _persons(made, tag)
    grown = {person for person in ours if ours[person] > theirs[person]}
    fallen = {person for person in theirs if theirs[person] > ours[person]}
    fresh = {person for person in grown if not theirs[person]} - COMPANY[tag]
    return bool(fresh or (grown and fallen) or theirs["self"] != ours["self"])


def _persons(text: str, tag: str) -> Counter[str]:
    text = FORMULAS[tag].sub(" ", text)
    words = [word.lower().replace("’", "'").split("'")[0] for word in _SPOKEN.findall(text)]
    found = Counter(PERSONS[tag][word] for word in words if word in PERSONS[tag])
    found["self"] = sum(word in REFLEXIVES[tag] for word in words)
    return found


def is_unchanged(source: str, made: str, tag: str = "") -> bool:  # noqa: ARG001
    """The same letters and digits, whatever the case, the spaces, the punctuation, and the way
    in which accents are written down.
    """
    ours, theirs = (_bare(text) for text in (source, made))
    return ours == theirs


def _bare(text: str) -> str:
    # Case folding may take a composed letter apart.
    return normalize("NFC", normalize("NFC", _PLAIN.sub("", text)).casefold())


GUARDS: Mapping[str, Guard] = {
    "empty": is_empty,
    "unchanged": is_unchanged,
    "length": is_ill_sized,
    "repetition": repeats,
    "script": changes_script,
    "numbers": changes_numbers,
    "symbols": changes_symbols,
    "question": changes_question,
    "negation": changes_negation,
    "names": changes_names,
    "persons": changes_persons,
}
"""Name → guard, in the order in which they are asked."""


def broken(source: str, made: str, tag: str) -> str | None:
    """The name of the first guard that a rewrite fails, None if it passes all.

    >>> broken("It was not good.", "It was good.", "en")
    'negation'
    """
    return next((name for name, fails in GUARDS.items() if fails(source, made, tag)), None)


def unsound(source: str, made: str) -> str | None:
    """The name of the guard that a translation to another language fails, None if none."""
    if is_empty(source, made):
        return "empty"
    return "repetition" if loops(source, made) else None
