"""Inputs that lie elsewhere: on a server that speaks the S3 protocol over HTTP, and in fsspec's."""

import io
import pickle
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from augment.errors import MissingExtraError
from pipelines.corpus import open_corpus, with_contents
from pipelines.errors import DataError, InputChangedError, InputMissingError
from pipelines.exit_codes import exit_code
from pipelines.inputs import content, digests
from pipelines.parquet import read_batches

boto3 = pytest.importorskip("boto3")
moto = pytest.importorskip("moto.server")
fsspec = pytest.importorskip("fsspec")


@pytest.fixture(scope="module")
def endpoint():
    server = moto.ThreadedMotoServer("127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint, monkeypatch):
    """An empty bucket, found through the variables that all tools for S3 read."""
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{endpoint}",
        "AWS_ACCESS_KEY_ID": "somebody",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    resource = boto3.resource("s3", endpoint_url=f"http://{endpoint}", region_name="us-east-1")
    found = resource.Bucket("inputs")
    found.create()
    yield found
    found.objects.all().delete()
    found.delete()


def parquet(*texts, **options):
    out = io.BytesIO()
    pq.write_table(pa.table({"text": texts}), out, **options)
    return out.getvalue()


@pytest.fixture
def corpus(bucket):
    bucket.put_object(Key="c/lang=de/b c.parquet", Body=parquet("eins"))
    bucket.put_object(Key="c/lang=en/a.parquet", Body=parquet("one", "two", row_group_size=1))
    bucket.put_object(Key="c/lang=en/_tmp/x.parquet", Body=b"half written")
    return bucket


def names(place):
    return [source.name for source in open_corpus(place).sources]


def rows_of(corpus):
    return [
        r for shard in corpus.shards for b in read_batches(shard, 1, "text") for r in b.to_pylist()
    ]


@pytest.mark.parametrize("place", ["s3://inputs/c", "s3://inputs/c/"])
def test_a_prefix_is_a_directory_with_partitions(corpus, place):
    found = open_corpus(place)
    assert [str(shard.source.name) for shard in found.shards] == [
        "s3://inputs/c/lang=de/b c.parquet",
        "s3://inputs/c/lang=en/a.parquet",
    ]
    assert [shard.folder for shard in found.shards] == ["lang=de", "lang=en"]
    assert rows_of(found) == [
        {"text": "eins", "lang": "de"},
        {"text": "one", "lang": "en"},
        {"text": "two", "lang": "en"},
    ]


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("s3://inputs/c/lang=en/a.parquet", ["lang=en/a"]),
        ("s3://inputs/c/lang=de/b c.parquet", ["lang=de/b c"]),
        ("s3://inputs/c/lang=de/b%20c.parquet", ["lang=de/b c"]),
        ("s3://inputs/c/*/*.parquet", ["lang=de/b c", "lang=en/a"]),
        ("s3://inputs/c/lang=[a-d]*/*", ["lang=de/b c"]),
        ("s3://inputs/**/a.parquet", ["lang=en/a"]),
    ],
)
def test_files_and_patterns(corpus, place, found):
    assert names(place) == [f"s3://inputs/c/{name}.parquet" for name in found]


def test_the_endpoint_may_be_in_the_url(corpus, endpoint, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    query = f"endpoint_override={endpoint}&scheme=http"
    assert names(f"s3://inputs/c/*/a.parquet?{query}") == ["s3://inputs/c/lang=en/a.parquet"]


def test_no_password_gets_into_names_or_messages(corpus, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    assert "hush" not in "".join(names("s3://me:hush@inputs/c"))
    for place in ("s3://me:hush@inputs/none", "s3://me:hush@inputs/*.x", "s3://me:hush@inputs/%zz"):
        with pytest.raises(InputMissingError) as caught:
            open_corpus(place)
        assert "hush" not in str(caught.value)


@pytest.mark.parametrize("place", ["s3://inputs/none", "s3://nowhere/c", "s3://inputs/none/*"])
def test_what_is_not_there_is_missing(corpus, place):
    with pytest.raises(InputMissingError) as caught:
        open_corpus(place)
    assert place in str(caught.value)
    assert exit_code(caught.value) == 66


def test_other_formats_are_converted(bucket, tmp_path):
    bucket.put_object(Key="t/a.csv", Body=b"text,n\none,1\n")
    found = with_contents(open_corpus("s3://inputs/t", cache=tmp_path), tmp_path / "memory")
    assert rows_of(found) == [{"text": "one", "n": 1}]
    bucket.put_object(Key="t/a.csv", Body=b"text,n\ntwo,2\n")
    with pytest.raises(InputChangedError, match=r"s3://inputs/t/a\.csv changed"):
        found.shards[0].source.check_unchanged()


def test_a_file_that_is_no_parquet_is_named(bucket):
    bucket.put_object(Key="c/a.parquet", Body=b"text\nhello\n")
    with pytest.raises(DataError, match=r"s3://inputs/c/a\.parquet is no Parquet"):
        open_corpus("s3://inputs/c")


@pytest.fixture
def hashed(monkeypatch):
    """The row groups that are read to be digested."""
    seen = []

    def watched(raw, footer, group, columns=None):
        seen.append(group)
        return content.group_digest(raw, footer, group, columns)

    monkeypatch.setattr(digests, "group_digest", watched)
    return seen


def test_contents_are_those_of_the_same_file_here_and_remembered_by_version(
    corpus, tmp_path, hashed
):
    local = tmp_path / "lang=en" / "a.parquet"
    local.parent.mkdir()
    local.write_bytes(parquet("one", "two", row_group_size=1))
    there = [
        with_contents(open_corpus(place), tmp_path / "memory").shards[0].content
        for place in (str(tmp_path), "s3://inputs/c/*/a.parquet", "s3://inputs/c/*/a.parquet")
    ]
    assert len(set(there)) == 1
    assert hashed == [0, 1] * 2


def test_a_change_of_the_same_size_in_the_same_second_is_found(corpus, tmp_path):
    shard = with_contents(open_corpus("s3://inputs/c"), tmp_path / "memory").shards[1]
    source = pickle.loads(pickle.dumps(shard)).source
    corpus.put_object(Key="c/lang=en/a.parquet", Body=parquet("one", "two", row_group_size=1))
    source.check_unchanged()
    other = parquet("one", "owt", row_group_size=1)
    assert len(other) == source.stamp.size
    corpus.put_object(Key="c/lang=en/a.parquet", Body=other)
    with pytest.raises(InputChangedError, match=r"a\.parquet changed"):
        source.check_unchanged()
    corpus.Object("c/lang=en/a.parquet").delete()
    with pytest.raises(InputChangedError, match=r"a\.parquet changed"):
        source.check_unchanged()


@pytest.mark.slow
def test_two_workers_augment_what_lies_there(bucket, mill, texts):
    for i in range(2):
        bucket.put_object(Key=f"r/{i}.parquet", Body=parquet(*texts(8)[4 * i : 4 * i + 4]))
    mill.run(input="s3://inputs/r", workers=2)
    originals = [r["text"] for r in mill.read().to_pylist() if r["aug_view"] == "original"]
    assert originals == texts(8)


@pytest.fixture
def memory():
    found = fsspec.filesystem("memory")
    yield found
    found.rm("/", recursive=True)


def test_other_schemes_are_those_of_fsspec(memory, tmp_path):
    memory.pipe("/k/lang=en/a.parquet", parquet("one"))
    memory.pipe("/k/t.txt", b"two\nthree")
    found = with_contents(open_corpus("memory://k"), tmp_path / "memory")
    assert rows_of(found) == [{"text": "one", "lang": "en"}]
    assert [row["text"] for row in rows_of(open_corpus("memory://k/*.txt"))] == ["two", "three"]
    assert names("memory://k/*/*") == ["memory://k/lang=en/a.parquet"]
    source = found.shards[0].source
    memory.pipe("/k/lang=en/a.parquet", parquet("one"))
    source.check_unchanged()
    memory.pipe("/k/lang=en/a.parquet", parquet("eno"))
    with pytest.raises(InputChangedError):
        source.check_unchanged()


def test_a_scheme_that_nobody_knows_is_named():
    with pytest.raises(InputMissingError, match="'nonsense://a/b' can't be reached: Protocol not"):
        open_corpus("nonsense://a/b")


def test_without_fsspec_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MissingExtraError, match=r'pip install "augmill\[remote\]"'):
        open_corpus("memory://k")


def test_a_file_url_is_a_path(tmp_path):
    (tmp_path / "a b.parquet").write_bytes(parquet("one"))
    place = Path(tmp_path).as_uri()
    assert rows_of(open_corpus(place)) == [{"text": "one"}]
    assert names(f"{place}/a%20b.parquet") == [f"{tmp_path}/a b.parquet"]
