"""A run whose steps plant faults: each is rejected by the filter that is meant for it."""

import re
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from augment import registry
from pipelines import run

PLUGINS = Path(__file__).parent / "plugins"
DATA = Path(__file__).parents[2] / "data"
ROWS = 120

FAULTS = {
    "copied": "duplicates: exact",
    "nearly_copied": "edit_rate: too_similar",
    "cut_short": "length_ratio: too_short",
    "lost_number": "preserved: lost",
    "looped": "repetition: loop",
    "foreign": "language: wrong_language",
    "random_words": "similarity: too_different",
    "gibberish": "fluency: not_fluent",
    "flipped_label": "label_agreement: disagrees",
}
"""What goes wrong, and who must say so."""

FILTERS = [
    {"use": "duplicates"},
    {"use": "length_ratio", "min": 0.5, "max": 2.0},
    {"use": "preserved"},
    {"use": "repetition"},
    {"use": "language"},
    {"use": "edit_rate", "min": 0.016, "max": 0.9, "unit": "character"},
    {"use": "similarity", "min": 0.4},
    {"use": "fluency", "max": 5.0},
    {"use": "label_agreement"},
]
NO_CHINESE = {"fluency", "gibberish"}
"""The bundled language model reads English."""

CAUGHT, KEPT = 0.95, 0.8
"""Shares of the planted faults that are rejected for the right reason, and of good variants that
are kept."""


@pytest.fixture
def poisons(monkeypatch):
    """The augmenters of ``plugins/poisons.py``, registered as installed ones are."""
    monkeypatch.syspath_prepend(str(PLUGINS))
    registry._targets.cache_clear()
    yield import_module("poisons")
    monkeypatch.undo()
    sys.modules.pop("poisons")
    registry._targets.cache_clear()


def corpus(poisons, language):
    """Real texts, each with a number and an opinion that gives it its label."""
    name, sentence, ands, least, most = {
        "en": ("english", "{} That was number {}; to me it was {}.", (", ", " and "), 100, 230),
        "zh": ("chinese", "{}这是第{}条，我觉得它{}。", ("、", "和"), 45, 100),
    }[language]
    texts = pq.read_table(DATA / f"{name}.parquet", columns=["text"]).column(0).to_pylist()
    plain = re.compile(r"[^0-9<>{}\[\]@#%&$*/_\n]*")
    texts = [t for t in dict.fromkeys(texts) if least <= len(t) <= most and plain.fullmatch(t)]
    pairs = [pair for pair in poisons.PAIRS if pair[0].isascii() == (language == "en")]
    rng = np.random.default_rng(3)
    rows = []
    for i, text in enumerate(texts[:ROWS]):
        one, two, three = (pairs[j][i % 2] for j in rng.permutation(len(pairs))[:3])
        said = sentence.format(text, 100 + i, f"{one}{ands[0]}{two}{ands[1]}{three}")
        rows.append({"text": said, "label": ("praise", "blame")[i % 2]})
    return pa.Table.from_pylist(rows)


def ground(tmp_path, poisons, language):
    """What became of a corpus's variants: view → its counts."""
    pq.write_table(corpus(poisons, language), tmp_path / "in.parquet")
    skipped = NO_CHINESE if language == "zh" else set()
    faults = [name for name in FAULTS if name not in skipped]
    views = {name: {"copies": 1, "steps": [{"use": name}]} for name in faults}
    views["forgetful"] = {"copies": 2, "steps": [{"use": "forgetful"}]}
    views["good"] = {"copies": 1, "steps": [{"use": "synonym", "rate": 0.3, "min_edits": 2}]}
    recipe = {
        "input": str(tmp_path / "in.parquet"),
        "output": str(tmp_path / "out"),
        "label": "label",
        "language": language,
        "protect": [],
        "views": views,
        "filters": [entry for entry in FILTERS if entry["use"] not in skipped],
    }
    return run(recipe, workers=1).stats.views


@pytest.mark.parametrize("language", [pytest.param("en", marks=pytest.mark.slow), "zh"])
def test_every_planted_fault_is_rejected_by_the_filter_meant_for_it(tmp_path, poisons, language):
    views = ground(tmp_path, poisons, language)
    for name in FAULTS.keys() & views.keys():
        assert views[name].declined == 0, name
        assert views[name].rejected.get(FAULTS[name], 0) >= CAUGHT * ROWS, (name, views[name])
    forgetful, good = views["forgetful"], views["good"]
    assert forgetful.made >= KEPT * ROWS, forgetful
    assert forgetful.rejected["duplicates: exact"] == forgetful.made, forgetful
    assert good.made >= KEPT * (ROWS - good.declined), good
