"""An output that readers see as a Delta table: what they get, when, and what it can't hold."""

import datetime
import decimal
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xxhash

import pipelines
from pipelines.errors import DataError, RecipeError
from pipelines.parquet import PartWriter
from pipelines.reading import read_dataset
from pipelines.store import delta
from pipelines.store.delta import delta_store
from pipelines.store.delta_types import held, held_schema
from pipelines.store.entry import Entry, Part
from pipelines.store.local import LocalStore

deltalake = pytest.importorskip("deltalake")

DAY = datetime.datetime(2020, 1, 2, 3, 4, 5)
HELD = {
    "bool": pa.array([True, None]),
    "int8": pa.array([-1, None], pa.int8()),
    "int16": pa.array([-1, None], pa.int16()),
    "int32": pa.array([-1, None], pa.int32()),
    "int64": pa.array([-(2**62), None]),
    "float": pa.array([1.5, None], pa.float32()),
    "double": pa.array([1.5, None]),
    "decimal": pa.array([decimal.Decimal("1.25"), None], pa.decimal128(38, 2)),
    "decimal64": pa.array([decimal.Decimal("1.25"), None], pa.decimal64(12, 2)),
    "string": pa.array(["é", None]),
    "large_string": pa.array(["é", None], pa.large_string()),
    "binary": pa.array([b"\0", None]),
    "large_binary": pa.array([b"\0", None], pa.large_binary()),
    "fixed_binary": pa.array([b"ab", None], pa.binary(2)),
    "dictionary": pa.array(["a", None]).dictionary_encode(),
    "date": pa.array([DAY.date(), None]),
    "seconds": pa.array([DAY, None], pa.timestamp("s")),
    "millis": pa.array([DAY, None], pa.timestamp("ms")),
    "micros": pa.array([DAY, None], pa.timestamp("us")),
    "utc": pa.array([DAY, None], pa.timestamp("us", "UTC")),
    "list": pa.array([[1, None], None]),
    "large_list": pa.array([[1], []], pa.large_list(pa.int64())),
    "struct": pa.array([{"x": 1, "y": ["a"]}, None]),
    "map": pa.array([[("a", 1.5)], []], pa.map_(pa.string(), pa.float32())),
    "edits": pa.array([[{"start": 1, "stop": 2, "text": "q"}], []]),
    "moments": pa.array([[DAY], None], pa.list_(pa.timestamp("us"))),
}
NOT_HELD = {
    "uint8": pa.uint8(),
    "uint64": pa.uint64(),
    "half": pa.float16(),
    "wide": pa.decimal256(39, 0),
    "nanos": pa.timestamp("ns"),
    "zone": pa.timestamp("us", "Europe/Berlin"),
    "time": pa.time64("us"),
    "duration": pa.duration("us"),
    "null": pa.null(),
    "date64": pa.date64(),
    "pair": pa.list_(pa.int64(), 2),
    "inside": pa.list_(pa.struct([("n", pa.uint32())])),
    "uuid": pa.uuid(),
}


@dataclass
class Shop:
    """Publishes versions of small tables, by the names of their files."""

    folder: Path

    @property
    def output(self):
        return self.folder / "out"

    def open(self, kind=delta_store):
        return kind(str(self.output))

    def publish(self, store, **files):
        """A version; a file's name has ``__`` for a slash and ``_is_`` for the sign in a folder."""
        parts = []
        for number, (name, table) in enumerate(files.items()):
            table = table if isinstance(table, pa.Table) else pa.table({"text": table})
            key = xxhash.xxh3_128_hexdigest(f"{table.schema}{table.to_pydict()}".encode())
            stored = store.objects.find([key], {}).get(key) or self.make(store, key, table)
            folder = name.replace("__", "/").replace("_is_", "=").rpartition("/")[0]
            path = f"{folder}/part-{number:05d}.parquet".lstrip("/")
            parts.append(Part(name=path, stored=stored, source="in", content="0" * 32))
        last = store.last()
        entry = Entry(
            version=(last.version if last else 0) + 1,
            created="2026-01-01T00:00:00+00:00",
            program="1",
            fingerprint="f",
            identity={},
            recipe={},
            parts=tuple(parts),
            stats={},
        )
        store.publish(entry)

    def make(self, store, key, table):
        with store.objects.draft(key) as draft, PartWriter(draft.part, table.schema) as part:
            for batch in table.to_batches():
                part.write(batch)
            part.finish({"augmill.key": key, "augmill.stats": "{}"})
        return draft.stored

    def read(self, **which):
        return deltalake.DeltaTable(str(self.output), **which).to_pyarrow_table()

    def texts(self, **which):
        return sorted(self.read(**which)["text"].to_pylist())

    def links(self):
        """The data files in all tables."""
        found = self.folder.glob("out.aug/tables/**/*.parquet")
        return sorted(p.name for p in found if "_delta_log" not in p.parts)


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path)


def test_readers_get_the_same_rows_and_types(shop):
    table = pa.table(HELD)
    with shop.open() as store:
        shop.publish(store, part=table)
    found = shop.read()
    assert found.to_pydict() == table.to_pydict()
    assert str(found.schema.types).replace("element:", "item:") == str(
        [held(field.type) for field in table.schema]
    ).replace("element:", "item:")
    assert read_dataset(str(shop.output)).to_table().to_pydict() == table.to_pydict()
    assert "timestampNtz" in deltalake.DeltaTable(str(shop.output)).protocol().reader_features


def test_polars_reads_the_same_rows(shop):
    polars = pytest.importorskip("polars")
    table = pa.table(HELD).drop_columns(["map"])
    with shop.open() as store:
        shop.publish(store, part=table)
    assert polars.read_delta(str(shop.output)).to_dicts() == table.to_pylist()


def test_what_it_cant_hold_is_named_all_at_once():
    schema = pa.schema([*NOT_HELD.items(), ("a b", pa.string()), ("Pair", pa.string())])
    with pytest.raises(DataError) as told:
        held_schema(schema)
    lines = str(told.value).split("\n  ")
    assert lines[0] == "a Delta table can't hold 15 columns of the output (format: parquet can)"
    assert [line.split(":")[0] for line in lines[1:]] == [
        repr(name) for name in [*NOT_HELD, "a b", "Pair"]
    ]
    assert "'nanos': timestamp[ns]; timestamp[us] can be held" in lines
    assert "'Pair': 'pair' is the same name to Delta" in lines


def test_folders_are_partition_columns(shop):
    with shop.open() as store:
        shop.publish(
            store,
            lang_is_en__year_is_2020__x=["a"],
            lang_is_de__year_is_2021__x=["b", "c"],
            lang_is___HIVE_DEFAULT_PARTITION____year_is_2021__x=["d"],
        )
    table = deltalake.DeltaTable(str(shop.output))
    assert table.metadata().partition_columns == ["lang", "year"]
    rows = table.to_pyarrow_table().sort_by("text").to_pydict()
    assert rows == {
        "text": ["a", "b", "c", "d"],
        "lang": ["en", "de", "de", None],
        "year": [2020, 2021, 2021, 2021],
    }
    assert table.to_pyarrow_table(filters=[("lang", "=", "de")]).num_rows == 2


def test_each_version_is_one_of_the_tables_and_can_be_gone_back_to(shop):
    with shop.open() as store:
        shop.publish(store, a=["a"], b=["b"])
        shop.publish(store, a=["a"], b=["c"], c=pa.table({"text": ["d"], "n": [1]}).select([0]))
        shop.publish(store, a=pa.table({"text": ["a"], "n": [1.5]}))
    assert shop.texts(version=0) == ["a", "b"]
    assert shop.texts(version=1) == ["a", "c", "d"]
    assert shop.read().to_pydict() == {"text": ["a"], "n": [1.5]}
    assert deltalake.DeltaTable(str(shop.output)).history(1)[0]["augmill"] == {"version": 3}


def test_data_files_are_links_to_objects(shop):
    with shop.open() as store:
        shop.publish(store, a=["a"])
    data = Path(deltalake.DeltaTable(str(shop.output)).file_uris()[0])
    assert data.stat().st_nlink == 2
    assert data.name == "part-00000-000001.parquet"


@pytest.mark.parametrize("step", ["commit", "sync"])
def test_a_run_killed_around_its_commit_is_finished_by_the_next(shop, monkeypatch, step):
    with shop.open() as store:
        shop.publish(store, a=["old"])
        with monkeypatch.context() as killed:
            killed.setattr(delta._Table, step, lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                shop.publish(store, a=["new"])
    assert shop.texts() == ["old"]
    with shop.open() as store:
        # Before the entry is in the log the version is none, after it the version is to be shown.
        committed = step == "commit"
        assert store.last().version == (2 if committed else 1)
        assert shop.texts() == (["new"] if committed else ["old"])
        shop.publish(store, a=["newer"])
        store.retain(1)
    assert shop.texts() == ["newer"]
    assert len(shop.links()) == 2


def test_a_transaction_is_not_done_twice(shop, monkeypatch):
    with shop.open() as store, monkeypatch.context() as killed:
        killed.setattr(delta, "point", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            shop.publish(store, a=["a"])
    assert not shop.output.exists()
    for _ in range(2):
        with shop.open():
            assert shop.texts() == ["a"]
    assert deltalake.DeltaTable(str(shop.output)).version() == 0


def test_a_log_that_was_set_back_is_followed(shop):
    with shop.open() as store:
        shop.publish(store, a=["a"])
        shop.publish(store, a=["b"])
    (shop.folder / "out.aug/log/00000000000000000002.json").unlink()
    with shop.open() as store:
        shop.publish(store, a=["c"])
    assert shop.texts() == ["c"]


def test_old_versions_files_are_deleted_and_what_the_table_tells_stays(shop):
    with shop.open() as store:
        for text in "abcd":
            shop.publish(store, a=[text])
        store.retain(2)
    assert shop.texts() == ["d"]
    assert shop.texts(version=2) == ["c"]
    # Readers may be in the middle of the one before the last: it is kept in any case.
    assert shop.links() == ["part-00000-000003.parquet", "part-00000-000004.parquet"]
    assert len(deltalake.DeltaTable(str(shop.output)).history()) == 4


def test_damaged_files_are_linked_anew_in_every_version(shop):
    with shop.open() as store:
        shop.publish(store, a=["a"])
        shop.publish(store, a=["a"], b=["b"])
        object = next(p for p in shop.folder.glob("out.aug/objects/*") if p.stat().st_nlink == 3)
        bytes = object.read_bytes()
        object.write_bytes(b"damaged")
        object.unlink()
        object.write_bytes(bytes)
        store.ensure()
    assert shop.texts() == ["a", "b"]
    assert shop.texts(version=0) == ["a"]


def test_a_folders_column_that_the_files_have_is_theirs(shop):
    table = pa.table({"text": ["a"], "lang": ["fr"]})
    with shop.open() as store:
        shop.publish(store, lang_is_en__x=table)
    assert shop.read().to_pydict() == table.to_pydict()
    assert read_dataset(str(shop.output)).to_table().to_pydict() == table.to_pydict()


def test_other_partition_columns_make_another_table(shop):
    with shop.open() as store:
        shop.publish(store, lang_is_en__x=["a"])
        shop.publish(store, x=["b"])
        assert shop.read().to_pydict() == {"text": ["b"]}
        shop.publish(store, lang_is_en__x=["c"])
        assert shop.read().to_pydict() == {"text": ["c"], "lang": ["en"]}
        shop.publish(store, lang_is_en__x=["d"])
        store.retain(1)
    assert len([*shop.folder.glob("out.aug/tables/*")]) == 1


def test_an_output_can_change_its_format_and_back(shop):
    with shop.open(LocalStore) as store:
        shop.publish(store, a=["a"])
    with shop.open() as store:
        assert shop.texts() == ["a"]
        shop.publish(store, a=["b"])
    assert shop.texts() == ["b"]
    with shop.open(LocalStore) as store:
        assert pq.read_table(shop.output)["text"].to_pylist() == ["b"]
        assert shop.links() == ["part-00000-000001.parquet", "part-00000-000002.parquet"]
        for text in "cd":
            shop.publish(store, a=[text])
        store.retain(1)
    assert sorted(path.name for path in shop.output.iterdir()) == ["part-00000.parquet"]
    assert not [*shop.folder.glob("out.aug/tables/*")]


def test_it_is_written_to_local_folders_only():
    with pytest.raises(RecipeError, match="format: delta is written to a local folder"):
        delta_store("s3://bucket/table")


def test_a_run_makes_a_table_or_says_at_once_what_it_cant_hold(shop):
    place = shop.folder / "in.parquet"
    recipe = {
        "input": str(place),
        "output": str(shop.output),
        "format": "delta",
        "steps": [{"use": "synonym", "rate": 0.5}],
    }
    texts = ["a beautiful house", "the huge movie"]
    pq.write_table(pa.table({"text": texts, "n": pa.array([1, 2], pa.uint8())}), place)
    with pytest.raises(DataError, match="'n': uint8; signed integers can be held"):
        pipelines.run(recipe)
    assert not shop.output.exists()
    pq.write_table(pa.table({"text": texts}), place)
    assert pipelines.run(recipe).version == 1
    assert not pipelines.run(recipe).changed
    found = shop.read()
    assert found.num_rows == 4
    assert found.select(["text", "aug_edits"]).to_pylist() == (
        pipelines.read_dataset(str(shop.output)).to_table(["text", "aug_edits"]).to_pylist()
    )
