"""The local store: versions appear whole, old ones stay, and so does what others wrote."""

import errno
import fcntl
import os
import pickle
from pathlib import Path

import pytest

from pipelines.errors import DamagedError, LockedError, OutputError
from pipelines.exit_codes import exit_code
from pipelines.store.opening import open_store
from pipelines.store.place import Place
from pipelines.store.trees import Versions


def test_the_output_is_a_relative_link_to_a_folder_of_parts(bench):
    bench.publish("a", "b")
    assert str(bench.output.readlink()) == "out.aug/snapshots/000001"
    assert bench.read() == {"part-00000.parquet": "a", "part-00001.parquet": "b"}


def test_output_and_its_history_can_be_moved_together(bench):
    bench.publish("a")
    bench.folder.rename(bench.folder.with_name("elsewhere"))
    moved = type(bench)(bench.folder.with_name("elsewhere"))
    assert moved.words() == ["a"]
    moved.publish("b")
    assert moved.words() == ["b"]


def test_a_renamed_output_is_taken_up_with_its_history(bench):
    bench.publish("a")
    bench.output.rename(bench.folder / "new")
    bench.home.rename(bench.folder / "new.aug")
    with open_store(str(bench.folder / "new")) as store:
        assert store.last().version == 1
    assert bench.words(bench.folder / "new") == ["a"]


def test_parts_are_links_to_objects_not_copies(bench):
    bench.publish("a")
    [part], [stored] = bench.output.iterdir(), (bench.home / "objects").iterdir()
    assert part.samefile(stored)
    assert stored.name == f"{bench.key('a')}.parquet"


def test_beside_the_output_lies_what_the_layout_says_and_no_more(bench):
    bench.publish("a", "b", rejects=["b"])
    assert sorted(path.name for path in bench.home.iterdir()) == [
        *("cache", "lock", "log", "objects", "quarantine", "rejects", "snapshots")
    ]


def test_a_new_version_replaces_the_old_one_and_the_old_one_stays_readable(bench):
    bench.publish("a", "b")
    bench.publish("a", "c")
    assert bench.words() == ["a", "c"]
    assert bench.words(bench.home / "snapshots" / "000001") == ["a", "b"]


def test_partitions_are_folders(bench):
    names = ["lang=en/part-00000.parquet", "lang=pt/region=br/part-00001.parquet"]
    bench.publish("a", "b", names=names, rejects=["b"])
    assert bench.read() == dict(zip(names, "ab", strict=True))
    assert bench.read(bench.home / "rejects") == {names[1]: "not b"}


def test_two_parts_may_be_one_object(bench):
    bench.publish("a", "a")
    assert bench.words() == ["a", "a"]


def test_rejects_are_those_of_the_published_version(bench):
    bench.publish("a", "b", rejects=["b"])
    assert bench.read(bench.home / "rejects") == {"part-00001.parquet": "not b"}
    bench.publish("a", "c")
    assert not (bench.home / "rejects").is_symlink()
    assert bench.words(bench.home / "quarantine" / "000001") == ["not b"]


def test_rejects_of_a_run_that_publishes_nothing_are_kept_until_one_does(bench):
    bench.publish("a")
    with bench.store() as store:
        stored = [
            bench.make(store.objects, text, rejects=rejects)
            for text, rejects in [("b", False), ("c", True)]
        ]
        assert store.give_up(stored) == str(bench.home / "failed")
    bench.store().__enter__().__exit__()
    assert bench.read(bench.home / "failed") == {"part-00001.parquet": "not c"}
    assert bench.words() == ["a"]
    bench.publish("b")
    assert not (bench.home / "failed").exists()


def test_versions_are_told_the_newest_first(bench):
    for text in "abc":
        bench.publish(text)
    assert [entry.version for entry in bench.store().entries()] == [3, 2, 1]
    assert bench.store().last().parts[0].stored.key == bench.key("c")


def test_a_store_that_nobody_wrote_to_is_empty_and_looking_makes_nothing(bench):
    store = open_store(str(bench.output))
    assert store.last() is None
    assert list(store.entries()) == []
    assert store.objects.find([bench.key("a")], {}) == {}
    assert list(bench.folder.iterdir()) == []


def test_only_the_next_version_can_be_published(bench):
    with bench.store() as store:
        stored = bench.make(store.objects, "a")
        store.publish(bench.entry(1, [stored]))
        for version in (1, 3):
            with pytest.raises(LockedError, match="committed version 1"):
                store.publish(bench.entry(version, [stored]))
    bench.publish("b")
    assert bench.words() == ["b"]


def test_what_is_left_under_the_next_version_s_number_is_not_published(bench):
    bench.publish("a")
    bench.publish("b")
    # As a damaged entry's message advises.
    (bench.home / "log" / f"{2:020d}.json").unlink()
    bench.store().__enter__().__exit__()
    assert bench.words() == ["a"]
    bench.publish("c")
    assert bench.words() == ["c"]


def test_a_damaged_entry_is_named(bench):
    bench.publish("a")
    path = bench.home / "log" / f"{1:020d}.json"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DamagedError, match=path.name):
        bench.publish("b")
    assert bench.words() == ["a"]


# Objects


def test_what_is_stored_tells_of_the_file(bench):
    with bench.store() as store:
        stored = bench.make(store.objects, "a", rejects=True)
        path = bench.home / "objects" / f"{stored.key}.parquet"
        assert (stored.rows, stored.size) == (1, path.stat().st_size)
        assert stored.stats == {"rows": 1, "rejected": {"null_text": 1}}
        assert store.objects.find([stored.key], {}) == {stored.key: stored}
        assert store.objects.find([stored.key], {stored.key: stored}) == {stored.key: stored}


def test_objects_travel_to_workers(bench):
    with bench.store() as store:
        pickled = pickle.dumps(store.objects)
        assert len(pickled) < 500
        stored = bench.make(pickle.loads(pickled), "a")
        assert store.objects.find([stored.key], {}) == {stored.key: stored}


def test_what_is_known_is_found_without_opening_it(bench, monkeypatch):
    with bench.store() as store:
        known = {text: bench.make(store.objects, text, rejects=True) for text in "ab"}
        by_key = {stored.key: stored for stored in known.values()}
        monkeypatch.setattr(type(store.objects), "_read", None)
        assert store.objects.find(by_key, by_key) == by_key


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("ending", [".parquet", ".rejects.parquet"])
@pytest.mark.parametrize("size", [0, 20, -1, None])
def test_a_truncated_object_is_not_found(bench, known, ending, size):
    with bench.store() as store:
        stored = bench.make(store.objects, "a", rejects=True)
        path = bench.home / "objects" / f"{stored.key}{ending}"
        if size is None:
            path.unlink()
        else:
            path.write_bytes(path.read_bytes()[:size])
        assert store.objects.find([stored.key], {stored.key: stored} if known else {}) == {}


def test_a_damaged_or_misnamed_object_that_no_entry_tells_of_is_not_found(bench):
    with bench.store() as store:
        stored = bench.make(store.objects, "a")
        path = bench.home / "objects" / f"{stored.key}.parquet"
        path.with_name(f"{bench.key('b')}.parquet").write_bytes(path.read_bytes())
        flipped = bytearray(path.read_bytes())
        flipped[6] ^= 1
        path.write_bytes(flipped)
        assert store.objects.find([stored.key, bench.key("b")], {}) == {}


def test_a_draft_that_fails_leaves_nothing(bench):
    with bench.store() as store:
        draft = store.objects.draft(bench.key("a"))
        bench.fill(draft.__enter__(), "a")
        assert draft.__exit__(RuntimeError, RuntimeError(), None) is False
        assert not (bench.home / "objects").exists()
        assert [path.name for path in (bench.home / "tmp").iterdir()] == ["scratch"]


def test_an_object_made_again_without_rejects_has_none(bench):
    with bench.store() as store:
        bench.make(store.objects, "a", rejects=True)
        stored = bench.make(store.objects, "a")
        assert store.objects.find([stored.key], {}) == {stored.key: stored}


def test_names_appear_only_when_what_they_stand_for_would_outlast_a_power_failure(
    bench, monkeypatch
):
    synced = set()
    monkeypatch.setattr("os.fsync", lambda handle: synced.add(os.fstat(handle).st_ino))
    for name in ("link", "rename", "replace"):
        monkeypatch.setattr(f"os.{name}", outlasting(getattr(os, name), synced))
    bench.publish("a", "b", rejects=["b"])
    home = bench.home
    for folder in (bench.folder, home, home / "log", home / "objects", home / "snapshots"):
        assert folder.stat().st_ino in synced, folder


def outlasting(call, synced):
    def checked(source, target):
        source, target = Path(source), Path(target)
        if not source.is_symlink():
            assert source.stat().st_ino in synced, f"{source} → {target}"
        if target.parent.name == "log":
            objects = target.parents[1] / "objects"
            assert objects.stat().st_ino in synced, "an entry tells of names that may be lost"
        call(source, target)

    return checked


# Whose is what stands there


@pytest.mark.parametrize("name", ["notes.txt", "model.parquet", ".git", "lang=en/notes.txt", "x/y"])
def test_a_directory_of_somebody_else_is_refused(bench, name):
    bench.home.mkdir()
    (bench.home / "lock").touch()
    (bench.output / name).parent.mkdir(parents=True)
    (bench.output / name).write_text("precious")
    with pytest.raises(OutputError, match=name.partition("/")[0]):
        bench.publish("a")
    assert (bench.output / name).read_text() == "precious"


def test_a_file_in_the_outputs_place_is_refused(bench):
    bench.output.write_text("precious")
    with pytest.raises(OutputError, match="no directory"):
        bench.publish("a")
    assert not bench.home.exists()


@pytest.mark.parametrize("name", ["part-0.parquet", "part-00000.parquet"])
def test_another_tool_s_dataset_is_refused_every_time(bench, name):
    bench.output.mkdir()
    (bench.output / name).write_text("precious")
    for _ in range(2):
        with pytest.raises(OutputError, match="did not write"):
            bench.publish("a")
        # What is remembered of the input lies there before a run begins.
        bench.store().cache.mkdir(parents=True, exist_ok=True)
    assert (bench.output / name).read_text() == "precious"


@pytest.mark.parametrize("target", ["elsewhere", "other.aug/snapshots/000001"])
def test_a_link_of_somebody_else_is_refused(bench, target):
    bench.publish("a")
    (bench.folder / target).mkdir(parents=True)
    (bench.folder / target / "part-00000.parquet").write_text("precious")
    bench.output.unlink()
    bench.output.symlink_to(target)
    with pytest.raises(OutputError, match="which augmill did not make"):
        bench.publish("b")
    assert str(bench.output.readlink()) == target


def test_a_folder_put_in_the_place_of_the_link_is_refused(bench):
    bench.publish("a")
    bench.output.unlink()
    bench.output.mkdir()
    bench.write(bench.output / "part-00000.parquet", "precious")
    with pytest.raises(OutputError, match="puts the link back"):
        bench.publish("b")
    assert bench.words() == ["precious"]


def test_something_put_there_during_the_run_is_refused(bench):
    with bench.store() as store:
        stored = bench.make(store.objects, "a")
        bench.output.write_text("precious")
        with pytest.raises(OutputError, match="no directory"):
            store.publish(bench.entry(1, [stored]))
    assert store.last() is None
    assert bench.output.read_text() == "precious"


def test_a_mounted_folder_is_refused(bench, monkeypatch):
    bench.output.mkdir()
    monkeypatch.setattr(type(bench.output), "is_mount", lambda path: path == bench.output)
    with pytest.raises(OutputError, match="mounted"):
        bench.publish("a")


def test_a_lost_link_is_put_back(bench):
    bench.publish("a")
    bench.output.unlink()
    bench.publish("a")
    assert bench.words() == ["a"]
    assert bench.store().last().version == 1


# What an earlier program left


def test_an_earlier_program_s_output_is_replaced_at_the_first_publication(bench):
    bench.output.mkdir()
    bench.write(bench.output / "part-00000.parquet", "old")
    (bench.home / "rejects").mkdir(parents=True)
    bench.write(bench.home / "rejects" / "part-00000.parquet", "not old")
    (bench.home / "lock").touch()
    (bench.home / f"staging-{'0' * 32}").mkdir()
    with bench.store() as store:
        stored = bench.make(store.objects, "new", rejects=True)
        assert not bench.output.is_symlink()
        assert bench.words() == ["old"]
        store.publish(bench.entry(1, [stored]))
    assert bench.words() == ["new"]
    assert bench.words(bench.home / "snapshots" / "000000") == ["old"]
    assert bench.words(bench.home / "rejects") == ["not new"]
    assert bench.words(bench.home / "quarantine" / "000000") == ["not old"]
    bench.publish("newer")
    assert sorted(p.name for p in (bench.home / "snapshots").iterdir()) == ["000001", "000002"]


def test_its_run_that_was_killed_between_two_renames_is_undone(bench):
    (bench.home / "previous").mkdir(parents=True)
    bench.write(bench.home / "previous" / "part-00000.parquet", "old")
    (bench.home / "lock").touch()
    bench.store().__enter__().__exit__()
    assert bench.words() == ["old"]
    assert not (bench.home / "previous").exists()


# The lock


def test_a_second_writer_is_told_to_try_later(bench):
    with bench.store(), pytest.raises(LockedError, match="another run") as caught, bench.store():
        pass
    assert exit_code(caught.value) == 75
    bench.publish("a")
    with (bench.home / "lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with pytest.raises(LockedError):
            bench.publish("b")


def test_a_second_writer_sweeps_nothing(bench):
    with bench.store() as store, store.objects.draft(bench.key("a")) as draft:
        with pytest.raises(LockedError), bench.store():
            pass
        assert draft.scratch.is_dir()
        bench.fill(draft, "a")
    assert draft.stored.key == bench.key("a")
    assert not (bench.home / "tmp").exists()


def test_an_error_inside_unlocks(bench):
    with pytest.raises(RuntimeError), bench.store():
        raise RuntimeError
    bench.publish("a")


# Retention


def kept(bench):
    return {
        name: sorted(path.name for path in (bench.home / name).iterdir())
        for name in ("objects", "snapshots", "quarantine")
    }


def test_objects_of_the_newest_versions_are_kept_and_the_one_before_can_still_be_read(bench):
    bench.keep = 1
    for text in "abc":
        bench.publish(text, "always", rejects=["a", "b", "c"])
    needed = [bench.key("c"), bench.key("always")]
    assert kept(bench) == {
        "objects": sorted([*(f"{key}.parquet" for key in needed), f"{needed[0]}.rejects.parquet"]),
        "snapshots": ["000002", "000003"],
        "quarantine": ["000002", "000003"],
    }
    assert bench.words(bench.home / "snapshots" / "000002") == ["b", "always"]
    assert bench.store().kept() == (3,)
    assert [entry.version for entry in bench.store().entries()] == [3, 2, 1]


def test_what_was_deleted_is_not_kept_again(bench):
    for text in "abcd":
        bench.keep = 2
        bench.publish(text)
    bench.keep = 5
    bench.publish("e")
    assert bench.store().kept() == (5, 4, 3)


def test_retention_leaves_alone_what_is_not_ours(bench):
    bench.publish("a")
    (bench.home / "objects" / "notes.parquet").write_text("precious")
    (bench.home / "snapshots" / "mine").mkdir()
    bench.publish("b")
    assert (bench.home / "objects" / "notes.parquet").exists()
    assert (bench.home / "snapshots" / "mine").exists()


def test_finished_objects_of_a_stopped_run_stay_for_the_next_one(bench):
    with bench.store() as store:
        stored = bench.make(store.objects, "a")
    with bench.store() as store:
        assert store.objects.find([stored.key], {}) == {stored.key: stored}


# File systems that lack something


@pytest.mark.parametrize(
    "names",
    [["link"], ["symlink"], ["symlink", "exchange"], ["link", "symlink", "exchange"]],
    ids="+".join,
)
def test_what_a_file_system_lacks_is_said_and_done_without(bench, lacking, names, caplog):
    from pipelines.store import files

    files._warn.cache_clear()
    lacking(*names)
    bench.publish("a", "b", rejects=["b"])
    bench.publish("a", "c", "d", rejects=["d"])
    assert bench.words() == ["a", "c", "d"]
    assert bench.output.is_symlink() == ("symlink" not in names)
    said = {record.event for record in caplog.records}
    assert said == {
        *(["no_hard_links"] if "link" in names else []),
        *(["no_symbolic_links"] if "symlink" in names else []),
    }
    (bench.home / "objects" / f"{bench.key('c')}.parquet").unlink()
    (bench.output / "part-00000.parquet").unlink()
    bench.publish("a", "c", "d")
    assert bench.words() == ["a", "c", "d"]
    assert len(caplog.records) == len(said)


def test_a_file_with_too_many_links_is_copied_without_a_word(tmp_path, monkeypatch, caplog):
    def refuse(*_args):
        raise OSError(errno.EMLINK, "Too many links")

    monkeypatch.setattr("os.link", refuse)
    (tmp_path / "a").write_text("a")
    versions = Versions("snapshots", Place.of(tmp_path / "out"))
    path = versions.settle(1, {"b": tmp_path / "a"})
    assert (path / "b").read_text() == "a"
    assert caplog.records == []
