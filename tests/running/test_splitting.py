"""A column that keeps training and validation apart: by groups, and variants with their source."""

import numpy as np
import pyarrow as pa
import pytest

from pipelines import plan as planning
from pipelines import recipe as recipes
from pipelines.errors import DataError, RecipeError
from pipelines.expand import expand
from pipelines.layouts import layout

ROWS = 400


def planned(**values):
    base = {"input": "a", "output": "b", "id": "n", "steps": [{"use": "synonym", "rate": 0.3}]}
    return planning.build(recipes.parse({**base, **values}))


@pytest.fixture
def rows(texts):
    groups = [None if i % 10 == 0 else i // 4 for i in range(ROWS)]
    return pa.RecordBatch.from_pydict(
        {"text": texts(ROWS), "n": [str(i) for i in range(ROWS)], "group": groups}
    )


def written(plan, rows):
    """The split of every row, by the row's id: all values that it has."""
    made, out = expand(plan, rows).rows, layout(plan, rows.schema)
    parts = [part for part in (out.first(made), out.later(made)) if part is not None]
    assert all(part.schema == out.schema() for part in parts)
    name, found = plan.recipe.split.name, {}
    for part in parts:
        for key, value in zip(part["n"].to_pylist(), part[name].to_pylist(), strict=True):
            found.setdefault(key, set()).add(value)
    return found


@pytest.mark.parametrize("kind", ["long", "wide", "pairs"])
def test_every_layout_has_it_and_variants_follow_their_source(rows, kind):
    split = {"validation": 0.25}
    found = written(planned(layout=kind, split=split), rows)
    assert len(found) > ROWS * 0.9
    assert {len(values) for values in found.values()} == {1}
    share = np.mean([values == {"validation"} for values in found.values()])
    assert share == pytest.approx(0.25, abs=0.08)
    assert found.items() <= written(planned(layout="long", split=split), rows).items()


def test_groups_stay_together_and_rows_without_one_are_alone(rows):
    found = written(planned(split={"validation": 0.5, "by": "group"}), rows)
    groups = {}
    for row in rows.to_pylist():
        groups.setdefault(row["group"], set()).update(found[row["n"]])
    alone = groups.pop(None)
    assert {len(values) for values in groups.values()} == {1}
    assert set().union(*groups.values()) == alone == {"train", "validation"}


def test_rows_of_one_text_stay_together(texts):
    same = pa.RecordBatch.from_pydict(
        {"text": ["the same movie"] * 50, "n": [str(i) for i in range(50)]}
    )
    assert len(set().union(*written(planned(split={"validation": 0.5}), same).values())) == 1


def test_it_depends_on_row_and_seed_alone(rows):
    plan = planned(split={"validation": 0.3, "name": "fold"})
    whole = written(plan, rows)
    for start in range(0, ROWS, 150):
        assert written(plan, rows.slice(start, 150)).items() <= whole.items()
    assert written(planned(split={"validation": 0.3}, seed=1), rows) != whole
    # A greater share moves rows to validation, and none back.
    more = written(planned(split={"validation": 0.6}), rows)
    assert all(more[key] == {"validation"} for key, v in whole.items() if v == {"validation"})


def test_mistakes_are_told(rows):
    with pytest.raises(RecipeError, match=r"split\.validation"):
        planned(split={"validation": 1.5})
    with pytest.raises(RecipeError, match=r"split\.validaton: unknown key.*validation"):
        planned(split={"validaton": 0.1})
    with pytest.raises(DataError, match=r"no column 'grup' \(split\.by\).*'group'"):
        layout(planned(split={"validation": 0.1, "by": "grup"}), rows.schema)
    with pytest.raises(DataError, match="has columns that augmill adds to the output: group"):
        layout(planned(split={"validation": 0.1, "name": "group"}), rows.schema)
    with pytest.raises(DataError, match="two columns aug_id"):
        layout(planned(split={"validation": 0.1, "name": "aug_id"}), rows.schema)
    lists = rows.append_column("lists", pa.array([[1]] * ROWS))
    with pytest.raises(DataError, match=r"'lists' \(split\.by\).* names no groups"):
        expand(planned(split={"validation": 0.1, "by": "lists"}), lists)


def test_folders_may_be_the_groups(mill, texts):
    for lang in ("en", "de"):
        mill.write(pa.table({"text": texts(20)}), f"in/lang={lang}/a.parquet")
    split = {"validation": 0.5, "by": "lang"}
    mill.run(input=str(mill.folder / "in"), split=split, seed=3)
    for part in mill.output.glob("*/*.parquet"):
        table = pa.parquet.ParquetFile(part).read()
        assert "lang" not in table.column_names
        assert len(set(table["split"].to_pylist())) == 1
