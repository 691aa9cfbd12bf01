"""Replacement of uninformative words, told by their TF-IDF, by other uninformative ones.

Source: UDA, Xie, Dai, Hovy, Luong & Le 2020, "Unsupervised Data Augmentation for Consistency
Training", §2.2 and the appendix on TF-IDF based word replacing, whose formulas are followed:
both the chance of a word to be replaced and that of a word to be drawn fall in a straight line
with its score. Here a row's number of replacements is exact, ``rate`` of its eligible words.
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
from augment.component import Count, Probability, component
from augment.counting import countable
from augment.errors import StatisticsError
from augment.methods.considering import bounds, ranked, score_of, written
from augment.methods.word_pool import WordPool, word_pool
from augment.randomness import uniform_at
from augment.statistics import open_statistics
from augment.text.casing import MIXED, recase
from augment.text.choice import choose
from augment.text.columns import Bools, Ints, Utf8
from augment.text.edits import variants_of_edits
from augment.text.languages import language, primary, words_digest
from augment.text.negations import negations
from augment.text.segments import Segments
from augment.tracing import Considered
from augment.vocabulary import Floats

UNFITTED = "unfitted"
"""The asset of a component that has no statistics yet."""


@component("tfidf")
class TfidfReplacement(Augmenter):
    """Replace words that tell little of a text by others that do; its keywords stay.

    What a word tells is its TF-IDF: how often it stands in the text, times the logarithm of the
    share of the corpus's texts that lack it. A word is the likelier to be replaced the farther
    it lies below the text's highest TF-IDF; the words at the top stay. The new word is drawn from
    the corpus's own words, the likelier the lower its frequency times IDF. Negations, names
    (capitalised words inside a sentence), words in mixed case, words with digits and protected
    spans are left alone; letter case is kept.

    A run counts the words of its corpus first. In a notebook, count and save them yourself:
    ``CorpusStatistics.of(texts, language="en").save(path)``. A language of which the statistics
    have no text is declined.

    Args:
        rate: share of a row's eligible words that is replaced.
        min_edits: replacements in a row at the least, if it has so many eligible words.
        max_edits: replacements in a row at the most.
        vocabulary: how many words new ones are drawn from, those in most texts of the corpus. The
            paper draws from all; but by its formula words of few texts, which often decide a
            label, are as likely as any.
        statistics: file of a corpus's statistics; counted by the run if left out.
    """

    files = ("statistics",)
    fits = "statistics"

    rate: Probability = 0.1
    min_edits: Count = 1
    max_edits: Count | None = None
    vocabulary: Annotated[int, Field(ge=2)] = 500
    statistics: str | None = None

    def assets(self) -> Mapping[str, str]:
        """The digests of the statistics and of the lists of words."""
        digest = UNFITTED if self.statistics is None else open_statistics(self.statistics).digest
        return {"statistics": digest, "words": words_digest()}

    def rewrite(self, batch: TextBatch) -> Variants:
        """Whole columns at a time: scores per word and row, one weighted draw for all rows.

        Raises:
            StatisticsError: there are no statistics.
        """
        if self.statistics is None:
            raise StatisticsError(
                "tfidf needs statistics of a corpus: augmill run and sample count them; elsewhere "
                'call CorpusStatistics.of(texts, language="en").save("words.arrow") and then '
                'TfidfReplacement(statistics="words.arrow")'
            )
        known = open_statistics(self.statistics)
        words = known.language(batch.language)
        if words is None:
            return Variants.declined(len(batch))
        segments = language(batch.language).segment(Utf8.of(batch.text))
        if not len(segments.starts):
            return Variants.declined(len(batch))
        place = words.find(segments.distinct.dictionary)
        weights = tfidf_weights(segments, segments.outside(batch.protected), words.idf[place])
        weights[~_replaceable(segments, batch.language)] = 0.0
        budget = self.rate, self.min_edits, self.max_edits
        at = choose(segments, weights > 0, batch.keys, *budget, weights=weights)
        numbers = uniform_at(batch.keys, at.rows, "candidate", at.counter)
        codes = segments.codes[at.pieces]
        pool = word_pool(known, primary(batch.language), self.vocabulary)
        new = recase(pool.draw(place[codes], numbers), segments.patterns[codes])
        other = pc.not_equal(new, segments.pieces.take(pa.array(at.pieces)))
        frame = tracing.current()
        if frame is not None:
            frame.considered += _considered(segments, at.pieces, pool, place[codes], new)
        kept = np.flatnonzero(other.to_numpy(zero_copy_only=False))
        pieces = at.pieces[kept]
        ranges = segments.starts[pieces], segments.stops[pieces]
        return variants_of_edits(segments.text, at.rows[kept], *ranges, new.filter(other))


def _considered(
    segments: Segments, pieces: Ints, pool: WordPool, replaced: Ints, new: pa.StringArray
) -> Iterator[Considered]:
    """Of one row: the words of the pool with their chances."""
    columns = bounds(segments, pieces), pieces, replaced, new.to_pylist()
    for (start, stop), piece, own, drawn in zip(*columns, strict=True):
        shares, old = pool.shares(own), segments.pieces[piece].as_py()
        texts = written(pool.words, segments.patterns[segments.codes[piece]])
        same = drawn is None or drawn == old
        yield Considered(
            start,
            stop,
            None if same else drawn,
            None if drawn is None else score_of(drawn, texts, shares),
            "probability",
            ranked(texts, shares),
            "there is no other word to draw" if same else f"drawn from {len(texts):,} words",
        )


def _replaceable(segments: Segments, tag: str) -> Bools:
    """``(pieces,)``: words whose form and role allow it, whatever they tell."""
    distinct = segments.distinct.dictionary
    fine = countable(distinct) & (segments.patterns != MIXED)
    fit = fine[segments.codes] & segments.is_word & ~negations(segments, primary(tag))
    pieces = np.flatnonzero(fit)
    fit[pieces[language(tag).names(segments, pieces)]] = False
    return np.asarray(fit)


def tfidf_weights(segments: Segments, free: Bools, idf: Floats) -> Floats:
    """``(pieces,)``: how far each free word's TF-IDF lies below the highest of its row.

    The length of the row, by which TF is divided, cancels out of every choice within the row.

    Args:
        segments: n rows cut into pieces.
        free: ``(pieces,)`` which pieces are not protected; the others tell nothing.
        idf: ``(distinct,)`` of each distinct piece.
    """
    weights = np.zeros(len(segments.starts))
    places = np.flatnonzero(free & segments.is_word)
    if not len(places):
        return weights
    folded = pc.dictionary_encode(pc.utf8_lower(segments.distinct.dictionary))
    codes, rows = segments.codes[places], segments.rows[places]
    pairs = rows * len(folded.dictionary) + folded.indices.to_numpy()[codes]
    _, inverse, often = np.unique(pairs, return_inverse=True, return_counts=True)
    scores = often[inverse] * idf[codes]
    opens = np.flatnonzero(np.append(True, rows[1:] != rows[:-1]))
    highest = np.maximum.reduceat(scores, opens)
    weights[places] = np.repeat(highest, np.diff(np.append(opens, len(rows)))) - scores
    return weights
