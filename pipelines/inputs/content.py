"""Digests of what a reader decodes from Parquet, whatever the file is called and when it was saved.

They are of the pages as they lie in the file: nothing is decoded, so they cost little more than
reading. Rows that are encoded in another way have another digest.
"""

from collections.abc import Collection, Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

_PIECE = 1 << 20

_DECODING = ("physical_type", "compression", "encodings", "num_values", "total_compressed_size")
"""What a footer says of the pages of a column, apart from where they lie."""


def group_digest(
    raw: pa.NativeFile,
    footer: pq.FileMetaData,
    group: int,
    columns: Collection[str] | None = None,
) -> bytes:
    """16 bytes for the pages of a row group, and how they are decoded.

    Args:
        raw: the file.
        footer: the file's.
        group: number of the row group.
        columns: names of the columns that count, none of them nested; all if None.
    """
    state = xxhash.xxh3_128()
    for piece in _pages(raw, footer.row_group(group), columns):
        state.update(piece)
    return state.digest()


def _pages(
    raw: pa.NativeFile, group: pq.RowGroupMetaData, columns: Collection[str] | None
) -> Iterator[bytes]:
    yield str(group.num_rows).encode()
    for chunk in map(group.column, range(group.num_columns)):
        path = chunk.path_in_schema
        if columns is not None and path not in columns:
            continue
        yield str([path, *(getattr(chunk, name) for name in _DECODING)]).encode()
        starts = (chunk.dictionary_page_offset, chunk.data_page_offset)
        raw.seek(min(start for start in starts if start))
        left = chunk.total_compressed_size
        while left > 0 and (piece := raw.read(min(left, _PIECE))):
            left -= len(piece)
            yield piece


def schema_digest(schema: pa.Schema) -> str:
    """32 hex digits for the names and types of columns."""
    lines = (f"{field.name!r} {field.type} {field.nullable}\n" for field in schema)
    return xxhash.xxh3_128_hexdigest("".join(lines).encode())


def joint_digest(columns: str, groups: Sequence[bytes], more: object) -> str:
    """32 hex digits for rows.

    Args:
        columns: digest of their schema.
        groups: digests of their row groups.
        more: what else decides them, of plain values.
    """
    state = xxhash.xxh3_128(f"{columns} {more!r}\n".encode())
    for digest in groups:
        state.update(digest)
    return state.hexdigest()


def file_digest(raw: pa.NativeFile, groups: int) -> str:
    """32 hex digits for the first row groups of a file, its columns, and its number of rows."""
    with pq.ParquetFile(raw) as file:
        count = min(groups, file.metadata.num_row_groups)
        digests = [group_digest(raw, file.metadata, group) for group in range(count)]
        return joint_digest(schema_digest(file.schema_arrow), digests, file.metadata.num_rows)
