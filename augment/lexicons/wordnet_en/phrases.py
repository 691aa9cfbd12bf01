"""Pairs of words that belong together, so that neither may be replaced: ``heart attack``.

They are the two-word entries of WordNet with their inflected forms, pairs of content words inside
its longer entries, and pairs that a corpus holds far more often than chance would bring together
(normalized pointwise mutual information, Bouma 2009, "Normalized (pointwise) mutual information in
collocation extraction", §3).
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise

from augment.lexicons.wordnet_en.database import WordNet
from augment.lexicons.wordnet_en.inflection import TAGS, inflect

_LEAST = 8
"""How often a pair must occur in the corpus."""
_BOUND = 0.3
"""Normalized pointwise mutual information from which a pair counts as fixed."""
_WORD = re.compile(r"[a-z]+")

Pair = tuple[str, str]


def entries(net: WordNet, stopwords: frozenset[str]) -> set[Pair]:
    """Pairs of words inside WordNet's entries of several words."""
    found: set[Pair] = set()
    for lemma, pos in net.senses:
        words = lemma.split("_")
        if len(words) == 1 or not all(_WORD.fullmatch(word) for word in words):
            continue
        for tag in TAGS[pos]:
            for form in inflect(" ".join(words), tag):
                found.update(_bound(form.split(), stopwords))
    return found


def _bound(words: list[str], stopwords: frozenset[str]) -> Iterator[Pair]:
    for pair in pairwise(words):
        if len(words) == 2 or stopwords.isdisjoint(pair):
            yield pair


def collocations(sentences: Iterable[str], stopwords: frozenset[str]) -> set[Pair]:
    """Pairs of content words that sentences hold far more often than chance would."""
    words: Counter[str] = Counter()
    pairs: Counter[Pair] = Counter()
    for sentence in sentences:
        row = sentence.lower().split(" ")
        words.update(row)
        pairs.update(pairwise(row))
    total = sum(words.values())

    def strength(pair: Pair) -> float:
        share = pairs[pair] / total
        apart = words[pair[0]] / total * (words[pair[1]] / total)
        return math.log(share / apart) / -math.log(share)

    return {
        pair
        for pair, number in pairs.items()
        if number >= _LEAST
        and stopwords.isdisjoint(pair)
        and all(_WORD.fullmatch(word) for word in pair)
        and strength(pair) >= _BOUND
    }
