"""The containers that people hold texts in: what goes in as one comes back as one."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import pandas as pd


class PolarsColumn(Protocol):
    """What tells a Polars Series from a pandas one."""

    def to_arrow(self) -> Any:
        """Its values in Arrow."""


Polars = TypeVar("Polars", bound=PolarsColumn)


def column_of(texts: Any) -> pa.StringArray:
    """The texts of a string, an iterable of strings, a pandas or Polars Series, or an Arrow column.

    Raises:
        TypeError: something in it is no text, or it is a table.
    """
    if isinstance(texts, str):
        return pa.array([texts], pa.string())
    if isinstance(texts, Mapping) or hasattr(texts, "columns"):
        kind = type(texts).__name__
        raise TypeError(f"a {kind} has several columns: name the one of the texts, as in ['text']")
    if isinstance(texts, pa.Array | pa.ChunkedArray):
        return _of_arrow(texts)
    if _is_polars(texts):
        return _of_arrow(texts.to_arrow())
    return _of_values(texts.tolist() if _is_pandas(texts) else list(texts))


def held_as(texts: Any, made: pa.StringArray) -> Any:
    """What was made of :func:`column_of` ``texts``, as the type that was given.

    A string gives a string, a Series of pandas or Polars one of the same name (and index), an
    Arrow column one of the same type; every other iterable a list.
    """
    if isinstance(texts, str):
        return made[0].as_py()
    if isinstance(texts, pa.ChunkedArray):
        return pa.chunked_array([made]).cast(texts.type)
    if isinstance(texts, pa.Array):
        return made.cast(texts.type)
    if _is_polars(texts):
        return type(texts)(texts.name, made.to_pylist()).cast(texts.dtype)
    return _as_pandas(texts, made) if _is_pandas(texts) else made.to_pylist()


def _is_polars(texts: Any) -> bool:
    return type(texts).__module__.partition(".")[0] == "polars" and hasattr(texts, "to_arrow")


def _is_pandas(texts: Any) -> bool:
    return hasattr(texts, "index") and hasattr(texts, "to_numpy")


def _as_pandas(texts: "pd.Series[str]", made: pa.StringArray) -> "pd.Series[str]":
    import pandas as pd

    # The variants are new categories, which the old categorical type does not have.
    dtype: Any = "category" if isinstance(texts.dtype, pd.CategoricalDtype) else texts.dtype
    again: pd.Series[str] = pd.Series(
        made.to_pylist(), index=texts.index, name=texts.name, dtype=dtype
    )
    return again


def _of_arrow(texts: Any) -> pa.StringArray:
    kind = texts.type
    values = kind.value_type if pa.types.is_dictionary(kind) else kind
    tests = pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view
    if not any(test(values) for test in tests):
        raise TypeError(f"texts are strings, not {kind}")
    column = pc.cast(texts, pa.string())
    if column.null_count:
        raise TypeError("texts are strings, not null")
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _of_values(texts: list[Any]) -> pa.StringArray:
    for text in texts:
        if not isinstance(text, str):
            raise TypeError(f"texts are strings, not {type(text).__name__}: {text!r}")
    return pa.array(texts, pa.string())
