"""Compile WordNet 3.0 into the bundled synonym table.

Run with the folder of Debian's ``wordnet-base`` package::

    python -m augment.lexicons.build_wordnet --wordnet /usr/share/wordnet

For each single-word lemma the table lists the single-word members of its synsets, of the part of
speech in which the lemma is tagged most often in WordNet's own concordance counts
(``cntlist.rev``). Senses keep WordNet's order, which is by frequency; within a sense, candidates
are ordered by how often they were tagged with it. Proper names, numerals, offensive words
and multi-word members are left out.
"""

import argparse
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from augment.lexicons.lexicon import Lexicon
from augment.lexicons.sources import TABLE

_POS = ("noun", "verb", "adj", "adv")
_POS_OF_KEY = {"1": "noun", "2": "verb", "3": "adj", "4": "adv", "5": "adj"}
_PLAIN = re.compile(r"[a-z]{2,}")
_OFFENSIVE = re.compile(
    r"\b(offensive|disparaging|derogatory|insulting|obscene) (term|name|word)|ethnic slur"
)
"""A word that WordNet's glosses call any of these, in whichever sense, is never a candidate."""
_MOST_SENSES = 8
_WELL_ATTESTED = 20
"""In a sense tagged this often, a member that was never tagged is too rare to stand in for it."""

Sense = tuple[str, str, int]
"""Lemma, part of speech, sense number from 1."""


@dataclass
class WordNet:
    """The parts of the database that synonyms need."""

    synsets: dict[tuple[str, int], list[str]] = field(default_factory=dict)
    """Members as written, by part of speech and offset."""
    senses: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    """Synset offsets in sense order, by lemma and part of speech."""
    counts: Counter[Sense] = field(default_factory=Counter)
    offensive: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, folder: Path) -> "WordNet":
        """Parse ``data.*``, ``index.*`` and ``cntlist.rev`` (formats: wndb(5WN), cntlist(5WN))."""
        net = cls()
        for pos in _POS:
            for line in _lines(folder / f"data.{pos}"):
                parts = line.split(" ", 4)
                count = int(parts[3], 16)
                words = [m.split("(")[0] for m in parts[4].split(" ")[: 2 * count : 2]]
                net.synsets[pos, int(parts[0])] = words
                definition = line.partition(" | ")[2].partition('"')[0]
                if _OFFENSIVE.search(definition):
                    net.offensive.update(word.lower() for word in words)
            for line in _lines(folder / f"index.{pos}"):
                parts = line.split()
                net.senses[parts[0], pos] = [int(o) for o in parts[-int(parts[2]) :]]
        for line in _lines(folder / "cntlist.rev"):
            key, number, count_text = line.split()
            lemma, _, rest = key.partition("%")
            net.counts[lemma, _POS_OF_KEY[rest[0]], int(number)] = int(count_text)
        return net

    def dominant_pos(self, lemma: str) -> str:
        """The part of speech in which the lemma is tagged most; then the one with most senses."""

        def weight(pos: str) -> tuple[int, int]:
            senses = self.senses.get((lemma, pos), [])
            return sum(self.counts[lemma, pos, n + 1] for n in range(len(senses))), len(senses)

        return max(_POS, key=weight)

    def candidates(self, lemma: str) -> Iterator[tuple[str, int, float]]:
        """Synonyms as (word, sense from 0, weight); a word counts in its first sense only."""
        pos = self.dominant_pos(lemma)
        seen = {lemma}
        for sense, offset in enumerate(self.senses[lemma, pos][:_MOST_SENSES]):
            members = self.synsets[pos, offset]
            if lemma not in members:  # the lemma is a name here: "Turkey", not "turkey"
                continue
            own = self.counts[lemma, pos, sense + 1]
            others = [w for w in members if self._fit(w) and w not in seen]
            tagged = [(w, self._tagged(w, pos, offset)) for w in others]
            found = [
                (word, sense, (own + 1.0) * (count + 0.5))
                for word, count in tagged
                if count or own < _WELL_ATTESTED
            ]
            seen.update(others)
            yield from sorted(found, key=lambda item: -item[2])

    def _fit(self, word: str) -> bool:
        return bool(_PLAIN.fullmatch(word)) and word not in self.offensive

    def _tagged(self, word: str, pos: str, offset: int) -> int:
        number = self.senses[word, pos].index(offset) + 1
        return self.counts[word, pos, number]


def _lines(path: Path) -> Iterator[str]:
    """Lines of a database file without the licence on top, whose lines are indented."""
    for line in path.read_text("ascii").splitlines():
        if not line.startswith(" "):
            yield line


def compile_table(net: WordNet) -> Lexicon:
    """The synonym table of all lemmas that have any candidate."""
    entries: dict[str, list[tuple[str, int, float]]] = defaultdict(list)
    for lemma in sorted({lemma for lemma, _ in net.senses}):
        if _PLAIN.fullmatch(lemma):
            found = list(net.candidates(lemma))
            if found:
                entries[lemma] = found
    return Lexicon.of(entries)


def main() -> None:
    """Build the table; see the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wordnet", type=Path, required=True)
    parser.add_argument("--output", type=Path, default=TABLE)
    options = parser.parse_args()
    lexicon = compile_table(WordNet.read(options.wordnet))
    lexicon.save(options.output)
    print(f"{len(lexicon.words):,} words, {len(lexicon.candidates):,} candidates")


if __name__ == "__main__":
    main()
