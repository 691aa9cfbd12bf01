"""Writes a checkpoint as a folder that fills masks on ONNX Runtime, and reads it back.

A folder holds ``model.onnx``, ``tokenizer.json`` and ``config.json``. The graph takes token ids,
the attention mask, the flat positions of the masks, k, and either a bias per vocabulary item (−inf
bans one) or, in small models, the allowed items; it gives the k best log probabilities, over the
allowed vocabulary, and their ids per mask.
"""

import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from augment.errors import MissingExtraError, ModelError, nearest
from augment.models import graphs
from augment.models.masked_head import MaskedHead, narrowed_decoder
from augment.models.quantizing import Array, integer_weights

FORMAT = "augmill-fill-mask"
VERSION = 2
"""Raised when the same checkpoint gives another folder."""

DTYPES = ("float32", "float16", "int8")
_SMALL = 256
"""Units before the decoder at the most, for its rows to be gathered batch by batch."""

_NEEDED = ("torch", "onnx", "onnxscript")
_TOKENS = ("unk", "pad", "cls", "sep", "mask", "bos", "eos")


def check(dtype: str) -> None:
    """What can be told of an export before there is anything to export.

    Raises:
        ModelError: the dtype is none of an exported model's.
        MissingExtraError: torch, onnx or onnxscript is not installed.
    """
    if dtype not in DTYPES:
        raise ModelError(
            f"dtype {dtype!r}: an exported model's is one of {', '.join(DTYPES)}"
            f"{nearest(dtype, DTYPES)}"
        )
    for name in _NEEDED:
        if find_spec(name) is None:
            raise MissingExtraError("exporting a model", name, "torch")


def export(
    checkpoint: str | Path,
    output: str | Path,
    dtype: str = "float32",
    *,
    revision: str | None = None,
    language: str = "und",
) -> None:
    """Write a checkpoint of any ``AutoModelForMaskedLM`` as a folder for ONNX Runtime.

    Args:
        checkpoint: a folder or a hub name.
        output: the folder to write; made if missing.
        dtype: how weight matrices are stored: ``float32``; ``float16``, computed in float32; or
            ``int8``, multiplied as integers.
        revision: of a hub model.
        language: noted in the folder.

    Raises:
        ModelError: there is no such checkpoint, or its graph can't be written.
        MissingExtraError: torch, onnx or onnxscript is not installed.
    """
    check(dtype)
    import onnx

    from augment.models.backends import torch_fill_mask

    model, tokenizer = torch_fill_mask.checkpoint(str(checkpoint), revision, "float32")
    if _narrow(model, dtype):
        graph = graphs.with_top_of_allowed(_traced(model, narrow=True))
    else:
        graph = graphs.with_top(_traced(model, narrow=False), model.config.vocab_size)
    graphs.anonymous(graph)
    graphs.name_weights(graph, _parameters(model))
    if dtype == "int8":
        graph = integer_weights(graph)
    elif dtype == "float16":
        graph = graphs.half_weights(graph)
    onnx.checker.check_model(graph)
    output = Path(output)
    output.mkdir(parents=True, exist_ok=True)
    onnx.save_model(graph, str(output / "model.onnx"))
    tokenizer.backend_tokenizer.save(str(output / "tokenizer.json"))
    config = {
        "format": FORMAT,
        "language": language,
        "mask_token": tokenizer.mask_token,
        "pad_id": tokenizer.pad_token_id or 0,
        "max_tokens": torch_fill_mask.longest(model, tokenizer),
        "vocab_size": model.config.vocab_size,
        "hidden_size": model.config.hidden_size,
        "dtype": dtype,
        "tokens": _tokens(tokenizer),
        "model": model.config.to_diff_dict(),
    }
    text = json.dumps(config, indent=1, ensure_ascii=False, sort_keys=True)
    (output / "config.json").write_text(text + "\n", "utf-8")


def restore(folder: str | Path) -> tuple[Any, Any]:
    """The torch model and the fast tokenizer of a folder that :func:`export` wrote.

    Weights are what the folder holds, in float32: 8-bit ones are scaled back.

    Raises:
        ModelError: it is no such folder, or it keeps not all of the model's parameters.
        MissingExtraError: torch or onnx is not installed.
    """
    for name in ("torch", "onnx"):
        if find_spec(name) is None:
            raise MissingExtraError("reading an exported model's weights", name, "torch")
    import onnx
    import torch
    from transformers import AutoConfig, AutoModelForMaskedLM, PreTrainedTokenizerFast

    folder = Path(folder)
    config = read_config(folder)
    if "model" not in config:
        raise ModelError(f"{folder} was exported without the architecture: export it again")
    described = dict(config["model"])
    architecture = AutoConfig.for_model(described.pop("model_type"), **described)
    model = AutoModelForMaskedLM.from_config(architecture)
    weights = graphs.read_weights(onnx.load(str(folder / "model.onnx")))
    state = {name: torch.from_numpy(values) for name, values in weights.items()}
    missing, _ = model.load_state_dict(state, strict=False)
    lacking = sorted(set(missing) & dict(model.named_parameters()).keys())
    if lacking:
        raise ModelError(f"{folder} keeps no weights of {', '.join(lacking[:5])}")
    model.tie_weights()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "tokenizer.json"),
        model_max_length=config["max_tokens"],
        **config["tokens"],
    )
    return model.eval(), tokenizer


def read_config(folder: Path) -> Mapping[str, Any]:
    """The ``config.json`` of an exported folder.

    Raises:
        ModelError: it is missing, or of another format.
    """
    path = folder / "config.json"
    if not path.is_file():
        raise ModelError(f"{folder} holds no config.json")
    config = json.loads(path.read_text("utf-8"))
    if config.get("format") != FORMAT:
        raise ModelError(f"{path}: its format is {config.get('format')!r}, not {FORMAT!r}")
    return config  # type: ignore[no-any-return]


def _narrow(model: Any, dtype: str) -> bool:
    """Whether the logits of the allowed items alone are computed.

    Their rows of the decoder are gathered for each batch, which spares a small model more than it
    costs; matrices of integers are packed once, for good.
    """
    decoder = model.get_output_embeddings()
    units = getattr(decoder, "in_features", _SMALL + 1)
    return dtype != "int8" and units <= _SMALL and MaskedHead(model).narrowed


def _traced(model: Any, *, narrow: bool) -> Any:
    """The graph from token ids to ``all_logits`` at the masked positions."""
    import torch

    # The plain form of attention has fewer nodes than the fused one that is taken apart.
    model.set_attn_implementation("eager")
    head = MaskedHead(model)

    class AtMasks(torch.nn.Module):  # type: ignore[misc]  # torch is not typed here
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(
            self, input_ids: Any, attention_mask: Any, positions: Any, allowed: Any = None
        ) -> Any:
            with narrowed_decoder(model, allowed):
                return head.logits(input_ids, attention_mask, positions)

    ones = torch.ones(3, 9, dtype=torch.long)
    inputs = {"input_ids": ones, "attention_mask": ones.clone(), "positions": torch.arange(4)}
    axes: dict[str, tuple[str, ...]] = {"positions": ("masks",)}
    axes |= dict.fromkeys(("input_ids", "attention_mask"), ("batch", "time"))
    if narrow:
        inputs["allowed"], axes["allowed"] = torch.arange(5), ("items",)
    sizes = {name: torch.export.Dim(name) for name in ("batch", "time", "masks", "items")}
    program = torch.onnx.export(
        AtMasks().eval(),
        tuple(inputs.values()),
        dynamo=True,
        dynamic_shapes=tuple(
            {place: sizes[axis] for place, axis in enumerate(axes[name])} for name in inputs
        ),
        input_names=list(inputs),
        output_names=["all_logits"],
        verbose=False,
    )
    return program.model_proto


def _parameters(model: Any) -> dict[str, Array]:
    return {name: values.detach().numpy() for name, values in model.state_dict().items()}


def _tokens(tokenizer: Any) -> dict[str, str]:
    found = ((f"{kind}_token", getattr(tokenizer, f"{kind}_token", None)) for kind in _TOKENS)
    return {name: str(token) for name, token in found if token is not None}
