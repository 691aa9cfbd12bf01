"""From the output that a recipe names to its store."""

from typing import Literal

import pyarrow as pa

from pipelines.store.local import LocalStore
from pipelines.store.protocol import Store

Format = Literal["parquet", "delta"]


def open_store(output: str, format: Format = "parquet") -> Store:
    """The store of an output; nothing is written before its context is entered.

    Args:
        output: a folder, or the URL of one in an object storage.
        format: what readers find there.

    Raises:
        MissingExtraError: a package is not installed that this output needs.
        RecipeError: there is no such place, or not in this format.
    """
    if format == "delta":
        from pipelines.store.delta import delta_store

        return delta_store(output)
    if "://" in output:
        from pipelines.store.remote import RemoteStore

        return RemoteStore(output)
    return LocalStore(output)


def check_format(format: Format, schema: pa.Schema) -> None:
    """Make sure that an output's format has all its types, before anything is computed.

    Raises:
        DataError: naming every column that it can't hold.
    """
    if format == "delta":
        from pipelines.store.delta_types import held_schema

        held_schema(schema)


def open_published(output: str) -> Store:
    """The store of an output that there may be, as its last version's recipe describes it.

    Raises:
        MissingExtraError: a package is not installed that this output needs.
    """
    store = open_store(output)
    last = store.last()
    return store if last is None else open_store(output, last.recipe.get("format", "parquet"))
