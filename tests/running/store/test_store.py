"""The local store: versions appear whole, old ones stay, and so does what others wrote."""

import pickle

from pipelines.store.opening import open_store


def test_the_output_is_a_relative_link_to_a_folder_of_parts(bench):
    bench.publish("a", "b")
    assert str(bench.output.readlink()) == "out.aug/snapshots/000001"
    assert bench.read() == {"part-00000.parquet": "a", "part-00001.parquet": "b"}


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


def test_versions_are_told_the_newest_first(bench):
    for text in "abc":
        bench.publish(text)
    assert [entry.version for entry in bench.store().entries()] == [3, 2, 1]
    assert bench.store().last().parts[0].stored.key == bench.key("c")


def test_a_store_that_nobody_wrote_to_is_empty_and_looking_makes_nothing(bench):
    store = open_store(str(bench.output))
    assert (store.last(), list(store.entries()), store.objects.find(["0" * 32], {})) == (
        None,
        [],
        {},
    )
    assert list(bench.folder.iterdir()) == []


def test_what_is_stored_tells_of_the_file(bench):
    with bench.store() as store:
        stored = bench.make(store.objects, "a", rejects=True)
        assert stored.rows == 1
        assert stored.stats == {"rows": 1, "rejected": {"null_text": 1}}
        assert stored.size == (bench.home / "objects" / f"{stored.key}.parquet").stat().st_size
        assert store.objects.find([stored.key], {}) == {stored.key: stored}
        assert store.objects.find([stored.key], {stored.key: stored}) == {stored.key: stored}


def test_objects_travel_to_workers(bench):
    with bench.store() as store:
        pickled = pickle.dumps(store.objects)
        assert len(pickled) < 500
        stored = bench.make(pickle.loads(pickled), "a")
        assert store.objects.find([stored.key], {}) == {stored.key: stored}
