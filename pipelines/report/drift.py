"""What changed since the version before: the scalars of both, side by side."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.quality import Quality, measure
from pipelines.quality.card import FORMAT, scalars
from pipelines.store.entry import Entry
from pipelines.store.protocol import Store


def previous(store: Store, entry: Entry) -> Entry | None:
    """The newest kept version before this one, if there is any."""
    older = [version for version in store.kept() if version < entry.version]
    if not older:
        return None
    return next(found for found in store.entries() if found.version == max(older))


def values_of(store: Store, entry: Entry, folder: Path) -> Mapping[str, Any]:
    """A version's numbers: read, if they lie in its folder of reports, or else measured.

    Args:
        store: of the output.
        entry: of the version.
        folder: where a report of it may be.

    Raises:
        InputMissingError: the version's files are not kept any more.
    """
    try:
        told = json.loads((folder / "quality.json").read_text("utf-8"))
    except (OSError, ValueError):
        told = None
    if isinstance(told, dict) and (told.get("format"), told.get("digest")) == (
        FORMAT,
        entry.digest,
    ):
        return told
    return measure(store, entry).values


def drift(quality: Quality, before: Mapping[str, Any]) -> dict[str, Any]:
    """The scalars of a version and the one before, and their differences.

    Args:
        quality: of the version.
        before: the numbers of the other.
    """
    old, new = scalars(before), quality.scalars()
    return {
        "version": before["version"],
        "same_recipe": before["fingerprint"] == quality.values["fingerprint"],
        "scalars": {
            key: {"before": old[key], "after": new[key], "delta": new[key] - old[key]}
            for key in new
            if key in old
        },
    }
