"""Which lemmas may stand for which: the synonyms of a lemma in one part of speech."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path

import regex

from augment.lexicons.wordnet_en.database import Synset, WordNet

Candidate = tuple[str, int, float]
"""Lemma, sense from 0, weight."""
Key = tuple[str, str]
"""Lemma and part of speech."""

_HERE = Path(__file__).parent
_PLAIN = regex.compile(r"[a-z]{2,}(?:[ -][a-z]{2,})*")
_MOST_SENSES = 6
_RARER = 1.3
"""How much rarer than the word (Zipf scale) a candidate may be that nobody has read."""
_KNOWN = 2.6
"""Zipf frequency that such a candidate must have: a word that most readers know."""
_MAIN = 0.5
"""Share of the uses of either word that a sense must have to be taken for granted."""
_ALIKE = 0.45
"""Cosine between the words' embeddings that such a pair must reach."""
_TECHNICAL = frozenset({5, 20, 27})
"""Lexicographer files of animals, plants, substances: synonyms there are taxonomic."""


@dataclass(frozen=True)
class Review:
    """What reading decided.

    Attributes:
        kept: by lemma and part of speech, the candidates that fit its usual sense; none if empty.
        rejected: words (``*``) and pairs that are never offered.
        grades: by form and candidate form, the share of uses that the pair fits, as far as it was
            read in context.
    """

    kept: Mapping[Key, tuple[str, ...]] = field(default_factory=dict)
    rejected: frozenset[tuple[str, str]] = frozenset()
    grades: Mapping[tuple[str, str], float] = field(default_factory=dict)

    @classmethod
    def read(cls) -> "Review":
        """The committed ``reviewed.tsv``, ``rejected.tsv``, ``readings.tsv``, ``offensive.txt``."""
        kept = {}
        for pos, lemma, words in _rows(_HERE / "reviewed.tsv"):
            fit = () if words == "-" else tuple(word.replace("_", " ") for word in words.split())
            kept[lemma, pos] = fit
        rejected = {(word, candidate) for word, candidate, _ in _rows(_HERE / "rejected.tsv")}
        rejected |= {("*", word) for (word,) in _rows(_HERE / "offensive.txt")}
        read = {(form, made): _grade(*rest) for form, made, *rest in _rows(_HERE / "readings.tsv")}
        return cls(kept, frozenset(rejected), read)

    def rejects(self, word: str, candidate: str) -> bool:
        """Whether the pair, the word or the candidate was rejected."""
        pairs = {(word, candidate), (word, "*"), ("*", candidate)}
        return not pairs.isdisjoint(self.rejected)


@dataclass(frozen=True)
class Thesaurus:
    """WordNet seen through frequency, similarity and review.

    Attributes:
        frequency: Zipf frequency of a word.
        similarity: cosine of two words, −1 if unknown.
    """

    net: WordNet
    review: Review
    frequency: Callable[[str], float]
    similarity: Callable[[str, str], float]

    def candidates(self, lemma: str, pos: str) -> list[Candidate]:
        """Candidates in order of sense, then of weight.

        Sense 0 is the usual one, 1 is left to pairs that reading found to fit it mostly, and the
        others follow, which nobody has read.
        """
        kept = self.review.kept.get((lemma, pos))
        found = {word: 0 for word in kept or () if self._offered(lemma, word, pos)}
        for sense, offset in enumerate(self.net.senses.get((lemma, pos), [])[:_MOST_SENSES]):
            synset = self.net.synsets[pos, offset]
            for word in self._members(lemma, pos, synset):
                usual = sense == 0 and kept is None and self._granted(lemma, word, pos, offset)
                found.setdefault(word, 0 if usual else max(sense, 1) + 1)
        ranked = [
            (word, sense, 10 ** (0.5 * self.frequency(word))) for word, sense in found.items()
        ]
        return sorted(ranked, key=lambda item: (item[1], -item[2]))

    def _members(self, lemma: str, pos: str, synset: Synset) -> list[str]:
        if synset.marked or lemma not in synset.words:  # a name here: "Turkey", not "turkey"
            return []
        words = (word.replace("_", " ") for word in synset.words)
        return [
            word
            for word in words
            if _PLAIN.fullmatch(word)
            and not same_word(lemma, word)
            and self._offered(lemma, word, pos)
            and self.frequency(word) >= max(_KNOWN, self.frequency(lemma) - 2.5)
        ]

    def _offered(self, lemma: str, word: str, pos: str) -> bool:
        return (
            word not in self.net.offensive
            and (pos, lemma, word) not in self.net.antonyms
            and not self.review.rejects(lemma, word)
        )

    def _granted(self, lemma: str, word: str, pos: str, offset: int) -> bool:
        """Whether a pair that nobody has read may be trusted."""
        own, other = (self.net.share(each.replace(" ", "_"), pos, offset) for each in (lemma, word))
        return (
            min(own, other) >= _MAIN
            and self.net.synsets[pos, offset].topic not in _TECHNICAL
            and self.frequency(word) >= self.frequency(lemma) - _RARER
            and self.similarity(lemma, word) >= _ALIKE
        )


def _grade(verdict: str, contexts: str) -> float:
    if contexts:
        accepted, shown = map(int, contexts.split("/"))
        return accepted / shown
    return float(verdict == "ok")


def same_word(first: str, second: str) -> bool:
    """Whether two words are one, spelled or derived differently (colour/color, movie/movies)."""
    if first in second or second in first:
        return True
    plain = [word.replace("-", "").replace(" ", "") for word in (first, second)]
    if plain[0] == plain[1]:
        return True
    return first[:2] == second[:2] and SequenceMatcher(None, first, second).ratio() > 0.75


def _rows(path: Path) -> list[list[str]]:
    lines = path.read_text("utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]
