"""Records of runs, in one JSON file each."""

import json
import os
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

from augment import __version__
from pipelines.stats import Stats, ViewStats

KEPT = 100
"""Records that are kept, the newest ones."""

Outcome = Literal["running", "published", "unchanged", "failed", "interrupted", "killed"]

_NAME = re.compile(r"\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{8}\.json")
_NEW = ".new"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What a run did, or has done so far.

    Attributes:
        id: when it began, and a random part; the name of its file.
        recipe: its file or name, as given.
        output: the dataset, as the recipe names it; empty while the recipe is not read.
        program: augmill's version.
        host: where it ran.
        pid: the process.
        engine: ``local`` or ``ray``.
        workers: processes, or the cluster's actors.
        started: when: UTC, ISO 8601.
        ended: when; None if it did not.
        seconds: that it took.
        outcome: ``published``, ``unchanged``, ``failed``, ``interrupted``; ``running`` before the
            end, and ``killed`` if the next run found it so.
        exit_code: of its process; None if it did not end.
        error: what went wrong, in the words shown to the user.
        fingerprint: the plan's; empty while there is no plan.
        version_before: published when it began; None if there was none.
        version: published when it ended.
        computed: shards that were computed, by the reason why.
        reused: shards that were there.
        stats: counts of the whole dataset, reused shards included; None while not known.
        rows: in the published dataset.
        size: of its files, in bytes.
        last_success: when a run last left the output up to date, this one included; None if
            none is on record.
        warnings: what somebody should look at.
    """

    id: str
    recipe: str
    output: str = ""
    program: str = __version__
    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)
    engine: str = "local"
    workers: int | None = None
    started: str = ""
    ended: str | None = None
    seconds: float = 0.0
    outcome: Outcome = "running"
    exit_code: int | None = None
    error: str = ""
    fingerprint: str = ""
    version_before: int | None = None
    version: int | None = None
    computed: Mapping[str, int] = field(default_factory=dict)
    reused: int = 0
    stats: Stats | None = None
    rows: int | None = None
    size: int | None = None
    last_success: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def succeeded(self) -> bool:
        """Whether the dataset was up to date when the run ended."""
        return self.outcome in ("published", "unchanged")


def read_records(folder: Path) -> Iterator[RunRecord]:
    """The records that are kept in a folder, the newest first."""
    for name in _names(folder):
        with suppress(FileNotFoundError):
            yield _read(folder / name)


def settle_records(folder: Path, by: RunRecord) -> list[RunRecord]:
    """Settle what other runs left, while the lock keeps them from the output.

    No other run is at work, so one that seems to be was killed; these are told. Deletes the oldest
    records beyond :data:`KEPT`, too.

    Args:
        folder: with the records.
        by: the run that holds the lock.
    """
    for left in folder.glob(f"*{_NEW}"):
        left.unlink(missing_ok=True)
    for name in _names(folder)[KEPT:]:
        (folder / name).unlink(missing_ok=True)
    killed = [r for r in read_records(folder) if r.outcome == "running" and r.id != by.id]
    for record in killed:
        told = f"killed before its end; run {by.id} found it so"
        write_record(folder, replace(record, outcome="killed", error=told))
    return killed


def _names(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted((p.name for p in folder.iterdir() if _NAME.fullmatch(p.name)), reverse=True)


def _read(path: Path) -> RunRecord:
    try:
        values = json.loads(path.read_text("utf-8"))
        return RunRecord(**{f.name: values[f.name] for f in fields(RunRecord)} | _typed(values))
    except (ValueError, KeyError, TypeError):
        # Power went while it was written, or another version of the program wrote it.
        return RunRecord(path.stem, "", outcome="killed", error=f"{path.name} can't be read")


def _typed(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that JSON has no type for."""
    stats = values["stats"]
    if stats is not None:
        views = {name: ViewStats(**view) for name, view in stats["views"].items()}
        stats = Stats(**{**stats, "views": views})
    return {"stats": stats, "warnings": tuple(values["warnings"])}


def write_record(folder: Path, record: RunRecord) -> None:
    """Write a record, or replace it whole.

    Raises:
        OSError: it can't be written; what was there before still is.
    """
    folder.mkdir(exist_ok=True)
    text = json.dumps(asdict(record), indent=1, ensure_ascii=False) + "\n"
    path = folder / f"{record.id}.json"
    # Swept by a run that holds the lock, this one is written again.
    for _ in range(2):
        with suppress(FileNotFoundError):
            new = path.with_name(path.name + _NEW)
            with new.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
            return
    raise FileNotFoundError(f"{str(path)!r} can't be written: its folder is being swept")
