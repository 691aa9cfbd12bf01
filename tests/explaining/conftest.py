"""Small corpora, augmented once per module."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines import run

TEXTS = [
    "The movie was a big success, and the director deserves another good chance.",
    "A tired actor and a huge house: nobody likes the quick story.",
    "Everybody was happy about the beautiful old car and the fast boat.",
    "See https://example.org/movie for 42 reasons.",
    "Big movie.",
]


class Mill:
    """Writes a corpus to a folder and runs recipes over it."""

    texts = TEXTS

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.output = str(folder / "out")

    def write(self, name: str = "in/a.parquet", first: int = 0, **columns: Any) -> None:
        rows = {
            "key": pa.array(range(first, first + len(TEXTS))),
            "text": pa.array(TEXTS),
            "label": pa.array(["good", "bad", "good", None, "bad"]),
        }
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({**rows, **columns}), path)

    def run(self, **recipe: Any) -> None:
        if not {"steps", "views"} & recipe.keys():
            recipe["steps"] = [{"use": "synonym", "rate": 0.4, "senses": 2}]
        run({"input": str(self.folder / "in"), "output": self.output, "id": "key", **recipe})

    def read(self) -> pa.Table:
        files = sorted(Path(self.output).glob("*.parquet"))
        return pa.concat_tables([pq.ParquetFile(file).read() for file in files])


@pytest.fixture
def mill(tmp_path: Path) -> Mill:
    made = Mill(tmp_path)
    made.write()
    return made
