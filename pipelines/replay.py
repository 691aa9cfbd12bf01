"""What a published version was made by, once more: its plan, and its rows expanded again.

Nothing but variants is stored, so whatever else is to be known of a row (rejected variants, the
candidates of each edit) is computed again from the recipe in the log.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from augment.errors import StatisticsError
from augment.statistics import open_statistics
from pipelines import plan as planning
from pipelines.errors import InputMissingError
from pipelines.expand import Expansion, expand
from pipelines.plan import Plan
from pipelines.recipe import parse
from pipelines.schedule import changes
from pipelines.store.entry import Entry
from pipelines.store.protocol import Store


def plan_of(store: Store, entry: Entry) -> Plan:
    """The plan of a version, fitted with the statistics that are kept beside the output.

    It is this installation's: :func:`differences` tells whether it still makes the same.

    Args:
        store: whose cache has the statistics; it need not be locked.
        entry: of its log.

    Raises:
        RecipeError: a component can't be built here.
        InputMissingError: the plan needs statistics, and those of this version are not kept.
    """
    plan = planning.build(parse(entry.recipe, f"the recipe of version {entry.version}"))
    if not plan.unfitted:
        return plan
    told = {*_statistics(entry.identity)}
    for path in sorted(store.cache.glob("*.arrow")):
        try:
            digest = open_statistics(str(path)).digest
        except StatisticsError:
            continue
        if digest in told:
            return plan.fitted(str(path))
    needing = ", ".join(plan.unfitted)
    raise InputMissingError(
        f"the statistics that {needing} had in version {entry.version} of {store.output} are not "
        "kept; running the recipe again counts them"
    )


def _statistics(identity: Any) -> Iterator[str]:
    """Digests of the statistics that a plan's components had."""
    if isinstance(identity, Mapping):
        assets = identity.get("assets")
        if isinstance(assets, Mapping) and "statistics" in assets:
            yield assets["statistics"]
        for inner in identity.values():
            yield from _statistics(inner)
    elif isinstance(identity, list | tuple):
        for inner in identity:
            yield from _statistics(inner)


def differences(entry: Entry, plan: Plan) -> tuple[str, ...]:
    """What of a plan is not as it was for a version, such as ``changed program: …``; mostly none.

    Args:
        entry: of the log.
        plan: from :func:`plan_of`.
    """
    if entry.fingerprint == plan.fingerprint:
        return ()
    return tuple(changes(entry.identity, plan.identity)) or ("changed order of views",)


def replay(plan: Plan, rows: pa.RecordBatch, *, rejected: bool = True) -> Expansion:
    """Rows of the input expanded as the run did it, for a few rows at a time.

    What :attr:`Plan.batch_invariant` does not promise to be the same for any cut into batches may
    differ from what is stored; nor are duplicates known that only the whole corpus shows.

    Args:
        plan: from :func:`plan_of`.
        rows: with the columns that the recipe names; others come along.
        rejected: hand over the variants that a filter rejected, too.
    """
    return expand(plan, rows, keep_rejected=rejected)
