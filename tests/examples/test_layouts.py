"""Labelled and unlabelled rows, weak and strong views, and the split hold in every layout."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines import read_dataset, run

ROWS = 60
VIEWS = {
    "weak": {"steps": [{"use": "synonym", "rate": 0.1}]},
    "strong": {"copies": 2, "steps": [{"use": "synonym", "rate": 0.6}]},
}


@pytest.fixture(scope="module")
def corpus():
    """Every third row has a label, the others have none; two rows in a row are one group."""
    texts = [
        f"Story {i}: a huge movie about a beautiful house, quickly a success" for i in range(ROWS)
    ]
    labels = [("good", "bad")[i % 2] if i % 3 == 0 else None for i in range(ROWS)]
    groups = [f"group {i // 2}" for i in range(ROWS)]
    names = [f"row {i}" for i in range(ROWS)]
    return pa.table({"name": names, "text": texts, "label": labels, "group": groups})


@pytest.fixture
def published(corpus, tmp_path):
    pq.write_table(corpus, tmp_path / "in.parquet")

    def published(layout):
        recipe = {
            "input": str(tmp_path / "in.parquet"),
            "output": str(tmp_path / layout),
            "id": "name",
            "label": "label",
            "views": VIEWS,
            "layout": layout,
            "split": {"validation": 0.3, "by": "group"},
        }
        run(recipe)
        return pd.read_parquet(tmp_path / layout)

    return published


def labels_of(rows, corpus, parent):
    """Labels as they should be, by the rows' sources."""
    known = dict(zip(corpus["name"].to_pylist(), corpus["label"].to_pylist(), strict=True))
    return [known[name] for name in rows[parent]]


def same(found, wanted):
    return [None if pd.isna(label) else label for label in found] == wanted


PARENT = {"long": "aug_parent", "wide": "name", "pairs": "name"}


@pytest.mark.parametrize("layout", PARENT)
def test_variants_have_the_label_of_their_source_or_none(published, corpus, layout):
    rows = published(layout)
    assert same(rows.label, labels_of(rows, corpus, PARENT[layout]))
    assert rows.label.isna().any()
    assert rows.label.notna().any()


@pytest.mark.parametrize("layout", PARENT)
def test_no_group_is_in_both_parts(published, corpus, layout):
    rows = published(layout)
    groups = dict(zip(corpus["name"].to_pylist(), corpus["group"].to_pylist(), strict=True))
    parts = rows.groupby(rows[PARENT[layout]].map(groups)).split.nunique()
    assert (parts == 1).all()
    assert set(rows.split) == {"train", "validation"}


def test_the_views_are_the_same_texts_in_all_layouts(published):
    wide, long, pairs = published("wide"), published("long"), published("pairs")
    melted = wide.melt("name", [c for c in wide if c.startswith(("weak_", "strong_"))]).dropna()
    in_wide = set(
        zip(melted.name, melted.variable.str.split("_").str[0], melted.value, strict=True)
    )
    rows = long[long.aug_view != "original"]
    assert set(zip(rows.aug_parent, rows.aug_view, rows.text, strict=True)) == in_wide
    assert set(zip(pairs.name, pairs.view, pairs.variant, strict=True)) == in_wide
    assert {view for _, view, _ in in_wide} == {"weak", "strong"}
    assert len(wide) == ROWS
    assert list(wide.columns[-3:]) == ["weak_0", "strong_0", "strong_1"]


def test_the_split_and_the_null_labels_are_read_as_a_dataset(published, corpus, tmp_path):
    published("long")
    rows = read_dataset(str(tmp_path / "long")).to_table().to_pandas()
    held = rows[(rows.split == "validation") & (rows.aug_view == "original")]
    assert 0 < len(held) < ROWS
    assert same(held.label, labels_of(held, corpus, "aug_parent"))
