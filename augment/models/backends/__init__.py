"""One file per engine that can run a network, and the choice among them."""

from functools import cache
from pathlib import Path

from augment.models.backends.choice import choose, exported_dtype, here
from augment.models.fill_mask import FillMask
from augment.models.identity import model_digest
from augment.models.runtime import threads

BUNDLED = Path(__file__).parent.parent / "weights" / "bert-tiny-en"
"""The folder of the bundled English model."""


def resolve(
    model: str | None, revision: str | None, backend: str, dtype: str, device: str
) -> tuple[str, str, str]:
    """What ``auto`` stands for here: see :func:`augment.models.backends.choice.choose`.

    Raises:
        ModelError: backend, dtype and device don't go together.
    """
    del revision  # of no account, but callers pass a model's identity whole
    return choose(str(BUNDLED) if model is None else model, backend, dtype, device, here())


def load_fill_mask(
    model: str | None, revision: str | None, backend: str, dtype: str, device: str
) -> FillMask:
    """A model ready to use; loaded once per process, and again when its files change.

    Args:
        model: None for the bundled English one; a folder or a hub name otherwise.
        revision: of a hub model.
        backend: ``onnx`` (a checkpoint is exported first, into the user's cache), ``torch``, or
            ``auto``.
        dtype: ``float32``, ``int8``, with torch also ``bfloat16`` and ``float16``, or ``auto``.
        device: ``cpu``, ``cuda`` or ``auto``.

    Raises:
        ModelError: it can't be found, is no masked language model, or can't be run so.
        MissingExtraError: torch, onnx or onnxscript is needed and not installed.
    """
    name = str(BUNDLED) if model is None else model
    backend, dtype, device = resolve(model, revision, backend, dtype, device)
    if Path(name).exists():
        name = str(Path(name).resolve())
    digest = model_digest(name, revision)
    return _load(name, revision, backend, dtype, device, threads(), digest)


@cache
def _load(
    name: str,
    revision: str | None,
    backend: str,
    dtype: str,
    device: str,
    threads: int,
    _digest: str,
) -> FillMask:
    if backend == "onnx":
        from augment.models.backends import onnx_fill_mask
        from augment.models.backends.converted import converted

        ready = exported_dtype(name) == dtype
        return onnx_fill_mask.load(
            Path(name) if ready else converted(name, revision, dtype), threads
        )
    from augment.models.backends import torch_fill_mask

    return torch_fill_mask.load(name, revision, dtype, device, threads)
