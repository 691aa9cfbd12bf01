"""ONNX graphs with 8-bit weights: a scale per column of a weight, a scale per row of activations.

Vector-wise quantization: Dettmers et al. 2022, "LLM.int8()", §2.1. A row's scale depends on the row
alone, so that a sentence's result does not depend on those that share its batch, as it does where
an engine scales a whole batch of activations at once.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_LEVELS = 127
_LEAST = np.float32(1e-30)
"""Scale of a row or column of zeros."""


def integer_weights(model: Any) -> Any:
    """Multiply by weights of 8 bits wherever a matrix is constant.

    An embedding table that is the decoder's matrix as well is stored once, in 8 bits.
    """
    from onnx import helper

    # Shapes that the exporter noted no longer hold for all nodes.
    del model.graph.value_info[:]
    model = _plain_products(model)
    table = _tied_table(model)
    _Quantizer(model.graph).run()
    if table is not None:
        _tie(model.graph, *table)
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    return model


class _Quantizer:
    """Rewrites one graph; activations that several products read are quantized once."""

    def __init__(self, graph: Any) -> None:
        self.graph = graph
        self.arrays = {i.name: i for i in graph.initializer}
        self.nodes: list[Any] = []
        self.rows: set[str] = set()

    def run(self) -> None:
        """Replace the products with constant matrices."""
        replaced = set()
        for node in list(self.graph.node):
            matrix = node.input[1] if node.op_type == "MatMul" else ""
            if matrix in self.arrays and len(self.arrays[matrix].dims) == 2:
                self._product(node.input[0], matrix, node.output[0])
                replaced.add(matrix)
            else:
                self.nodes.append(node)
        kept = [i for i in self.graph.initializer if i.name not in replaced]
        del self.graph.initializer[:]
        self.graph.initializer.extend(kept)
        del self.graph.node[:]
        self.graph.node.extend(self.nodes)

    def _product(self, values: str, matrix: str, output: str) -> None:
        rows, columns = self.arrays[matrix].dims
        self._quantize_rows(values, rows)
        self._quantize_columns(matrix)
        one, zero = self._constant("one", np.float32(1)), self._constant("zero", np.uint8(128))
        wide = self._constant(f"wide.{columns}", np.array([columns], np.int64))
        inputs = [f"{values}.quantized", f"{matrix}.quantized", one, f"{matrix}.scale", zero]
        self._add("MatMulIntegerToFloat", inputs, f"{output}.product", domain="com.microsoft")
        self._add("Mul", [f"{output}.product", f"{values}.scale"], f"{output}.flat")
        self._add("Concat", [f"{values}.shape", wide], f"{output}.shape.whole", axis=0)
        self._add("Reshape", [f"{output}.flat", f"{output}.shape.whole"], output)

    def _quantize_rows(self, values: str, width: int) -> None:
        if values in self.rows:
            return
        self.rows.add(values)
        last = self._constant("last", np.array([-1], np.int64))
        flat = self._constant(f"flat.{width}", np.array([-1, width], np.int64))
        step = self._constant("step", np.float32(1 / _LEVELS))
        least = self._constant("least", _LEAST)
        name = values
        self._add("Reshape", [name, flat], f"{name}.rows")
        self._add("ReduceMax", [f"{name}.rows", last], f"{name}.highest", keepdims=1)
        self._add("ReduceMin", [f"{name}.rows", last], f"{name}.lowest", keepdims=1)
        self._add("Neg", [f"{name}.lowest"], f"{name}.depth")
        self._add("Max", [f"{name}.highest", f"{name}.depth"], f"{name}.size")
        self._add("Mul", [f"{name}.size", step], f"{name}.step")
        self._add("Max", [f"{name}.step", least], f"{name}.scale")
        self._add("Reshape", [f"{name}.scale", last], f"{name}.scales")
        self._add("Shape", [f"{name}.scales"], f"{name}.count")
        self._add("ConstantOfShape", [f"{name}.count"], f"{name}.zeros", value=_bytes(128))
        inputs = [f"{name}.rows", f"{name}.scales", f"{name}.zeros"]
        self._add("QuantizeLinear", inputs, f"{name}.quantized", axis=0)
        self._add("Shape", [name], f"{name}.shape", start=0, end=-1)

    def _quantize_columns(self, matrix: str) -> None:
        from onnx import numpy_helper

        if f"{matrix}.quantized" in self.arrays:
            return
        values = numpy_helper.to_array(self.arrays[matrix]).astype(np.float32)
        scale = np.maximum(np.abs(values).max(0) / np.float32(_LEVELS), _LEAST)
        self._constant(f"{matrix}.quantized", np.rint(values / scale).astype(np.int8))
        self._constant(f"{matrix}.scale", scale)

    def _constant(self, name: str, value: Any) -> str:
        from onnx import numpy_helper

        if name not in self.arrays:
            made = numpy_helper.from_array(np.asarray(value), name)
            self.graph.initializer.append(made)
            self.arrays[name] = made
        return name

    def _add(self, kind: str, inputs: list[str], output: str, **options: Any) -> None:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [output], **options))


def _bytes(value: int) -> Any:
    from onnx import TensorProto, helper

    return helper.make_tensor("value", TensorProto.UINT8, [1], [value])


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


def _tie(graph: Any, table: str, matrix: str) -> None:
    """Store the matrix as the table's rows, look the rows up and scale them."""
    from onnx import TensorProto, helper, numpy_helper

    arrays = {i.name: i for i in graph.initializer}
    columns, rows = f"{matrix}.quantized", f"{table}.stored"
    values = np.ascontiguousarray(numpy_helper.to_array(arrays[columns]).T)
    graph.initializer.remove(arrays[columns])
    graph.initializer.remove(arrays[table])
    graph.initializer.append(numpy_helper.from_array(values, rows))
    (lookup,) = (n for n in graph.node if n.op_type == "Gather" and n.input[0] == table)
    ids, embedded = lookup.input[1], lookup.output[0]
    place = list(graph.node).index(lookup)
    graph.node.remove(lookup)
    looked_up = [
        helper.make_node("Transpose", [rows], [columns], perm=[1, 0]),
        helper.make_node("Gather", [rows, ids], [f"{table}.row"]),
        helper.make_node("Cast", [f"{table}.row"], [f"{table}.float"], to=TensorProto.FLOAT),
        helper.make_node("Gather", [f"{matrix}.scale", ids], [f"{table}.flat"]),
        helper.make_node("Unsqueeze", [f"{table}.flat", "last"], [f"{table}.scales"]),
        helper.make_node("Mul", [f"{table}.float", f"{table}.scales"], [embedded]),
    ]
    for node in reversed(looked_up):
        graph.node.insert(place, node)


def stored_value(arrays: dict[str, Array], name: str) -> Array:
    """A weight under its original name, as float32, whatever it is stored as."""
    if name in arrays:
        return arrays[name].astype(np.float32)
    if f"{name}.half" in arrays:
        return arrays[f"{name}.half"].astype(np.float32)
    if f"{name}.stored" in arrays:
        return arrays[f"{name}.stored"] * arrays[f"{name}.columns.scale"][:, None]
    return arrays[f"{name}.quantized"] * arrays[f"{name}.scale"]
