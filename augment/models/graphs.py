"""Edits of the ONNX graphs that fill masks: candidates at the end, smaller weights, no traces."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import xxhash

from augment.models.quantizing import Array, stored_value

_WEIGHTS = "augmill.weights"
"""Key of the graph's metadata: the model's parameter → ``[initializer, transposed]``."""


def with_top(model: Any, vocabulary: int) -> Any:
    """Append a bias per vocabulary item, log-softmax and top-k to ``all_logits``.

    The log-softmax is one operation per row: where it was put together from exponential and
    logarithm, it was no faster, and a mask's result was seen to depend on its place in the batch.
    """
    from onnx import TensorProto, helper

    bias = helper.make_tensor_value_info("bias", TensorProto.FLOAT, [vocabulary])
    add = helper.make_node("Add", ["all_logits", "bias"], ["allowed_logits"])
    return _with_candidates(model, bias, [add], [])


def with_top_of_allowed(model: Any) -> Any:
    """Append log-softmax and top-k to ``all_logits``, which are those of the input ``allowed``."""
    from onnx import helper

    nodes = [
        helper.make_node("Identity", ["all_logits"], ["allowed_logits"]),
        helper.make_node("Gather", ["allowed", "places"], ["ids"]),
    ]
    return _with_candidates(model, None, nodes[:1], nodes[1:])


def _with_candidates(model: Any, bias: Any | None, before: list[Any], behind: list[Any]) -> Any:
    from onnx import TensorProto, helper

    graph = model.graph
    floats, ints = TensorProto.FLOAT, TensorProto.INT64
    k = helper.make_tensor_value_info("k", ints, [1])
    graph.input.extend([k] if bias is None else [bias, k])
    found = "places" if behind else "ids"
    graph.node.extend(
        [
            *before,
            helper.make_node("LogSoftmax", ["allowed_logits"], ["normalised"], axis=-1),
            helper.make_node("TopK", ["normalised", "k"], ["log_probability", found], axis=-1),
            *behind,
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
    _put_first(graph, casts)
    return model


def anonymous(model: Any) -> Any:
    """Drop the exporter's stack traces, which name files of the machine that ran it."""
    del model.metadata_props[:]
    for item in (*model.graph.node, *model.graph.value_info, *model.graph.initializer):
        del item.metadata_props[:]
        item.doc_string = ""
    del model.graph.metadata_props[:]
    return model


def name_weights(model: Any, parameters: Mapping[str, Array]) -> Any:
    """Note in the graph which initializer holds which parameter; they are found by their values."""
    from onnx import helper, numpy_helper

    found = {_digest(numpy_helper.to_array(i)): i.name for i in model.graph.initializer}
    names = {}
    for parameter, values in parameters.items():
        for transposed in (False, True):
            name = found.get(_digest(values.T if transposed else values))
            if name is not None:
                names[parameter] = [name, transposed]
                break
    helper.set_model_props(model, {_WEIGHTS: json.dumps(names)})
    return model


def read_weights(model: Any) -> dict[str, Array]:
    """The parameters noted by :func:`name_weights`, as float32, whatever they are stored as."""
    from onnx import numpy_helper

    arrays = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
    (noted,) = (p.value for p in model.metadata_props if p.key == _WEIGHTS)
    made = {}
    for parameter, (name, transposed) in json.loads(noted).items():
        values = stored_value(arrays, name)
        made[parameter] = np.ascontiguousarray(values.T if transposed else values)
    return made


def _digest(values: Array) -> bytes:
    whole = np.ascontiguousarray(values)
    return xxhash.xxh3_128_digest(f"{whole.shape}{whole.dtype}".encode() + whole.tobytes())


def _put_first(graph: Any, nodes: list[Any]) -> None:
    whole = [*nodes, *graph.node]
    del graph.node[:]
    graph.node.extend(whole)
