"""What an output's commands tell, mend, delete and take back."""

import json

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.errors import DamagedError, InputMissingError
from pipelines.exit_codes import exit_code
from pipelines.store import history


@pytest.fixture
def command(bench):
    def invoke(name, *options):
        return CliRunner().invoke(app, [name, str(bench.output), *options], catch_exceptions=True)

    return invoke


def objects(bench, text, ending=".parquet"):
    return bench.home / "objects" / f"{bench.key(text)}{ending}"


def flip(path, byte=5):
    content = bytearray(path.read_bytes())
    content[byte] ^= 1
    path.write_bytes(content)


# verify


def test_an_untouched_store_is_what_was_written(bench, command):
    bench.publish("a", "b", rejects=["b"])
    bench.publish("a", "c")
    told = command("verify")
    assert told.exit_code == 0
    assert told.stdout.startswith("ok: 3 objects of versions 1 to 2, ")


@pytest.mark.parametrize("text", ["a", "b", "c"])
@pytest.mark.parametrize("byte", [0, 5, -30, -1])
def test_a_flipped_bit_is_found_named_and_repaired_by_the_next_run(bench, command, text, byte):
    bench.publish("a", "b", rejects=["b"])
    bench.publish("a", "c")
    before = bench.tree()
    flip(objects(bench, text), byte)
    error = command("verify").exception
    assert isinstance(error, DamagedError)
    assert exit_code(error) == 65
    number = "abc".index(text) % 2 + (text == "c")
    assert f"part-{number:05d}.parquet of version" in str(error)
    assert f"made from in/part-{number:05d}.parquet" in str(error)
    assert f"{objects(bench, text)} is damaged" in str(error)
    assert (bench.home / "damaged" / objects(bench, text).name).exists()
    bench.publish("a", "c")
    assert bench.words() == ["a", "c"]
    if text == "b":
        assert "what only older versions have is lost" in str(error)
        command("gc", "--keep", "1")
    else:
        assert "the next run of the recipe makes those of version 2 again" in str(error)
        assert bench.tree().items() >= before.items()
    assert command("verify").exit_code == 0


def test_lost_objects_and_damaged_rejects_are_named_all_at_once(bench):
    bench.publish("a", "b", "c", rejects=["b"])
    objects(bench, "a").unlink()
    flip(objects(bench, "b", ".rejects.parquet"))
    with bench.store() as store, pytest.raises(DamagedError) as caught:
        store.verify()
    assert str(caught.value).startswith("2 files are not what was written")
    assert f"{objects(bench, 'a')} is missing" in str(caught.value)
    assert f"{objects(bench, 'b', '.rejects.parquet')} is damaged" in str(caught.value)
    # An object and its rejects are made together.
    assert not objects(bench, "b").exists()
    bench.publish("a", "b", "c", rejects=["b"])
    with bench.store() as store:
        assert store.verify().objects == 3
    assert bench.words(bench.home / "rejects") == ["not b"]
    assert bench.store().last().version == 1


def test_a_lost_object_of_a_version_that_is_not_kept_is_no_damage(bench):
    bench.keep = 1
    bench.publish("a")
    bench.publish("b")
    with bench.store() as store:
        assert store.verify().versions == (2,)


def test_readers_get_sound_files_again_under_the_same_version(bench):
    bench.publish("a", "b")
    flip(bench.output / "part-00001.parquet")
    with bench.store() as store, pytest.raises(DamagedError):
        store.verify()
    bench.publish("a", "b")
    assert bench.words() == ["a", "b"]
    assert bench.store().last().version == 1


# rollback


def test_rollback_publishes_the_version_before_as_a_new_one(bench, command):
    bench.publish("a", "b", rejects=["b"])
    bench.publish("c")
    told = command("rollback")
    assert told.stdout == f"{bench.output}: version 3, a rollback to 1; 2 rows\n"
    assert bench.words() == ["a", "b"]
    assert bench.words(bench.home / "rejects") == ["not b"]
    last = bench.store().last()
    assert (last.version, last.note, last.fingerprint) == (3, "rollback to 1", f"{1:032x}")


def test_rollback_to_a_version(bench, command):
    for text in "abc":
        bench.publish(text)
    assert command("rollback", "--to", "1").exit_code == 0
    assert bench.words() == ["a"]


@pytest.mark.parametrize("version", ["1", "9"])
def test_a_version_that_is_not_kept_can_t_be_gone_back_to(bench, command, version):
    bench.keep = 2
    for text in "abc":
        bench.publish(text)
    error = command("rollback", "--to", version).exception
    assert isinstance(error, InputMissingError)
    assert f"has no version {version} to go back to; kept: 3, 2" in str(error)
    assert bench.words() == ["c"]


def test_there_is_nothing_before_the_first_version(bench):
    bench.publish("a")
    with bench.store() as store, pytest.raises(InputMissingError, match="no version 0"):
        history.rollback(store)


# gc


def test_gc_deletes_what_no_kept_version_needs(bench, command):
    bench.publish("a")
    with bench.store() as store:
        orphan = bench.make(store.objects, "orphan", rejects=True)
    size = orphan.size + orphan.rejects.size
    assert command("gc").stdout == f"kept version 1; deleted {size:,} bytes\n"
    assert [p.name for p in (bench.home / "objects").iterdir()] == [f"{bench.key('a')}.parquet"]


def test_gc_keeps_as_many_versions_as_told_or_as_the_recipe_says(bench, command):
    bench.keep = 3
    for text in "abcd":
        bench.publish(text)
    assert command("gc").stdout == "kept versions 2 to 4; deleted 0 bytes\n"
    assert command("gc", "--keep", "1").stdout.startswith("kept version 4; deleted ")
    assert bench.words() == ["d"]


# status


def test_status_tells_what_is_published_and_kept(bench, command):
    bench.publish("a", "b", rejects=["b"])
    bench.publish("a", "c")
    lines = command("status", "--files").stdout.splitlines()
    assert lines[0] == "version      2, 2026-01-02T00:00:00+00:00"
    assert lines[1].startswith("rows         2 in 2 files, ")
    assert lines[2] == "variants     0 asked, 0 made, 0 rejected, yield 100.0%"
    assert lines[3] == f"digest       {bench.store().last().digest}"
    assert lines[4] == f"fingerprint  {2:032x}, augmill 0"
    assert lines[5].startswith("kept         versions 1 to 2: 3 objects, ")
    assert lines[6] == "last run     none on record"
    assert lines[8].startswith("part-00001.parquet  1 rows, 0 rejected, ")
    assert lines[8].endswith("from in/part-00001.parquet")


def test_status_for_programs(bench, command):
    bench.publish("a", "b", rejects=["b"])
    told = json.loads(command("status", "--json", "--files").stdout)
    sizes = [path.stat().st_size for path in sorted(bench.output.iterdir())]
    assert (told["version"], told["rows"], told["files"], told["bytes"]) == (1, 2, 2, sum(sizes))
    assert told["kept"]["versions"] == [1]
    assert told["kept"]["bytes"] == sum(
        p.stat().st_size for p in (bench.home / "objects").iterdir()
    )
    assert [part["bytes"] for part in told["parts"]] == sizes
    assert [part["rejected"] for part in told["parts"]] == [0, 1]


def test_status_needs_no_lock_and_writes_nothing(bench, command):
    bench.publish("a")
    before = bench.tree()
    with bench.store():
        assert command("status").exit_code == 0
    assert bench.tree() == before


@pytest.mark.parametrize("name", ["status", "verify", "gc", "rollback"])
def test_where_nothing_was_published_each_says_so_and_makes_nothing(bench, command, name):
    error = command(name).exception
    assert isinstance(error, InputMissingError)
    assert str(error) == f"{bench.output} is no dataset that augmill published"
    assert list(bench.folder.iterdir()) == []
