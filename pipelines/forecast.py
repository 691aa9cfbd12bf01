"""What a run would do: which shards it would compute, why, and how long that may take."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.corpus import with_contents
from pipelines.expand import expand
from pipelines.learning import learned_from
from pipelines.parquet import read_batches
from pipelines.plan import Plan
from pipelines.preparing import Given, as_recipe, checked, opened
from pipelines.runner import CONTENTS
from pipelines.schedule import Schedule, schedule
from pipelines.shard import Task
from pipelines.store.opening import open_store

SECONDS = 3.0
"""How long the sample may take, once the models are loaded; at least one batch is timed."""

_BATCH_ROWS = 256


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run would do.

    Attributes:
        plan: of the run.
        rows, shards: of the input.
        schedule: what is there and what is not; None if steps need statistics of the corpus that
            are not counted yet: then all would be computed.
        missing: rows to compute.
        seconds: that one worker would take for them, by a timed sample; 0 if there are none.
        warnings: what the user should look at.
    """

    plan: Plan
    rows: int
    shards: int
    schedule: Schedule | None
    missing: int
    seconds: float
    warnings: tuple[str, ...]


def forecast(recipe: Given, limit: int | None = None) -> Forecast:
    """Look at a recipe, its input and its output; nothing is written.

    Raises:
        What :func:`pipelines.runner.run` raises for a recipe or an input.
    """
    plan = checked(as_recipe(recipe))
    store = open_store(plan.recipe.output, plan.recipe.format)
    with TemporaryDirectory() as name:
        folder = Path(name)
        corpus = opened(plan, limit, folder)
        memory = store.cache / CONTENTS
        if memory.is_file():
            shutil.copy(memory, folder)
        corpus = with_contents(corpus, folder / CONTENTS)
        fitted = learned_from(plan, corpus, store.cache)
        found = None if fitted is None else schedule(fitted, corpus, store.objects, store.last())
        tasks = [Task("", shard) for shard in corpus.shards] if found is None else found.missing
        missing = sum(task.shard.rows for task in tasks)
        # What a step does without the corpus's statistics can't be timed.
        seconds = 0.0 if fitted is None else missing * _seconds_per_row(fitted, tasks)
    return Forecast(plan, corpus.rows, len(corpus.shards), found, missing, seconds, corpus.warnings)


def _seconds_per_row(plan: Plan, tasks: list[Task]) -> float:
    """Of the first rows to be computed, without what is done once."""
    rows: int = 0
    begun: float | None = None
    for task in tasks:
        for batch in read_batches(task.shard, _BATCH_ROWS, plan.recipe.text):
            if begun is None:
                # The first call loads models and tables.
                expand(plan, batch.slice(0, 1))
                begun = time.perf_counter()
            expand(plan, batch)
            rows += batch.num_rows
            spent = time.perf_counter() - begun
            if spent > SECONDS:
                return float(spent / rows)
    return 0.0 if begun is None else (time.perf_counter() - begun) / max(rows, 1)
