"""The type that goes in comes out: Arrow columns, Polars, what only looks like a list."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from augment.testing import ReplaceText

TEXTS = ["a cat", "a cow"]
MADE = ["a dog", "a cow"]
REPLACE = ReplaceText(old="cat", new="dog")

KINDS: list[pa.DataType] = [
    pa.string(),
    pa.large_string(),
    pa.string_view(),
    pa.dictionary(pa.int32(), pa.string()),
]


class TestArrow:
    @pytest.mark.parametrize("kind", KINDS, ids=str)
    def test_an_array_keeps_its_type(self, kind: pa.DataType) -> None:
        made = REPLACE(pa.array(TEXTS).cast(kind))
        assert (made.type, made.to_pylist()) == (kind, MADE)

    @pytest.mark.parametrize("kind", KINDS, ids=str)
    def test_a_chunked_column_stays_one(self, kind: pa.DataType) -> None:
        made = REPLACE(pa.chunked_array([TEXTS[:1], [], TEXTS[1:]]).cast(kind))
        assert isinstance(made, pa.ChunkedArray)
        assert (made.type, made.to_pylist()) == (kind, MADE)

    def test_a_column_without_chunks(self) -> None:
        made = REPLACE(pa.chunked_array([], pa.string()))
        assert (len(made), made.type) == (0, pa.string())

    def test_a_part_of_an_array(self) -> None:
        assert REPLACE(pa.array(["x", *TEXTS]).slice(1)).to_pylist() == MADE

    @pytest.mark.parametrize(
        ("column", "found"),
        [(pa.array([1]), "int64"), (pa.array([b"a"]), "binary"), (pa.array(["a", None]), "null")],
    )
    def test_what_is_no_text_is_named(self, column: pa.Array, found: str) -> None:
        with pytest.raises(TypeError, match=f"texts are strings, not {found}"):
            REPLACE(column)


class TestPolars:
    @pytest.mark.parametrize("kind", [pl.String, pl.Categorical])
    def test_a_series_keeps_its_name_and_type(self, kind: type[pl.DataType]) -> None:
        made = REPLACE(pl.Series("body", TEXTS, dtype=kind))
        assert (made.name, made.dtype, made.to_list()) == ("body", kind, MADE)

    def test_map_batches(self) -> None:
        table = pl.DataFrame({"text": TEXTS})
        made = table.lazy().with_columns(pl.col("text").map_batches(REPLACE, pl.String)).collect()
        assert made["text"].to_list() == MADE

    def test_nulls_are_refused(self) -> None:
        with pytest.raises(TypeError, match="texts are strings, not null"):
            REPLACE(pl.Series(["a", None]))


def test_a_column_of_a_pandas_table() -> None:
    table = pd.DataFrame({"text": TEXTS}, index=[3, 1])
    made = table.assign(variant=lambda rows: REPLACE(rows["text"]))
    assert made["variant"].to_dict() == {3: "a dog", 1: "a cow"}


@pytest.mark.parametrize("kind", [np.array, lambda texts: dict.fromkeys(texts).keys()])
def test_another_iterable_gives_a_list(kind: Callable[[list[str]], list[str]]) -> None:
    assert REPLACE(kind(TEXTS)) == MADE


@pytest.mark.parametrize(
    "table",
    [{"text": TEXTS}, pd.DataFrame({"text": TEXTS}), pl.DataFrame({"text": TEXTS})],
    ids=["dict", "pandas", "polars"],
)
def test_a_table_is_not_taken_for_its_column_names(table: object) -> None:
    with pytest.raises(TypeError, match=r"several columns: name the one of the texts"):
        REPLACE(table)  # type: ignore[call-overload]
