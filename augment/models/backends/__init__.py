"""One file per engine that can run a network, and the choice among them."""

from functools import cache
from pathlib import Path

from augment.errors import ModelError
from augment.models.fill_mask import FillMask
from augment.models.runtime import threads

BUNDLED = Path(__file__).parent.parent / "weights" / "bert-tiny-en"
"""The folder of the bundled English model."""


def load_fill_mask(
    model: str | None, revision: str | None, backend: str, dtype: str, device: str
) -> FillMask:
    """A model ready to use; loaded once per process.

    Args:
        model: None for the bundled English one; a folder or a hub name otherwise.
        revision: of a hub model.
        backend: ``onnx`` for the bundled model and folders exported like it, ``torch`` for any
            ``AutoModelForMaskedLM``, ``auto`` to choose by what the folder holds.
        dtype: of the torch backend's weights.
        device: of the torch backend.

    Raises:
        ModelError: it can't be found or is no masked language model.
        MissingExtraError: torch is needed and not installed.
    """
    name = str(BUNDLED) if model is None else model
    if backend == "auto":
        backend = "onnx" if (Path(name) / "model.onnx").is_file() else "torch"
    if Path(name).exists():
        name = str(Path(name).resolve())
    return _load(name, revision, backend, dtype, device, threads())


@cache
def _load(
    name: str, revision: str | None, backend: str, dtype: str, device: str, threads: int
) -> FillMask:
    if backend == "onnx":
        from augment.models.backends import onnx_fill_mask

        if not (Path(name) / "model.onnx").is_file():
            raise ModelError(f"{name} holds no model.onnx; backend: torch takes other checkpoints")
        return onnx_fill_mask.load(Path(name), threads)
    from augment.models.backends import torch_fill_mask

    return torch_fill_mask.load(name, revision, dtype, device, threads)
