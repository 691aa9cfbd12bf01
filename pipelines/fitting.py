"""The pass before a run: counting the corpus's words, for steps that need its statistics.

The shards are counted by the executor that will augment them. The result is kept beside the
output under a key of all that it depends on: the bytes of the columns that were read, how their
words are found, and the versions of what finds them.
"""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from augment.counting import WordCounts
from augment.errors import StatisticsError
from augment.statistics import MIN_DOCUMENTS, MOST_WORDS, open_statistics
from pipelines.corpus import Corpus, Shard
from pipelines.errors import InputChangedError
from pipelines.executors.protocol import Executor, Lost, Tick
from pipelines.expand import by_language
from pipelines.keys import columns_key
from pipelines.meter import Meter
from pipelines.parquet import read_batches
from pipelines.plan import Plan
from pipelines.recipe import Recipe
from pipelines.sift import readable
from pipelines.tallies import Tally, statistics_of

COLUMNS = "columns"
"""What the digests of the columns that are counted are remembered in, in the store's cache."""

_BATCH_ROWS = 4096


def fit(
    plan: Plan, corpus: Corpus, cache: Path, scratch: Path, pool: Executor, meter: Meter
) -> Plan:
    """The plan with the corpus's statistics wherever they are needed; counted if they must be.

    Args:
        plan: comes back as it is, if nothing in it needs statistics.
        corpus: whose words are counted: those of every row with a usable text.
        cache: folder of the statistics; what lies there of the same corpus is used.
        scratch: folder of the shards' counts.
        pool: counts them.
        meter: told of the rows to count.

    Raises:
        InputChangedError: the input changed while it was read.
        RunError: a worker died.
    """
    if not plan.lacking("statistics"):
        return plan
    key = corpus_key(plan.recipe, corpus, cache / COLUMNS)
    path = _path(cache, key)
    if _usable(path):
        return plan.fitted(str(path))
    meter.expect(corpus.rows)
    cache.mkdir(parents=True, exist_ok=True)
    folder = scratch / "counts"
    folder.mkdir()
    files: list[Path] = []
    for outcome in pool.map(CountWords(plan.recipe, folder), corpus.shards, meter.tick):
        if isinstance(outcome, Lost):
            raise outcome.error
        files += outcome.value
    statistics = statistics_of(sorted(files))
    if corpus_key(plan.recipe, corpus) != key:
        raise InputChangedError("the input changed while its words were counted; run again")
    statistics.save(path)
    shutil.rmtree(folder)
    return plan.fitted(str(path))


def fitted_from(plan: Plan, corpus: Corpus, cache: Path) -> Plan | None:
    """The plan with the statistics that were counted before; None if they were not.

    Args:
        plan: comes back as it is, if nothing in it needs statistics.
        corpus: whose words would be counted.
        cache: folder of the statistics.
    """
    if not plan.lacking("statistics"):
        return plan
    path = _path(cache, corpus_key(plan.recipe, corpus, cache / COLUMNS))
    return plan.fitted(str(path)) if _usable(path) else None


def _path(cache: Path, key: str) -> Path:
    return cache / f"{key}.arrow"


def sweep(cache: Path, plan: Plan) -> None:
    """Delete the statistics of earlier runs; those that the plan uses stay."""
    used = {Path(path).resolve() for path in plan.statistics}
    for file in cache.glob("*.arrow"):
        if file.resolve() not in used:
            file.unlink()


@dataclass(frozen=True, slots=True)
class CountWords:
    """The job of counting a shard's words.

    Attributes:
        recipe: which columns, and what is protected.
        folder: where the files of counts go.
    """

    recipe: Recipe
    folder: Path

    def __call__(self, shard: Shard, tick: Tick) -> list[Path]:
        """Count, and return the files."""
        recipe, tally = self.recipe, Tally(self.folder / f"{shard.number:05d}")
        schema = pa.schema([shard.schema.field(name) for name in _columns(recipe)])
        for batch in read_batches(replace(shard, schema=schema), _BATCH_ROWS, recipe.text):
            rows, text = readable(recipe, batch)
            protected = recipe.protect.find(text)
            for tag, places in by_language(recipe, rows):
                index = pa.array(places)
                tally.add(WordCounts.of(text.take(index), tag, protected.take(index)))
            tick(batch.num_rows)
        return tally.close()


def corpus_key(recipe: Recipe, corpus: Corpus, memory: Path | None = None) -> str:
    """32 hex digits that change whenever the statistics of the corpus may.

    Of the files, only what the columns' pages hold counts, not their names or times.

    Args:
        recipe: says which columns are counted, and how.
        corpus: whose words are counted.
        memory: a file that remembers the digests of untouched files; all are read if None.

    Raises:
        InputChangedError: a file changed since the corpus was opened.
    """
    return columns_key(corpus, _columns(recipe), _ways(recipe), memory)


def _ways(recipe: Recipe) -> dict[str, object]:
    """What decides how words are found and kept."""
    return {
        **recipe.model_dump(mode="json", include={"text", "language", "protect", "max_chars"}),
        "bounds": [MIN_DOCUMENTS, MOST_WORDS],
    }


def _columns(recipe: Recipe) -> list[str]:
    tags = [] if isinstance(recipe.language, str) else [recipe.language.column]
    return list(dict.fromkeys([recipe.text, *tags]))


def _usable(path: Path) -> bool:
    try:
        open_statistics(str(path))
    except StatisticsError:
        return False
    return True
