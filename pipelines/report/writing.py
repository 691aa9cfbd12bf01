"""Writes the report of a published version: the page, and its numbers beside it."""

import json
from dataclasses import dataclass
from pathlib import Path

import yaml

from augment.atomic import whole_file
from pipelines.errors import InputMissingError
from pipelines.quality import Quality, measure
from pipelines.report.drift import drift, previous, values_of
from pipelines.report.page import page
from pipelines.store.entry import Entry
from pipelines.store.protocol import Store

REPLAYED_ROWS = 200
"""Source rows that are expanded again to see what filters rejected."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was written.

    Attributes:
        page: the HTML file.
        quality: the numbers.
    """

    page: Path
    quality: Quality


def entry_of(store: Store, version: int | None) -> Entry:
    """The log's entry of a version, or of the published one.

    Raises:
        InputMissingError: there is no such version, or its files are not kept.
    """
    kept = store.kept()
    if not kept:
        raise InputMissingError(f"{store.output} is no dataset that augmill published")
    if version is not None and version not in kept:
        known = ", ".join(str(number) for number in reversed(kept))
        raise InputMissingError(
            f"{store.output} has no version {version} (any more); it has {known}"
        )
    wanted = kept[0] if version is None else version
    return next(entry for entry in store.entries() if entry.version == wanted)


def reports(store: Store) -> Path:
    """The folder beside an output that its reports are in."""
    return store.cache.with_name("reports")


def write_report(
    store: Store, entry: Entry, folder: Path | None = None, replay: int = REPLAYED_ROWS
) -> Report:
    """Measure a version, compare it with the one before, and write both files.

    Args:
        store: of the output; it need not be locked.
        entry: of the version.
        folder: where to; ``reports/<version>`` beside the output if None.
        replay: source rows to expand again, at most, to see what filters rejected.

    Raises:
        InputMissingError: the version's files are not kept any more.
        MissingExtraError: a package is not installed.
        OSError: the files can't be written.
    """
    place = reports(store)
    folder = place / f"{entry.version:06d}" if folder is None else folder
    quality = measure(store, entry, replay)
    older = previous(store, entry)
    change = None
    if older is not None:
        change = drift(quality, values_of(store, older, place / f"{older.version:06d}"))
    told = {**quality.values, "drift": change}
    recipe = yaml.safe_dump(entry.recipe, sort_keys=False, allow_unicode=True)
    document = page(quality, change, recipe)
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "quality.json", json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    _write(folder / "index.html", document)
    return Report(folder / "index.html", quality)


def _write(path: Path, text: str) -> None:
    with whole_file(path) as made:
        Path(made).write_text(text, "utf-8")
