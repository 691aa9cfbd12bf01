"""Torch's linear layers on 8-bit integers: a scale per output unit, a scale per row of input.

The same arithmetic as :mod:`augment.models.quantizing` writes into ONNX graphs.
"""

from typing import Any

from augment.errors import ModelError

_LEVELS = 127.0
_LEAST = 1e-30
"""Scale of a row of zeros."""


def quantize(model: Any) -> Any:
    """Replace all linear layers of a float32 model on the CPU, in place.

    Raises:
        ModelError: torch was built without oneDNN.
    """
    import torch

    if not torch.backends.mkldnn.is_available():
        raise ModelError("dtype 'int8' on torch needs a torch with oneDNN; use backend 'onnx'")
    linear = _linear()
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if type(child) is torch.nn.Linear:
                setattr(module, name, linear(child))
    return model


def _linear() -> Any:
    import torch

    class RowwiseLinear(torch.nn.Module):  # type: ignore[misc]  # torch is not typed here
        def __init__(self, of: Any) -> None:
            super().__init__()
            weight = of.weight.detach()
            self.bias = None if of.bias is None else of.bias.detach()
            self.scale = (weight.abs().amax(1) / _LEVELS).clamp(min=_LEAST)
            self.zeros = torch.zeros(len(weight), dtype=torch.int32)
            whole = (weight / self.scale[:, None]).round().to(torch.int8)
            self.packed = torch.ops.onednn.qlinear_prepack(whole, None)

        def forward(self, values: Any) -> Any:
            rows = values.reshape(-1, values.shape[-1])
            low, high = rows.aminmax(dim=-1, keepdim=True)
            scale = torch.maximum(high, -low).div_(_LEVELS).clamp_(min=_LEAST)
            whole = (rows / scale).round_().to(torch.int8)
            made = torch.ops.onednn.qlinear_pointwise(
                whole, 1.0, 0, self.packed, self.scale, self.zeros, None,
                1.0, 0, torch.float32, "none", [], "",
            )  # fmt: skip
            made = made * scale if self.bias is None else torch.addcmul(self.bias, made, scale)
            return made.reshape(*values.shape[:-1], -1)

    return RowwiseLinear
