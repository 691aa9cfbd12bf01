"""Fit a plan's components to some labelled rows, as a run fits them to a corpus."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from augment.text.columns import Ints
from pipelines.corpus import open_corpus
from pipelines.evaluating.labelled import Labelled
from pipelines.executors.protocol import Done, Job, Lost, Tick
from pipelines.learning import learn
from pipelines.meter import Meter
from pipelines.plan import Plan

T = TypeVar("T")
R = TypeVar("R")


class Here:
    """An executor that does the work in this process; a few rows are not worth another."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def expect(self) -> None:
        """There is nothing to begin."""

    def map(self, job: Job[T, R], items: Sequence[T], tick: Tick) -> Iterator[Done[T, R] | Lost[T]]:
        """One item after the other."""
        for item in items:
            yield Done(item, job(item, tick))


@contextmanager
def fitted_to(plan: Plan, data: Labelled, rows: Ints) -> Iterator[Plan]:
    """A context with the plan fitted to the rows at these places and to no others."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "rows.parquet"
        pq.write_table(pa.Table.from_batches([data.rows.take(pa.array(rows))]), file)
        recipe = plan.recipe.model_copy(update={"input": str(file), "input_format": "parquet"})
        there = Plan(recipe, plan.views, plan.filters)
        corpus = open_corpus(str(file), format="parquet", text=recipe.text)
        yield learn(there, corpus, folder / "cache", folder, Here(), Meter())
