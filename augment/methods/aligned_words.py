"""The words of a sentence and of its rewrite, each with its lemma, and which of them are new."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import regex

from augment.lexicons.forms import CLASSES, TAGS, load_forms
from augment.text.languages import language

_WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{M}\p{N}]*+(?<!['’](?:s|t|m|re|ve|ll|d))")
"""Without what contractions add: their count is of other guards."""
_MORE = {
    "en": """don didn doesn isn aren wasn weren won wouldn couldn shouldn haven hasn hadn ain
    thus therefore however although though also either ever already still even just really actually
    very so such too quite rather almost all both each every many much most several any some same
    across throughout within without upon among toward towards along around behind beyond"""
}
"""Language → further words that are no content words: other guards count some of them."""
_OPEN = 128
"""Share of a word's uses, of 255, from which it counts as one of an open class."""
_COLUMNS = {name: [TAGS.index(tag) for tag in tags] for name, tags in CLASSES.items()}


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a sentence.

    Attributes:
        text: in lower case.
        start, stop: where it stands.
        lemmas: numbers of the lemmas it may be a form of.
        content: whether it is a noun, verb, adjective or adverb rather than a function word.
        classes: parts of speech that it may have.
        tags: Penn tags that it often has.
        main: the part of speech that it most often has, and of nouns whether it is a plural.
    """

    text: str
    start: int
    stop: int
    lemmas: frozenset[int]
    content: bool
    classes: frozenset[str]
    tags: frozenset[str]
    main: str = ""

    @property
    def names(self) -> list[int | str]:
        """Numbers of its lemmas; itself if it has none."""
        return [*sorted(self.lemmas)] or [self.text]

    @property
    def key(self) -> int | str:
        """Its lemma's number; itself if it has none."""
        return min(self.lemmas) if self.lemmas else self.text


def words_of(text: str, tag: str) -> list[Word]:
    """The words of a text in order.

    Raises:
        ValueError: the language has no table of forms.
    """
    found = list(_WORD.finditer(text))
    lowered = [match.group().lower() for match in found]
    forms = load_forms(tag)
    if forms is None:
        raise ValueError(f"there is no table of forms for {tag!r}")
    places = forms.find(pa.array(lowered, pa.string()))
    small = _small(tag)
    return [
        _word(word, match.span(), forms.lemmas[at], forms.shares[at], known=at >= 0, small=small)
        for word, match, at in zip(lowered, found, places.tolist(), strict=True)
    ]


def _word(
    word: str,
    span: tuple[int, int],
    lemmas: np.ndarray,
    shares: np.ndarray,
    *,
    known: bool,
    small: frozenset[str],
) -> Word:
    if not known or word in small:
        none: frozenset[str] = frozenset()
        return Word(
            word,
            *span,
            frozenset(),
            word not in small and word.isalpha() and len(word) > _TINY,
            none,
            none,
        )
    classes = {name for name, at in _COLUMNS.items() if shares[at].sum() >= _OFTEN}
    tags = {tag for tag, share in zip(TAGS, shares, strict=True) if share >= _OFTEN}
    own = frozenset(n for n in lemmas.tolist() if n >= 0)
    content = int(shares.sum()) >= _OPEN
    main = max(_COLUMNS, key=lambda name: int(shares[_COLUMNS[name]].sum()))
    if main == "NOUN" and "NNS" in tags:
        main = "NOUNS"
    return Word(word, *span, own, content, frozenset(classes), frozenset(tags), main)


_TINY = 2
"""Letters of a word that is no content word if the table does not have it."""
_OFTEN = 26
"""Share of a word's uses, of 255, from which a tag counts."""


@cache
def _small(tag: str) -> frozenset[str]:
    return frozenset([*language(tag).stopwords.to_pylist(), *_MORE.get(tag, "").split()])


def unmatched(words: Sequence[Word], others: Sequence[Word]) -> list[Word]:
    """The words that have no partner of a common lemma among the others, each taken once."""
    free: Counter[int | str] = Counter(n for other in others for n in other.names)
    left = []
    for word in words:
        name = next((name for name in word.names if free[name]), None)
        if name is None:
            left.append(word)
        else:
            free[name] -= 1
    return left
