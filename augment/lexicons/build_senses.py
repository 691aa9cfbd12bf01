"""Compile WordNet 3.0 into the bundled table of what English words can mean.

It needs Debian's ``wordnet-base``, ``lemminflect`` and ``wordfreq``, and the bundled table of
forms, whose lemmas it is about::

    python -m augment.lexicons.build_senses --wordnet /usr/share/wordnet

A sense is one step from its hypernyms, from adjectives of the same cluster, and from what is
derived from it (``decide``, ``decision``). Senses that make up little of a word's tagged uses are
left out: nearly any two common words share one of those.
"""

import argparse
from pathlib import Path

import numpy as np

from augment.lexicons.build_forms import FORMS, forms_of, lemmas
from augment.lexicons.forms import Forms
from augment.lexicons.senses import Senses
from augment.lexicons.sources import TABLE
from augment.lexicons.wordnet_en.database import POS, WordNet

SENSES = TABLE.with_name("senses-en.arrow")
_SHARE = 0.08
"""Share of a lemma's tagged uses, in all parts of speech, from which a sense counts."""
_STEPS = frozenset({"@", "&", "+", "\\", "<", "^"})
"""Pointers of wndb(5WN): hypernym, similar, derived, pertains to, participle of, see also."""
_POS = {"n": "noun", "v": "verb", "a": "adj", "s": "adj", "r": "adv"}

Synset = tuple[str, int]
"""Part of speech and offset."""


def numbers_of(net: WordNet, forms: Forms) -> dict[int, str]:
    """Number → lemma, as the table of forms counts them."""
    owners = forms_of(lemmas(net))
    return {
        int(number): lemma
        for form, own in zip(forms.words.to_pylist(), forms.lemmas, strict=True)
        for number, lemma in zip(
            own, dict.fromkeys(x for found in owners[form].values() for x, _ in found), strict=False
        )
    }


def senses_of(net: WordNet, lemma: str) -> list[Synset]:
    """Synsets of a lemma that make up a fair share of its uses."""
    found = [
        ((pos, offset), net.counts[lemma, pos, n + 1] + 0.5)
        for pos in POS
        for n, offset in enumerate(net.senses.get((lemma, pos), []))
    ]
    total = sum(count for _, count in found)
    return [synset for synset, count in found if count >= _SHARE * total]


def steps(folder: Path) -> set[tuple[Synset, Synset]]:
    """Pairs of synsets that a pointer of :data:`_STEPS` joins."""
    found = set()
    for pos in POS:
        for line in (folder / f"data.{pos}").read_text("ascii").splitlines():
            if line.startswith(" "):
                continue
            parts = line.partition(" | ")[0].split()
            at = 4 + 2 * int(parts[3], 16)
            for start in range(at + 1, at + 1 + 4 * int(parts[at]), 4):
                symbol, offset, target = parts[start : start + 3]
                if symbol in _STEPS:
                    found.add(((pos, int(line[:8])), (_POS[target], int(offset))))
    return found


def table_of(net: WordNet, pairs: set[tuple[Synset, Synset]], forms: Forms) -> Senses:
    """The table; senses are numbered in the order in which lemmas come to them."""
    known = numbers_of(net, forms)
    own = [senses_of(net, known[n]) if n in known else [] for n in range(max(known) + 1)]
    number: dict[Synset, int] = {}
    for synset in (synset for found in own for synset in found):
        number.setdefault(synset, len(number))
    joined = {tuple(sorted((number[a], number[b]))) for a, b in pairs if {a, b} <= number.keys()}
    starts = np.cumsum([0, *map(len, own)]).astype(np.int32)
    flat = [sorted(number[s] for s in found) for found in own]
    return Senses(
        forms.digest,
        starts,
        np.array([n for found in flat for n in found], np.int32),
        np.array(sorted(joined), np.int32).T.copy(),
    )


def main() -> None:
    """Build the table; see the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wordnet", type=Path, required=True, help="folder of data.noun")
    parser.add_argument("--output", type=Path, default=SENSES)
    options = parser.parse_args()
    net = WordNet.read(options.wordnet)
    made = table_of(net, steps(options.wordnet), Forms.load(FORMS))
    made.save(options.output)
    print(f"{len(made.starts) - 1:,} lemmas, {len(made.senses):,} senses")


if __name__ == "__main__":
    main()
