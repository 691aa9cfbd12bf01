"""Plain text, in which every line is a row."""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from pipelines.inputs.line_blocks import line_blocks
from pipelines.inputs.source import File


def look(_file: File) -> None:
    """There is nothing to find out of a file beforehand."""


def settle(files: Sequence[File], _looks: Sequence[Any], text: str) -> list[pa.Schema]:
    """The columns of every file: one of strings."""
    return [pa.schema([(text, pa.string())])] * len(files)


def read(file: File, schema: pa.Schema, _look: Any) -> Iterator[pa.RecordBatch]:
    r"""The lines in order, without their ends, which are ``\n`` or ``\r\n``.

    Raises:
        DataError: the file is not UTF-8.
    """
    for block in line_blocks(file):
        lines = block.data.removesuffix(b"\n").split(b"\n")
        texts = [line.removesuffix(b"\r") for line in lines]
        yield pa.record_batch([pa.array(texts, pa.binary()).cast(pa.string())], schema=schema)
