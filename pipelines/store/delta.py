"""Readers see a Delta table, each of whose versions is one of the output's: ACID and time travel.

::

    OUT                                       → OUT.aug/tables/<8>
    OUT.aug/tables/<8>/_delta_log/            Delta's own log
    OUT.aug/tables/<8>/…/part-00003-000012.parquet  hard links to objects

The entry in augmill's log stays the commit. Delta's transaction follows it, and carries a mark by
which the next run sees whether a killed one got so far. A table with other partition columns is
another table, under another ``<8>``: Delta can't change them.
"""

import json
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from augment.errors import MissingExtraError, Problem
from pipelines.errors import OutputError, RecipeError
from pipelines.store import hive, tables
from pipelines.store.delta_types import held_schema
from pipelines.store.files import link, point, remove, symlinks_work, sync
from pipelines.store.fronts import Front, replace_folder
from pipelines.store.local import LocalStore
from pipelines.store.place import Place
from pipelines.store.trees import Files, Versions, mend

if TYPE_CHECKING:
    from deltalake.transaction import AddAction


def delta_store(output: str) -> LocalStore:
    """The store of an output that readers see as a Delta table.

    Raises:
        MissingExtraError: deltalake is not installed.
        RecipeError: the output is no local folder.
    """
    try:
        import deltalake  # noqa: F401
    except ImportError:
        raise MissingExtraError("format: delta", "deltalake", "delta") from None
    if "://" in output:
        message = f"delta is written to a local folder, not to {output}; parquet can be"
        raise RecipeError([Problem("format", message)])
    return LocalStore(output, front=_front)


def _front(place: Place) -> Front:
    if not symlinks_work(place.tmp):
        raise OutputError(
            f"the file system of {place.output} has no symbolic links, which format: delta needs"
        )
    return Delta(place)


class Delta:
    """See :class:`pipelines.store.fronts.Front`."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._snapshots = Versions("snapshots", place)

    def prepare(self, version: int, files: Files) -> None:
        """Link the files into the table, whose log does not name them yet."""
        table = _Table.of(self._place, files)
        tables.clear(self._place, [version])
        for name, source in table.linked(version, files).items():
            path = table.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            link(source, path)
        table.sync()

    def show(self, version: int, files: Files) -> None:
        """Commit them to the table, and point the link to it."""
        table = _Table.of(self._place, files)
        if not table.has(version, files):
            if any(not (table.folder / name).is_file() for name in table.linked(version, files)):
                self.prepare(version, files)
            table.commit(version, files)
        self._point(table.folder)

    def _point(self, folder: Path) -> None:
        target = folder.relative_to(self._place.home.parent).as_posix()
        output = self._place.output
        if output.is_dir() and not output.is_symlink():
            aside = self._place.aside()
            aside.symlink_to(target)
            replace_folder(self._place, aside)
        point(output, target, self._place.aside())
        remove(self._place["live"])

    def mend(self, version: int, files: Files) -> None:
        """Link anew what are no links to the objects, in older versions too."""
        self.show(version, files)
        table = _Table.of(self._place, files)
        linked = table.linked(version, files)
        wrong = {
            path.stat().st_ino: source
            for name, source in linked.items()
            if (path := table.folder / name).exists() and not path.samefile(source)
        }
        for path in tables.links(self._place):
            if (source := wrong.get(path.stat().st_ino)) is not None:
                aside = self._place.aside()
                link(source, aside)
                aside.replace(path)
        mend(linked, table.folder, self._place)

    def forget(self, kept: Collection[int]) -> None:
        """Delete the files of other versions; the table's log still tells of them."""
        self._snapshots.forget(kept)
        tables.forget(self._place, kept)


class _Table:
    """A folder with a Delta table in it, or where there will be one."""

    def __init__(self, folder: Path, schema: pa.Schema, partitions: list[str]) -> None:
        self.folder = folder
        self._schema, self._partitions = schema, partitions

    @classmethod
    def of(cls, place: Place, files: Files) -> "_Table":
        """The table for files: of the same partition columns, and needing no other protocol."""
        schema = pq.read_schema(next(iter(files.values()))).remove_metadata()
        columns = hive.fields([*files], schema)
        for column in columns:
            schema = schema.append(column)
        schema = held_schema(schema)
        zoneless = "timestamp[us]" in str([str(field.type) for field in schema])
        told = json.dumps([[(c.name, str(c.type)) for c in columns], zoneless])
        digest = xxhash.xxh3_128_hexdigest(told.encode())[:8]
        return cls(place["tables"] / digest, schema, [column.name for column in columns])

    def linked(self, version: int, files: Files) -> Files:
        """The files by their names in the table, which no other version's have."""
        return {tables.linked(name, version): source for name, source in files.items()}

    def sync(self) -> None:
        """Make the names in it last."""
        for path in [self.folder, *(p for p in self.folder.rglob("*") if p.is_dir())]:
            sync(path)

    def has(self, version: int, files: Files) -> bool:
        """Whether these files were committed to it."""
        from deltalake import DeltaTable

        if not DeltaTable.is_deltatable(str(self.folder)):
            return False
        committed: int | None = DeltaTable(self.folder).transaction_version(_mark(files))
        return committed == version

    def commit(self, version: int, files: Files) -> None:
        """Make these files the table's, in one transaction."""
        from deltalake import CommitProperties, DeltaTable, Schema, Transaction
        from deltalake.transaction import create_table_with_add_actions

        linked = self.linked(version, files)
        actions = [self._action(name, source) for name, source in linked.items()]
        schema = Schema.from_arrow(self._schema)
        properties = CommitProperties(
            custom_metadata={"augmill": {"version": version}},
            app_transactions=[Transaction(_mark(files), version)],
        )
        if DeltaTable.is_deltatable(str(self.folder)):
            DeltaTable(self.folder).create_write_transaction(
                [*actions], "overwrite", schema, self._partitions, commit_properties=properties
            )
        else:
            create_table_with_add_actions(
                str(self.folder),
                schema,
                actions,
                partition_by=self._partitions,
                commit_properties=properties,
            )
        log = self.folder / "_delta_log"
        for path in (max(log.glob("*.json")), log, self.folder):
            sync(path)

    def _action(self, name: str, source: Path) -> "AddAction":
        """A file as Delta's log tells of it."""
        from deltalake.transaction import AddAction

        found, values = source.stat(), hive.values(name)
        rows = pq.read_metadata(source).num_rows
        return AddAction(
            path=name,
            size=found.st_size,
            partition_values={column: values.get(column) for column in self._partitions},
            modification_time=found.st_mtime_ns // 1_000_000,
            data_change=True,
            stats=json.dumps({"numRecords": rows}),
        )


def _mark(files: Files) -> str:
    """Of a transaction, by what it commits: a log that was set back has other files."""
    told = "".join(f"{name} {source.name}\n" for name, source in files.items())
    return f"augmill-{xxhash.xxh3_128_hexdigest(told.encode())[:16]}"
