"""Edits of the ONNX graphs that fill masks: candidates at the end, smaller weights, no traces."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

Array = npt.NDArray[Any]

_WEIGHTS = "augmill.weights"
"""Key of the graph's metadata: the model's parameter → ``[initializer, transposed]``."""


def with_top(model: Any, vocabulary: int) -> Any:
    """Append bias, top-k and the allowed vocabulary's log-sum-exp to a graph of ``all_logits``.

    Log probabilities are made for the k candidates alone: a log-softmax over the vocabulary took
    more time than all of a small model.
    """
    from onnx import TensorProto, helper

    graph = model.graph
    floats, ints = TensorProto.FLOAT, TensorProto.INT64
    graph.input.extend(
        [
            helper.make_tensor_value_info("bias", floats, [vocabulary]),
            helper.make_tensor_value_info("k", ints, [1]),
        ]
    )
    graph.initializer.append(helper.make_tensor("vocabulary_axis", ints, [1], [1]))
    graph.node.extend(
        [
            helper.make_node("Add", ["all_logits", "bias"], ["allowed"]),
            helper.make_node("TopK", ["allowed", "k"], ["best", "ids"], axis=-1),
            helper.make_node("ReduceLogSumExp", ["allowed", "vocabulary_axis"], ["total"]),
            helper.make_node("Sub", ["best", "total"], ["log_probability"]),
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


def integer_weights(model: Any, scratch: Path) -> Any:
    """Multiply by 8-bit weights, a scale per column; activations are scaled as they come.

    An embedding table that is the decoder's weight matrix is stored once, in 8 bits.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # Shapes that the exporter wrote clash with those inferred here.
    del model.graph.value_info[:]
    model = _plain_products(model)
    table = _tied_table(model)
    path = scratch / "int8.onnx"
    quantize_dynamic(
        model,
        str(path),
        op_types_to_quantize=["MatMul"],
        per_channel=True,
        weight_type=QuantType.QInt8,
        extra_options={"MatMulConstBOnly": True},
    )
    made = onnx.load(str(path))
    if table is not None:
        _tie(made, *table)
    return made


def _plain_products(model: Any) -> Any:
    """Give each product a matrix of its own, and make those with bias a product and a sum."""
    from onnxruntime.quantization.onnx_model import ONNXModel

    graph = model.graph
    arrays = {i.name: i for i in graph.initializer}
    shared = {name for node in graph.node if node.op_type != "Gemm" for name in node.input}
    for node in list(graph.node):
        if node.op_type == "Gemm" and node.input[1] in shared & arrays.keys():
            node.input[1] = _copy(graph, arrays[node.input[1]], transposed=False)
        if node.op_type == "Transpose" and node.input[0] in arrays:
            _replace(graph, node.output[0], _copy(graph, arrays[node.input[0]], transposed=True))
            graph.node.remove(node)
    made = ONNXModel(model)
    made.replace_gemm_with_matmul()
    made.topological_sort()
    return made.model


def _copy(graph: Any, initializer: Any, *, transposed: bool) -> str:
    """Add a copy of an initializer; returns its name."""
    from onnx import numpy_helper

    values, name = numpy_helper.to_array(initializer), f"{initializer.name}.columns"
    made = np.ascontiguousarray(values.T if transposed else values)
    graph.initializer.append(numpy_helper.from_array(made, name))
    return name


def _replace(graph: Any, old: str, new: str) -> None:
    for node in graph.node:
        for place, name in enumerate(node.input):
            if name == old:
                node.input[place] = new


def _tied_table(model: Any) -> tuple[str, str] | None:
    """Names of the embedding table and of the decoder's matrix with the same values."""
    from onnx import numpy_helper

    gathered = {n.input[0] for n in model.graph.node if n.op_type == "Gather"}
    multiplied = {n.input[1] for n in model.graph.node if n.op_type == "MatMul"}
    arrays = {i.name: i for i in model.graph.initializer if len(i.dims) == 2}
    for table in sorted(gathered & arrays.keys()):
        dims = list(arrays[table].dims)
        for matrix in sorted(multiplied & arrays.keys()):
            if list(arrays[matrix].dims) == dims[::-1] and np.array_equal(
                numpy_helper.to_array(arrays[table]), numpy_helper.to_array(arrays[matrix]).T
            ):
                return table, matrix
    return None


def _tie(model: Any, table: str, matrix: str) -> None:
    """Store the matrix as the table's rows, look the rows up and scale them."""
    from onnx import TensorProto, helper, numpy_helper

    graph = model.graph
    arrays = {i.name: i for i in graph.initializer}
    columns, rows = f"{matrix}_quantized", f"{table}.rows"
    values = numpy_helper.to_array(arrays[columns]).T
    graph.initializer.remove(arrays[columns])
    graph.initializer.remove(arrays[table])
    graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(values), rows))
    graph.initializer.append(helper.make_tensor(f"{table}.last", TensorProto.INT64, [1], [-1]))
    (lookup,) = (n for n in graph.node if n.op_type == "Gather" and n.input[0] == table)
    ids, embedded = lookup.input[1], lookup.output[0]
    place = list(graph.node).index(lookup)
    graph.node.remove(lookup)
    looked_up = [
        helper.make_node("Gather", [rows, ids], [f"{table}.row"]),
        helper.make_node("Cast", [f"{table}.row"], [f"{table}.float"], to=TensorProto.FLOAT),
        helper.make_node("Gather", [f"{matrix}_scale", ids], [f"{table}.flat_scale"]),
        helper.make_node("Unsqueeze", [f"{table}.flat_scale", f"{table}.last"], [f"{table}.scale"]),
        helper.make_node("Mul", [f"{table}.float", f"{table}.scale"], [embedded]),
    ]
    for node in reversed(looked_up):
        graph.node.insert(place, node)
    _put_first(graph, [helper.make_node("Transpose", [rows], [columns], perm=[1, 0])])


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

    stored = {i.name: i for i in model.graph.initializer}
    turned = {n.output[0]: n.input[0] for n in model.graph.node if n.op_type == "Transpose"}
    (noted,) = (p.value for p in model.metadata_props if p.key == _WEIGHTS)

    def value(name: str) -> Array:
        if name in stored:
            return np.asarray(numpy_helper.to_array(stored[name]))
        if f"{name}.half" in stored:
            return np.asarray(numpy_helper.to_array(stored[f"{name}.half"]))
        if f"{name}.rows" in stored:
            (columns,) = (c for c, rows in turned.items() if rows == f"{name}.rows")
            return value(columns.removesuffix("_quantized")).T
        whole = f"{name}_quantized"
        quantized = value(whole) if whole in stored else value(turned[whole]).T
        return quantized.astype(np.float32) * value(f"{name}_scale")

    made = {}
    for parameter, (name, transposed) in json.loads(noted).items():
        array = value(name).astype(np.float32)
        made[parameter] = np.ascontiguousarray(array.T if transposed else array)
    return made


def _digest(values: Array) -> bytes:
    whole = np.ascontiguousarray(values)
    return xxhash.xxh3_128_digest(f"{whole.shape}{whole.dtype}".encode() + whole.tobytes())


def _put_first(graph: Any, nodes: list[Any]) -> None:
    whole = [*nodes, *graph.node]
    del graph.node[:]
    graph.node.extend(whole)
