"""Digests of the row groups of input files; those of untouched files are remembered."""

from collections.abc import Collection
from dataclasses import replace

from pipelines.errors import InputChangedError
from pipelines.inputs.content import group_digest, joint_digest
from pipelines.inputs.memory import Memory, now_ns
from pipelines.inputs.source import Source

_TOPIC = "row groups, 1"


def remembered_digests(
    source: Source, groups: int, memory: Memory, columns: Collection[str] | None = None
) -> list[bytes]:
    """The digests of a file's first row groups, and perhaps of more.

    Args:
        source: the file.
        groups: so many at the least.
        memory: what was read before; learns what is read now.
        columns: only these, none of them nested; all if None.

    Raises:
        InputChangedError: the file changed since its stamp was taken.
    """
    topic = _TOPIC if columns is None else f"{_TOPIC}, of {sorted(columns)}"
    # What a file was converted to is a file of its own.
    stamp = source.stamp if source.original is None else source.parquet.stamp()
    noted = memory.get(topic, source.location, stamp)
    if noted is not None and len(noted) >= groups:
        return [bytes.fromhex(digest) for digest in noted]
    begun = now_ns()
    with source.opened() as file, source.parquet.opened() as raw:
        digests = [group_digest(raw, file.metadata, group, columns) for group in range(groups)]
    if source.parquet.stamp() != stamp:
        raise InputChangedError(f"{source.name} changed while it was read; run again")
    memory.put(topic, source.location, stamp, begun, [digest.hex() for digest in digests])
    return digests


def digested(source: Source, groups: int, memory: Memory) -> tuple[Source, list[bytes]]:
    """A file with its digest, and the digests of its first row groups.

    Raises:
        InputChangedError: the file changed since its stamp was taken.
    """
    digests = remembered_digests(source, groups, memory)
    if source.original is None:
        digest = joint_digest(source.columns, digests[:groups], source.rows)
        source = replace(source, digest=digest, groups=groups)
    return source, digests
