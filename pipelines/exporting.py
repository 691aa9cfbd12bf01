"""``augmill models export``: a checkpoint in, a folder for ONNX Runtime and its fidelity out."""

from pathlib import Path

from augment.models import exporting
from augment.models.backends import load_fill_mask
from augment.models.fidelity import SAMPLE, Fidelity, compare, masked
from augment.models.fill_mask import FillMask
from pipelines.errors import DataError, OutputError
from pipelines.text_columns import texts_of

REPORT = "fidelity.json"


def export(
    model: str,
    output: Path,
    dtype: str,
    *,
    revision: str | None,
    language: str,
    texts: str | None,
    column: str,
    limit: int,
) -> Fidelity:
    """Write an exported folder with its ``fidelity.json``; the measurements are made here and now.

    Args:
        model: a checkpoint's folder or a hub name.
        output: a folder, new or empty.
        dtype: see :func:`augment.models.exporting.export`.
        revision: of a hub model.
        language: noted in the folder.
        texts: Parquet to compare on; a packaged English sample if None.
        column: that holds the texts.
        limit: how many texts at the most.

    Raises:
        OutputError: the output is not empty.
        DataError: the texts can't be read, or none has a word to mask.
        ModelError: there is no such model, or it can't be exported.
        MissingExtraError: torch, onnx or onnxscript is not installed.
    """
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise OutputError(f"the output {output} is not an empty folder: choose another place")
    exporting.check(dtype)
    sample = _texts(texts, column, limit)
    original = load_fill_mask(model, revision, "torch", "float32", "cpu")
    if not masked(original, sample)[0]:
        raise DataError(f"the column {column!r} of {texts} holds no word to mask")
    exporting.export(model, output, dtype, revision=revision, language=language)
    runs_in = "int8" if dtype == "int8" else "float32"
    made = load_fill_mask(str(output), None, "onnx", runs_in, "cpu")
    sizes = (output / "model.onnx").stat().st_size, _bytes(original)
    found = compare(made, original, sample, sizes)
    found.write(output / REPORT)
    return found


def _bytes(model: FillMask) -> int:
    parameters = model.network.head.model.parameters()  # type: ignore[attr-defined]
    return sum(p.numel() * p.element_size() for p in parameters)


def _texts(source: str | None, column: str, limit: int) -> list[str]:
    if source is None:
        return SAMPLE.read_text("utf-8").splitlines()[:limit]
    found = [text for part in texts_of(source, column, limit) for text in part.to_pylist()]
    if not found:
        raise DataError(f"the column {column!r} of {source} holds no text")
    return found
