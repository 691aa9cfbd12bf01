"""Files whose columns differ, as they do when a corpus has grown over the years."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import run
from pipelines.corpus import open_corpus
from pipelines.errors import DataError
from pipelines.exit_codes import exit_code
from pipelines.inputs.union import Described, merged_type, united
from pipelines.parquet import read_batches

TYPES = [
    pa.int64(),
    pa.string(),
    pa.null(),
    pa.list_(pa.null()),
    pa.list_(pa.string()),
    pa.large_list(pa.null()),
    pa.struct([("a", pa.null()), ("b", pa.list_(pa.null()))]),
    pa.struct([("a", pa.int8()), ("b", pa.list_(pa.string()))]),
    pa.dictionary(pa.int8(), pa.string()),
]


def rows_of(place, batch_rows=2, **options):
    corpus = open_corpus(str(place), **options)
    batches = [b for shard in corpus.shards for b in read_batches(shard, batch_rows, None)]
    return pa.Table.from_batches(batches, corpus.schema)


@pytest.fixture
def corpus(mill):
    """Writes files named a, b, c, …; returns their folder."""

    def write(*tables):
        for name, table in zip("abcdefgh", tables, strict=False):
            mill.write(table, f"c/{name}.parquet", row_group_size=2)
        return mill.folder / "c"

    return write


def test_an_added_column_is_null_in_the_files_that_lack_it_and_there_is_a_warning(corpus):
    place = corpus(
        pa.table({"text": ["a", "b", "c"]}),
        pa.table({"stars": pa.array([5], pa.int8()), "text": ["d"]}),
        pa.table({"text": ["e"], "stars": pa.array([1], pa.int8())}),
    )
    rows = rows_of(place)
    assert rows.schema.names == ["text", "stars"]
    assert rows.schema.field("stars").type == pa.int8()
    assert rows["text"].to_pylist() == list("abcde")
    assert rows["stars"].to_pylist() == [None, None, None, 5, 1]
    (warning,) = open_corpus(str(place)).warnings
    assert warning == (
        f"the column 'stars' is missing in {place}/a.parquet (of 3 files); it is null there"
    )


def test_a_removed_column_is_null_in_the_files_that_lost_it(corpus):
    place = corpus(*[pa.table({"text": ["a"], "n": [1]})] * 2, *[pa.table({"text": ["b"]})] * 3)
    assert rows_of(place)["n"].to_pylist() == [1, 1, None, None, None]
    assert open_corpus(str(place)).warnings == (
        f"the column 'n' is missing in {place}/c.parquet and 2 other files (of 5 files); "
        "it is null there",
    )


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_a_column_of_any_type_can_be_missing(corpus, kind):
    place = corpus(pa.table({"text": ["a"] * 3}), pa.table({"x": pa.nulls(1, kind)}))
    rows = rows_of(place)
    assert rows.schema.field("x").type == kind
    assert rows["x"].null_count == 4
    assert rows["text"].to_pylist() == ["a", "a", "a", None]


def test_a_column_without_values_takes_the_type_it_has_elsewhere(corpus):
    tags = pa.struct([("names", pa.list_(pa.string())), ("by", pa.string())])
    empty = pa.struct([("names", pa.list_(pa.null())), ("by", pa.null())])
    place = corpus(
        pa.table({"n": pa.nulls(2), "tags": pa.array([{"names": []}, None], empty)}),
        pa.table({"n": [1], "tags": pa.array([{"names": ["x"], "by": "me"}], tags)}),
    )
    rows = rows_of(place)
    assert rows.schema.field("tags").type == tags
    assert rows.to_pylist() == [
        {"n": None, "tags": {"names": [], "by": None}},
        {"n": None, "tags": None},
        {"n": 1, "tags": {"names": ["x"], "by": "me"}},
    ]
    assert open_corpus(str(place)).warnings == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pa.int64(), pa.int32()),
        (pa.string(), pa.large_string()),
        (pa.timestamp("us"), pa.timestamp("us", "UTC")),
        (pa.list_(pa.int8()), pa.list_(pa.int16())),
        (pa.struct([("a", pa.int8())]), pa.struct([("b", pa.int8())])),
        (pa.dictionary(pa.int8(), pa.string()), pa.string()),
    ],
)
def test_a_type_conflict_names_column_files_and_both_types(corpus, one, other):
    texts = {"text": ["a"]}
    place = corpus(
        pa.table(texts),
        pa.table({**texts, "x": pa.nulls(1, one)}),
        pa.table({**texts, "x": pa.nulls(1, other)}),
    )
    with pytest.raises(DataError) as caught:
        open_corpus(str(place))
    one, other = (str(kind).replace("item", "element") for kind in (one, other))
    message = f"the column 'x' is {other} in {place}/c.parquet, but {one} in {place}/b.parquet"
    assert str(caught.value).startswith(message)
    assert exit_code(caught.value) == 65


def test_files_without_rows_decide_nothing(corpus):
    nothing = pa.table({"text": pa.array([], pa.int64()), "old": pa.array([], pa.int64())})
    place = corpus(nothing, pa.table({"text": ["a"]}))
    assert rows_of(place).to_pylist() == [{"text": "a"}]
    assert open_corpus(str(place)).warnings == ()


def test_a_corpus_without_rows_has_its_columns(corpus):
    nothing = pa.table({"text": pa.array([], pa.string())})
    corpus_of_none = open_corpus(str(corpus(nothing, nothing)))
    assert corpus_of_none.schema == nothing.schema
    assert [shard.rows for shard in corpus_of_none.shards] == [0]


def test_nullable_wins_and_metadata_is_of_the_first_file_that_has_it(corpus):
    def file(nullable, about, made_by):
        field = pa.field("text", pa.string(), nullable, about and {"about": about})
        return pa.table([["a"]], pa.schema([field], made_by and {"made by": made_by}))

    place = corpus(file(False, "", ""), file(True, "one", "me"), file(False, "two", "you"))
    schema = open_corpus(str(place)).schema
    assert schema.field("text").nullable
    assert schema.field("text").metadata == {b"about": b"one"}
    assert schema.metadata == {b"made by": b"me"}


def test_a_run_over_files_that_differ_keeps_every_row(mill, corpus, texts):
    place = corpus(
        pa.table({"text": texts(4), "n": range(4)}),
        pa.table({"text": texts(8)[4:], "n": range(4, 8), "stars": ["*"] * 4}),
    )
    run(mill.recipe(input=str(place), id="n"))
    originals = [row for row in mill.read().to_pylist() if row["aug_view"] == "original"]
    assert [(row["n"], row["stars"]) for row in originals] == [
        *((n, None) for n in range(4)),
        *((n, "*") for n in range(4, 8)),
    ]


types = st.recursive(
    st.sampled_from([pa.null(), pa.int64(), pa.string()]),
    lambda inner: st.one_of(
        inner.map(pa.list_),
        st.lists(inner, min_size=1, max_size=2).map(
            lambda kinds: pa.struct([(f"f{i}", kind) for i, kind in enumerate(kinds)])
        ),
    ),
    max_leaves=4,
)


@given(types, types, types)
def test_merging_types_does_not_depend_on_the_order(a, b, c):
    assert merged_type(a, a) == a
    assert merged_type(a, pa.null()) == merged_type(pa.null(), a) == a
    assert merged_type(a, b) == merged_type(b, a)
    ab, bc = merged_type(a, b), merged_type(b, c)
    if ab is not None and bc is not None:
        assert merged_type(ab, c) == merged_type(a, bc)


@given(st.lists(st.dictionaries(st.sampled_from("abcd"), st.booleans(), max_size=4), max_size=5))
def test_the_union_has_every_column_once_and_holds_nulls_wherever_one_is_missing(files):
    described = [
        Described(
            f"file {i}", pa.schema([pa.field(n, pa.int8(), nullable=null) for n, null in f.items()])
        )
        for i, f in enumerate(files)
    ]
    schema, warnings = united(described)
    assert schema.names == list(dict.fromkeys(name for file in files for name in file))
    for field in schema:
        missing = [file for file in files if field.name not in file]
        assert field.nullable == bool(missing or any(f[field.name] for f in files))
        assert any(repr(field.name) in warning for warning in warnings) == bool(missing)
