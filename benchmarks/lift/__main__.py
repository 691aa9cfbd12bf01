"""``python -m benchmarks.lift [SET …]``: the table of lifts, on three sets and with two models."""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.lift.arms import BEST, arms
from benchmarks.lift.data import FOLDER, SETS
from benchmarks.lift.keeping import kept_bank
from pipelines.evaluating.comparing import compared
from pipelines.evaluating.labelled import Labelled, read_labelled
from pipelines.evaluating.models.choice import model_named
from pipelines.evaluating.study import BASELINE, Design, Outcome, outcomes_of
from pipelines.evaluating.table import markdown
from pipelines.plan import Plan

SIZES = (50, 500, 2000)

TITLES = {"tfidf": "TF-IDF + logistic regression", "cnn": "small CNN"}

Done = dict[str, list[dict[str, Any]]]
"""Outcomes by arm, as plain values."""

_TESTED = {"tfidf": 1_000_000, "cnn": 1000}
"""Rows to test on at the most; a network takes its time for each."""

_TUNED = {"bbc": (50, 500)}
"""Sizes that are tuned, if not all: 2,000 long texts of five classes take hours."""

_CNN_ARMS = (BEST, "nlpaug SynonymAug", "nlpcda Similarword")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lift", description=__doc__)
    parser.add_argument("sets", nargs="*", metavar="SET", help=f"of {', '.join(SETS)}; all if none")
    parser.add_argument("--model", choices=("tfidf", "cnn"), action="append")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--table", action="store_true", help="only show what was measured before")
    asked = parser.parse_args()
    for name in asked.sets or SETS:
        for model in asked.model or ("tfidf", "cnn"):
            if not asked.table:
                _measure(name, model, asked.seeds)
            _show(name, model, asked.seeds)


def reported(name: str, plan: Plan) -> Labelled:
    """The rows that the table is of: not those on which recipes were chosen."""
    data = read_labelled(plan, "label")
    if not SETS[name].chosen_on:
        return data
    return data.take(np.flatnonzero(data.keys % np.uint64(3)))


def _measure(name: str, model: str, seeds: int) -> None:
    """All arms of a set, into a file; arms that it has already are left alone."""
    path = _path(name, model, seeds)
    done = _read(path)
    plans = arms(name, str(SETS[name].file(name)), model)
    data = reported(name, next(iter(plans.values())))
    for arm, plan in {BASELINE: None, **plans}.items():
        if arm in done or (model == "cnn" and arm not in {BASELINE, *_CNN_ARMS}):
            continue
        begun = time.perf_counter()
        done[arm] = [asdict(one) for one in _outcomes(name, model, seeds, data, arm, plan)]
        _write(path, done)
        seconds = time.perf_counter() - begun
        print(f"{name} {model} {arm}: {seconds:.0f} s", file=sys.stderr, flush=True)


def _outcomes(
    name: str, model: str, seeds: int, data: Labelled, arm: str, plan: Plan | None
) -> Iterator[Outcome]:
    """One arm's, with the usual strength and, of logistic regression, with a tuned one."""
    design = Design(SIZES, seeds, _TESTED[model], ("fixed",))
    designs = [design]
    if model == "tfidf":
        sizes = _TUNED.get(name, SIZES)
        designs.append(replace(design, sizes=sizes, regularisations=("tuned",)))
    splits, classifier = design.splits(data), model_named(model)
    for one in designs:
        language = SETS[name].language
        yield from outcomes_of(arm, plan, data, splits, classifier, one, language, kept_bank)


def _show(name: str, model: str, seeds: int) -> None:
    outcomes = [Outcome(**one) for arm in _read(_path(name, model, seeds)).values() for one in arm]
    print(f"\n**{SETS[name].title}, {TITLES[model]}**\n")
    print("\n".join(markdown(compared(outcomes))), flush=True)


def _path(name: str, model: str, seeds: int) -> Path:
    return FOLDER / f"{name}-{model}-{seeds}.json"


def _read(path: Path) -> Done:
    found: Done = json.loads(path.read_text()) if path.exists() else {}
    return found


def _write(path: Path, done: Done) -> None:
    made = path.with_suffix(".tmp")
    made.write_text(json.dumps(done))
    made.rename(path)


if __name__ == "__main__":
    main()
