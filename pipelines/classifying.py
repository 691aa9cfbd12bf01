"""The pass before a run: training a classifier of the corpus's labels, for filters that need one.

Of every shard a worker draws the labelled texts to learn from, none of those that a recipe's
``split`` leaves for validation; then workers train one model a fold.
What is drawn is decided by the texts alone, and the result is kept beside the output under a key of
all that it depends on, as statistics are.
"""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from augment.component import package_version
from augment.errors import ModelError
from augment.models.classifier import FOLDS, open_classifier
from augment.models.classifier_training import (
    TrainedFold,
    TrainingSet,
    assembled,
    require,
    trained_fold,
)
from pipelines.corpus import Corpus, Shard
from pipelines.draws import LONGEST, MOST_BYTES, MOST_ROWS, SCHEMA, Draw, drawn
from pipelines.errors import DataError, InputChangedError
from pipelines.executors.protocol import Executor, Lost, Tick
from pipelines.expand import by_language
from pipelines.keys import columns_key
from pipelines.labels import labels_of
from pipelines.logs import tell
from pipelines.meter import Meter
from pipelines.parquet import read_batches
from pipelines.plan import Plan
from pipelines.recipe import Recipe
from pipelines.sift import readable
from pipelines.splitting import validated

COLUMNS = "labelled columns"
"""What the digests of the columns that are read are remembered in, in the store's cache."""

SUFFIX = ".classifier"

_BATCH_ROWS = 4096
_PACKAGES = ("scikit-learn", "scipy", "numpy", "pyarrow")


def train(
    plan: Plan, corpus: Corpus, cache: Path, scratch: Path, pool: Executor, meter: Meter
) -> Plan:
    """The plan with the corpus's classifier wherever one is needed; trained if it must be.

    Args:
        plan: comes back as it is, if nothing in it needs a classifier.
        corpus: whose labelled rows are learned from, :data:`pipelines.draws.MOST_ROWS` distinct
            ones at the most.
        cache: folder of the classifiers; what lies there of the same rows is used.
        scratch: folder of what the workers write.
        pool: draws and trains.
        meter: told of the rows to read.

    Raises:
        DataError: the labels are none, or not enough.
        InputChangedError: the input changed while it was read.
        MissingExtraError: scikit-learn is not installed.
        RunError: a worker died.
    """
    needed = plan.lacking("classifier")
    if not needed:
        return plan
    _check_labels(plan.recipe, corpus, needed[0])
    key = labels_key(plan.recipe, corpus, cache / COLUMNS)
    path = cache / f"{key}{SUFFIX}"
    if not _usable(path):
        require()
        meter.expect(corpus.rows)
        cache.mkdir(parents=True, exist_ok=True)
        folder = scratch / "labels"
        folder.mkdir()
        _train(plan.recipe, corpus, folder, path, pool, meter)
        shutil.rmtree(folder)
        if labels_key(plan.recipe, corpus) != key:
            path.unlink()
            raise InputChangedError("the input changed while its labels were learned; run again")
    return plan.fitted(str(path), "classifier")


def trained_from(plan: Plan, corpus: Corpus, cache: Path) -> Plan | None:
    """The plan with the classifier that was trained before; None if none was.

    Args:
        plan: comes back as it is, if nothing in it needs a classifier.
        corpus: whose labels would be learned.
        cache: folder of the classifiers.

    Raises:
        DataError: the labels are none.
    """
    needed = plan.lacking("classifier")
    if not needed:
        return plan
    _check_labels(plan.recipe, corpus, needed[0])
    path = cache / f"{labels_key(plan.recipe, corpus, cache / COLUMNS)}{SUFFIX}"
    return plan.fitted(str(path), "classifier") if _usable(path) else None


def sweep(cache: Path, plan: Plan) -> None:
    """Delete the classifiers of earlier runs; those that the plan uses stay."""
    used = {Path(path).resolve() for path in plan.learned("classifier")}
    for file in cache.glob(f"*{SUFFIX}"):
        if file.resolve() not in used:
            file.unlink()


def _train(
    recipe: Recipe, corpus: Corpus, folder: Path, path: Path, pool: Executor, meter: Meter
) -> None:
    files: list[Path] = []
    for outcome in pool.map(DrawLabelled(recipe, folder), corpus.shards, meter.tick):
        if isinstance(outcome, Lost):
            raise outcome.error
        files.append(outcome.value)
    rows = drawn(sorted(files))
    try:
        data = TrainingSet.of(*(rows[name].combine_chunks() for name in ("text", "label", "tag")))
        data.save(folder / TrainFold.FILE)
        folds: dict[int, TrainedFold] = {}
        for trained in pool.map(TrainFold(folder), range(FOLDS), meter.tick):
            if isinstance(trained, Lost):
                raise trained.error
            folds[trained.item] = trained.value
    except ModelError as error:
        raise DataError(f"the column {recipe.label!r} (label): {error}") from None
    made = assembled(data, [folds[number] for number in range(FOLDS)])
    made.save(path)
    tell("classifier", texts=made.texts, labels=len(made.labels), accuracy=made.accuracy)


@dataclass(frozen=True, slots=True)
class DrawLabelled:
    """The job of drawing labelled texts of a shard.

    Attributes:
        recipe: which columns.
        folder: where the files go.
    """

    recipe: Recipe
    folder: Path

    def __call__(self, shard: Shard, tick: Tick) -> Path:
        """Draw, and return the file."""
        recipe, draw = self.recipe, Draw()
        schema = pa.schema([shard.schema.field(name) for name in _columns(recipe)])
        for batch in read_batches(replace(shard, schema=schema), _BATCH_ROWS, recipe.text):
            rows, text = readable(recipe, batch)
            labels = labels_of(recipe, rows)
            if labels is None:
                raise DataError(f"the column {recipe.label!r} (label) holds no labels")
            labels = pc.if_else(pa.array(validated(recipe, rows, text)), None, labels)
            for tag, places in by_language(recipe, rows):
                index = pa.array(places)
                tags = pa.repeat(tag, len(places))
                table = pa.table([tags, labels.take(index), text.take(index)], schema=SCHEMA)
                draw.add(table.filter(pc.is_valid(table["label"])))
            tick(batch.num_rows)
        return draw.save(self.folder / f"{shard.number:05d}.arrow")


@dataclass(frozen=True, slots=True)
class TrainFold:
    """The job of training the model of a fold.

    Attributes:
        folder: where the training set lies.
    """

    FILE = "training.npz"

    folder: Path

    def __call__(self, fold: int, _: Tick) -> TrainedFold:
        """Train it."""
        return trained_fold(TrainingSet.load(self.folder / self.FILE), fold)


def labels_key(recipe: Recipe, corpus: Corpus, memory: Path | None = None) -> str:
    """32 hex digits that change whenever the classifier of the corpus may.

    Args:
        recipe: says which columns are read.
        corpus: whose rows are learned from.
        memory: a file that remembers the digests of untouched files; all are read if None.

    Raises:
        InputChangedError: a file changed since the corpus was opened.
    """
    keys = {"text", "label", "language", "max_chars"}
    if recipe.split is not None:
        keys |= {"split", "seed"}
    ways = {
        **recipe.model_dump(mode="json", include=keys),
        "bounds": [MOST_ROWS, MOST_BYTES, LONGEST],
        "trainer": {name: package_version(name) for name in _PACKAGES},
    }
    return columns_key(corpus, _columns(recipe), ways, memory)


def _columns(recipe: Recipe) -> list[str]:
    tags = [] if isinstance(recipe.language, str) else [recipe.language.column]
    groups = [] if recipe.split is None or recipe.split.by is None else [recipe.split.by]
    return list(dict.fromkeys([recipe.text, *tags, str(recipe.label), *groups]))


def _check_labels(recipe: Recipe, corpus: Corpus, name: str) -> None:
    kind = corpus.schema.field(recipe.label).type
    if pa.types.is_nested(kind.value_type if pa.types.is_dictionary(kind) else kind):
        raise DataError(
            f"the column {recipe.label!r} (label) is {kind}, which {name} can't learn: "
            "accepted are strings, numbers and booleans"
        )


def _usable(path: Path) -> bool:
    try:
        open_classifier(str(path))
    except ModelError:
        return False
    return True
