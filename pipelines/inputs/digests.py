"""Digests of the row groups of input files; those of untouched files are remembered."""

from dataclasses import replace

from pipelines.errors import InputChangedError
from pipelines.inputs.content import group_digest, joint_digest
from pipelines.inputs.memory import Memory, now_ns
from pipelines.inputs.source import Source

_TOPIC = "row groups, 1"


def digested(source: Source, groups: int, memory: Memory) -> tuple[Source, list[bytes]]:
    """A file with its digest, and the digests of its first row groups.

    Raises:
        InputChangedError: the file changed since its stamp was taken.
    """
    # What a file was converted to is a file of its own.
    stamp = source.stamp if source.original is None else source.parquet.stamp()
    noted = memory.get(_TOPIC, source.location, stamp)
    digests = [] if noted is None else [bytes.fromhex(digest) for digest in noted]
    if len(digests) < groups:
        begun = now_ns()
        digests = _read(source, groups)
        if source.parquet.stamp() != stamp:
            raise InputChangedError(f"{source.name} changed while it was read; run again")
        memory.put(_TOPIC, source.location, stamp, begun, [digest.hex() for digest in digests])
    if source.original is None:
        digest = joint_digest(source.columns, digests[:groups], source.rows)
        source = replace(source, digest=digest, groups=groups)
    return source, digests


def _read(source: Source, groups: int) -> list[bytes]:
    with source.opened() as file, source.parquet.opened() as raw:
        return [group_digest(raw, file.metadata, group) for group in range(groups)]
