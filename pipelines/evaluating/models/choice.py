"""Models by the names that the command line knows; anything else is a checkpoint to fine-tune."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from augment.errors import MissingExtraError, UnknownNameError
from pipelines.evaluating.models.base import Model

_BUILT_IN = {
    "tfidf": "pipelines.evaluating.models.linear:TfidfModel",
    "encoder": "pipelines.evaluating.models.encoder:EncoderModel",
    "cnn": "pipelines.evaluating.models.cnn:CnnModel",
}

NAMES = tuple(_BUILT_IN)

_NEEDED = (("sklearn", "scikit-learn"), ("scipy", "SciPy"))


def check_installed() -> None:
    """Make sure that what every evaluation needs is there.

    Raises:
        MissingExtraError: it is not.
    """
    for module, package in _NEEDED:
        if find_spec(module) is None:
            raise MissingExtraError("evaluation", package, "evaluate")


def model_named(name: str) -> Model:
    """A model by its name: one of :data:`NAMES`, a folder, or a hub name (``owner/name``).

    Raises:
        UnknownNameError: it is none of these.
        MissingExtraError: a package is missing.
    """
    if name in _BUILT_IN:
        module, _, attribute = _BUILT_IN[name].partition(":")
        built: Callable[[], Model] = getattr(import_module(module), attribute)
        return built()
    if "/" not in name and not Path(name).is_dir():
        raise UnknownNameError("model", name, (*NAMES, "a folder", "a hub name (owner/name)"))
    from pipelines.evaluating.models.finetuned import FinetunedModel

    return FinetunedModel(name)
