"""The recipes that come with the package do what they say, on the data that comes with it."""

import importlib.util
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from augment.text.edits import replay
from pipelines import recipe as recipes
from pipelines import run
from pipelines.recipe_source import bundled

DATA = Path(__file__).parents[2] / "data"
LIMITS = {"consistency": 300, "demo": 8, "english-lexical": 300, "chinese": 100}


def test_every_bundled_recipe_is_run():
    assert set(bundled()) == set(LIMITS)


@pytest.mark.parametrize("name", bundled())
def test_bundled_recipe(name, tmp_path):
    if name == "chinese" and importlib.util.find_spec("rjieba") is None:
        pytest.skip("the extra zh is not installed")
    source = DATA / ("chinese.parquet" if name == "chinese" else "english.parquet")
    overrides = [f"input={source}", f"output={tmp_path / 'out'}"]
    summary = run(recipes.load(name, overrides), limit=LIMITS[name])
    assert summary.stats.rejected_rows == 0
    for view in summary.stats.views.values():
        assert view.failed == 0
        assert view.made > view.asked / 3
    out = pq.ParquetFile(next((tmp_path / "out").iterdir())).read()
    texts = pq.ParquetFile(source).read().slice(0, LIMITS[name])
    parents = pc.index_in(out["aug_parent"], texts["doc_id"]).combine_chunks()
    sources = texts["text"].combine_chunks().take(parents)
    changed = out["aug_edits"].combine_chunks().is_valid()
    replayed = replay(sources, out["aug_edits"].combine_chunks())
    assert replayed.filter(changed).equals(out["text"].combine_chunks().filter(changed))
    assert out.schema.field("label").type == texts.schema.field("label").type
    assert pa.types.is_string(out.schema.field("text").type)
