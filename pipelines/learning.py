"""What a plan's components need to know of its corpus: learned before a run, or found again."""

from pathlib import Path

from pipelines import classifying, fitting
from pipelines.corpus import Corpus
from pipelines.executors.protocol import Executor
from pipelines.meter import Meter
from pipelines.plan import Plan


def learn(
    plan: Plan, corpus: Corpus, cache: Path, scratch: Path, pool: Executor, meter: Meter
) -> Plan:
    """The plan with all that its components need of the corpus; what they don't is not looked at.

    Args:
        plan: of a run.
        corpus: its input.
        cache: folder of what is learned; what lies there of the same corpus is used.
        scratch: folder of what workers write.
        pool: does the work.
        meter: told of the rows to read.

    Raises:
        What :func:`pipelines.fitting.fit` and :func:`pipelines.classifying.train` raise.
    """
    for step in (fitting.fit, classifying.train):
        plan = step(plan, corpus, cache, scratch, pool, meter)
    return plan


def learned_from(plan: Plan, corpus: Corpus, cache: Path) -> Plan | None:
    """The plan with what was learned before; None if something was not.

    Args:
        plan: of a run.
        corpus: its input.
        cache: folder of what is learned.
    """
    counted = fitting.fitted_from(plan, corpus, cache)
    return None if counted is None else classifying.trained_from(counted, corpus, cache)


def sweep(cache: Path, plan: Plan) -> None:
    """Delete what earlier runs learned; what the plan uses stays."""
    fitting.sweep(cache, plan)
    classifying.sweep(cache, plan)
