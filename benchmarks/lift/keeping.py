"""Variants kept between runs: some arms take minutes to make, and serve both models."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from augment.text.columns import Ints
from benchmarks.lift.data import FOLDER
from pipelines.evaluating.labelled import Labelled, text_keys
from pipelines.evaluating.variants import Bank
from pipelines.plan import Plan


def kept_bank(plan: Plan, data: Labelled, places: Ints) -> Bank:
    """The variants of all rows, made once for each plan and set; those of the places are used."""
    rows = int(np.bitwise_xor.reduce(data.keys))
    path = FOLDER / "variants" / f"{plan.fingerprint}-{rows:016x}.parquet"
    if not path.exists():
        _write(Bank.of(plan, data, np.arange(len(data))), path)
    table = pq.read_table(path)
    parents = table["parent"].to_numpy()
    chosen = np.flatnonzero(np.isin(parents, places))
    text = table["text"].combine_chunks().take(pa.array(chosen))
    return Bank(parents[chosen], text, text_keys(text), table["weight"].to_numpy()[chosen])


def _write(bank: Bank, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table({"parent": bank.parents, "text": bank.text, "weight": bank.weights})
    made = path.with_suffix(f".{os.getpid()}")
    pq.write_table(table, made)
    made.rename(path)
