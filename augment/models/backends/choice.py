"""What ``auto`` stands for in a fill-mask model's backend, dtype and device."""

import json
import platform
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from augment.errors import ModelError, nearest

BACKENDS = ("onnx", "torch")
DTYPES = ("float32", "bfloat16", "float16", "int8")

ENGINES = {"onnx": ("onnxruntime",), "torch": ("torch", "transformers")}
"""The packages that run a backend's models; their versions decide the last bits."""

_ONNX_DTYPES = ("float32", "int8")
_FAST_INTEGERS = frozenset({"avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm"})
"""Names that Linux gives to a processor's products of 8-bit integers."""

DRIFT = {
    "onnx float32": 0.0,
    "onnx int8": 0.0,
    "torch float32": 0.001,
    "torch int8": 0.001,
    "torch bfloat16": 0.004,
}
"""Share of texts that come out otherwise under another cut into batches: budgets of 1 to 10,000
tokens, the bundled model's weights, 1,000 sentences.

On ONNX Runtime no bit of a candidate or probability differs (see
:func:`augment.models.fidelity.drift`). Torch is never taken for exact: its probabilities differ in
the last bits, in float32 too, which changes a drawn word only where two come within that of each
other. None did in float32 and in 8 bits; what stands here is what a thousand texts can tell."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What the rule looks at.

    Attributes:
        torch: torch is installed.
        exporter: so is what exporting a model to ONNX needs.
        cuda: torch sees a CUDA device.
        cuda_bfloat16: and that device computes in bfloat16.
        fast_integers: the processor multiplies 8-bit integers at a multiple of float32's speed.
    """

    torch: bool
    exporter: bool
    cuda: bool
    cuda_bfloat16: bool
    fast_integers: bool


def choose(
    model: str, backend: str, dtype: str, device: str, machine: Machine
) -> tuple[str, str, str]:
    """What a backend, a dtype and a device stand for.

    What is given stays; the first line that goes with it fills in what is ``auto``:

    =====================================================  =======  ==========  ======
    where                                                  backend  dtype       device
    =====================================================  =======  ==========  ======
    an exported folder (the bundled models are)            onnx     the folder  cpu
    a CUDA device that computes in bfloat16, torch         torch    bfloat16    cuda
    any other CUDA device, torch                           torch    float16     cuda
    fast 8-bit integers; torch, onnx and onnxscript        onnx     int8        cpu
    any other                                              torch    float32     cpu
    =====================================================  =======  ==========  ======

    Never by timing: a nightly job would change its mind. ``onnx`` with a checkpoint that is not
    exported needs the exporter; bfloat16 and float16 need torch.

    Args:
        model: a folder or a hub name.
        backend: ``auto`` or one of :data:`BACKENDS`.
        dtype: ``auto`` or one of :data:`DTYPES`.
        device: ``auto``, ``cpu``, ``cuda`` or another of torch's.
        machine: see :class:`Machine`.

    Raises:
        ModelError: these don't go together.
    """
    _check("backend", backend, BACKENDS)
    _check("dtype", dtype, DTYPES)
    stored = exported_dtype(model)
    if device == "auto":
        only_cpu = backend == "onnx" or (stored is not None and backend == "auto")
        device = "cuda" if machine.cuda and not only_cpu else "cpu"
    if dtype == "auto":
        dtype = _dtype(stored, backend, device, machine)
    if backend == "auto":
        backend = _backend(stored, dtype, device, machine)
    _check_together(backend, dtype, device)
    return backend, dtype, device


def _dtype(stored: str | None, backend: str, device: str, machine: Machine) -> str:
    if device != "cpu":
        return "bfloat16" if machine.cuda_bfloat16 else "float16"
    if stored is not None:
        return stored if backend != "torch" else "float32"
    if backend == "torch":
        return "float32"
    return "int8" if machine.fast_integers and machine.exporter else "float32"


def _backend(stored: str | None, dtype: str, device: str, machine: Machine) -> str:
    if device != "cpu" or dtype not in _ONNX_DTYPES:
        return "torch"
    if stored == dtype:
        return "onnx"
    if dtype == "int8" and machine.exporter:
        return "onnx"
    return "torch"


def _check(kind: str, value: str, known: tuple[str, ...]) -> None:
    if value not in ("auto", *known):
        accepted = ", ".join(("auto", *known))
        raise ModelError(f"{kind} {value!r}: use one of {accepted}{nearest(value, known)}")


def _check_together(backend: str, dtype: str, device: str) -> None:
    if backend == "onnx" and dtype not in _ONNX_DTYPES:
        raise ModelError(f"backend 'onnx' computes in {' or '.join(_ONNX_DTYPES)}, not in {dtype}")
    if backend == "onnx" and device != "cpu":
        raise ModelError(f"backend 'onnx' runs on the cpu, not on {device!r}; use backend 'torch'")
    if dtype == "int8" and device != "cpu":
        raise ModelError(f"dtype 'int8' runs on the cpu, not on {device!r}; use bfloat16 there")


def exported_dtype(model: str) -> str | None:
    """What an exported folder computes in; None for what is none."""
    folder = Path(model)
    if not (folder / "model.onnx").is_file() or not (folder / "config.json").is_file():
        return None
    stored = json.loads((folder / "config.json").read_text("utf-8")).get("dtype", "float16")
    return "int8" if stored == "int8" else "float32"


@cache
def here() -> Machine:
    """This machine, looked at once per process."""
    torch = find_spec("torch") is not None
    exporter = torch and all(find_spec(name) is not None for name in ("onnx", "onnxscript"))
    cuda, bfloat16 = _cuda() if torch and _has_nvidia_driver() else (False, False)
    return Machine(torch, exporter, cuda, bfloat16, bool(processor_features() & _FAST_INTEGERS))


def _has_nvidia_driver() -> bool:
    """Asking torch costs seconds, and no CUDA device works without the driver's module."""
    linux = platform.system() == "Linux"
    return not linux or Path("/proc/driver/nvidia").exists() or Path("/dev/dxg").exists()


def _cuda() -> tuple[bool, bool]:
    import torch

    there = torch.cuda.is_available()
    return there, bool(there and torch.cuda.is_bf16_supported())


def processor_features(source: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """The flags that Linux lists for the processor; elsewhere only what all of a kind have."""
    if source.is_file():
        for line in source.read_text("utf-8", "replace").splitlines():
            name, _, flags = line.partition(":")
            if name.strip() in ("flags", "Features"):
                return frozenset(flags.split())
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        return frozenset({"asimddp"})
    return frozenset()
