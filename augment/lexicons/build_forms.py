"""Compile WordNet 3.0 into the bundled table of English words, parts of speech and antonyms.

It needs Debian's ``wordnet-base``, ``lemminflect`` and ``wordfreq``, and the counts of tags that
:mod:`augment.lexicons.build_wordnet` keeps in its work folder::

    python -m augment.lexicons.build_forms --wordnet /usr/share/wordnet --tags tags.tsv

Words are the single words that WordNet writes in lower case and that are in use, in all their
inflected forms; offensive words, foreign fragments and abbreviations are left out. Antonyms are
WordNet's own, those of a word's synonyms in the same sense, and the indirect ones of adjectives:
a satellite (``great``, near ``good``) against the other head (``bad``) and its satellites
(``terrible``).
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path

import numpy as np
import pyarrow as pa

from augment.lexicons.forms import LEMMAS, TAGS, Forms
from augment.lexicons.sources import TABLE
from augment.lexicons.wordnet_en import tags
from augment.lexicons.wordnet_en.candidates import Review
from augment.lexicons.wordnet_en.database import WordNet
from augment.lexicons.wordnet_en.inflection import TAGS as TAGS_OF
from augment.lexicons.wordnet_en.inflection import frequency, inflect

FORMS = TABLE.with_name("forms-en.arrow")
_IN_USE = 2.4
"""Zipf frequency from which a lemma counts."""
_SHORT, _SEEN = 4, 3
"""A word of so few letters must have been seen so often in tagged text: many are foreign words,
abbreviations and symbols that WordNet lists too."""
_TWO_LETTERS = frozenset({"ad", "go", "ox"})
_OPEN = 0.3
"""Share of a word's uses that must be as a noun, verb, adjective or adverb."""
_SENSE = 0.1
"""Share of its lemma's uses from which a sense gives antonyms that WordNet doesn't list as such."""

Lemma = tuple[str, str]
"""Lower case, and part of speech."""


def lemmas(net: WordNet) -> list[Lemma]:
    """Single words in use that are written in lower case, and not offensive."""
    plain = {(w, pos) for (pos, _), synset in net.synsets.items() for w in synset.words}
    review = Review.read()
    return [
        (lemma, pos)
        for lemma, pos in sorted(net.senses)
        if (lemma, pos) in plain
        and lemma.isalpha()
        and (len(lemma) > 2 or lemma in _TWO_LETTERS)
        and frequency(lemma) >= _IN_USE
        and lemma not in net.offensive
        and not review.rejects("", lemma)
    ]


def forms_of(found: list[Lemma]) -> Mapping[str, dict[str, list[Lemma]]]:
    """By form, then by tag: the lemmas behind it, the most frequent first."""
    owners: dict[str, dict[str, list[Lemma]]] = defaultdict(lambda: defaultdict(list))
    for lemma, pos in sorted(found, key=lambda item: (-frequency(item[0]), item)):
        for tag in TAGS_OF[pos]:
            for form in inflect(lemma, tag):
                if form.isalpha() and form.islower():
                    owners[form]["VB" if tag == "VBP" else tag].append((lemma, pos))
    return owners


def shares_of(form: str, own: Mapping[str, list[Lemma]], counts: tags.Counts) -> list[float] | None:
    """How the form's uses divide among the tags; None if it is not a word of an open class."""
    seen: dict[str, float] = defaultdict(float)
    for tag, number in counts.get(form, {}).items():
        seen["VB" if tag == "VBP" else tag] += number
    total = sum(seen.values())
    if len(form) <= _SHORT and total < _SEEN:
        return None
    if total < _SEEN:
        return [1.0 / len(own) if tag in own else 0.0 for tag in TAGS]
    found = [seen[tag] / total for tag in TAGS]
    return found if sum(found) >= _OPEN else None


def opposites(net: WordNet) -> set[tuple[str, str]]:
    """Pairs of lemmas, in both orders."""
    found = {(first, second) for _, first, second in net.antonyms}
    for pos, one, other in net.opposed:
        found.update(product(_cluster(net, pos, one), _cluster(net, pos, other)))
    return found | {(b, a) for a, b in found}


def _cluster(net: WordNet, pos: str, head: int) -> set[str]:
    """Words of a synset, and of an adjective's satellites, that often have that sense."""
    offsets = [head, *(net.similar[head] if pos == "adj" else ())]
    return {
        word.lower()
        for offset in offsets
        for word in net.synsets[pos, offset].words
        if net.share(word.lower(), pos, offset) >= _SENSE
    }


def table_of(net: WordNet, counts: tags.Counts) -> Forms:
    """The table; its words are in the order of the alphabet."""
    owners = forms_of(lemmas(net))
    kept = {f: s for f in sorted(owners) if (s := shares_of(f, owners[f], counts)) is not None}
    number: dict[str, int] = {}
    of = [
        [number.setdefault(lemma, len(number)) for lemma in _distinct(owners[form])]
        for form in kept
    ]
    pairs = sorted(
        (number[a], number[b])
        for a, b in opposites(net)
        if a in number and b in number and number[a] < number[b]
    )
    shares = np.rint(np.array(list(kept.values())) * 255).astype(np.uint8)
    padded = np.array([(list(own) + [-1] * LEMMAS)[:LEMMAS] for own in of], np.int32)
    words = pa.array(list(kept), pa.string())
    return Forms(words, shares, padded, np.array(pairs, np.int32).T.copy())


def _distinct(own: Mapping[str, list[Lemma]]) -> Iterator[str]:
    yield from dict.fromkeys(lemma for found in own.values() for lemma, _ in found)


def main() -> None:
    """Build the table; see the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wordnet", type=Path, required=True, help="folder of data.noun")
    parser.add_argument("--tags", type=Path, required=True, help="counts of tags by word")
    parser.add_argument("--output", type=Path, default=FORMS)
    options = parser.parse_args()
    made = table_of(WordNet.read(options.wordnet), tags.load(options.tags))
    made.save(options.output)
    print(f"{len(made.words):,} words, {made.opposites.shape[1]:,} pairs of antonyms")


if __name__ == "__main__":
    main()
