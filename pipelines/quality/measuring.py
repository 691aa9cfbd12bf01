"""Measures a published version in two passes: its originals' words, then every variant."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from augment.text.columns import Ints, parents
from pipelines.quality.distances import Weights, edit_rates, similarities
from pipelines.quality.diversity import Diversity, diversity
from pipelines.quality.groups import Group, Measured, grouped
from pipelines.quality.histogram import Histogram, Sketch
from pipelines.quality.lots import Lot, Made
from pipelines.quality.reader import Reader
from pipelines.quality.samples import Examples, Families
from pipelines.quality.vocabulary import Shift, shift
from pipelines.quality.words import Counter, Tokens, Words
from pipelines.recipe import ORIGINAL

SIMILARITY = "similarity"
"""The filter whose score is the similarity, if it judged the variants."""
WEIGHT = "weight"
"""The score by which filters weigh variants."""


@dataclass(slots=True)
class Measures:
    """What is counted while the lots pass by.

    Attributes:
        originals: words per original, and how many there are.
        by: groups by what they share (``views``, ``steps``, ``labels``, ``languages``) and name;
            ``all`` has one group.
        words: of the originals, under ``original``, and of each view's variants.
        scores: of filters and steps, and weights.
        examples, families: samples.
        weights: to compute similarities by; None if they are a filter's scores.
    """

    originals: Histogram = field(default_factory=Histogram.sizes)
    by: dict[str, dict[str, Group]] = field(default_factory=dict)
    words: dict[str, Counter] = field(default_factory=dict)
    scores: dict[str, Sketch] = field(default_factory=dict)
    examples: Examples = field(default_factory=Examples)
    families: Families = field(default_factory=Families)
    weights: Weights | None = None

    def add(self, lot: Lot) -> None:
        """Look at a lot."""
        sources, made = len(lot.sources.text), len(lot.made.text)
        tokens = Tokens.of(pa.concat_arrays([lot.sources.text, lot.made.text]), lot.language)
        fresh = np.append(lot.sources.fresh, np.zeros(made, np.bool_))
        self._count(ORIGINAL, tokens, fresh)
        self.originals = self.originals.plus(tokens.word_counts[fresh])
        if not made:
            return
        values = measured(lot, tokens, self.weights)
        views = lot.made.view.to_numpy(zero_copy_only=False)
        for view in dict.fromkeys(views.tolist()):
            self._count(view, tokens, np.append(np.zeros(sources, np.bool_), views == view))
        for kind, (names, rows) in _groups(lot).items():
            self.by[kind] = grouped(self.by.get(kind, {}), values, names, rows)
        for name, scores in _scores(lot.made):
            self.scores[name] = self.scores.get(name, Sketch.empty()).plus(scores)
        self.examples.add(lot, values)
        self.families.add(lot, tokens)

    def _count(self, name: str, tokens: Tokens, chosen: npt.NDArray[np.bool_]) -> None:
        if chosen.any():
            self.words.setdefault(name, Counter()).add(tokens.occurrences(chosen))

    @property
    def all(self) -> Group:
        """All variants."""
        return sum(self.by.get("views", {}).values(), Group())

    def shifts(self, views: Iterable[str]) -> dict[str, Shift]:
        """Of the vocabulary: of each view, and of all of them under ``all``."""
        counted = {name: counter.words for name, counter in self.words.items()}
        old = counted.get(ORIGINAL, Words.sum([]))
        named = {view: counted[view] for view in views if view in counted}
        return {
            "all": shift(old, Words.sum([*named.values()])),
            **{view: shift(old, words) for view, words in named.items()},
        }

    def diversity(self, views: Iterable[str]) -> Diversity:
        """Of the sampled families."""
        return diversity(*self.families.all(), [*views])


def measures(reader: Reader, stored_similarity: bool) -> Measures:
    """Measure all rows of an output.

    Args:
        reader: of it.
        stored_similarity: whether the similarity is a filter's score; else it is computed.
    """
    weights = None
    if reader.has_sources and not stored_similarity:
        weights = _weights(reader)
    found = Measures(weights=weights)
    for lot in reader.lots():
        found.add(lot)
    return found


def _weights(reader: Reader) -> Weights:
    """The first pass: in how many originals each word is."""
    counter, texts = Counter(), 0
    for lot in reader.lots(variants=False):
        fresh = lot.sources.fresh
        counter.add(Tokens.of(lot.sources.text, lot.language).occurrences(fresh))
        texts += int(fresh.sum())
    return Weights(counter.words, texts)


def measured(lot: Lot, tokens: Tokens, weights: Weights | None) -> Measured:
    """What is measured of each variant of a lot.

    Args:
        lot: sources and variants.
        tokens: of the sources' texts, then of the variants'.
        weights: to compute similarities by; None if they are a filter's scores.
    """
    count, parent = len(lot.made.text), lot.made.parent
    variants = len(lot.sources.text) + np.arange(count)
    words = tokens.word_counts[variants]
    known = np.flatnonzero(parent >= 0)
    rates, ratios = np.full(count, np.nan), np.full(count, np.nan)
    rates[known] = edit_rates(tokens, parent[known], variants[known])
    before = tokens.word_counts[parent[known]]
    ratios[known] = np.divide(
        words[known], before, out=np.full(len(known), np.nan), where=before > 0
    )
    alike = dict(_scores(lot.made, {SIMILARITY})).get(SIMILARITY, np.full(count, np.nan))
    if weights is not None:
        alike = np.full(count, np.nan)
        alike[known] = similarities(tokens, parent[known], variants[known], weights)
    return Measured(rates, alike, words, ratios)


def _groups(lot: Lot) -> dict[str, tuple[npt.NDArray[Any], Ints]]:
    """Names of groups, and the variants that they are of."""
    made, rows = lot.made, np.arange(len(lot.made.text))
    found: dict[str, tuple[npt.NDArray[Any], Ints]] = {
        "views": (_objects(made.view), rows),
        "languages": (np.full(len(rows), lot.language, object), rows),
    }
    if made.steps is not None:
        steps, of = _objects(made.steps.flatten()), parents(made.steps)
        # A step that changed a variant twice counts once.
        once = dict.fromkeys(zip(of.tolist(), steps.tolist(), strict=True))
        pairs = np.array([*once], object).reshape(-1, 2)
        found["steps"] = (pairs[:, 1], pairs[:, 0].astype(np.int64))
    if made.labels is not None:
        found["labels"] = (_objects(made.labels), rows)
    return found


def _objects(column: pa.Array) -> npt.NDArray[Any]:
    return np.asarray(column.to_numpy(zero_copy_only=False), object)


def _scores(
    made: Made, wanted: Iterable[str] | None = None
) -> Iterable[tuple[str, npt.NDArray[np.float32]]]:
    """Each score as ``(m,)`` float32, NaN where a variant has none; by its first occurrence."""
    if made.scores is None:
        return
    flat, of = made.scores.flatten(), parents(made.scores)
    names, scores = (pc.struct_field(flat, key) for key in ("name", "score"))
    coded = names.dictionary_encode()
    codes, numbers = coded.indices.to_numpy(), scores.to_numpy(zero_copy_only=False)
    for code, name in enumerate(coded.dictionary.to_pylist()):
        if wanted is None or name in wanted:
            column = np.full(len(made.text), np.nan, np.float32)
            column[of[codes == code]] = numbers[codes == code]
            yield name, column


def judged(recipe: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The filters of a recipe's values."""
    found: list[Mapping[str, Any]] = recipe.get("filters", [])
    return found
