"""The input: files found, partitions kept, shards cut by the input alone."""

import os

import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

from pipelines import corpus as corpora
from pipelines import parquet
from pipelines.corpus import open_corpus
from pipelines.errors import DataError, InputMissingError
from pipelines.parquet import ROW_GROUP_ROWS, PartWriter, read_batches
from pipelines.store.footer import PAGES


def table(count=10, **columns):
    return pa.table({"text": [f"row {i}" for i in range(count)], "n": range(count), **columns})


def rows_of(corpus, batch_rows=4):
    batches = [b for shard in corpus.shards for b in read_batches(shard, batch_rows, "text")]
    return pa.Table.from_batches(batches, corpus.schema)


def test_shards_are_runs_of_row_groups(mill, monkeypatch):
    monkeypatch.setattr(corpora, "SHARD_ROWS", 25)
    mill.write(table(100), "c/a.parquet", row_group_size=10)
    mill.write(table(5), "c/b.parquet", row_group_size=10)
    corpus = open_corpus(str(mill.folder / "c"))
    assert [shard.row_groups for shard in corpus.shards] == [
        (0, 1, 2),
        (3, 4, 5),
        (6, 7, 8),
        (9,),
        (0,),
    ]
    assert [shard.number for shard in corpus.shards] == list(range(5))
    assert corpus.rows == 105
    assert rows_of(corpus)["n"].to_pylist() == [*range(100), *range(5)]


def test_one_giant_row_group_is_one_shard_read_in_batches(mill):
    mill.write(table(120_000), row_group_size=200_000)
    [shard] = open_corpus(str(mill.folder / "in.parquet")).shards
    batches = list(read_batches(shard, 1024, "text"))
    assert max(b.num_rows for b in batches) == 1024
    assert sum(b.num_rows for b in batches) == 120_000


def test_hive_partitions_become_columns(mill):
    for lang, year in (("en", "2025"), ("pt%20BR", "2026"), ("__HIVE_DEFAULT_PARTITION__", "2026")):
        mill.write(table(2), f"c/lang={lang}/year={year}/part-0.parquet")
    corpus = open_corpus(str(mill.folder / "c"))
    assert corpus.schema.field("lang").type == pa.string()
    assert corpus.schema.field("year").type == pa.int64()
    rows = rows_of(corpus).to_pylist()
    assert [(r["lang"], r["year"]) for r in rows[::2]] == [
        (None, 2026),
        ("en", 2025),
        ("pt BR", 2026),
    ]


def test_a_partition_value_with_a_leading_zero_stays_text(mill):
    mill.write(table(1), "c/month=01/a.parquet")
    assert rows_of(open_corpus(str(mill.folder / "c")))["month"].to_pylist() == ["01"]


def test_a_partition_column_can_be_the_language(mill, texts):
    mill.write(pa.table({"text": texts(4)}), "c/lang=en/a.parquet")
    mill.write(pa.table({"text": texts(4)}), "c/lang=xx/a.parquet")
    mill.run(input=str(mill.folder / "c"), language={"column": "lang"})
    made = pa.dataset.dataset(mill.output, partitioning="hive").to_table().to_pylist()
    assert {row["lang"] for row in made if row["aug_view"] != "original"} == {"en"}
    assert {row["lang"] for row in made} == {"en", "xx"}


def test_a_shard_knows_the_folders_it_came_from_as_they_are_written(mill):
    mill.write(table(2), "c/more/lang=pt%20BR/2024/year=2024/a.parquet")
    (shard,) = open_corpus(str(mill.folder / "c")).shards
    assert shard.folder == "lang=pt%20BR/year=2024"
    assert shard.partition == {"lang": "pt BR", "year": 2024}
    assert open_corpus(str(mill.write(table(2)))).shards[0].folder == ""


def test_a_partition_key_that_is_also_a_column_of_some_files_is_an_error(mill):
    mill.write(table(1, lang=["en"]), "c/lang=en/a.parquet")
    assert open_corpus(str(mill.folder / "c")).shards[0].partition == {}
    mill.write(table(1), "c/lang=de/b.parquet")
    with pytest.raises(DataError, match=r"'lang' is also a column .* but not of .*b\.parquet"):
        open_corpus(str(mill.folder / "c"))


def test_globs_and_hidden_files(mill):
    for name in ("c/a.parquet", "c/b.pq", "c/k=1/c.parquet", "c/_tmp/x.parquet", "c/.h.parquet"):
        mill.write(table(1), name)
    root = mill.folder / "c"

    def files(place):
        shards = open_corpus(str(place)).shards
        return [os.path.relpath(shard.path, root) for shard in shards]

    assert files(root / "*.p*q*")[-2:] == ["a.parquet", "b.pq"]
    assert files(root / "k=*" / "*.parquet") == ["k=1/c.parquet"]
    assert open_corpus(str(root / "k=*" / "*.parquet")).schema.names == ["text", "n", "k"]
    (root / "a.parquet").unlink()
    assert files(root) == ["k=1/c.parquet"]


def test_an_empty_file_among_others_is_no_shard(mill):
    mill.write(table(3).slice(0, 0), "c/a.parquet")
    mill.write(table(3), "c/b.parquet")
    assert rows_of(open_corpus(str(mill.folder / "c"))).num_rows == 3


@pytest.mark.parametrize("place", ["nothing", "nothing/*.parquet", "empty"])
def test_missing_input(mill, place):
    (mill.folder / "empty").mkdir()
    with pytest.raises(InputMissingError, match=place.split("/")[0]):
        open_corpus(str(mill.folder / place))


def test_a_file_that_is_no_parquet(mill):
    (mill.folder / "a.parquet").write_text("text\nhello\n")
    with pytest.raises(DataError, match=r"a\.parquet is no Parquet"):
        open_corpus(str(mill.folder / "a.parquet"))


def test_columns_in_another_order_are_put_in_place(mill):
    mill.write(table(1), "c/a.parquet")
    mill.write(table(1).select(["n", "text"]), "c/b.parquet")
    assert (
        rows_of(open_corpus(str(mill.folder / "c"))).to_pylist() == [{"text": "row 0", "n": 0}] * 2
    )


def test_row_groups_are_of_one_size_however_the_rows_come(tmp_path):
    sizes = []
    for step in (1000, 40_000):
        with PartWriter(tmp_path / "p.parquet", table().schema) as part:
            for batch in table(40_000).to_batches(max_chunksize=step):
                part.write(batch)
            part.finish({})
        meta = pq.ParquetFile(tmp_path / "p.parquet").metadata
        sizes.append([meta.row_group(i).num_rows for i in range(meta.num_row_groups)])
        assert meta.row_group(0).column(0).compression == "ZSTD"
    rest = 40_000 - 2 * ROW_GROUP_ROWS
    assert sizes == [[ROW_GROUP_ROWS, ROW_GROUP_ROWS, rest]] * 2


def test_a_part_that_is_not_finished_has_no_digest(tmp_path):
    with PartWriter(tmp_path / "whole.parquet", table().schema) as part:
        part.write(table().to_batches()[0])
        part.finish({})

    def fail():
        with PartWriter(tmp_path / "p.parquet", table().schema) as part:
            part.write(table().to_batches()[0])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert PAGES.encode() in pq.read_metadata(tmp_path / "whole.parquet").metadata
    assert PAGES.encode() not in pq.read_metadata(tmp_path / "p.parquet").metadata


def test_long_texts_come_in_smaller_batches(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "TEXT_BYTES", 100)
    rows = ["short", "x" * 90, "é" * 200, None, "tail"] * 3
    pq.write_table(pa.table({"text": rows}), tmp_path / "in.parquet")
    (shard,) = open_corpus(str(tmp_path)).shards
    batches = list(read_batches(shard, 1024, "text"))
    assert [text for batch in batches for text in batch["text"].to_pylist()] == rows
    sizes = [sum(len((t or "").encode()) for t in batch["text"].to_pylist()) for batch in batches]
    assert all(
        size <= 100 or batch.num_rows == 1 for size, batch in zip(sizes, batches, strict=True)
    )


def test_few_rows_are_held_at_once_where_they_are_large(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "READ_BYTES", 100_000)
    rows = pa.table(
        {"text": [str(i) for i in range(50)], "page": [f"{i:020000}" for i in range(50)]}
    )
    pq.write_table(rows, tmp_path / "in.parquet", use_dictionary=False)
    (shard,) = open_corpus(str(tmp_path)).shards
    batches = list(read_batches(shard, 1024, "text"))
    assert pa.Table.from_batches(batches).equals(rows)
    assert 2 <= max(batch.num_rows for batch in batches) <= 5


def test_dictionaries_within_lists_are_read_across_row_groups(tmp_path):
    labels = pa.array(["a", "b"] * 10).dictionary_encode()
    column = pa.ListArray.from_arrays(pa.array(range(21), pa.int32()), labels)
    table = pa.table({"text": ["x"] * 20, "labels": column})
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=5)
    (shard,) = open_corpus(str(tmp_path)).shards
    batches = list(read_batches(shard, 3, "text"))
    assert {batch.schema.field("labels").type for batch in batches} == {
        shard.schema.field("labels").type
    }
    assert [row for batch in batches for row in batch["labels"].to_pylist()] == [["a"], ["b"]] * 10


def test_a_damaged_page_is_an_error_of_the_data(tmp_path):
    path = tmp_path / "in.parquet"
    pq.write_table(table(1000), path)
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * 40 + whole[140:])
    (shard,) = open_corpus(str(tmp_path)).shards
    with pytest.raises(DataError, match=r"in\.parquet can't be read: "):
        list(read_batches(shard, 1024, "text"))
