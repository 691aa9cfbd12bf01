"""What happened to rows and variants: counted where it happens, added up with ``+``."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self


def _sum(first: Any, second: Any) -> Any:
    if isinstance(first, Mapping):
        keys = dict.fromkeys((*first, *second))
        return {
            key: _sum(first[key], second[key]) if key in first and key in second
            else first.get(key, second.get(key))
            for key in keys
        }  # fmt: skip
    return first + second


@dataclass(frozen=True, slots=True)
class ViewStats:
    """Variants of one view: ``asked = made + declined + failed + Σ rejected``.

    Attributes:
        asked: rows times copies.
        made: variants that are in the output.
        declined: there was nothing to change.
        failed: a step or a filter raised an error on the row.
        rejected: by filter and reason, such as ``length_ratio: too_long``; ``spans: broken``
            where an edit broke a labelled span; with ``duplicates``, those that repeat others of
            the dataset are among them.
        steps: how many of the variants made each step changed, before those went that repeat
            others of the dataset.
        counts: what the steps counted, such as sentences that fell back, by the name of the note.
        seconds: spent in steps and filters.
        retried: how often a variant was asked for again after a rejection; the rejections that
            were made good this way are not in ``rejected``.
        recovered: how many of ``made`` are due to that.
    """

    asked: int = 0
    made: int = 0
    declined: int = 0
    failed: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    steps: Mapping[str, int] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    retried: int = 0
    recovered: int = 0

    @property
    def share_made(self) -> float:
        """The yield: variants made of those asked for; 1 if none were."""
        return self.made / self.asked if self.asked else 1.0

    def __add__(self, other: Self) -> Self:
        return type(self)(
            *(_sum(getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        )


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts of a batch, a shard or a run.

    Attributes:
        rows: read.
        rejected: rows in the rejects, by reason. A row with an unusable text or id yields
            nothing; one on which a step failed (``error``) keeps its other variants.
        views: by name.
        cached: rows of model steps, ``hits`` that the row cache had and ``misses``; empty without.
    """

    rows: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    views: Mapping[str, ViewStats] = field(default_factory=dict)
    cached: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: Self) -> Self:
        return type(self)(
            *(_sum(getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        )

    def told(self) -> dict[str, Any]:
        """The counts as JSON-able values: what depends on rows and plan, not on clock or cache."""
        views = {name: asdict(view) for name, view in self.views.items()}
        for view in views.values():
            del view["seconds"]
        return {"rows": self.rows, "rejected": dict(self.rejected), "views": views}

    @classmethod
    def of_told(cls, told: Mapping[str, Any]) -> Self:
        """What :meth:`told` told of."""
        views = {name: ViewStats(**view) for name, view in told["views"].items()}
        return cls(told["rows"], told["rejected"], views)

    @property
    def rejected_rows(self) -> int:
        """Rows in the rejects, whatever the reason."""
        return sum(self.rejected.values())

    @property
    def variants(self) -> ViewStats:
        """All views together."""
        return sum(self.views.values(), ViewStats())


def tally(values: Any) -> dict[str, int]:
    """How often each string of an Arrow column occurs; nulls are not counted."""
    counts = values.drop_null().value_counts()
    return dict(sorted(zip(*(field.to_pylist() for field in counts.flatten()), strict=True)))
