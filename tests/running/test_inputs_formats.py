"""CSV, JSON Lines and text: every row is read, or the line that can't be is named."""

import bz2
import csv
import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines import run
from pipelines.corpus import open_corpus, with_contents
from pipelines.errors import DataError, InputChangedError, InputMissingError
from pipelines.exit_codes import exit_code
from pipelines.inputs import converted, delimited, line_blocks, memory
from pipelines.parquet import read_batches

SMALL = (40, 1000, 1 << 20)
"""Bytes that are read at once."""


@pytest.fixture(params=SMALL, ids=str)
def block(request, monkeypatch):
    """Files in one block and in many give the same."""
    monkeypatch.setattr(line_blocks, "BLOCK_BYTES", request.param)
    monkeypatch.setattr(delimited, "_BLOCK_BYTES", request.param)


@pytest.fixture
def file(tmp_path):
    def write(name, data):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    return write


def table(place, **options):
    corpus = open_corpus(str(place), **options)
    batches = [b for shard in corpus.shards for b in read_batches(shard, 7, None)]
    return pa.Table.from_batches(batches, corpus.schema)


def kinds(place, **options):
    return {field.name: str(field.type) for field in table(place, **options).schema}


def failure(place, **options):
    with pytest.raises(DataError) as caught:
        open_corpus(str(place), **options)
    assert exit_code(caught.value) == 65
    return str(caught.value)


# What every format has in common.


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.ndjson", "a.json", "a.txt"])
@pytest.mark.parametrize("packed", ["", ".gz", ".bz2", ".zst"])
def test_formats_and_compressions_go_by_the_suffix(file, name, packed):
    rows = ["first", "a second, of two"]
    data = {
        "csv": 'text\nfirst\n"a second, of two"\n',
        "tsv": "text\nfirst\na second, of two\n",
        "txt": "first\na second, of two\n",
    }.get(name[2:], "".join(json.dumps({"text": row}) + "\n" for row in rows)).encode()
    pack = {
        "": bytes,
        ".gz": gzip.compress,
        ".bz2": bz2.compress,
        ".zst": lambda raw: pa.compress(raw, "zstd", asbytes=True),
    }[packed]
    assert table(file(name + packed, pack(data)))["text"].to_pylist() == rows


def test_a_format_that_is_named_goes_before_the_suffix(file):
    path = file("export.dat", "text\nfirst\n")
    assert table(path, format="csv")["text"].to_pylist() == ["first"]
    assert table(path, format="text")["text"].to_pylist() == ["text", "first"]
    assert "export.dat is no Parquet file" in failure(path)


def test_a_directory_of_one_format_has_its_partitions_too(file, tmp_path):
    file("c/lang=en/a.csv", "text,n\none,1\n")
    file("c/lang=de/b.csv.gz", gzip.compress(b"text,n\nzwei,2\n"))
    file("c/README.txt", "Where these are from.\n")
    assert table(tmp_path / "c").to_pylist() == [
        {"text": "zwei", "n": 2, "lang": "de"},
        {"text": "one", "n": 1, "lang": "en"},
    ]
    (warning,) = open_corpus(str(tmp_path / "c")).warnings
    assert warning.startswith("1 files of other formats")
    assert warning.endswith("README.txt")


def test_a_directory_of_parquet_and_others_is_parquet_with_a_warning(file, tmp_path):
    (tmp_path / "c").mkdir()
    pq.write_table(pa.table({"text": ["a"]}), tmp_path / "c" / "a.parquet")
    file("c/b.csv", "text\nb\n")
    assert table(tmp_path / "c")["text"].to_pylist() == ["a"]
    assert "b.csv" in open_corpus(str(tmp_path / "c")).warnings[0]
    assert table(tmp_path / "c", format="csv")["text"].to_pylist() == ["b"]


def test_a_directory_of_several_formats_asks_which(file, tmp_path):
    file("c/a.csv", "text\na\n")
    file("c/b.jsonl", '{"text": "b"}\n')
    message = failure(tmp_path / "c")
    assert "(1 csv, 1 jsonl); name one by input_format: parquet, csv, jsonl, text" in message
    assert table(tmp_path / "c", format="jsonl")["text"].to_pylist() == ["b"]
    assert table(tmp_path / "c" / "*")["text"].to_pylist() == ["a", "b"]


def test_a_directory_without_files_of_the_format_is_missing(file, tmp_path):
    file("c/a.csv", "text\na\n")
    with pytest.raises(InputMissingError, match=r"holds no \*\.jsonl, \*\.ndjson, \*\.json file"):
        open_corpus(str(tmp_path / "c"), format="jsonl")


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.txt"])
def test_empty_files_are_fine(file, tmp_path, name):
    file(f"c/{name}", "")
    assert table(tmp_path / "c").num_rows == 0
    file(f"c/b{name[1:]}", {"a.csv": "text\nx\n", "a.txt": "x"}.get(name, '{"text": "x"}'))
    assert table(tmp_path / "c")["text"].to_pylist() == ["x"]
    assert open_corpus(str(tmp_path / "c")).warnings == ()


@pytest.mark.parametrize("name", ["a.csv.gz", "a.jsonl.gz", "a.txt.gz", "a.txt.zst", "a.csv.bz2"])
def test_a_damaged_compression_is_an_error(file, name):
    assert name in failure(file(name, b"not packed at all\n" * 10))
    raw = b"text\n" + b"".join(b"%d\n" % (i**7) for i in range(9999))
    whole = {
        "gz": gzip.compress,
        "bz2": bz2.compress,
        "zst": lambda raw: pa.compress(raw, "zstd", asbytes=True),
    }[name.rsplit(".", 1)[1]](raw)
    assert "Truncated" in failure(file(name, whole[: len(whole) // 2]), format="text")


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.txt"])
def test_what_is_not_utf8_is_named_with_its_line(block, file, name):
    good, bad = (b'{"text": "x"}', b'{"text": "\xff"}') if name == "a.jsonl" else (b"x", b"\xff")
    path = file(name, b"\n".join([good] * 30 + [bad] + [good] * 30))
    assert failure(path).startswith(f"{path}, line 31: ")
    assert "UTF" in failure(path)


def test_rows_come_in_row_groups_of_one_size(file, tmp_path):
    path = file("a.txt", "".join(f"line {i}\n" for i in range(40_000)))
    (source,) = open_corpus(str(path), cache=tmp_path / "cache").sources
    meta = pq.read_metadata(source.location)
    sizes = [meta.row_group(i).num_rows for i in range(meta.num_row_groups)]
    assert sizes == [16_384, 16_384, 7232]
    assert meta.row_group(0).column(0).compression == "ZSTD"
    assert table(path)["text"].to_pylist() == [f"line {i}" for i in range(40_000)]


def test_row_groups_of_long_rows_are_small(file, tmp_path, monkeypatch):
    monkeypatch.setattr(converted, "_GROUP_BYTES", 100_000)
    path = file("a.txt", "".join(f"{i:099}\n" for i in range(10_000)))
    (source,) = open_corpus(str(path), cache=tmp_path / "cache").sources
    meta = pq.read_metadata(source.location)
    assert meta.num_row_groups > 5
    assert table(path)["text"].to_pylist() == [f"{i:099}" for i in range(10_000)]


# What is converted, and when.


@pytest.fixture
def settled(monkeypatch):
    """Notes are made at a time that is well after the files'."""
    now = memory.now_ns
    monkeypatch.setattr(converted, "now_ns", lambda: now() + 10**14)


@pytest.fixture
def looked(monkeypatch):
    """The files that are read to see what they hold."""
    seen = []
    look = delimited.look

    def watched(file):
        seen.append(file.name)
        return look(file)

    monkeypatch.setattr(delimited, "look", watched)
    return seen


def test_a_file_is_converted_once_for_its_content(file, tmp_path, settled, looked):
    cache = tmp_path / "cache"
    path = file("a.csv", "text,n\none,1\n")
    (first,) = open_corpus(str(path), cache=cache).sources
    (again,) = open_corpus(str(path), cache=cache).sources
    assert first == again
    assert len(looked) == 1
    (renamed,) = open_corpus(str(path.rename(tmp_path / "b.csv")), cache=cache).sources
    assert renamed.location == first.location
    assert renamed.name.endswith("b.csv")
    file("b.csv", "text,n\none,2\n")
    (changed,) = open_corpus(str(tmp_path / "b.csv"), cache=cache).sources
    assert changed.location != first.location
    assert len(list(cache.rglob("*.parquet"))) == 2
    converted.sweep(cache / "inputs", [changed])
    assert [str(path) for path in cache.rglob("*.parquet")] == [changed.location]


def test_the_same_bytes_under_another_delimiter_are_another_table(file, tmp_path):
    data = "text\tm,n\n1\t2,3\n"
    for name, names in (("a.csv", ["text\tm", "n"]), ("a.tsv", ["text", "m,n"])):
        assert table(file(name, data), cache=tmp_path / "cache").schema.names == names


def test_rows_appended_to_a_file_leave_the_earlier_shards_as_they_were(file, tmp_path):
    lines = [f"line {i}\n" for i in range(50_000)]

    def contents(count):
        corpus = open_corpus(str(file("a.txt", "".join(lines[:count]))), cache=tmp_path / "cache")
        return [shard.content for shard in with_contents(corpus, tmp_path / "memory").shards]

    before, after = contents(40_000), contents(50_000)
    assert after[:2] == before[:2]
    assert len(set(after)) == len(after) == 4


def test_a_conversion_that_fails_leaves_nothing(file, tmp_path, monkeypatch):
    path = file("a.csv", "text,n\none,1\n")

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(delimited, "read", full)
    with pytest.raises(OSError, match="No space"):
        open_corpus(str(path), cache=tmp_path / "cache")
    assert not [*(tmp_path / "cache").rglob("*.parquet*")]


def test_a_file_that_changes_while_it_is_converted_is_an_error(file, tmp_path, monkeypatch):
    path = file("a.csv", "text,n\none,1\n")
    look = delimited.look

    def replaced(source):
        found = look(source)
        path.write_text("text,n\nanother,1\n")
        return found

    monkeypatch.setattr(delimited, "look", replaced)
    with pytest.raises(InputChangedError, match=r"a\.csv changed while it was read"):
        open_corpus(str(path), cache=tmp_path / "cache")


def test_the_file_itself_is_what_must_not_change(file, tmp_path):
    path = file("a.csv", "text,n\none,1\n")
    corpus = with_contents(open_corpus(str(path), cache=tmp_path / "cache"), tmp_path / "memory")
    source = corpus.shards[0].source
    file("a.csv", "text,n\none,1\n")
    source.check_unchanged()
    file("a.csv", "text,n\ntwo,1\n")
    with pytest.raises(InputChangedError, match=r"a\.csv changed while it was read"):
        source.check_unchanged()


def test_a_run_over_text_lines(mill, texts):
    (mill.folder / "in.txt").write_text("\n".join(texts(20)))
    summary = run(mill.recipe(input=str(mill.folder / "in.txt")))
    assert summary.stats.rows == 20
    originals = [r["text"] for r in mill.read().to_pylist() if r["aug_view"] == "original"]
    assert originals == texts(20)


# CSV and TSV.


def test_types_come_from_all_values_of_a_column(block, file):
    rows = [("text", "n", "x", "yes", "zip", "day", "none")]
    rows += [(f"t {i}", i, i / 8, "true", f"{i:05}", "2024-01-31", "") for i in range(40)]
    path = file("a.csv", "\n".join(",".join(map(str, row)) for row in rows))
    assert kinds(path) == {
        "text": "string",
        "n": "int64",
        "x": "double",
        "yes": "bool",
        "zip": "string",
        "day": "string",
        "none": "string",
    }
    assert table(path).to_pylist()[7] == {
        "text": "t 7",
        "n": 7,
        "x": 0.875,
        "yes": True,
        "zip": "00007",
        "day": "2024-01-31",
        "none": "",
    }


@pytest.mark.parametrize(
    ("values", "kind", "read"),
    [
        (["1", "", "-3"], "int64", [1, None, -3]),
        (["1", "2.50"], "double", [1.0, 2.5]),
        (["1", "1e-3"], "double", [1.0, 0.001]),
        (["1", "x"], "string", ["1", "x"]),
        (["1", "01"], "string", ["1", "01"]),
        (["1", "+1"], "string", ["1", "+1"]),
        (["999999999999999999", "1"], "int64", [999999999999999999, 1]),
        (["12345678901234567890", "1"], "string", ["12345678901234567890", "1"]),
        (["1234567890123456", "0.5"], "string", ["1234567890123456", "0.5"]),
        (["True", "false", ""], "bool", [True, False, None]),
        (["true", "1"], "string", ["true", "1"]),
        (["NULL", "NaN", "NA"], "string", ["NULL", "NaN", "NA"]),
        (["", "x"], "string", ["", "x"]),
    ],
)
def test_what_is_written_in_a_cell_is_what_is_read(file, values, kind, read):
    path = file("a.csv", "text,v\n" + "".join(f"t,{value}\n" for value in values))
    assert kinds(path)["v"] == kind
    assert table(path)["v"].to_pylist() == read


def test_texts_are_text_whatever_they_look_like(file):
    path = file("a.csv", "text,body\n1,2\n3,4\n")
    assert kinds(path) == {"text": "string", "body": "int64"}
    assert kinds(path, text="body") == {"text": "int64", "body": "string"}


def test_a_column_has_one_type_in_all_files(file, tmp_path):
    file("c/a.csv", "text,n,x,e\nt,1,1,\n")
    file("c/b.csv", "x,text,n,e\n0.5,t,,5\n")
    file("c/c.csv", "text,n\nt,x\n")
    rows = table(tmp_path / "c")
    assert [str(field.type) for field in rows.schema] == ["string", "string", "double", "int64"]
    assert rows["n"].to_pylist() == ["1", "", "x"]
    assert rows["x"].to_pylist() == [1.0, 0.5, None]
    assert rows["e"].to_pylist() == [None, 5, None]


@pytest.mark.parametrize("bad", ["1,2,3", "1", '1,"x" y'])
def test_a_row_that_is_too_long_or_too_short_is_named_with_its_line(block, file, bad):
    """Cells with line breaks and blank lines before it count as the lines that they are."""
    good = '1,"two\nlines"\n\n'
    path = file("a.csv", f"n,text\n{good * 20}{bad}\n{good * 20}")
    if bad == '1,"x" y':
        assert table(path)["text"].to_pylist()[20] == "x y"
    else:
        assert failure(path).startswith(f"{path}, line 62: Expected 2 columns, got ")


def test_a_quote_that_is_never_closed_does_not_swallow_the_rest(block, file):
    path = file("a.csv", "n,text\n" + "1,ok\n" * 20 + '2,"open\n' + "3,ok\n" * 20)
    assert failure(path) == f"{path}, line 22: a quote is opened in this row and never closed"


def test_quotes_within_cells_mean_nothing(block, file):
    path = file("a.csv", "n,text\n" + '1,a 5" pipe\n' * 21)
    assert table(path)["text"].to_pylist() == ['a 5" pipe'] * 21


def test_two_columns_of_one_name_are_an_error(file):
    assert "has several columns named n" in failure(file("a.csv", "n,text,n\n1,a,2\n"))


def test_a_header_alone_names_columns(file):
    for data in ("n,text", "n,text\n"):
        assert kinds(file("a.csv", data)) == {"n": "string", "text": "string"}


cells = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=8))
def test_what_python_writes_as_csv_is_read(tmp_path, rows):
    path = tmp_path / "a.csv"
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([("text", "b"), *rows])
    path.write_bytes(out.getvalue().encode())
    found = table(path, text="text")
    assert found["text"].to_pylist() == [text for text, _ in rows]
    if found.schema.field("b").type == pa.string():
        assert found["b"].to_pylist() == [b for _, b in rows]


# JSON Lines.


def lines(*rows):
    return "".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows)


def test_types_come_from_all_lines(block, file):
    first = {"text": "a", "n": None, "x": 1, "day": "2024-01-31", "tags": [], "by": None}
    last = {"text": "b", "n": 2, "x": 2.5, "day": None, "tags": ["t"], "by": {"name": "me"}}
    more = {"by": {"age": 3}, "new": True}
    path = file("a.jsonl", lines(*[first] * 30, "\n", last, more))
    rows = table(path).to_pylist()
    assert kinds(path) == {
        "text": "string",
        "n": "int64",
        "x": "double",
        "day": "string",
        "tags": "list<element: string>",
        "by": "struct<name: string, age: int64>",
        "new": "bool",
    }
    assert rows[0] == {**first, "x": 1.0, "new": None}
    assert rows[30] == {**last, "by": {"name": "me", "age": None}, "new": None}
    assert rows[31]["by"] == {"name": None, "age": 3}
    assert len(rows) == 32


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ('{"text": "x"', "Missing a comma or"),
        ("nonsense\n", "Invalid value"),
        ('["x"]\n', "changed from object to array"),
        ('{"text": 5}\n', "'text' is int64 here, but string before|changed from string to number"),
        ('{"text": "x", "text": "y"}\n', "specified twice"),
        ('{"text": "x"} trailing\n', "Invalid value"),
    ],
)
def test_a_line_that_is_no_such_object_is_named(block, file, bad, message):
    path = file("a.jsonl", lines(*[{"text": "fine"}] * 20, "\n", bad))
    with pytest.raises(DataError, match=message) as caught:
        open_corpus(str(path))
    assert str(caught.value).startswith(f"{path}, line 22: ")
    assert str(caught.value).endswith("accepted is one JSON object per line")


@pytest.mark.parametrize(
    "values",
    [[1, 2**64 - 1], [2**53 + 1, 0.5], [[2**53 + 1], [0.5]], [{"a": 3**50}, {"a": 1}]],
)
def test_no_digit_of_a_number_is_lost(block, file, values):
    path = file("a.jsonl", lines(*[{"text": "t", "n": value} for value in values]))
    assert "the column 'n' has whole numbers that are too large" in failure(path)


def test_large_numbers_that_keep_their_digits_are_fine(block, file):
    values = [2**63 - 1, -(2**63)]
    path = file(
        "a.jsonl", lines(*[{"text": "t", "n": n, "x": x} for n in values for x in (1e300, 2)])
    )
    assert kinds(path) == {"text": "string", "n": "int64", "x": "double"}
    assert table(path)["n"].to_pylist() == [n for n in values for _ in range(2)]


def test_a_column_has_one_type_in_all_json_files(file, tmp_path):
    file("c/a.jsonl", lines({"text": "a", "n": 1, "by": {"x": 1}}))
    file("c/b.jsonl", lines({"text": "b", "n": 0.5, "by": {"y": "z"}}))
    file("c/c.jsonl", lines({"text": None}))
    assert table(tmp_path / "c").to_pylist() == [
        {"text": "a", "n": 1.0, "by": {"x": 1, "y": None}},
        {"text": "b", "n": 0.5, "by": {"x": None, "y": "z"}},
        {"text": None, "n": None, "by": None},
    ]
    file("c/d.jsonl", lines({"text": "d", "n": "one"}))
    path = tmp_path / "c" / "d.jsonl"
    assert failure(tmp_path / "c").startswith(f"{path}: the column 'n' is string here, but double")


def test_objects_without_fields_are_refused_with_their_column(file):
    path = file("a.jsonl", lines({"text": "a", "meta": {}}))
    assert f"the column 'meta' of {path} has objects without fields" in failure(path)
    assert table(file("a.jsonl", lines({"meta": {}}, {"meta": {"a": 1}})))["meta"].to_pylist() == [
        {"a": None},
        {"a": 1},
    ]


values = st.recursive(
    st.none() | st.booleans() | st.text(st.characters(codec="utf-8"), max_size=5),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=5) | st.none(), max_size=8))
def test_what_python_writes_as_json_is_read(tmp_path, rows):
    path = tmp_path / "a.jsonl"
    path.write_text(lines(*[{"text": row, "n": i} for i, row in enumerate(rows)]))
    assert table(path).to_pylist() == [{"text": row, "n": i} for i, row in enumerate(rows)]


# Text.


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        ("one\ntwo\n", ["one", "two"]),
        ("one\r\ntwo", ["one", "two"]),
        ("\ufeffone\n\n two \n", ["one", "", " two "]),
        ("a\u2028b\x0bc\x85d\n", ["a\u2028b\x0bc\x85d"]),
        ("\n", [""]),
    ],
)
def test_a_line_is_a_row(block, file, data, rows):
    path = file("a.txt", data)
    assert table(path).to_pylist() == [{"text": row} for row in rows]
    assert table(path, text="body").schema == pa.schema([("body", pa.string())])


def test_a_line_may_be_longer_than_what_is_read_at_once(block, file):
    rows = ["é" * 3000, "x", "y" * 2999]
    assert table(file("a.txt", "\n".join(rows)))["text"].to_pylist() == rows
    as_json = file("a.jsonl", lines(*[{"text": row} for row in rows]))
    assert table(as_json)["text"].to_pylist() == rows
    as_csv = file("a.csv", "\n".join(["text", *rows]))
    assert table(as_csv)["text"].to_pylist() == rows
