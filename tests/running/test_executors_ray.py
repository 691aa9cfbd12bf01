"""The executor on a Ray cluster survives its nodes; with Ray alone, and slow to start."""

import os
import signal
import threading
import time
from pathlib import Path

import pyarrow as pa
import pytest

from augment.errors import MissingExtraError
from pipelines import run
from pipelines.errors import RunError
from pipelines.executors import ray as engine
from pipelines.executors.protocol import Done, Lost
from pipelines.executors.ray import Ray

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.xdist_group("ray"), pytest.mark.timeout(900)]


def test_without_ray_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(engine, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r'pip install "augmill\[ray\]"'):
        Ray(None)


@pytest.fixture
def jobs(plugins):
    import executor_jobs

    return executor_jobs


@pytest.fixture
def cluster(jobs, monkeypatch):
    """A head without processors, and three nodes with one each."""
    pytest.importorskip("ray", reason="needs the extra ray")
    import ray
    from ray.cluster_utils import Cluster

    found = os.pathsep.join([str(ROOT), str(Path(jobs.__file__).parent)])
    monkeypatch.setenv("PYTHONPATH", found)
    small = {"object_store_memory": 80 << 20}
    cluster = Cluster()
    try:
        cluster.add_node(num_cpus=0, include_dashboard=False, **small)
        cluster.nodes = [cluster.add_node(num_cpus=1, **small) for _ in range(3)]
        yield cluster
    finally:
        ray.shutdown()
        cluster.shutdown()


def ignore(rows):
    pass


def done(ends):
    ends = [*ends]
    assert all(isinstance(end, Done) for end in ends)
    assert len({end.item for end in ends}) == len(ends)
    return {end.item: end.value for end in ends}


def gathered(executor, jobs, count):
    """What the workers say of themselves, once so many of them are there."""
    found = set()
    end = time.monotonic() + 120
    while len(found) < count:
        assert time.monotonic() < end
        found |= {*done(executor.map(jobs.job("process"), range(2 * count), ignore)).values()}
    return found


@pytest.mark.slow
def test_the_nodes_of_a_cluster_do_every_item_once(cluster, jobs, tmp_path):
    import ray

    told = []
    handler = signal.getsignal(signal.SIGTERM)
    with Ray(cluster.address) as executor:
        assert done(executor.map(jobs.job("double"), range(20), told.append)) == {
            item: 2 * item for item in range(20)
        }
        assert sum(told) == 20 * jobs.ROWS
        first = gathered(executor, jobs, 3)
        assert gathered(executor, jobs, 3) == first
        assert {loaded for _, loaded in first} == {1}
        assert done(executor.map(jobs.job("threads"), [0], ignore)) == {0: (1, 1)}
        mortal = jobs.job("mortal", folder=str(tmp_path), victim=3, deaths=99)
        ends = [*executor.map(mortal, range(8), ignore)]
        (lost,) = [end for end in ends if isinstance(end, Lost)]
        assert lost.item == 3
        assert str(lost.error).startswith("the worker of 3 died: ")
        assert "\n" not in str(lost.error)
        assert {i: jobs.begun(tmp_path, i) for i in range(8)} == {
            i: 3 if i == 3 else 1 for i in range(8)
        }
        with pytest.raises(ValueError, match="can't bear 1") as caught:
            [*executor.map(jobs.job("failing", victim=1, kind=ValueError), range(4), ignore)]
        assert "executor_jobs.py" in caught.value.__notes__[0]
        assert len(done(executor.map(jobs.job("double"), range(4), ignore))) == 4
    assert not ray.is_initialized()
    assert signal.getsignal(signal.SIGTERM) is handler


@pytest.mark.slow
def test_what_a_killed_node_was_at_is_done_elsewhere(cluster, jobs):
    told = []
    with Ray(cluster.address) as executor:
        before = gathered(executor, jobs, 3)
        ends = executor.map(jobs.job("napping", seconds=0.5), range(30), told.append)
        early = [next(ends) for _ in range(4)]
        killer = threading.Thread(
            target=cluster.remove_node, args=[cluster.nodes[1]], kwargs={"allow_graceful": False}
        )
        killer.start()
        values = done([*early, *ends])
        killer.join()
    assert {*values} == {*range(30)}
    assert {*values.values()} == {pid for pid, _ in before}
    assert sum(told) == 30 * jobs.ROWS


@pytest.mark.slow
def test_an_engine_changes_no_byte_even_if_a_node_is_killed(cluster, mill, texts):
    for number in range(12):
        rows = [f"{number}: {text}" for text in texts(100)]
        mill.write(pa.table({"text": rows}), f"in/{number:02}.parquet")
    ray = {"address": cluster.address}
    told = []

    def kill(done, rows):
        told.append(done)
        if len(cluster.worker_nodes) == 3 and done >= 300:
            cluster.remove_node(cluster.nodes[1], allow_graceful=False)

    ways = {
        "local-1": {"workers": 1},
        "local-2": {"workers": 2},
        "ray-1": {"engine": "ray", "set": {"ray": {**ray, "workers": 1}}},
        "ray-3": {"engine": "ray", "set": {"ray": ray}, "progress": kill},
    }
    files = {}
    for name, way in ways.items():
        output = mill.folder / name
        recipe = mill.recipe(
            input=str(mill.folder / "in"), output=str(output), copies=1, **way.pop("set", {})
        )
        summary = run(recipe, **way)
        assert summary.rows == 12 * 100 * 2
        files[name] = {path.name: path.read_bytes() for path in output.glob("*.parquet")}
    assert len(files["local-1"]) == 12
    assert len(cluster.worker_nodes) == 2
    assert told == sorted(told)
    assert told[-1] == 12 * 100
    assert all(files[name] == files["local-1"] for name in ways)


@pytest.mark.slow
def test_limits_are_kept_and_misfits_named(cluster, jobs):
    with Ray(cluster.address, workers=2, timeout=1, retries=0) as executor:
        ends = [*executor.map(jobs.job("slow", victim=1, seconds=600), range(5), ignore)]
        (lost,) = [end for end in ends if isinstance(end, Lost)]
        assert "the worker of 1 was stopped after shard_timeout=1 s" in str(lost.error)
        assert len(gathered(executor, jobs, 2)) == 2
    with (
        Ray(cluster.address, num_gpus=1) as executor,
        pytest.raises(RunError, match=r"no node of the Ray cluster holds a worker.*1 CPU, 1 GPU"),
    ):
        [*executor.map(jobs.job("double"), [0], ignore)]


@pytest.mark.slow
def test_a_cluster_that_is_not_there_is_named():
    pytest.importorskip("ray", reason="needs the extra ray")
    with (
        Ray("127.0.0.1:1") as executor,
        pytest.raises(RunError, match=r"the Ray cluster at '127\.0\.0\.1:1' can't be reached"),
    ):
        [*executor.map(str, [0], ignore)]
