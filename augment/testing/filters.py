"""What every filter keeps, whoever wrote it."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np
import pyarrow as pa

from augment.batch import TextBatch, Variants
from augment.filter import Filter, Verdicts
from augment.testing.common import globals_kept, round_trip, unpickled
from augment.testing.texts import SHORT_TEXTS
from augment.text.diff import edits_between
from augment.text.protect import Protection


@dataclasses.dataclass(frozen=True)
class FilterCase:
    """A filter and what it is checked on: texts, each changed in three ways, or declined.

    Args:
        instance: the filter.
        texts: name → text.
        language: BCP 47 tag of the texts.
        labels: what the rows are labelled with by turns, None for a row without; none at all if
            empty.
    """

    instance: Filter
    texts: Mapping[str, str] = dataclasses.field(default_factory=lambda: SHORT_TEXTS)
    language: str = "en"
    labels: Sequence[str | None] = ("good", "bad", None)

    @cached_property
    def source(self) -> TextBatch:
        """Every text four times; what is protected by default is, the labels go round."""
        texts = pa.array([t for t in self.texts.values() for _ in range(4)], pa.string())
        batch = TextBatch.of(texts, language=self.language, protected=Protection().find(texts))
        if not self.labels:
            return batch
        turns = [self.labels[i % len(self.labels)] for i in range(len(texts))]
        return dataclasses.replace(batch, labels=pa.array(turns, pa.string()))

    @cached_property
    def variants(self) -> Variants:
        """Of every text a variant much longer, one much shorter, one reversed, and none."""
        made = [
            variant if variant != text else None
            for text in self.texts.values()
            for variant in (f"{text} {text} and more", text[:3], text[::-1], text)
        ]
        edits = edits_between(self.source.text.to_pylist(), made)
        return Variants(pa.array(made, pa.string()), edits)

    @cached_property
    def verdicts(self) -> Verdicts:
        """What the filter says of them."""
        return self.instance.judge(self.source, self.variants)


FilterClause = Callable[[FilterCase], None]


def verdicts_aligned(case: FilterCase) -> None:
    """One verdict a row, of the right types; a rejection has a reason and nothing else has."""
    found, count = case.verdicts, len(case.source)
    assert len(found.keep) == count, (
        f"{case.instance!r}: {len(found.keep)} verdicts of {count} rows"
    )
    assert found.keep.dtype == np.bool_, f"{case.instance!r}: keep is {found.keep.dtype}"
    assert found.score.dtype == np.float32, f"{case.instance!r}: score is {found.score.dtype}"
    assert pa.types.is_dictionary(found.reason.type), f"{case.instance!r}: {found.reason.type}"
    given = [reason is not None for reason in found.reason.to_pylist()]
    assert given == (~found.keep).tolist(), f"{case.instance!r}: reasons and rejections differ"


def weights_in_range(case: FilterCase) -> None:
    """Weights, if it gives any: float32, one a row, above 0 and at most 1 where it keeps."""
    weight = case.verdicts.weight
    if weight is None:
        return
    assert weight.dtype == np.float32, f"{case.instance!r}: weight is {weight.dtype}"
    assert len(weight) == len(case.source), f"{case.instance!r}: {len(weight)} weights"
    kept = weight[case.verdicts.keep]
    assert ((kept > 0) & (kept <= 1)).all(), f"{case.instance!r}: weights {kept.min()}…{kept.max()}"


def declined_are_kept(case: FilterCase) -> None:
    """There is nothing to judge, and nothing to measure, of a row without a variant."""
    absent = case.variants.text.is_null().to_numpy(zero_copy_only=False)
    assert case.verdicts.keep[absent].all(), f"{case.instance!r} rejects rows that have no variant"
    assert np.isnan(case.verdicts.score[absent]).all(), f"{case.instance!r} scores such rows"


def nothing_to_judge(case: FilterCase) -> None:
    """No rows give no verdicts, and rows that all declined are all kept."""
    none = case.instance.judge(case.source.slice(0, 0), Variants.declined(0))
    assert len(none.keep) == 0, f"{case.instance!r}: {len(none.keep)} verdicts of no rows"
    some = case.source.slice(0, 3)
    assert case.instance.judge(some, Variants.declined(len(some))).keep.all(), (
        f"{case.instance!r} rejects what all declined"
    )


def verdicts_same_for_any_cut(case: FilterCase) -> None:
    """Rows judged one by one get the verdicts they get together; or the same batch does."""
    one, count = case.instance.batch_invariant, len(case.source)
    reasons = case.verdicts.reason.to_pylist()
    starts = range(count) if one else range(0, count, count)
    for start in starts:
        stop = start + 1 if one else count
        rows = np.arange(start, stop)
        found = case.instance.judge(case.source.slice(start, stop), case.variants.take(rows))
        same = (found.keep == case.verdicts.keep[rows]).all() and np.array_equal(
            found.score, case.verdicts.score[rows], equal_nan=True
        )
        if found.weight is not None and case.verdicts.weight is not None:
            same = same and np.array_equal(found.weight, case.verdicts.weight[rows])
        same = same and found.reason.to_pylist() == reasons[start:stop]
        assert same, f"{case.instance!r} judges row {start} otherwise: {case.source.text[start]}"


def filter_keeps_global_state(case: FilterCase) -> None:
    """The global generators of Python, NumPy and torch are as before."""
    with globals_kept(case.instance):
        case.instance.judge(case.source, case.variants)


def filter_round_trips(case: FilterCase) -> None:
    """The recipe entry, through JSON, builds an equal filter; it pickles small, after use too."""
    round_trip(case.instance, "filter")
    again = unpickled(case.instance).judge(case.source, case.variants)
    assert (again.keep == case.verdicts.keep).all(), f"{case.instance!r}: unpickled, it differs"


FILTER_CONTRACT: tuple[FilterClause, ...] = (
    verdicts_aligned,
    weights_in_range,
    declined_are_kept,
    nothing_to_judge,
    verdicts_same_for_any_cut,
    filter_keeps_global_state,
    filter_round_trips,
)
"""What every filter keeps; each clause takes a :class:`FilterCase`."""


def check_filter(
    instance: Filter,
    texts: Mapping[str, str] = SHORT_TEXTS,
    languages: Sequence[str] = ("en",),
) -> None:
    """Check every clause of the filter contract.

    Raises:
        AssertionError: naming the filter and what it does wrong.
    """
    for language in languages:
        case = FilterCase(instance, texts, language)
        for clause in FILTER_CONTRACT:
            clause(case)
