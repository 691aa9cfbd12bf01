"""The variants of one source row as an output of any layout has them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from augment.text.diff import edits_between
from augment.variant import Edit
from pipelines.explaining.finding import Name
from pipelines.recipe import ORIGINAL, Recipe


@dataclass(frozen=True, slots=True)
class Version:
    """A variant as it is stored.

    Attributes:
        text: its.
        edits: of the source; None where neither they nor the source are known.
        steps: names of those that changed it; empty in layouts that do not tell.
        scores: of filters and methods, likewise.
    """

    text: str
    edits: tuple[Edit, ...] | None = None
    steps: tuple[str, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)

    def of(self, source: str) -> "Version":
        """With edits, found by comparing the texts if the layout has none."""
        if self.edits is not None:
            return self
        found = edits_between([source], [self.text])[0].as_py() or ()
        return replace(self, edits=tuple(Edit(**edit) for edit in found))


@dataclass(frozen=True, slots=True)
class Stored:
    """All variants of a row.

    Attributes:
        views: by view, each with the number of its copy; None where the layout does not tell it.
    """

    views: Mapping[str, list[tuple[int | None, Version]]]

    @classmethod
    def of(cls, rows: pa.Table, recipe: Recipe) -> "Stored":
        """Of the rows that an output has of one source row, in its layout."""
        views: dict[str, list[tuple[int | None, Version]]] = {name: [] for name in recipe.views}
        for row in rows.to_pylist():
            for view, copy, variant in _LAYOUTS[recipe.layout](row, recipe):
                if (copy, variant) not in views[view]:
                    views[view].append((copy, variant))
        return cls(views)

    def find(self, name: Name, text: str | None) -> Version | None:
        """The variant of this name; where copies are not told, the one of this text."""
        found = self.views.get(name.view, [])
        for copy, variant in found:
            if copy == name.copy or (copy is None and variant.text == text):
                return variant
        return None


def _long(row: Mapping[str, Any], recipe: Recipe) -> Iterator[tuple[str, int, Version]]:
    if row["aug_view"] != ORIGINAL:
        edits = tuple(Edit(**edit) for edit in row["aug_edits"] or ())
        scores = {score["name"]: score["score"] for score in row["aug_scores"]}
        made = Version(row[recipe.text], edits, tuple(row["aug_steps"] or ()), scores)
        yield row["aug_view"], row["aug_copy"], made


def _wide(row: Mapping[str, Any], recipe: Recipe) -> Iterator[tuple[str, int, Version]]:
    for view, told in recipe.views.items():
        for copy in range(told.copies):
            text = row[f"{view}_{copy}"]
            if text is not None:
                yield view, copy, Version(text)


def _pairs(row: Mapping[str, Any], recipe: Recipe) -> Iterator[tuple[str, None, Version]]:  # noqa: ARG001
    yield row["view"], None, Version(row["variant"])


_LAYOUTS: Mapping[str, Any] = {"long": _long, "wide": _wide, "pairs": _pairs}
