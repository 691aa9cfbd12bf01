"""Texts and what became of them, judged."""

import pyarrow as pa
import pytest

from augment.batch import TextBatch, Variants
from augment.registry import build
from augment.statistics import CorpusStatistics
from augment.text.diff import edits_between


def verdicts(spec, sources, variants, language="en", protected=None):
    """What the filter of a recipe entry says of variants; None is one that was declined."""
    judge = build({"use": spec} if isinstance(spec, str) else spec, "filter")
    batch = TextBatch.of(sources, language=language, protected=protected)
    made = Variants(pa.array(variants, pa.string()), edits_between(sources, variants))
    return judge.judge(batch, made)


def _reason(spec, source, variant, language="en", protected=None):
    """Why one variant is rejected, None if it is kept."""
    found = verdicts(spec, [source], [variant], language, protected)
    return found.reason[0].as_py()


def _score(spec, source, variant, language="en", protected=None):
    return float(verdicts(spec, [source], [variant], language, protected).score[0])


@pytest.fixture(scope="session")
def judged():
    return verdicts


@pytest.fixture(scope="session")
def reason():
    return _reason


@pytest.fixture(scope="session")
def score():
    return _score


@pytest.fixture
def counted(tmp_path):
    """Writes the statistics of a corpus; gives their path."""

    def count(texts, language="en"):
        path = tmp_path / f"{language}.arrow"
        CorpusStatistics.of(texts, language, min_documents=1).save(path)
        return str(path)

    return count
