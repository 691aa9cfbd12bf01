"""Whole lines of a file, some megabytes of them at a time."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.errors import DataError
from pipelines.inputs.source import File

BLOCK_BYTES = 8 << 20

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines.

    Attributes:
        number: of the first line, from 1.
        data: UTF-8; ends with a line break, but at the end of a file may lack it.
    """

    number: int
    data: bytes


def line_blocks(file: File) -> Iterator[Block]:
    """A file's lines in order; a line that is longer than a block is in one that is longer.

    Raises:
        DataError: the file is not UTF-8; the message names the line. Or its compression is broken.
    """
    number, held = 1, [b""]
    for piece in _pieces(file):
        end = piece.rfind(b"\n") + 1
        if not end:
            held.append(piece)
            continue
        block = _block(file, number, b"".join([*held, piece[:end]]))
        yield block
        number += block.data.count(b"\n")
        held = [piece[end:]]
    last = b"".join(held)
    if last:
        yield _block(file, number, last)


def _pieces(file: File) -> Iterator[bytes]:
    try:
        with file.streamed() as stream:
            first = stream.read(BLOCK_BYTES)
            yield first.removeprefix(_BOM)
            while piece := stream.read(BLOCK_BYTES):
                yield piece
    except OSError as error:
        # What pyarrow's decompression complains of is no error of a system call.
        if error.errno is not None:
            raise
        raise DataError(f"{file.name} can't be read: {error}") from None


def _block(file: File, number: int, data: bytes) -> Block:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = number + data.count(b"\n", 0, error.start)
        raise DataError(f"{file.name}, line {line}: this is not UTF-8 ({error.reason})") from None
    return Block(number, data)
