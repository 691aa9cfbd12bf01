"""Writes a checkpoint as the ONNX graph that ``augment.models.fill_mask`` runs."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from augment.models.bert_tiny.training import BLOCK, base_model


def export(checkpoint: Path, output: Path) -> None:
    """Write the checkpoint as the ONNX graph that ``augment.models.fill_mask`` runs.

    The graph takes token ids, the attention mask, the flat positions of the masks, a bias per
    vocabulary item (−inf bans one) and k; it gives the k best log probabilities and their ids per
    mask, over the allowed vocabulary. Weights are stored in half precision and cast when the
    session opens, so that inference runs in single precision.
    """
    import onnx
    import torch
    from transformers import AutoTokenizer, BertForMaskedLM

    model = BertForMaskedLM.from_pretrained(checkpoint).eval()
    output.mkdir(parents=True, exist_ok=True)

    class MaskedLogits(torch.nn.Module):  # type: ignore[misc]  # torch is not typed here
        def forward(self, input_ids: Any, attention_mask: Any, positions: Any) -> Any:
            hidden = model.bert(input_ids=input_ids, attention_mask=attention_mask)
            flat = hidden.last_hidden_state.flatten(0, 1)
            return model.cls(flat.index_select(0, positions))

    wrapped = MaskedLogits()
    wrapped.bert, wrapped.cls = model.bert, model.cls  # registers the weights
    wrapped.eval()
    example = (
        torch.ones(3, 9, dtype=torch.long),
        torch.ones(3, 9, dtype=torch.long),
        torch.arange(4),
    )
    batch, time_axis, masks = (torch.export.Dim(n) for n in ("batch", "time", "masks"))
    program = torch.onnx.export(
        wrapped,
        example,
        dynamo=True,
        dynamic_shapes=({0: batch, 1: time_axis}, {0: batch, 1: time_axis}, {0: masks}),
        input_names=["input_ids", "attention_mask", "positions"],
        output_names=["all_logits"],
    )
    graph = anonymous(half_weights(with_top(program.model_proto, model.config.vocab_size)))
    onnx.checker.check_model(graph)
    onnx.save_model(graph, str(output / "model.onnx"))
    tokenizer = AutoTokenizer.from_pretrained(base_model())
    tokenizer.backend_tokenizer.save(str(output / "tokenizer.json"))
    config = {
        "format": "augmill-fill-mask",
        "language": "en",
        "mask_token": tokenizer.mask_token,
        "max_tokens": BLOCK,
        "vocab_size": model.config.vocab_size,
    }
    (output / "config.json").write_text(json.dumps(config, indent=1) + "\n")


def with_top(model: Any, vocabulary: int) -> Any:
    """Append bias, log-softmax and top-k to a graph whose output is ``all_logits``."""
    from onnx import TensorProto, helper

    graph = model.graph
    floats, ints = TensorProto.FLOAT, TensorProto.INT64
    graph.input.extend(
        [
            helper.make_tensor_value_info("bias", floats, [vocabulary]),
            helper.make_tensor_value_info("k", ints, [1]),
        ]
    )
    graph.node.extend(
        [
            helper.make_node("Add", ["all_logits", "bias"], ["allowed"]),
            helper.make_node("LogSoftmax", ["allowed"], ["normalised"], axis=-1),
            helper.make_node("TopK", ["normalised", "k"], ["log_probability", "ids"], axis=-1),
        ]
    )
    del graph.output[:]
    graph.output.extend(
        [
            helper.make_tensor_value_info("log_probability", floats, ["masks", "candidates"]),
            helper.make_tensor_value_info("ids", ints, ["masks", "candidates"]),
        ]
    )
    return model


def half_weights(model: Any) -> Any:
    """Store every float32 weight matrix as float16 behind a cast."""
    from onnx import TensorProto, helper, numpy_helper

    graph = model.graph
    casts = []
    for weight in list(graph.initializer):
        if weight.data_type != TensorProto.FLOAT or len(weight.dims) < 2:
            continue
        values = numpy_helper.to_array(weight).astype(np.float16)
        name = weight.name
        graph.initializer.remove(weight)
        graph.initializer.append(numpy_helper.from_array(values, f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return model


def anonymous(model: Any) -> Any:
    """Drop the exporter's stack traces, which name files of the machine that ran it."""
    del model.metadata_props[:]
    for item in (*model.graph.node, *model.graph.value_info, *model.graph.initializer):
        del item.metadata_props[:]
        item.doc_string = ""
    del model.graph.metadata_props[:]
    return model
