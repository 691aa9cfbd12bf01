"""Small labelled corpora whose outcome is known beforehand."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from augment import augmenter
from pipelines import plan as planning
from pipelines import recipe as recipes

GOOD, BAD = ("splendid", "charming", "moving", "witty"), ("dreary", "clumsy", "hollow", "stale")
ABOUT = ("The plot", "The music", "Every scene", "Its hero", "The ending", "The camera work")


def _reviews(count, seed=0):
    random = np.random.default_rng(seed)
    rows = []
    for i in range(count):
        label = i % 2
        word = random.choice((GOOD, BAD)[label] if random.random() < 0.67 else ("long", "new"))
        rows.append((f"{random.choice(ABOUT)} of film {i} is {word}.", ("good", "bad")[label]))
    return rows


@pytest.fixture
def reviews():
    """``(text, label)`` of different texts; a third of them say nothing of their label."""
    return _reviews


@augmenter("telling")
def _telling(text, rng):
    return _with(text, rng, {**dict.fromkeys(GOOD, GOOD), **dict.fromkeys(BAD, BAD)})


@augmenter("misleading")
def _misleading(text, rng):
    return _with(text, rng, {**dict.fromkeys(GOOD, BAD), **dict.fromkeys(BAD, GOOD)})


def _with(text, rng, others):
    head, _, last = text.removesuffix(".").rpartition(" ")
    return f"{head} {rng.choice(others[last])}." if last in others else None


@pytest.fixture
def telling():
    """Puts another word of the same kind in place of the one that tells the label."""
    return _telling()


@pytest.fixture
def misleading():
    """Puts a word of the other kind there."""
    return _misleading()


@pytest.fixture
def corpus(tmp_path):
    """Writes rows with their labels, and other columns, to a file."""

    def write(rows, **columns):
        texts, labels = zip(*rows, strict=True)
        path = tmp_path / "rows.parquet"
        pq.write_table(
            pa.table({"text": texts, "label": pa.array(labels, pa.string()), **columns}), path
        )
        return str(path)

    return write


@pytest.fixture
def plan_of(tmp_path):
    """Plans of recipes over a file."""

    def build(file, *steps, copies=2, **keys):
        values = {"input": file, "output": str(tmp_path / "out"), "label": "label"}
        steps = list(steps) or [{"use": "random_swap", "rate": 0.2}]
        return planning.build(recipes.parse({**values, "copies": copies, "steps": steps, **keys}))

    return build
