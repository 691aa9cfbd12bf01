"""An output in an object storage, over real HTTP: what is published, when, and who loses a race."""

import pickle
from datetime import UTC, datetime, timedelta
from threading import Lock, Thread

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import pipelines
from pipelines.errors import DamagedError, InputMissingError, LockedError, OutputError, RecipeError
from pipelines.store import remote, remote_objects
from pipelines.store.entry import Entry, Part
from pipelines.store.remote import RemoteStore

boto3 = pytest.importorskip("boto3")
pytest.importorskip("obstore")
serving = pytest.importorskip("werkzeug.serving")
moto = pytest.importorskip("moto.server")

URL = "s3://corpora/reviews/augmented"


@pytest.fixture(scope="module")
def endpoint():
    """A storage whose conditions are atomic: it answers one request after the other."""
    app, lock = moto.DomainDispatcherApplication(moto.create_backend_app), Lock()

    def one_at_a_time(environ, start_response):
        with lock:
            return [*app(environ, start_response)]

    server = serving.make_server("127.0.0.1", 0, one_at_a_time, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()


@pytest.fixture
def bucket(endpoint, monkeypatch, tmp_path):
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "somebody",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }.items():
        monkeypatch.setenv(name, value)
    found = boto3.resource("s3", endpoint_url=endpoint).Bucket("corpora")
    found.create()
    yield found
    found.objects.all().delete()
    found.delete()


def names(bucket, below=""):
    prefix = f"reviews/augmented/{below}"
    return [o.key.removeprefix("reviews/augmented/") for o in bucket.objects.filter(Prefix=prefix)]


def key(number):
    return f"{number:032x}"


def made(store, number, texts, *, rejected=0):
    """An object of these rows; its number is its key."""
    with store.objects.draft(key(number)) as draft:
        write(draft.part, key(number), texts, rejected)
        if rejected:
            write(draft.rejects, key(number), ["bad"] * rejected, rejected)
    return draft.stored


def write(path, name, texts, rejected):
    from pipelines.parquet import PartWriter

    table = pa.table({"text": pa.array(texts, pa.string())})
    stats = f'{{"rows": {len(texts)}, "rejected": {{"null text": {rejected}}}}}'
    with PartWriter(path, table.schema) as writer:
        for batch in table.to_batches():
            writer.write(batch)
        writer.finish({"augmill.key": name, "augmill.stats": stats})


def entry(version, stored):
    """A version of these objects, by the names of their files."""
    parts = [
        Part(name=name, stored=each, source="in.parquet", content="0" * 32)
        for name, each in stored.items()
    ]
    return Entry(
        version=version,
        created=datetime(2026, 1, version, tzinfo=UTC).isoformat(),
        program="1",
        fingerprint="f",
        identity={},
        recipe={},
        parts=tuple(parts),
        stats={},
    )


def published(store, version, *texts):
    """A version of one object, whose number is the version's."""
    stored = made(store, version, texts)
    store.publish(entry(version, {"part-00000.parquet": stored}))
    return stored


def texts(output=URL, version=None):
    return pipelines.read_dataset(output, version).to_table()["text"].to_pylist()


def later(monkeypatch, **by):
    """As if objects were written that long ago."""
    ahead = timedelta(**by)

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + ahead

    monkeypatch.setattr(remote_objects, "datetime", Clock)


def test_a_version_is_its_log_entry_and_a_manifest_of_its_files(bucket):
    with RemoteStore(URL) as store:
        stored = made(store, 1, ["a", "b"], rejected=1)
        assert store.last() is None
        assert not names(bucket, "log/")
        store.publish(entry(1, {"part-00000.parquet": stored}))
        last = store.last()
    assert last.parts[0].stored == stored
    assert names(bucket, "log/") == ["log/00000000000000000001.json"]
    assert names(bucket, "manifest.json") == ["manifest.json"]
    assert sorted(names(bucket, "objects/")) == sorted(
        [stored.path, stored.rejects_path, f"objects/{key(1)}.json"]
    )
    assert texts() == ["a", "b"]


def test_a_reader_gets_folders_back_as_columns(bucket):
    with RemoteStore(URL) as store:
        files = {
            "lang=en/year=2020/part-00000.parquet": made(store, 1, ["a"]),
            "lang=de%20AT/year=2021/part-00001.parquet": made(store, 2, ["b", "c"]),
            "lang=__HIVE_DEFAULT_PARTITION__/year=2021/part-00002.parquet": made(store, 3, ["d"]),
        }
        store.publish(entry(1, files))
    found = pipelines.read_dataset(URL)
    assert found.to_table().to_pydict() == {
        "text": ["a", "b", "c", "d"],
        "lang": ["en", "de AT", "de AT", None],
        "year": [2020, 2021, 2021, 2021],
    }
    assert found.to_table(filter=pc.field("year") == 2020).num_rows == 1


def test_every_version_that_is_kept_can_be_read(bucket):
    with RemoteStore(URL) as store:
        for version, text in enumerate("abc", 1):
            published(store, version, text)
            store.retain(2)
        assert store.kept() == (3, 2)
    assert texts() == ["c"]
    assert texts(version=2) == ["b"]
    with pytest.raises(InputMissingError, match=r"no version 1 \(any more\); it has 2, 3"):
        pipelines.read_dataset(URL, 1)
    with pytest.raises(InputMissingError, match="no output of augmill"):
        pipelines.read_dataset("s3://corpora/elsewhere")


def test_the_slower_of_two_writers_publishes_nothing(bucket, monkeypatch, tmp_path):
    with RemoteStore(URL) as store:
        published(store, 1, "a")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another machine"))
        with RemoteStore(URL) as other:
            ours, theirs = made(store, 2, ["ours"]), made(other, 3, ["theirs"])
            other.publish(entry(2, {"part-00000.parquet": theirs}))
            with pytest.raises(LockedError, match="another run committed version 2"):
                store.publish(entry(2, {"part-00000.parquet": ours}))
    assert texts() == ["theirs"]
    assert names(bucket, "log/")[-1] == "log/00000000000000000002.json"


def test_of_many_writers_at_once_one_commits(bucket):
    with RemoteStore(URL) as store:
        stored = [made(store, number, [str(number)]) for number in range(6)]
        won = []

        def publish(number):
            try:
                store.publish(entry(1, {f"part-{number:05d}.parquet": stored[number]}))
            except LockedError:
                return
            won.append(str(number))

        writers = [Thread(target=publish, args=(number,)) for number in range(6)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
    assert len(won) == 1
    assert texts() == won


def test_on_one_machine_the_second_run_is_told_before_it_starts(bucket):
    with (
        RemoteStore(URL),
        pytest.raises(LockedError, match="another run is writing"),
        RemoteStore(URL),
    ):
        pass


def test_two_runs_that_make_the_same_object_keep_one(bucket, monkeypatch):
    with RemoteStore(URL) as store:
        with store.objects.draft(key(1)) as slow:
            write(slow.part, key(1), ["a"], 0)
            fast = made(store, 1, ["a"])
        assert slow.stored == fast
        assert store.objects.find([key(1)], {}) == {key(1): fast}
    assert len(names(bucket, "objects/")) == 2


def test_a_killed_run_that_committed_is_finished_by_the_next(bucket, monkeypatch):
    with RemoteStore(URL) as store:
        published(store, 1, "old")
        with monkeypatch.context() as killed:
            killed.setattr(remote.RemoteLog, "show", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                published(store, 2, "new")
    before = bucket.Object("reviews/augmented/manifest.json").get()["Body"].read()
    assert b'"version": 1' in before
    with RemoteStore(URL) as store:
        assert store.last().version == 2
    after = bucket.Object("reviews/augmented/manifest.json").get()["Body"].read()
    assert b'"version": 2' in after


def test_the_manifest_never_goes_back(bucket):
    with RemoteStore(URL) as store:
        published(store, 1, "a")
        first = next(store.log.entries())
        published(store, 2, "b")
        store.log.show(first)
    assert b'"version": 2' in bucket.Object("reviews/augmented/manifest.json").get()["Body"].read()


def test_what_a_killed_run_had_finished_is_found(bucket, monkeypatch):
    with RemoteStore(URL) as store:
        stored = made(store, 1, ["a"])
    with RemoteStore(URL) as store:
        assert store.objects.find([key(1), key(2)], {}) == {key(1): stored}
        bucket.Object(f"reviews/augmented/{stored.path}").put(Body=b"cut off")
        assert store.objects.find([key(1)], {}) == {}
        assert store.objects.find([key(1)], {key(1): stored}) == {}


def test_an_object_that_was_lost_is_made_again_in_its_place(bucket):
    with RemoteStore(URL) as store:
        stored = published(store, 1, "a")
        bucket.Object(f"reviews/augmented/{stored.path}").delete()
    with RemoteStore(URL) as store:
        assert store.objects.find([key(1)], {key(1): stored}) == {}
        assert made(store, 1, ["a"]) == stored
        store.ensure()
    assert texts() == ["a"]


def test_damage_is_named_and_put_aside(bucket):
    with RemoteStore(URL) as store:
        stored = published(store, 1, "a")
        assert store.verify().objects == 1
        file = bucket.Object(f"reviews/augmented/{stored.path}")
        data = bytearray(file.get()["Body"].read())
        data[40] ^= 1
        file.put(Body=bytes(data))
        with pytest.raises(DamagedError, match=r"part-00000.parquet of version 1, made from in.p"):
            store.verify()
        assert names(bucket, "damaged/") == [stored.path.replace("objects/", "damaged/")]
        assert store.objects.find([key(1)], {key(1): stored}) == {}


def test_what_no_version_needs_is_deleted_when_nobody_else_can_need_it(bucket, monkeypatch):
    with RemoteStore(URL) as store:
        old, new = published(store, 1, "old"), published(store, 2, "new")
        unpublished = made(store, 3, ["of another run"])
        assert store.retain(1) == 0
        later(monkeypatch, days=3)
        assert store.retain(1) > old.size + unpublished.size
        assert sorted(names(bucket, "objects/")) == [new.path, f"objects/{key(2)}.json"]
        assert store.retain(1) == 0
    assert texts() == ["new"]


def test_an_object_that_may_be_deleted_soon_is_made_anew_elsewhere(bucket, monkeypatch):
    with RemoteStore(URL) as store:
        needed = published(store, 1, "a")
        stored = made(store, 2, ["b"])
    later(monkeypatch, hours=25)
    with RemoteStore(URL) as store:
        assert store.objects.find([key(1), key(2)], {}) == {key(1): needed}
        again = made(store, 2, ["b"])
    assert again.path != stored.path
    assert again.digest == stored.digest


def test_rejects_of_a_run_that_fails_are_kept_for_a_look(bucket):
    with RemoteStore(URL) as store:
        found = [made(store, 1, ["a"], rejected=2), made(store, 2, ["b"])]
        assert store.give_up(found) == f"{URL}/failed"
        assert names(bucket, "failed/") == ["failed/part-00000.parquet"]
        assert store.give_up(found[1:]) == f"{URL}/failed"
        assert names(bucket, "failed/") == []


def test_a_place_with_other_things_is_left_alone(bucket):
    bucket.Object("reviews/augmented/notes.txt").put(Body=b"mine")
    with pytest.raises(OutputError, match=r"augmill did not write \(notes.txt\)"), RemoteStore(URL):
        pass


def test_mistakes_and_failures_are_told_in_one_line(bucket):
    with pytest.raises(RecipeError, match="begins with s3://, gs://, az://"):
        RemoteStore("ftp://host/folder")
    store = RemoteStore("s3://nothing-there/x")
    with pytest.raises(OutputError, match=r"s3://nothing-there.*NoSuchBucket") as told, store:
        pass
    assert "\n" not in str(told.value)


def test_workers_are_told_little(bucket):
    with RemoteStore(URL) as store:
        published(store, 1, "a")
    with RemoteStore(URL) as store:
        sent = pickle.dumps(store.objects)
        assert len(sent) < 600
        stored = made(store, 2, ["b"])
        assert pickle.loads(sent).find([key(2)], {}) == {key(2): stored}


def test_drafts_and_what_killed_runs_left_of_them_are_swept(bucket, tmp_path):
    with RemoteStore(URL) as store:
        store.scratch.joinpath("left").mkdir()
        with pytest.raises(FileNotFoundError), store.objects.draft(key(1)) as draft:
            write(draft.scratch / "nothing" / "part.parquet", key(1), ["a"], 0)
        assert not draft.scratch.exists()
        assert store.objects.find([key(1)], {}) == {}
    assert not store.scratch.exists()
    assert store.cache.is_dir()


def test_files_are_parquet_that_anything_reads(bucket, endpoint, tmp_path):
    with RemoteStore(URL) as store:
        stored = published(store, 1, "a", "b")
    bucket.download_file(f"reviews/augmented/{stored.path}", str(tmp_path / "part.parquet"))
    assert pq.read_table(tmp_path / "part.parquet")["text"].to_pylist() == ["a", "b"]


def test_a_run_publishes_to_a_url_what_it_publishes_to_a_folder(bucket, tmp_path):
    pq.write_table(
        pa.table({"text": ["a beautiful house", None, "the huge movie"]}), tmp_path / "in.parquet"
    )
    recipe = {
        "input": str(tmp_path / "in.parquet"),
        "steps": [{"use": "synonym", "rate": 0.5}],
        "max_reject_fraction": 0.5,
    }
    assert pipelines.run({**recipe, "output": URL}).changed
    assert not pipelines.run({**recipe, "output": URL}).changed
    pipelines.run({**recipe, "output": str(tmp_path / "out")})
    there, here = pipelines.read_dataset(URL), pipelines.read_dataset(str(tmp_path / "out"))
    assert there.to_table().equals(here.to_table())
    assert there.count_rows() == 4
    assert len([name for name in names(bucket, "objects/") if ".rejects." in name]) == 1


def test_variants_that_repeat_others_are_left_out_there_too(bucket, monkeypatch, tmp_path):
    rows = [f"the huge movie about a beautiful {word}" for word in ("house", "car", "dog")] * 10
    source = tmp_path / "in"
    source.mkdir()
    for name in ("a", "b"):
        ids = [f"{name}{i}" for i in range(len(rows))]
        pq.write_table(pa.table({"n": ids, "text": rows}), source / f"{name}.parquet")
    recipe = {
        "input": str(source),
        "id": "n",
        "steps": [{"use": "synonym", "rate": 0.3}],
        "filters": [{"use": "duplicates", "against": "dataset"}],
    }
    local = pipelines.run({**recipe, "output": str(tmp_path / "local")})
    there = pipelines.run({**recipe, "output": URL})
    assert there.stats.variants.rejected["duplicates: exact"] > 20
    assert there.stats.told() == local.stats.told()
    assert sorted(texts()) == sorted(texts(str(tmp_path / "local")))
    with RemoteStore(URL) as store:
        assert store.verify().objects == 4
    assert not pipelines.run({**recipe, "output": URL}).changed
    # Another machine has no sketches; it finds the objects, and makes nothing else of them.
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another machine"))
    again = pipelines.run({**recipe, "output": URL})
    assert (again.changed, dict(again.computed)) == (False, {})
