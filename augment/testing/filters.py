"""What every filter keeps."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np
import pyarrow as pa

from augment.augmenter import variants_of_texts
from augment.batch import TextBatch, Variants
from augment.filter import Filter, Verdicts
from augment.testing.common import globals_kept, round_trip, unpickled
from augment.testing.texts import SHORT_TEXTS


@dataclasses.dataclass(frozen=True)
class FilterCase:
    """A filter and what it is checked on: texts, each kept, changed in three ways, or declined.

    Args:
        instance: the filter.
        texts: name → text.
        language: BCP 47 tag of the texts.
    """

    instance: Filter
    texts: Mapping[str, str] = dataclasses.field(default_factory=lambda: SHORT_TEXTS)
    language: str = "en"

    @cached_property
    def source(self) -> TextBatch:
        """Every text four times."""
        return TextBatch.of(
            [t for t in self.texts.values() for _ in range(4)], language=self.language
        )

    @cached_property
    def variants(self) -> Variants:
        """Of every text a variant much longer, one much shorter, one reversed, and none."""
        made = [
            variant if variant != text else None
            for text in self.texts.values()
            for variant in (f"{text} {text} and more", text[:3], text[::-1], text)
        ]
        return variants_of_texts(self.source, made)

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


def declined_are_kept(case: FilterCase) -> None:
    """There is nothing to judge of a row without a variant."""
    absent = case.variants.text.is_null().to_numpy(zero_copy_only=False)
    assert case.verdicts.keep[absent].all(), f"{case.instance!r} rejects rows that have no variant"


def verdicts_same_for_any_cut(case: FilterCase) -> None:
    """Rows judged one by one get the verdicts they get together; or the same batch does."""
    one, count = case.instance.batch_invariant, len(case.source)
    starts = range(count) if one else range(0, count, count)
    for start in starts:
        stop = start + 1 if one else count
        rows = np.arange(start, stop)
        found = case.instance.judge(case.source.slice(start, stop), case.variants.take(rows))
        same = (found.keep == case.verdicts.keep[rows]).all() and np.array_equal(
            found.score, case.verdicts.score[rows], equal_nan=True
        )
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
    declined_are_kept,
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
