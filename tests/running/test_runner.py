"""Whole runs over real files: types, lineage, order, and the same rows however they are made."""

import datetime as dt
import decimal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from augment.text.edits import replay
from pipelines import corpus as corpora
from pipelines.errors import DataError, RecipeError, RejectsError, RunError
from pipelines.rows import LINEAGE

MASK_ALL = {"use": "masked_lm", "rate": 1.0}


@pytest.fixture
def small_shards(monkeypatch):
    monkeypatch.setattr(corpora, "SHARD_ROWS", 20)


def rich_table(texts):
    n = len(texts)
    tz = pa.timestamp("ns", "Asia/Tokyo")
    columns = {
        "text": (pa.large_string(), texts),
        "label": (pa.dictionary(pa.int8(), pa.string()), ["pos", "neg"] * (n // 2)),
        "at": (tz, [dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)] * n),
        "price": (pa.decimal128(9, 2), [decimal.Decimal("3.14")] * n),
        "nested": (
            pa.list_(pa.struct([("a", pa.int16()), ("b", pa.map_(pa.string(), pa.date32()))])),
            [[{"a": i, "b": [("k", dt.date(2026, 1, 2))]}] for i in range(n)],
        ),
        "raw": (pa.binary(3), [b"abc"] * n),
        "small": (pa.uint8(), [i % 7 for i in range(n)]),
        "day": (pa.time32("ms"), [dt.time(1, 2, 3)] * n),
        "nothing": (pa.float16(), [None] * n),
    }
    fields = [pa.field(name, kind, metadata={"about": name}) for name, (kind, _) in columns.items()]
    fields[6] = fields[6].with_nullable(False)
    schema = pa.schema(fields, metadata={"made by": "hand"})
    return pa.table([pa.array(v, k) for k, v in columns.values()], schema=schema)


def test_every_column_keeps_its_type_and_metadata(mill, texts):
    table = rich_table(texts(40))
    mill.run(table, id="small", duplicate_ids="keep", language="en", copies=2)
    out = mill.read()
    for field in table.schema:
        kept = out.schema.field(field.name)
        assert kept.equals(field, check_metadata=False)
        assert kept.metadata[b"about"] == field.name.encode()
    assert out.schema.metadata[b"made by"] == b"hand"
    originals = out.filter(pc.equal(out["aug_view"].cast(pa.string()), "original"))
    assert originals.select(table.schema.names).to_pylist() == table.to_pylist()
    variants = out.filter(pc.equal(out["aug_view"].cast(pa.string()), "augmented"))
    sources = {row["nested"][0]["a"]: row for row in table.to_pylist()}
    for row in variants.to_pylist():
        source = sources[row["nested"][0]["a"]]
        assert row["text"] != source["text"]
        assert all(row[name] == source[name] for name in table.schema.names if name != "text")


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.large_string(),
        pa.dictionary(pa.int32(), pa.string()),
        pa.dictionary(pa.int64(), pa.large_string()),
    ],
)
@pytest.mark.parametrize("layout", ["long", "wide", "pairs"])
def test_variants_come_in_the_type_of_the_text(mill, texts, kind, layout):
    table = pa.table({"text": pa.array(texts(40), pa.string()).cast(kind)})
    # A file does not say more of a dictionary than the reader gives back.
    kind = pq.ParquetFile(mill.write(table)).schema_arrow.field("text").type
    mill.run(layout=layout, batch_rows=16)
    out = mill.read()
    names = {"long": ["text"], "wide": ["text", "augmented_0"], "pairs": ["text", "variant"]}
    assert [out.schema.field(name).type for name in names[layout]] == [kind] * len(names[layout])


def test_a_narrow_dictionary_is_widened_to_hold_the_variants(mill, texts):
    kind = pa.dictionary(pa.int8(), pa.string())
    mill.run(pa.table({"text": pa.array(texts(100)).dictionary_encode().cast(kind)}), copies=2)
    assert mill.read().schema.field("text").type == pa.dictionary(pa.int32(), pa.string())


def test_lineage_leads_from_the_source_to_every_variant(mill, texts):
    table = pa.table({"text": texts(50), "n": range(50)})
    steps = [{"use": "synonym", "rate": 0.3}, {"use": "synonym", "rate": 0.3}]
    summary = mill.run(
        table, id="n", views={"a": {"steps": steps}, "b": {"steps": steps, "copies": 2}},
        filters=[{"use": "length_ratio", "max": 3}],
    )  # fmt: skip
    out = mill.read()
    assert out.num_rows == summary.rows == 50 + summary.stats.variants.made
    assert out.schema.names == ["text", "n", *LINEAGE.names]
    assert out.select(LINEAGE.names).schema.equals(LINEAGE)
    rows = out.to_pylist()
    assert len({row["aug_id"] for row in rows}) == len(rows)
    assert {(row["aug_view"], row["aug_copy"]) for row in rows} == {
        ("original", 0), ("a", 0), ("b", 0), ("b", 1),
    }  # fmt: skip
    for row in rows:
        assert row["aug_id"] == f"{row['aug_parent']}:{row['aug_view']}:{row['aug_copy']}"
        assert row["aug_parent"] == str(row["n"])
        if row["aug_view"] == "original":
            assert row["aug_edits"] is None
            assert row["aug_steps"] == row["aug_scores"] == []
        else:
            assert set(row["aug_steps"]) == {"synonym"}
            (score,) = row["aug_scores"]
            assert score["name"] == "length_ratio"
            assert score["score"] > 0
    changed = out.filter(out["aug_edits"].is_valid()).combine_chunks()
    sources = pa.array(table["text"].to_pylist()).take(changed["n"].chunk(0))
    assert replay(sources, changed["aug_edits"].chunk(0)).equals(changed["text"].chunk(0))


def test_originals_come_first_in_input_order(mill, texts):
    mill.run(pa.table({"text": texts(50), "n": range(50)}), batch_rows=8, copies=2)
    out = mill.read()
    assert out["n"].to_pylist()[:50] == list(range(50))
    assert set(out["aug_view"].to_pylist()[:50]) == {"original"}
    assert set(out["aug_view"].to_pylist()[50:]) == {"augmented"}
    assert out["n"].to_pylist()[50:] == sorted(out["n"].to_pylist()[50:])


def test_numeric_notes_become_scores(mill, plugins):
    mill.run(pa.table({"text": ["abc", "UP"]}), steps=[{"use": "scored"}])
    scores = mill.read()["aug_scores"].to_pylist()
    assert scores == [[], [], [{"name": "size", "score": 3.0}]]


def test_without_originals_there_are_only_variants(mill, texts):
    mill.run(pa.table({"text": texts(20)}), keep_original=False)
    assert set(mill.read()["aug_view"].to_pylist()) == {"augmented"}


def test_wide_has_one_row_per_source(mill, plugins):
    steps = [{"use": "shout"}]
    mill.run(
        pa.table({"text": ["a", "B"], "n": [1, 2]}),
        layout="wide",
        views={"x": {"steps": steps}, "y": {"steps": steps, "copies": 2}},
    )
    assert mill.read().to_pylist() == [
        {"text": "a", "n": 1, "x_0": "A", "y_0": "A", "y_1": "A"},
        {"text": "B", "n": 2, "x_0": None, "y_0": None, "y_1": None},
    ]


def test_pairs_set_the_variant_beside_its_source(mill, plugins):
    table = pa.table(
        {"text": ["a", "B", "c"], "n": [1, 2, 3], "y": ["p", "q", "r"], "z": [0, 0, 0]}
    )
    mill.run(table, layout="pairs", id="n", label="y", steps=[{"use": "shout"}])
    assert mill.read().to_pylist() == [
        {"n": "1", "text": "a", "variant": "A", "view": "augmented", "y": "p"},
        {"n": "3", "text": "c", "variant": "C", "view": "augmented", "y": "r"},
    ]


@pytest.mark.parametrize(
    ("columns", "values", "message"),
    [
        ({"aug_copy": [1]}, {}, "aug_copy"),
        ({"augmented_0": ["x"]}, {"layout": "wide"}, "augmented_0"),
        ({"view": ["x"]}, {"layout": "pairs", "label": "view"}, "view"),
        ({}, {"label": "lable"}, r"no column 'lable' \(label\)"),
        ({}, {"language": {"column": "lang"}}, r"no column 'lang' \(language\)"),
        ({"body": ["x"]}, {"text": "bodi"}, "did you mean 'body'.*columns: text, body"),
        ({"n": [1]}, {"text": "n"}, "'n' \\(text\\) is int64"),
    ],
)
def test_columns_that_do_not_fit_are_refused_before_anything_is_written(
    mill, columns, values, message
):
    with pytest.raises(DataError, match=message):
        mill.run(pa.table({"text": ["a"], **columns}), **values)
    assert not mill.output.exists()


@pytest.mark.usefixtures("small_shards")
def test_two_workers_write_the_same_files_as_one(mill, texts):
    mill.write(pa.table({"text": texts(100), "n": range(100)}), row_group_size=10)
    digests = []
    for workers in (1, 2):
        mill.run(workers=workers, copies=2)
        parts = sorted(mill.output.iterdir())
        digests.append([(part.name, part.read_bytes()) for part in parts])
    assert len(digests[0]) == 5
    assert digests[0] == digests[1]


@pytest.mark.usefixtures("small_shards")
def test_lexical_rows_do_not_depend_on_the_batches(mill, texts):
    mill.write(pa.table({"text": texts(100), "n": range(100)}), row_group_size=10)
    tables = []
    for batch_rows in (7, 1024):
        mill.run(batch_rows=batch_rows, copies=2)
        tables.append(mill.read())
    assert tables[0].equals(tables[1])


def test_rejected_rows_are_kept_with_the_reason(mill, plugins):
    table = pa.table({"text": ["ok", None, "BOOM"], "n": [0, 1, 2]})
    summary = mill.run(table, steps=[{"use": "fragile"}], max_reject_fraction=1, id="n")
    assert summary.stats.rejected == {"null_text": 1, "error": 1}
    assert mill.read()["aug_id"].to_pylist() == [
        "0:original:0", "2:original:0", "0:augmented:0",
    ]  # fmt: skip
    rejects = mill.rejects().to_pylist()
    assert [(r["n"], r["aug_reason"], r["aug_parent"], r["aug_step"]) for r in rejects] == [
        (1, "null_text", "1", None), (2, "error", "2", "fragile"),
    ]  # fmt: skip


def test_too_many_rejects_publish_nothing(mill, texts):
    mill.run(pa.table({"text": texts(10)}))
    before = mill.read()
    with pytest.raises(RejectsError, match=r"2 of 10 rows were rejected \(null_text 2\)"):
        mill.run(pa.table({"text": [*texts(8), None, None]}), max_reject_fraction=0.1)
    assert mill.read().equals(before)
    assert mill.rejects("failed").num_rows == 2
    mill.run(max_reject_fraction=0.2)
    assert mill.rejects().num_rows == 2
    assert not (mill.folder / "out.aug" / "failed").exists()


@pytest.mark.usefixtures("small_shards")
def test_a_dead_worker_fails_the_run_and_names_its_shard(mill, texts, plugins):
    rows = texts(60)
    mill.run(pa.table({"text": rows}))
    before = mill.read()
    rows[45] = "DIE"
    mill.write(pa.table({"text": rows}), row_group_size=20)
    with pytest.raises(RunError, match=r"shard 2 \(.*in.parquet, row groups 2 to 2\) died"):
        mill.run(workers=2, steps=[{"use": "deadly"}])
    assert mill.read().equals(before)
    assert not list((mill.folder / "out.aug").glob("staging*"))


@pytest.mark.usefixtures("small_shards")
@pytest.mark.parametrize(("limit", "rows"), [(1, 1), (10, 10), (25, 25), (1000, 100)])
def test_a_limit_takes_the_first_rows(mill, texts, limit, rows):
    mill.write(pa.table({"text": texts(100), "n": range(100)}), row_group_size=10)
    summary = mill.run(limit=limit)
    assert summary.stats.rows == rows
    originals = [r["n"] for r in mill.read().to_pylist() if r["aug_view"] == "original"]
    assert originals == list(range(rows))


@pytest.mark.parametrize("layout", ["long", "wide", "pairs"])
def test_an_empty_corpus_gives_an_empty_output_of_the_same_schema(mill, texts, layout):
    table = pa.table({"text": texts(10)})
    mill.run(table, layout=layout)
    schema = mill.read().schema
    mill.run(table.slice(0, 0), layout=layout)
    assert mill.read().num_rows == 0
    assert mill.read().schema.equals(schema)


def test_an_output_inside_the_input_is_refused(mill, texts):
    mill.write(pa.table({"text": texts(3)}), "corpus/in.parquet")
    corpus = mill.folder / "corpus"
    for source in (str(corpus), str(corpus / "**" / "*.parquet")):
        with pytest.raises(RecipeError, match="inside each other"):
            mill.run(input=source, output=str(corpus))
    with pytest.raises(RecipeError, match="inside each other"):
        mill.run(input=str(corpus), output=str(corpus / "out"))


@pytest.mark.usefixtures("small_shards")
@pytest.mark.parametrize("workers", [1, 2])
def test_progress_is_told_within_shards(mill, texts, workers):
    from pipelines import run

    mill.write(pa.table({"text": texts(50)}), row_group_size=10)
    seen = []
    recipe = mill.recipe(batch_rows=10)
    run(recipe, workers=workers, progress=lambda done, rows: seen.append((done, rows)))
    assert seen[-1] == (50, 50)
    assert seen == sorted(seen)
    if workers == 1:
        assert seen == [(done, 50) for done in (10, 20, 30, 40, 50)]


def test_columns_that_no_kernel_takes_are_named(mill):
    with pytest.raises(DataError, match=r"view types.*seen"):
        mill.run(pa.table({"text": ["a"], "seen": pa.array(["b"], pa.string_view())}))


def test_languages_are_text(mill):
    with pytest.raises(DataError, match=r"'lang' \(language\) is int64"):
        mill.run(pa.table({"text": ["a"], "lang": [1]}), language={"column": "lang"})


def test_markup_survives_a_language_model(mill):
    rows = ["The garden was quiet<br />and the old house stood empty in the rain."] * 40
    mill.run(pa.table({"text": rows, "n": range(40)}), id="n", steps=[MASK_ALL])
    assert all("<br />" in text for text in mill.read()["text"].to_pylist())
