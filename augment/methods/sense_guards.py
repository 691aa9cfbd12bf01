"""Guards that know what words mean and which belong together: senses, order, prepositions.

One word of a pivot language often stands for two of English (*história*: story, history). Words
that come back as others must share a sense with what they replace in WordNet (Fellbaum 1998), as
metrics of translation match synonyms (METEOR; Banerjee & Lavie 2005); here a word that nothing
supports refuses the sentence.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import pairwise

from augment.component import MISSING
from augment.lexicons.forms import load_forms
from augment.lexicons.senses import load_senses
from augment.methods.aligned_words import Word, unmatched, words_of
from augment.methods.confusions import CONFUSED, EQUAL, PREPOSITIONS
from augment.text.small_words import DEGREES

Check = Callable[[Sequence[Word], Sequence[Word], str], bool]
"""Of a source's words, its rewrite's and their language: whether the rewrite fails."""


def changes_senses(theirs: Sequence[Word], ours: Sequence[Word], tag: str) -> bool:
    """A content word is gone, or new, and no word on the other side shares a sense with it."""
    gone = [word for word in unmatched(theirs, ours) if word.content]
    come = [word for word in unmatched(ours, theirs) if word.content]
    return not (
        all(any(_support(word, other, tag) for other in come) for word in gone)
        and all(any(_support(other, word, tag) for other in gone) for word in come)
    )


@cache
def _support(word: Word, other: Word, tag: str) -> bool:
    """Whether one word may stand for the other."""
    names = frozenset({*_bases(word, tag)}), frozenset({*_bases(other, tag)})
    if any({a, b} == pair for pair in CONFUSED[tag] for a in names[0] for b in names[1]):
        return False
    if any(group & names[0] and group & names[1] for group in EQUAL[tag]):
        return True
    if not word.classes & other.classes:
        return False
    senses = load_senses(tag)
    assert senses is not None
    own, its = (frozenset[int]().union(*map(senses.of, w.lemmas)) for w in (word, other))
    return bool(own & its) or any(senses.near(sense) & its for sense in own)


def _bases(word: Word, tag: str) -> frozenset[str]:
    """The word, and the base forms of its lemmas as far as a list names them."""
    return frozenset({word.text}) | frozenset(
        name for lemma in word.lemmas for name in _listed(tag).get(lemma, ())
    )


@cache
def _listed(tag: str) -> Mapping[int, tuple[str, ...]]:
    """Lemma's number → words of the lists that are its forms."""
    names = sorted({name for group in (*CONFUSED[tag], *EQUAL[tag]) for name in group})
    found: dict[int, tuple[str, ...]] = {}
    for name in names:
        for word in words_of(name, tag):
            for lemma in word.lemmas:
                found[lemma] = (*found.get(lemma, ()), name)
    return found


def changes_order(theirs: Sequence[Word], ours: Sequence[Word], tag: str) -> bool:
    """Content words that both have once stand in another order: *group leader*, *leader of the
    group*.
    """
    once = [
        {key for key, n in Counter(w.key for w in words).items() if n == 1}
        for words in (theirs, ours)
    ]
    at = {word.key: place for place, word in enumerate(ours)}
    kept = [w for w in theirs if w.content and w.key in once[0] & once[1]]
    if any(at[b.key] < at[a.key] for a, b in pairwise(kept)):
        return True
    return _adverb_moved(theirs, ours, once[0] & once[1], tag)


def _adverb_moved(
    theirs: Sequence[Word], ours: Sequence[Word], once: set[int | str], tag: str
) -> bool:
    """Whether an adverb of degree no longer stands before the word that it stood before."""
    at = {word.key: place for place, word in enumerate(ours)}
    return any(
        a.text in DEGREES[tag] and {a.key, b.key} <= once and at[b.key] != at[a.key] + 1
        for a, b in pairwise(theirs)
    )


def changes_prepositions(theirs: Sequence[Word], ours: Sequence[Word], tag: str) -> bool:
    """A verb that both have once is followed by another preposition or particle, or by none."""
    source, rewrite = _followed(theirs, tag), _followed(ours, tag)
    return any(key in rewrite and rewrite[key] != after for key, after in source.items())


def _followed(words: Sequence[Word], tag: str) -> dict[int | str, str]:
    """Verb's lemma → the preposition right behind it, or nothing; of verbs that stand once."""
    times = Counter(word.key for word in words)
    after = [*(word.text for word in words[1:]), ""]
    return {
        word.key: following if following in PREPOSITIONS[tag] else ""
        for word, following in zip(words, after, strict=True)
        if word.content and "VERB" in word.classes and times[word.key] == 1
    }


def changes_inflection(theirs: Sequence[Word], ours: Sequence[Word], tag: str) -> bool:  # noqa: ARG001
    """More or fewer comparatives or superlatives, a verb's past for its present, a plural for a
    singular, or another part of speech.
    """
    return (
        _compared(theirs) != _compared(ours)
        or _tense_changed(theirs, ours)
        or _class_changed(theirs, ours)
    )


def _class_changed(theirs: Sequence[Word], ours: Sequence[Word]) -> bool:
    """Whether a lemma that both have once is a noun in the one and a verb, say, in the other, or
    a plural in one of them.
    """
    source, rewrite = (
        {w.key: w.main for w in words if times[w.key] == 1 and w.main}
        for words in (theirs, ours)
        for times in [Counter(word.key for word in words)]
    )
    return any(key in rewrite and rewrite[key] != main for key, main in source.items())


def _compared(words: Sequence[Word]) -> tuple[int, int]:
    more = sum(w.text in {"more", "less"} or (w.tags != set() and w.tags <= _MORE) for w in words)
    most = sum(w.text in {"most", "least"} or (w.tags != set() and w.tags <= _MOST) for w in words)
    return more, most


_MORE, _MOST = frozenset({"JJR", "RBR"}), frozenset({"JJS", "RBS"})
_NOW, _THEN = frozenset({"VB", "VBZ"}), frozenset({"VBD"})
_CARRIES = frozenset(
    {"did", "didn", "to", "will", "would", "can", "could", "may", "might", "must", "should", "had"}
)


def _tense_changed(theirs: Sequence[Word], ours: Sequence[Word]) -> bool:
    source, rewrite = _tenses(theirs), _tenses(ours)
    return any(key in rewrite and rewrite[key] != tense for key, tense in source.items())


def _tenses(words: Sequence[Word]) -> dict[int | str, bool]:
    """Verb's lemma → whether it is past, where its form alone says so."""
    times = Counter(word.key for word in words)
    found: dict[int | str, bool] = {}
    texts = [word.text for word in words]
    for at, word in enumerate(words):
        carried = _CARRIES & set(texts[max(0, at - 3) : at])
        if word.main != "VERB" or times[word.key] > 1 or carried:
            continue
        if word.tags & _THEN and not word.tags & _NOW:
            found[word.key] = True
        elif word.tags & _NOW and not word.tags & (_THEN | {"VBN"}):
            found[word.key] = False
    return found


CHECKS: Mapping[str, Check] = {
    "order": changes_order,
    "prepositions": changes_prepositions,
    "inflection": changes_inflection,
    "senses": changes_senses,
}
"""Name → check, in the order in which they are asked."""

STRICT = frozenset({"order", "inflection", "senses"})
"""Those that refuse many right rewrites, too."""


def misleads(source: str, made: str, tag: str, *, strict: bool = False) -> str | None:
    """The name of the first check that a rewrite fails, None if it passes all.

    Only of languages with tables of forms and senses and with the lists that the checks need.

    >>> misleads("The story of a town.", "The history of a town.", "en", strict=True)
    'senses'
    """
    if tag not in PREPOSITIONS or load_forms(tag) is None or load_senses(tag) is None:
        return None
    theirs, ours = words_of(source, tag), words_of(made, tag)
    asked = ((name, fails) for name, fails in CHECKS.items() if strict or name not in STRICT)
    return next((name for name, fails in asked if fails(theirs, ours, tag)), None)


def senses_digest() -> str:
    """Of the English table, the one that there is; for a component's assets."""
    senses = load_senses("en")
    return senses.digest if senses else MISSING
