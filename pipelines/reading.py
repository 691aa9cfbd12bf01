"""An output as a dataset, wherever it lies: its last version, or an earlier one."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pipelines.errors import InputMissingError
from pipelines.store import hive
from pipelines.store.entry import Entry, Part
from pipelines.store.kept import Kept
from pipelines.store.local import LocalStore
from pipelines.store.opening import open_store
from pipelines.store.protocol import Store

if TYPE_CHECKING:
    from pyarrow.dataset import Dataset


def read_dataset(output: str, version: int | None = None) -> "Dataset":
    """Open an output's files, its hive partitions as columns.

    What is read does not change, whatever is published meanwhile; it is not copied either, so it
    can be read for as long as the version is kept.

    Args:
        output: a folder that a recipe named as its output, or a URL.
        version: 1, 2, …; the last one if it is None.

    Raises:
        InputMissingError: there is no such output, or no such version any more.
        OutputError: the storage can't be reached.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyarrow import dataset

    store = open_store(output)
    entry = _entry(store, output, version)
    format, filesystem = dataset.ParquetFileFormat(), _filesystem(store)
    paths = [_path(store, part) for part in entry.parts]
    schema = pq.read_schema(paths[0], filesystem=filesystem) if paths else pa.schema([])
    columns = hive.fields([part.name for part in entry.parts], schema)
    fragments = [
        format.make_fragment(path, filesystem, _condition(columns, part.name))
        for path, part in zip(paths, entry.parts, strict=True)
    ]
    for column in columns:
        schema = schema.append(column)
    return dataset.FileSystemDataset(fragments, schema, format, filesystem)


def _entry(store: Store, output: str, version: int | None) -> Entry:
    kept = store.kept()
    if not kept:
        raise InputMissingError(f"{output} is no output of augmill: it has no version")
    if version is not None and version not in kept:
        known = ", ".join(str(number) for number in reversed(kept))
        raise InputMissingError(f"{output} has no version {version} (any more); it has {known}")
    wanted = kept[0] if version is None else version
    return next(entry for entry in store.entries() if entry.version == wanted)


def _path(store: Store, part: Part) -> str:
    if isinstance(store, LocalStore):
        return str(store.place["objects"] / f"{part.stored.key}.parquet")
    assert isinstance(part.stored, Kept), "a store that is not local knows where objects lie"
    bucket = urlsplit(store.output)
    return f"{bucket.netloc}{bucket.path}/{part.stored.path}"


def _filesystem(store: Store) -> Any:
    from pyarrow import fs

    if isinstance(store, LocalStore):
        return fs.LocalFileSystem()
    from obstore.fsspec import FsspecStore

    protocol: Any = urlsplit(store.output).scheme
    return fs.PyFileSystem(fs.FSSpecHandler(FsspecStore(protocol)))


def _condition(columns: list[Any], name: str) -> Any:
    """What is true of all rows of a file, which is how a dataset fills its partition columns."""
    from pyarrow import dataset

    found = hive.values(name)
    condition = dataset.scalar(True)
    for column in columns:
        value, here = found.get(column.name), dataset.field(column.name)
        equal = here.is_null() if value is None else here == hive.scalar(column, value)
        condition = condition & equal
    return condition
