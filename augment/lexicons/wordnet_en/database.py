"""Read the WordNet 3.0 database files (formats: wndb(5WN), cntlist(5WN))."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

POS = ("noun", "verb", "adj", "adv")
_POS_OF_KEY = {"1": "noun", "2": "verb", "3": "adj", "4": "adv", "5": "adj"}
_OFFENSIVE = re.compile(
    r"\b(offensive|disparaging|derogatory|insulting|obscene|vulgar) (term|name|word|slang)"
    r"|ethnic slur"
)
"""A word that a gloss calls any of these, in whichever sense, is never a candidate."""
_DATED = re.compile(
    r"\((archaic|obsolete|old-fashioned|formerly|dialect|dialectal|Scottish|Irish|chiefly Brit"
    r"|British|slang|nautical|law|Yiddish)\b|\ban? (archaic|obsolete|dialectal) "
)
_USAGES = frozenset(
    {
        "archaism",
        "dialect",
        "slang",
        "obscenity",
        "vulgarism",
        "ethnic_slur",
        "disparagement",
        "derogation",
        "street_name",
        "regionalism",
    }
)
"""Members of a synset whose usage domain is one of these are never candidates in it."""


@dataclass(frozen=True)
class Synset:
    """A set of synonyms.

    Attributes:
        words: as written, underscores for spaces.
        gloss: definition without the examples.
        topic: number of the lexicographer's file, lexnames(5WN).
        marked: whether gloss or usage domain call it dated, regional or slang.
    """

    words: tuple[str, ...]
    gloss: str
    topic: int
    marked: bool


@dataclass
class WordNet:
    """The parts of the database that synonyms need; lemmas in lower case."""

    synsets: dict[tuple[str, int], Synset] = field(default_factory=dict)
    senses: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    """Synset offsets in sense order, by lemma and part of speech."""
    counts: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    """How often a lemma was tagged with its sense of that number, from 1."""
    antonyms: set[tuple[str, str, str]] = field(default_factory=set)
    """Part of speech and both words, in both orders."""
    opposed: set[tuple[str, int, int]] = field(default_factory=set)
    """Part of speech and the offsets of two synsets that hold antonyms, in both orders."""
    similar: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    """Offsets of the satellites of an adjective's head synset, and the other way round."""
    offensive: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, folder: Path) -> "WordNet":
        """Parse ``data.*``, ``index.*`` and ``cntlist.rev``."""
        net = cls()
        lines = [(pos, line) for pos in POS for line in _lines(folder / f"data.{pos}")]
        words = {(pos, int(line[:8])): _words(line) for pos, line in lines}
        for pos, line in lines:
            net._add(pos, line, words)
        for pos in POS:
            for line in _lines(folder / f"index.{pos}"):
                parts = line.split()
                net.senses[parts[0], pos] = [int(o) for o in parts[-int(parts[2]) :]]
        for line in _lines(folder / "cntlist.rev"):
            key, number, count = line.split()
            lemma, _, rest = key.partition("%")
            net.counts[lemma, _POS_OF_KEY[rest[0]], int(number)] = int(count)
        return net

    def _add(self, pos: str, line: str, words: dict[tuple[str, int], tuple[str, ...]]) -> None:
        offset = int(line[:8])
        own = words[pos, offset]
        definition = line.partition(" | ")[2].partition('"')[0]
        marked = bool(_DATED.search(definition))
        for symbol, target, target_pos, ends in _pointers(line, len(own)):
            other = words[target_pos, target]
            if symbol == ";u" and _USAGES & {word.lower() for word in other}:
                marked = True
            if symbol == "!":
                pair = own[int(ends[:2], 16) - 1].lower(), other[int(ends[2:], 16) - 1].lower()
                self.antonyms |= {(pos, pair[0], pair[1]), (pos, pair[1], pair[0])}
                self.opposed |= {(pos, offset, target), (pos, target, offset)}
            if symbol == "&":
                self.similar[offset].add(target)
        if _OFFENSIVE.search(definition):
            self.offensive.update(word.lower() for word in own)
        self.synsets[pos, offset] = Synset(own, definition, int(line[9:11]), marked)

    def shares(self, lemma: str, pos: str) -> list[float]:
        """How the lemma's uses divide among its senses; untagged ones count a half each."""
        offsets = self.senses.get((lemma, pos), [])
        tagged = [self.counts[lemma, pos, n + 1] + 0.5 for n in range(len(offsets))]
        return [count / sum(tagged) for count in tagged]

    def share(self, lemma: str, pos: str, offset: int) -> float:
        """The share of one sense, 0 if the lemma doesn't have it."""
        offsets = self.senses.get((lemma, pos), [])
        return self.shares(lemma, pos)[offsets.index(offset)] if offset in offsets else 0.0


def _words(line: str) -> tuple[str, ...]:
    parts = line.split(" ", 4)
    count = int(parts[3], 16)
    return tuple(word.split("(")[0] for word in parts[4].split(" ")[: 2 * count : 2])


def _pointers(line: str, words: int) -> Iterator[tuple[str, int, str, str]]:
    parts = line.partition(" | ")[0].split()
    at = 4 + 2 * words
    names = {"n": "noun", "v": "verb", "a": "adj", "s": "adj", "r": "adv"}
    for start in range(at + 1, at + 1 + 4 * int(parts[at]), 4):
        symbol, offset, pos, ends = parts[start : start + 4]
        yield symbol, int(offset), names[pos], ends


def _lines(path: Path) -> Iterator[str]:
    """Lines of a database file without the licence on top, whose lines are indented."""
    for line in path.read_text("ascii").splitlines():
        if not line.startswith(" "):
            yield line
