"""What steps count: summed over steps and rows, also of rows that have no variant."""

import dataclasses

import pyarrow as pa
import pytest

from augment.augmenter import Augmenter, variants_of_texts
from augment.batch import TextBatch, Variants
from augment.component import component
from augment.compose import Chain
from pipelines import plan as planning
from pipelines import recipe as recipes
from pipelines.expand import expand
from pipelines.plan import PlannedView
from pipelines.rows import scores_column
from pipelines.stats import ViewStats
from pipelines.terminal import _view_text


@component("counting")
class Counting(Augmenter):
    """Puts a mark in the place of each x, and counts what it found; it declines what has none."""

    mark: str = "y"

    def rewrite(self, batch: TextBatch) -> Variants:
        texts = batch.text.to_pylist()
        made = variants_of_texts(batch, [t.replace("x", self.mark) for t in texts])
        found = pa.array([t.count("o") for t in texts], pa.int64())
        return dataclasses.replace(made, notes={"found": found})


@pytest.fixture
def stats_and_rows():
    step = {"use": "synonym"}
    plan = planning.build(
        recipes.parse({"input": "a", "output": "b", "views": {"v": {"copies": 2, "steps": [step]}}})
    )
    chain = Chain(steps=(Counting(), Counting(mark="z", p=0.999999)))
    plan = dataclasses.replace(plan, views=(PlannedView("v", 2, chain),))
    rows = pa.RecordBatch.from_pydict({"text": ["oox", "o", "x", "ab"]})
    out = expand(plan, rows)
    return out.stats.views["v"], out.rows


def test_counts_of_steps_and_copies_add_up(stats_and_rows):
    stats, _ = stats_and_rows
    assert stats.counts == {"found": 2 * 2 * 3}
    assert (stats + stats).counts == {"found": 24}
    assert stats.declined == 4


def test_a_row_tells_its_own_counts_but_none_of_nothing(stats_and_rows):
    _, rows = stats_and_rows
    scores = scores_column(rows.made[0].variants).to_pylist()
    assert scores[0] == [{"name": "found", "score": 4.0}]
    assert scores[2] == []


def test_the_summary_names_them():
    assert _view_text(ViewStats(asked=2, counts={"fallbacks": 1_234})).endswith(", fallbacks 1,234")
    assert _view_text(ViewStats(asked=2)).endswith("0 rejected")
