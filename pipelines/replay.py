"""What a published version was made by, once more: its plan, and its rows expanded again.

Nothing but variants is stored, so whatever else is to be known of a row (rejected variants, the
candidates of each edit) is computed again from the recipe in the log.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow as pa

from augment.component import Learned
from augment.errors import AugmillError
from augment.models.classifier import open_classifier
from augment.statistics import open_statistics
from pipelines import plan as planning
from pipelines.classifying import SUFFIX
from pipelines.errors import InputMissingError
from pipelines.expand import Expansion, expand
from pipelines.plan import Plan
from pipelines.recipe import parse
from pipelines.schedule import changes
from pipelines.store.entry import Entry
from pipelines.store.protocol import Store

_LEARNED: tuple[tuple[Learned, str, Callable[[str], Any]], ...] = (
    ("statistics", ".arrow", open_statistics),
    ("classifier", SUFFIX, open_classifier),
)
"""What components learn of a corpus: the end of its files' names, and what reads them."""


def plan_of(store: Store, entry: Entry) -> Plan:
    """The plan of a version, fitted with what was learned for it and is kept beside the output.

    It is this installation's: :func:`differences` tells whether it still makes the same.

    Args:
        store: whose cache has the statistics and classifiers; it need not be locked.
        entry: of its log.

    Raises:
        RecipeError: a component can't be built here.
        InputMissingError: the plan needs statistics or a classifier, which are not kept.
    """
    plan = planning.build(parse(entry.recipe, f"the recipe of version {entry.version}"))
    for what, suffix, opened in _LEARNED:
        if plan.lacking(what):
            told = {*_digests(entry.identity, what)}
            files = sorted(store.cache.glob(f"*{suffix}"))
            path = next((str(p) for p in files if _digest(opened, str(p)) in told), None)
            if path is None:
                names = ", ".join(plan.lacking(what))
                raise InputMissingError(
                    f"the {what} that {names} had in version {entry.version} of {store.output} "
                    "is not kept"
                )
            plan = plan.fitted(path, what)
    return plan


def _digest(opened: Callable[[str], Any], path: str) -> str | None:
    """Of what was learned; None of a file that is something else."""
    try:
        return str(opened(path).digest)
    except AugmillError:
        return None


def _digests(identity: Any, what: Learned) -> Iterator[str]:
    """Of what a plan's components had learned."""
    if isinstance(identity, Mapping):
        assets = identity.get("assets")
        if isinstance(assets, Mapping) and what in assets:
            yield assets[what]
        for inner in identity.values():
            yield from _digests(inner, what)
    elif isinstance(identity, list | tuple):
        for inner in identity:
            yield from _digests(inner, what)


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
