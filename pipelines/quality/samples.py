"""Samples of a dataset that depend on its rows alone, not on their order: the smallest hashes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from augment.batch import EDITS
from augment.randomness import Keys, derive, hash_strings
from augment.text.edits import replay
from pipelines.quality.diversity import Text
from pipelines.quality.groups import Measured
from pipelines.quality.lots import Lot, Made
from pipelines.quality.words import Tokens

PER_METHOD = 20
"""Variants that are shown of each view and each combination of steps."""
TAIL = 8
"""Variants that are shown of each view as the least similar, and as many as the most edited."""
FAMILIES = 1000
"""Sources whose texts are held against one another."""


@dataclass(frozen=True, slots=True)
class Example:
    """A variant to be shown.

    Attributes:
        source, text: before and after.
        edits: ``(start, stop, text)`` in code points of the source, which make the text of it.
        view: its view.
        steps: those that changed it; None where the layout does not tell.
        kept: whether it is in the output.
        reason: why it is not, or why it is shown: ``sample``, ``least similar``, ``most edited``.
        label, language: of its source.
        edit_rate, similarity: as measured.
        scores: that filters and steps gave.
        id: of its row, if the layout tells.
    """

    source: str
    text: str
    edits: tuple[tuple[int, int, str], ...]
    view: str
    steps: tuple[str, ...] | None
    kept: bool
    reason: str
    label: str | None
    language: str
    edit_rate: float | None
    similarity: float | None
    scores: tuple[tuple[str, float], ...] = ()
    id: str | None = None


@dataclass(slots=True)
class Examples:
    """Variants to be shown: some of each view and method, and each view's extremes."""

    _held: dict[tuple[Any, ...], list[tuple[float, Example]]] = field(default_factory=dict)

    def add(self, lot: Lot, values: Measured) -> None:
        """Look at more variants."""
        made = lot.made
        if not len(made.text) or (made.parent < 0).any():
            return
        keys = derive(hash_strings(lot.sources.text)[made.parent], "example")
        keys = derive(keys ^ hash_strings(made.text), "variant")
        drawn = (keys >> np.uint64(11)).astype(np.float64)
        views = made.view.to_numpy(zero_copy_only=False)
        for view in dict.fromkeys(views.tolist()):
            rows = np.flatnonzero(views == view)
            for name, steps in _methods(made, rows):
                self._keep(lot, values, (view, "sample", name), drawn, steps, PER_METHOD)
            for reason, order in (
                ("least similar", values.similarity),
                ("most edited", -values.edit_rate),
            ):
                known = rows[~np.isnan(order[rows])]
                self._keep(lot, values, (view, reason), order, known, TAIL)

    def _keep(
        self,
        lot: Lot,
        values: Measured,
        key: tuple[Any, ...],
        order: npt.NDArray[np.float64],
        rows: npt.NDArray[np.int64],
        most: int,
    ) -> None:
        held = self._held.setdefault(key, [])
        bound = held[-1][0] if len(held) >= most else np.inf
        rows = rows[order[rows] < bound]
        chosen = rows[np.argsort(order[rows], kind="stable")[:most]]
        found = examples_of(lot, values, chosen, key[1])
        held += zip(order[chosen].tolist(), found, strict=True)
        held.sort(key=lambda item: (item[0], item[1].source, item[1].text))
        del held[most:]

    def all(self) -> tuple[Example, ...]:
        """Each once, by view and method."""
        found: dict[tuple[str, str, str], Example] = {}
        for _, held in sorted(self._held.items(), key=lambda item: _order(item[0])):
            for _, example in held:
                found.setdefault((example.view, example.source, example.text), example)
        # What is usual comes first.
        return tuple(sorted(found.values(), key=lambda example: example.reason != "sample"))


def _order(key: tuple[Any, ...]) -> tuple[str, ...]:
    # An example that is extreme and in the sample is shown as what is rarer.
    return ("1" if key[1] == "sample" else "0", *key)


def _methods(made: Made, rows: npt.NDArray[np.int64]) -> list[tuple[str, npt.NDArray[np.int64]]]:
    """The rows by the steps that changed them."""
    if made.steps is None:
        return [("", rows)]
    names = np.array(
        [" ".join(s or ()) for s in made.steps.take(pa.array(rows)).to_pylist()], object
    )
    return [(name, rows[names == name]) for name in sorted(dict.fromkeys(names.tolist()))]


def examples_of(
    lot: Lot, values: Measured, rows: npt.NDArray[np.int64], reason: str
) -> list[Example]:
    """The variants of these rows, as they are shown."""
    made = lot.made.take(rows)
    sources, texts = lot.sources.text.take(pa.array(made.parent)), made.text
    edits = _edits(sources, texts, made.edits)
    columns = zip(
        sources.to_pylist(),
        texts.to_pylist(),
        edits.to_pylist(),
        made.view.to_pylist(),
        _listed(made.steps, len(rows)),
        _listed(made.labels, len(rows)),
        values.edit_rate[rows].tolist(),
        values.similarity[rows].tolist(),
        _listed(made.scores, len(rows)),
        _listed(made.ids, len(rows)),
        strict=True,
    )
    return [
        Example(
            source,
            text,
            tuple((e["start"], e["stop"], e["text"]) for e in changes or ()),
            view,
            None if steps is None else tuple(steps),
            True,
            reason,
            label,
            lot.language,
            rate,
            None if np.isnan(similarity) else similarity,
            tuple((s["name"], s["score"]) for s in scores or ()),
            name,
        )
        for source, text, changes, view, steps, label, rate, similarity, scores, name in columns
    ]


def _edits(
    sources: pa.StringArray, texts: pa.StringArray, told: pa.ListArray | None
) -> pa.ListArray:
    """The edits that lead from source to text: those recorded, if they do."""
    from augment.text.diff import edits_between

    if told is not None and replay(sources, told).equals(texts):
        return told.cast(EDITS)
    return edits_between(sources.to_pylist(), texts.to_pylist())


def _listed(column: pa.Array | None, count: int) -> list[Any]:
    return [None] * count if column is None else column.to_pylist()


@dataclass(slots=True)
class Families:
    """Sources with all their variants, as words: those whose texts have the smallest hashes."""

    _held: dict[int, tuple[Text, list[tuple[str, Text]]]] = field(default_factory=dict)

    def add(self, lot: Lot, tokens: Tokens) -> None:
        """Look at more.

        Args:
            lot: sources and variants.
            tokens: of the sources' texts, then of the variants'.
        """
        made, sources = lot.made, len(lot.sources.text)
        if not len(made.text) or (made.parent < 0).any():
            return
        keys: Keys = derive(hash_strings(lot.sources.text), "family")
        bound = max(self._held) if len(self._held) >= FAMILIES else 2**64
        order = np.argsort(made.parent, kind="stable")
        parents = made.parent[order]
        opens = np.flatnonzero(np.append(True, parents[1:] != parents[:-1]))
        families = dict(zip(parents[opens].tolist(), np.split(order, opens[1:]), strict=True))
        wanted = sorted((int(keys[row]), row) for row in families if keys[row] <= bound)
        views = made.view
        for key, row in wanted[:FAMILIES]:
            _, found = self._held.setdefault(key, (tokens.words_of(row), []))
            found += [
                (views[i].as_py(), tokens.words_of(sources + i)) for i in families[row].tolist()
            ]
        for key in sorted(self._held)[FAMILIES:]:
            del self._held[key]

    def all(self) -> tuple[list[Text], list[Sequence[tuple[str, Text]]]]:
        """Originals and, for each, its variants as ``(view, words)``; by the sources' hashes."""
        found = [self._held[key] for key in sorted(self._held)]
        return [source for source, _ in found], [family for _, family in found]
