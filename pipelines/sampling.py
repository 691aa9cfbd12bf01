"""A look at what a recipe makes of the first rows of its input."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.errors import DataError
from pipelines.executors.choice import executor
from pipelines.expand import Expansion, expand
from pipelines.learning import learn
from pipelines.meter import Meter
from pipelines.parquet import read_batches
from pipelines.preparing import Given, as_recipe, checked, opened

SAMPLED_ROWS = 10_000
"""Rows whose words are counted, and whose labels are learned, for a sample."""


def sample(recipe: Given, rows: int) -> Iterator[Expansion]:
    """The first rows of a corpus, expanded as a run would; nothing is written.

    What components need to know of the corpus is learned of its first :data:`SAMPLED_ROWS` rows.

    Raises:
        DataError: besides what a run raises, if the first rows do not have what is to be learned.
    """
    plan = checked(as_recipe(recipe))
    with TemporaryDirectory() as name, executor("local", 1, plan.recipe) as pool:
        folder = Path(name)
        corpus = opened(plan, None, folder)
        counted = corpus.head(max(rows, SAMPLED_ROWS))
        try:
            plan = learn(plan, counted, folder, folder, pool, Meter())
        except DataError as error:
            if counted.rows == corpus.rows:
                raise
            only = f"a sample learns of the first {counted.rows:,} rows alone, a run of all"
            raise DataError(f"{error}; {only}") from None
        for shard in corpus.head(rows).shards:
            for batch in read_batches(shard, plan.batch_rows, plan.recipe.text):
                yield expand(plan, batch)
