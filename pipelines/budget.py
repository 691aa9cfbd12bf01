"""How many rejected rows a run may have."""

from collections.abc import Sequence

from pipelines.errors import RejectsError
from pipelines.recipe import Recipe
from pipelines.stats import Stats
from pipelines.store.entry import Part
from pipelines.store.protocol import Store

FEW_ROWS = 10
"""A shard of so many rows fails the run if it rejects them all, unless all may be rejected."""


def check_rejects(parts: Sequence[Part], recipe: Recipe, store: Store) -> None:
    """Make sure that no more rows were rejected than a recipe accepts.

    Args:
        parts: of the dataset that would be published.
        recipe: says how many may be.
        store: keeps the rejects, if there are too many.

    Raises:
        RejectsError: there are; or a shard has nothing else.
    """
    accepted = recipe.max_reject_fraction
    counts = [Stats.of_told(part.stored.stats) for part in parts]
    stats = sum(counts, Stats())
    whole = [
        part.source
        for part, count in zip(parts, counts, strict=True)
        if count.rows >= FEW_ROWS and count.rejected_rows == count.rows
    ]
    if whole and accepted < 1:
        what = (
            f"every row of a shard of {whole[0]} was rejected ({_reasons(stats)}), as it was in "
            f"{len(whole):,} of {len(parts):,} shards"
        )
    elif stats.rejected_rows > accepted * stats.rows:
        what = (
            f"{stats.rejected_rows:,} of {stats.rows:,} rows were rejected ({_reasons(stats)}), "
            f"more than max_reject_fraction={accepted:g} accepts"
        )
    elif recipe.on_error == "fail" and stats.rejected_rows:
        what = (
            f"{stats.rejected_rows:,} of {stats.rows:,} rows were rejected ({_reasons(stats)}) by "
            "an earlier run, and on_error: fail accepts none"
        )
    else:
        return
    kept = store.give_up([part.stored for part in parts])
    raise RejectsError(f"{what}; nothing was published. See them in {kept}")


def _reasons(stats: Stats) -> str:
    return ", ".join(f"{reason} {count:,}" for reason, count in stats.rejected.items())
