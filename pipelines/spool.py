"""Rows set aside on disk until those before them are written."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa


class Spool:
    """A temporary file of record batches: written to the end, then read from the start."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path = path
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        # The stream format, since in the file format a dictionary can't change between batches.
        self._file = pa.OSFile(str(path), "wb")
        self._writer = pa.ipc.new_stream(self._file, schema, options=options)

    def __enter__(self) -> Self:
        return self

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows."""
        if not batch.num_rows:
            return
        self._writer.write_batch(batch)

    def read(self) -> Iterator[pa.RecordBatch]:
        """All rows, in order; nothing can be written any more."""
        self._writer.close()
        self._file.close()
        with pa.OSFile(str(self._path), "rb") as file, pa.ipc.open_stream(file) as reader:
            yield from reader

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)
