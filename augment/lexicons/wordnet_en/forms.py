"""From lemmas to surface forms: every entry in the form that stands in the text."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import cache

from augment.lexicons.wordnet_en.candidates import Candidate, Review
from augment.lexicons.wordnet_en.inflection import TAGS, frequency, inflect
from augment.lexicons.wordnet_en.tags import Counts

Entries = Mapping[str, list[Candidate]]
Tagged = Mapping[tuple[str, str], list[Candidate]]
"""By form and Penn tag."""

_COVERED = 0.75
"""Share of a form's uses in which a candidate must fit for the form to be replaced untagged."""
_NEARLY_ALWAYS, _MOSTLY = 5 / 6, 1 / 2
"""Shares of contexts that a pair must fit for the usual sense, and for a later one."""
_PARTICIPLES = ("VBN", "VBG")


def owners(lemmas: Mapping[str, list[str]]) -> Mapping[tuple[str, str], tuple[str, str]]:
    """The lemma and part of speech behind each form and tag; of several, the most frequent.

    Args:
        lemmas: by part of speech.
    """
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for pos, words in lemmas.items():
        for lemma in sorted(words, key=lambda word: (-frequency(word), word)):
            for tag in TAGS[pos]:
                for form in inflect(lemma, tag):
                    found.setdefault((form, tag), (lemma, pos))
    return found


def inflected(
    owner: Mapping[tuple[str, str], tuple[str, str]],
    candidates: Callable[[str, str], list[Candidate]],
    review: Review,
) -> Tagged:
    """Candidates of each form and tag, in the same form; forms without any are left out.

    A pair of forms that reading found to fit most uses but not nearly all counts for a later sense;
    one that was not read is trusted no more than the other forms of its lemmas that were.

    Args:
        owner: from :func:`owners`.
        candidates: of a lemma and part of speech.
        review: what reading decided.
    """
    of = cache(candidates)
    worst: dict[tuple[str, str, str], float] = {}
    for (form, tag), (lemma, pos) in owner.items():
        for word, _, _ in of(lemma, pos):
            for made in inflect(word, tag)[:1]:
                grade = review.grades.get((form, made), 1.0)
                worst[lemma, pos, word] = min(grade, worst.get((lemma, pos, word), 1.0))
    found = {}
    for (form, tag), (lemma, pos) in owner.items():
        items: dict[str, Candidate] = {}
        for word, sense, weight in of(lemma, pos):
            for made in inflect(word, tag)[:1]:
                grade = review.grades.get((form, made), worst[lemma, pos, word])
                if made != form and not review.rejects(form, made) and grade >= _MOSTLY:
                    sense = sense if grade >= _NEARLY_ALWAYS else max(sense, 1)
                    items.setdefault(made, (made, sense, weight))
        if items:
            found[form, tag] = sorted(items.values(), key=lambda item: (item[1], -item[2]))
    return found


def untagged(tagged: Tagged, counts: Counts, owner: Mapping[tuple[str, str], object]) -> Entries:
    """Candidates of forms whose tag isn't known: those that fit nearly all of its uses."""
    tags_of: dict[str, list[str]] = defaultdict(list)
    for form, tag in owner:
        tags_of[form].append(tag)
    found = {}
    for form, tags in tags_of.items():
        shares = _shares(form, tags, counts)
        best = max(shares, key=lambda tag: shares[tag], default=None)
        if best is None or (form, best) not in tagged:
            continue
        fits: dict[str, float] = defaultdict(float)
        for tag, share in shares.items():
            for word in {word for word, sense, _ in tagged.get((form, tag), []) if sense == 0}:
                fits[word] += share
        usual = [item for item in tagged[form, best] if item[1] > 0 or fits[item[0]] >= _COVERED]
        if usual and (shares[best] >= 0.5 or usual[0][1] == 0):
            found[form] = usual
    return found


def _shares(form: str, tags: list[str], counts: Counts) -> Mapping[str, float]:
    """How a form's uses divide among tags; participles used as adjectives stay participles."""
    seen: dict[str, float] = defaultdict(float)
    for tag, number in counts.get(form, {}).items():
        if tag == "JJ" and "JJ" not in tags:
            tag = next((t for t in _PARTICIPLES if t in tags), tag)
        seen[tag] += number
    if sum(seen.values()) < 3:
        families = {t[0] for t in tags}
        return {tag: 1.0 / len(tags) for tag in tags} if len(families) == 1 else {}
    total = sum(seen.values())
    return {tag: number / total for tag, number in seen.items()}
