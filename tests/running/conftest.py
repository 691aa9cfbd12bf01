"""Corpora on disk, and components that fail on command."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from augment import registry
from pipelines import run

PLUGINS = Path(__file__).parent / "plugins"

OPENING = "The huge movie about a beautiful house was rapidly a success"
WORDS = f"{OPENING} and the children were happy".split()


def sentences(count):
    """Distinct English sentences of different lengths."""
    return [f"Line {i}: " + " ".join(WORDS[i % 5 : 6 + i % 11]) for i in range(count)]


@pytest.fixture
def texts():
    return sentences


@pytest.fixture
def plugins(monkeypatch):
    """The components of ``plugins/augmill_fixture.py``, registered as installed ones are."""
    monkeypatch.syspath_prepend(str(PLUGINS))
    registry._targets.cache_clear()
    yield PLUGINS
    monkeypatch.undo()
    registry._targets.cache_clear()


@dataclass
class Mill:
    """Writes corpora to a folder, runs recipes over them, reads what came out."""

    folder: Path

    @property
    def output(self):
        return self.folder / "out"

    def write(self, table, name="in.parquet", **options):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, path, **options)
        return path

    def recipe(self, **values):
        if not {"steps", "views"} & values.keys():
            values["steps"] = [{"use": "synonym", "rate": 0.3}]
        return {"input": str(self.folder / "in.parquet"), "output": str(self.output), **values}

    def run(self, table=None, *, workers=1, limit=None, **values):
        if table is not None:
            self.write(table)
        return run(self.recipe(**values), workers=workers, limit=limit)

    def read(self, place=None):
        parts = sorted((place or self.output).glob("*.parquet"))
        return pa.concat_tables([pq.ParquetFile(part).read() for part in parts])

    def rejects(self, name="rejects"):
        return self.read(self.folder / "out.aug" / name)


@pytest.fixture
def mill(tmp_path):
    return Mill(tmp_path)
