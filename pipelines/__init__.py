"""augmill's pipelines: corpora in Parquet in, augmented corpora out.

>>> from pipelines import run
>>> run("recipe.yaml", workers=4)  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.errors import PipelineError, RecipeError
    from pipelines.explaining import Explained, explain
    from pipelines.plan import Plan
    from pipelines.reading import read_dataset
    from pipelines.recipe import Recipe
    from pipelines.runner import Summary, run
    from pipelines.sampling import sample

_HOMES = {
    "Explained": "pipelines.explaining",
    "PipelineError": "pipelines.errors",
    "Plan": "pipelines.plan",
    "Recipe": "pipelines.recipe",
    "RecipeError": "pipelines.errors",
    "Summary": "pipelines.runner",
    "explain": "pipelines.explaining",
    "read_dataset": "pipelines.reading",
    "run": "pipelines.runner",
    "sample": "pipelines.sampling",
}

__all__ = [
    "Explained",
    "PipelineError",
    "Plan",
    "Recipe",
    "RecipeError",
    "Summary",
    "explain",
    "read_dataset",
    "run",
    "sample",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its home when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'pipelines' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
