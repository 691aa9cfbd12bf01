"""The same bytes, whatever computes them: processes, a Ray cluster, one that loses a node."""

import threading

import pytest

from pipelines import run

FILES = 24


@pytest.fixture
def recipe(job):
    """Lexical and model steps, rows that are rejected, and variants that repeat others."""
    job.fill(FILES - 1, 40)
    job.write(FILES - 1, [None, *(f"Text {i} of the huge house" for i in range(40)), None])
    places = {"input": str(job.folder / "in"), "id": "n", "copies": 2}
    steps = [{"use": "synonym", "rate": 0.3}, {"use": "masked_lm", "p": 0.2}]
    filters = [{"use": "duplicates", "against": "dataset"}]
    return {**places, "steps": steps, "filters": filters, "max_reject_fraction": 0.1}


@pytest.fixture
def published(job, recipe):
    """The digests of a run's rows and rejects."""

    def of(name, **options):
        output = job.folder / name
        summary = run({**recipe, **options.pop("recipe", {}), "output": str(output)}, **options)
        assert sum(summary.computed.values()) == FILES
        rejects = job.folder / f"{name}.aug" / "rejects"
        return job.digest(output), job.digest(rejects)

    return of


@pytest.fixture
def cluster(monkeypatch):
    """A Ray cluster on this machine; nodes can be added and killed."""
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    yield cluster
    ray.shutdown()
    cluster.shutdown()


@pytest.mark.slow
@pytest.mark.xdist_group("ray")
@pytest.mark.timeout(900)
def test_one_process_two_and_ray_clusters_write_the_same_bytes(job, published, cluster):
    one = published("one", workers=1)
    assert one == published("two", workers=2)
    address = {"ray": {"address": cluster.address, "num_cpus": 1}}
    assert one == published("ray", engine="ray", recipe=address)

    nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
    cluster.wait_for_nodes()
    lost = threading.Event()

    def lose_a_node():
        objects = job.folder / "lossy.aug" / "objects"
        job.until(lambda: objects.is_dir() and len([*objects.glob("*.parquet")]) >= 3, 240)
        cluster.remove_node(nodes[0], allow_graceful=False)
        lost.set()

    killer = threading.Thread(target=lose_a_node, daemon=True)
    killer.start()
    three = {"ray": {"address": cluster.address, "num_cpus": 1, "workers": 3}}
    found = published("lossy", engine="ray", recipe=three)
    killer.join(timeout=60)
    assert lost.is_set(), "the node was lost while shards were missing"
    assert found == one
