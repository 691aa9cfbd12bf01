"""What tells that an input is what it was: contents, not names or times; and what is remembered."""

import os
import pickle
import shutil
import sqlite3
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines import corpus as corpora
from pipelines.corpus import open_corpus, with_contents
from pipelines.errors import InputChangedError
from pipelines.exit_codes import exit_code
from pipelines.inputs import content, digests
from pipelines.inputs.memory import Memory
from pipelines.inputs.source import Stamp

DAY = 86_400_000_000_000


def table(count=60, first=0):
    rows = range(first, first + count)
    return pa.table({"text": [f"row {i}" for i in rows], "n": rows})


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(corpora, "SHARD_ROWS", 20)


@pytest.fixture
def place(mill):
    mill.write(table(), "c/a.parquet", row_group_size=10)
    mill.write(table(40, 60), "c/b.parquet", row_group_size=10)
    return mill.folder / "c"


@pytest.fixture
def memory(tmp_path):
    return tmp_path / "memory"


@pytest.fixture
def later(monkeypatch):
    """Notes are made at a time that is well after the files'."""
    monkeypatch.setattr(digests, "now_ns", lambda: time.time_ns() + DAY)


@pytest.fixture
def hashed(monkeypatch):
    """The row groups that are read to be digested."""
    seen = []

    def watched(raw, footer, group, columns=None):
        seen.append(group)
        return content.group_digest(raw, footer, group, columns)

    monkeypatch.setattr(digests, "group_digest", watched)
    return seen


def opened(place, memory, limit=None):
    corpus = open_corpus(str(place))
    return with_contents(corpus if limit is None else corpus.head(limit), memory)


def contents(place, memory, limit=None):
    return [shard.content for shard in opened(place, memory, limit).shards]


def test_shards_of_different_rows_have_different_contents(place, memory):
    found = contents(place, memory)
    assert len(set(found)) == len(found) == 5
    assert all(len(bytes.fromhex(each)) == 16 for each in found)


def test_names_times_and_folders_do_not_count(place, memory, tmp_path):
    before = contents(place, memory)
    os.utime(place / "a.parquet", (1, 1))
    assert contents(place, memory) == before
    (place / "a.parquet").rename(place / "a2.parquet")
    assert contents(place, memory) == before
    shutil.copytree(place, tmp_path / "else" / "where")
    assert contents(tmp_path / "else", memory) == before


def test_appended_row_groups_change_no_shard_before_them(place, memory, mill):
    before = contents(place, memory)
    mill.write(table(100), "c/a.parquet", row_group_size=10)
    after = contents(place, memory)
    assert after[:3] == before[:3]
    assert after[5:] == before[3:]


@pytest.mark.parametrize(
    "change",
    [
        {"text": [f"row {i}" if i != 45 else "ROW 45" for i in range(60)]},
        {"n": [i if i != 45 else 0 for i in range(60)]},
    ],
    ids=["text", "carried"],
)
def test_an_edited_row_changes_its_shard_alone(place, memory, mill, change):
    before = contents(place, memory)
    mill.write(pa.table({**table().to_pydict(), **change}), "c/a.parquet", row_group_size=10)
    after = contents(place, memory)
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, True, False, True, True]


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.rename_columns(["text", "m"]),
        lambda t: t.append_column("more", pa.nulls(60)),
        lambda t: t.cast(pa.schema([("text", pa.string()), ("n", pa.timestamp("us"))])),
        lambda t: t.cast(pa.schema([("text", pa.large_string()), ("n", pa.int64())])),
    ],
    ids=["name", "added", "type of the same bytes", "reader's type"],
)
def test_names_and_types_of_columns_count(mill, memory, change):
    path = mill.write(table(), row_group_size=10)
    before = contents(path, memory)
    mill.write(change(table()), row_group_size=10)
    assert not {*before} & {*contents(path, memory)}


def test_the_values_of_partition_columns_count(mill, memory):
    for lang in ("de", "en"):
        mill.write(table(10), f"c/lang={lang}/a.parquet")
    assert len(set(contents(mill.folder / "c", memory))) == 2


def test_the_rows_that_are_wanted_count(place, memory):
    whole, limited = contents(place, memory), contents(place, memory, 50)
    assert limited[:2] == whole[:2]
    assert limited[2] != whole[2]
    assert len(limited) == 3
    late = with_contents(open_corpus(str(place)), memory).head(50)
    assert late.shards[2].content not in whole


def test_untouched_files_are_not_read_again(place, memory, later, hashed):
    first = contents(place, memory)
    assert len(hashed) == 10
    assert contents(place, memory) == first
    assert len(hashed) == 10
    os.utime(place / "b.parquet")
    assert contents(place, memory) == first
    assert len(hashed) == 14


def test_a_limited_run_reads_only_the_row_groups_it_needs(place, memory, later, hashed):
    contents(place, memory, 15)
    assert hashed == [0, 1]
    contents(place, memory)
    assert len(hashed) == 2 + 10


def test_a_note_made_right_after_the_file_was_written_is_not_believed(place, memory, hashed):
    contents(place, memory)
    contents(place, memory)
    assert len(hashed) == 20


def test_a_change_that_hides_its_time_is_found(place, memory, later, mill):
    """Same size, same modification time: but nobody can set the time of the inode's change."""
    plain = {"compression": "none", "use_dictionary": False}
    path = mill.write(table(), "c/a.parquet", row_group_size=10, **plain)
    before = contents(place, memory)
    stat, data = path.stat(), path.read_bytes()
    assert data.count(b"row 45") == 1
    with path.open("r+b") as file:
        file.write(data.replace(b"row 45", b"row 54"))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    after = contents(place, memory)
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, True, False, True, True]


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"no database"),
        lambda path: path.write_bytes(path.read_bytes()[:5000] + b"\xff" * 5000),
        lambda path: path.write_bytes(b""),
        lambda path: path.unlink(),
        lambda path: sqlite3.connect(path).execute("DROP TABLE notes").connection.commit(),
        lambda path: (
            sqlite3.connect(path).execute("UPDATE notes SET value = 'nonsense'").connection.commit()
        ),
    ],
    ids=["text", "torn", "empty", "gone", "no table", "values"],
)
def test_a_damaged_memory_is_begun_anew(place, memory, later, hashed, damage):
    first = contents(place, memory)
    damage(memory)
    assert contents(place, memory) == first
    assert len(hashed) == 20
    assert contents(place, memory) == first
    assert len(hashed) == 20


def test_the_memory_forgets_files_that_are_gone(place, memory, later):
    contents(place, memory)
    (place / "b.parquet").unlink()
    contents(place, memory)
    names = sqlite3.connect(memory).execute("SELECT name FROM notes").fetchall()
    assert names == [(str(place / "a.parquet"),)]


@pytest.mark.parametrize(
    ("stamp", "believed"),
    [
        (Stamp(1, 10 * DAY, 5 * DAY, 7), True),
        (Stamp(1, DAY, 10 * DAY - 1_000_000_000, 7), False),
        (Stamp(1, DAY, 20 * DAY, 7), False),
        (Stamp(1, 5 * DAY), True),
        (Stamp(1, 10 * DAY - 1_000_000_000), False),
        (Stamp(1, 0), False),
        (Stamp(1, 10 * DAY, tag="v1"), True),
    ],
)
def test_which_notes_are_believed(tmp_path, stamp, believed):
    memory = Memory(tmp_path / "memory")
    memory.put("topic", "name", stamp, 10 * DAY, ["x"])
    assert memory.get("topic", "name", stamp) == (["x"] if believed else None)
    assert memory.get("other", "name", stamp) is None


def replace_by_copy(path):
    shutil.copy(path, path.with_suffix(".new")).replace(path)


@pytest.mark.parametrize(
    "touch",
    [lambda path: os.utime(path), lambda path: os.utime(path, (1, 1)), replace_by_copy],
    ids=["now", "long ago", "replaced by a copy"],
)
def test_a_file_that_is_touched_while_it_is_read_is_unchanged(place, memory, touch):
    shard = pickle.loads(pickle.dumps(opened(place, memory).shards[1]))
    touch(Path(shard.source.name))
    shard.source.check_unchanged()


@pytest.mark.parametrize(
    "change",
    [
        lambda path: pq.write_table(table(60, 1), path, row_group_size=10),
        lambda path: pq.write_table(table(70), path, row_group_size=10),
        lambda path: pq.write_table(table(50), path, row_group_size=10),
        lambda path: pq.write_table(table().rename_columns(["text", "m"]), path, row_group_size=10),
        lambda path: path.write_text("text\nrow 0\n"),
        lambda path: path.write_bytes(path.read_bytes()[:-9]),
        lambda path: path.unlink(),
    ],
    ids=["rows", "appended", "cut", "renamed column", "other format", "torn", "gone"],
)
def test_a_file_that_changes_while_it_is_read_is_an_error(place, memory, change):
    source = opened(place, memory).shards[1].source
    change(Path(source.name))
    with pytest.raises(InputChangedError, match=r"a\.parquet changed while it was read") as caught:
        source.check_unchanged()
    assert exit_code(caught.value) == 75


def test_a_file_that_changes_after_it_was_opened_is_an_error(place, memory):
    corpus = open_corpus(str(place))
    pq.write_table(table(60, 1), place / "a.parquet", row_group_size=10)
    with pytest.raises(InputChangedError, match=r"a\.parquet changed"):
        with_contents(corpus, memory)


def test_shards_are_small_to_pickle(place, memory):
    assert len(pickle.dumps(opened(place, memory).shards[0])) < 2048
