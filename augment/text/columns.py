"""A string column as one UTF-8 buffer: bytes inside, code points at the border."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_SPACE = 0x20
_LEADING_BITS, _CONTINUES = 0xC0, 0x80
"""The second and later bytes of a code point begin with the bits 10."""


@dataclass(frozen=True)
class Utf8:
    """The bytes of a string column, back to back.

    Attributes:
        data: ``(bytes,)`` uint8.
        offsets: ``(n + 1,)`` int64; row i is ``data[offsets[i]:offsets[i + 1]]``.
    """

    data: npt.NDArray[np.uint8]
    offsets: Ints

    @classmethod
    def of(cls, text: pa.StringArray) -> "Utf8":
        """View a column without nulls; nothing is copied but the offsets."""
        _, offsets_buffer, data_buffer = text.buffers()
        if offsets_buffer is None or not len(text):
            return cls(np.zeros(0, np.uint8), np.zeros(len(text) + 1, np.int64))
        offsets = np.frombuffer(offsets_buffer, np.int32, len(text) + 1, text.offset * 4)
        first, last = int(offsets[0]), int(offsets[-1])
        if data_buffer is None or first == last:
            return cls(np.zeros(0, np.uint8), np.zeros(len(text) + 1, np.int64))
        data = np.frombuffer(data_buffer, np.uint8, last - first, first)
        return cls(data, offsets.astype(np.int64) - first)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @cached_property
    def is_ascii(self) -> bool:
        """Whether every code point is one byte."""
        return not len(self.data) or int(self.data.max()) < 0x80

    @cached_property
    def spaces(self) -> Ints:
        """Sorted places of the space characters, and the end."""
        return np.append(np.flatnonzero(self.data == _SPACE), len(self.data))

    @cached_property
    def _continuations(self) -> Ints:
        """Sorted places of the bytes that continue a code point; few in most columns."""
        return np.flatnonzero((self.data & _LEADING_BITS) == _CONTINUES)

    @cached_property
    def _continued(self) -> Ints:
        """The code point that each of these bytes belongs to, counted over the whole column."""
        return self._continuations - np.arange(1, len(self._continuations) + 1)

    def to_chars(self, positions: npt.NDArray[np.integer]) -> Ints:
        """Code points before each byte position, counted over the whole column."""
        if self.is_ascii:
            return positions.astype(np.int64)
        return np.asarray(positions - np.searchsorted(self._continuations, positions))

    def to_bytes(self, positions: npt.NDArray[np.integer]) -> Ints:
        """Byte positions of code points counted over the whole column."""
        if self.is_ascii:
            return positions.astype(np.int64)
        return np.asarray(positions + np.searchsorted(self._continued, positions))

    @cached_property
    def char_offsets(self) -> Ints:
        """``(n + 1,)``: code points before each row."""
        return self.to_chars(self.offsets)

    def rows_of(self, positions: npt.NDArray[np.integer]) -> Ints:
        """The row that holds each byte; positions are those of existing bytes."""
        return np.searchsorted(self.offsets, positions, side="right") - 1

    def pieces(self, starts: npt.NDArray[np.integer]) -> pa.StringArray:
        """Cut the column at ``starts`` (sorted bytes, the first 0): a view, nothing is copied."""
        ends = np.append(starts, len(self.data)).astype(np.int32)
        buffers = [None, pa.py_buffer(ends), pa.py_buffer(self.data)]
        return pa.StringArray.from_buffers(len(starts), *buffers[1:])


@dataclass(frozen=True, slots=True)
class Flat:
    """A list<struct> column taken apart: each element's row, and its fields as arrays."""

    rows: Ints
    fields: dict[str, Any]

    @classmethod
    def of(cls, column: pa.ListArray) -> "Flat":
        """Flatten; null lists hold nothing. Integer fields become int64 NumPy arrays."""
        rows, values = parents(column), column.flatten()
        fields: dict[str, Any] = {}
        for i, field in enumerate(values.type):
            child = values.field(i)
            child = child.slice(values.offset, len(values)) if len(child) != len(values) else child
            whole = pa.types.is_integer(field.type)
            fields[field.name] = child.to_numpy().astype(np.int64) if whole else child
        return cls(rows, fields)


def parents(column: pa.ListArray) -> Ints:
    """The row of each element of ``column.flatten()``; what lies behind a null holds nothing."""
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
    return np.repeat(np.arange(len(column)), lengths)


def first_of_rows(rows: npt.NDArray[np.integer], count: int) -> Ints:
    """``(count + 1,)``: where each row's elements begin in a column sorted by row."""
    first = np.zeros(count + 1, np.int64)
    np.cumsum(np.bincount(rows, minlength=count), out=first[1:])
    return first


def ranges(starts: Ints, stops: Ints) -> Ints:
    """The integers of all ranges [start, stop), one range after the other.

    >>> ranges(np.array([3, 7]), np.array([5, 10]))
    array([3, 4, 7, 8, 9])
    """
    lengths = stops - starts
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(int(lengths.sum()))
