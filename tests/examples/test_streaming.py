"""Streaming: each row once over all workers of all ranks, in an order of seed and epoch."""

import pickle
import re
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines import run


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    """A corpus of four files of several row groups, whose last ones are small."""
    folder = tmp_path_factory.mktemp("streaming")
    (folder / "in").mkdir()
    for number in range(4):
        texts = [f"File {number}, line {i}: a huge success" for i in range(150 + 41 * number)]
        pq.write_table(pa.table({"text": texts}), folder / "in" / f"{number}.parquet")
    out = str(folder / "OUT")
    steps = [{"use": "synonym", "rate": 0.5}]
    run({"input": str(folder / "in"), "output": out, "steps": steps, "batch_rows": 64})
    return out


@pytest.fixture
def streaming(load):
    return load("streaming")


@pytest.fixture
def wanted(streaming, output):
    ids = streaming.read_dataset(output).to_table(columns=["aug_id"])["aug_id"].to_pylist()
    assert len(ids) > 1000
    return sorted(ids)


def corpora(streaming, output, ranks, epoch=0, **options):
    made = [streaming.AugmentedCorpus(output, rank=r, ranks=ranks, **options) for r in range(ranks)]
    for corpus in made:
        corpus.set_epoch(epoch)
    return made


@pytest.mark.parametrize(("ranks", "workers"), [(1, 0), (1, 3), (3, 0), (5, 2)])
def test_each_row_comes_once(streaming, output, wanted, ranks, workers):
    parts = corpora(streaming, output, ranks, mix=3)
    read = [streaming.ids_read(part, workers) for part in parts]
    assert sorted(row for ids in read for row in ids) == wanted
    sizes = [len(ids) for ids in read]
    assert sizes == [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 1


def test_all_ranks_read_one_sequence(streaming, output):
    (whole,) = corpora(streaming, output, 1)
    parts = corpora(streaming, output, 7)
    together = [row for part in parts for row in streaming.ids_read(part, 0)]
    assert together == streaming.ids_read(whole, 0)


def test_the_order_is_that_of_seed_and_epoch(streaming, output):
    def ids(**options):
        return streaming.ids_read(*corpora(streaming, output, 1, **options), workers=0)

    first = ids(epoch=3)
    assert ids(epoch=3) == first
    assert ids(epoch=4) != first
    assert ids(epoch=3, seed=1) != first
    assert sorted(first) == sorted(ids(epoch=4))
    neighbours = pairwise(first)
    assert sum(a.split(":")[0] == b.split(":")[0] for a, b in neighbours) < len(first) / 20


def test_workers_that_live_on_are_told_of_the_epoch(streaming, output):
    from torch.utils.data import DataLoader

    (corpus,) = corpora(streaming, output, 1)
    loader = DataLoader(
        corpus, batch_size=64, num_workers=2, collate_fn=list, persistent_workers=True
    )
    orders = []
    for epoch in (0, 1, 0):
        corpus.set_epoch(epoch)
        orders.append([row["aug_id"] for batch in loader for row in batch])
    assert orders[0] == orders[2] != orders[1]


def test_only_the_columns_asked_for_are_read(streaming, output):
    (corpus,) = corpora(streaming, output, 1, columns=["text"])
    assert next(iter(corpus)).keys() == {"text"}


def test_a_corpus_can_be_sent_to_another_process(streaming, output):
    (corpus,) = corpora(streaming, output, 2)[:1]
    sent = pickle.loads(pickle.dumps(corpus))
    assert streaming.ids_read(sent, 0) == streaming.ids_read(corpus, 0)


@pytest.mark.parametrize(
    ("ranks", "workers"),
    [
        (1, 0),
        pytest.param(2, 2, marks=pytest.mark.slow),
        pytest.param(3, 0, marks=pytest.mark.slow),
    ],
)
def test_datasets_reads_each_row_once_too(streaming, output, wanted, ranks, workers):
    def read(epoch):
        parts = [
            streaming.with_datasets(output, epoch=epoch, rank=r, ranks=ranks) for r in range(ranks)
        ]
        return [row for part in parts for row in streaming.ids_read(part, workers)]

    first = read(0)
    assert sorted(first) == wanted
    assert read(0) == first
    assert read(1) != first


@pytest.mark.slow
def test_the_guide_reads_what_there_is(streaming, output, wanted, monkeypatch, tmp_path):
    monkeypatch.setattr(streaming.datasets.config, "HF_DATASETS_CACHE", tmp_path)
    monkeypatch.chdir(Path(output).parent)
    guide = (Path(streaming.__file__).parent / "README.md").read_text("utf-8")
    reading, training = re.findall(r"^```python\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    names = {}
    exec(reading, names)
    assert len(names["rows"]) == len(names["data"]) == len(names["table"]) == len(wanted)
    assert {row["aug_id"] for row in names["stream"]} == set(wanted)
    exec(training, names)
    assert all(row.keys() == {"text"} for row in names["rows"])
