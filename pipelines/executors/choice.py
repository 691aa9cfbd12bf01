"""The executor that a run asks for."""

from typing import Literal

from pipelines.executors.protocol import Executor
from pipelines.recipe import Recipe

Engine = Literal["local", "ray"]


def executor(engine: Engine, workers: int, recipe: Recipe) -> Executor:
    """Processes of this machine, or actors of a Ray cluster.

    Args:
        engine: which.
        workers: processes of this machine; with Ray, the recipe says.
        recipe: retries, time limit, and the cluster.

    Raises:
        MissingExtraError: Ray is not installed.
    """
    if engine == "local":
        from pipelines.executors.local import Local

        return Local(workers, timeout=recipe.shard_timeout, retries=recipe.retries)
    from pipelines.executors.ray import Ray

    cluster = recipe.ray
    return Ray(
        cluster.address,
        num_cpus=cluster.num_cpus,
        num_gpus=cluster.num_gpus,
        workers=cluster.workers,
        timeout=recipe.shard_timeout,
        retries=recipe.retries,
    )
