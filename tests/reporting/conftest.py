"""A small corpus in two languages, published in every layout, and its report."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines import run
from pipelines.report.writing import entry_of, write_report
from pipelines.store.opening import open_published

ENGLISH = [
    f"{who} {what} {where}, and {end} ({i})."
    for i, (who, what, where, end) in enumerate(
        (who, what, where, end)
        for who in ("A big dog", "My old friend", "The quick child", "Nobody")
        for what in ("found a nice house", "rapidly bought a car", "likes the huge movie")
        for where in ("near the small river", "in a beautiful city", "behind the shop")
        for end in ("the people were happy", "it was a big success", "it began to rain")
    )
]
CHINESE = [
    f"{who}{what}{where}。"
    for who in ("我们", "这个老师", "很多学生")
    for what in ("非常喜欢", "经常讨论", "认真研究")
    for where in ("美丽的风景", "重要的问题", "新的方法")
]


def corpus(english=ENGLISH):
    """Rows with ids, labels (one of five has none) and languages."""
    texts = [*english, *CHINESE]
    labels = [
        None if i % 5 == 4 else ("pets", "cars <b>&", "films")[i % 3] for i in range(len(texts))
    ]
    return pa.table(
        {
            "n": [f"r{i}" for i in range(len(texts))],
            "text": texts,
            "topic": labels,
            "lang": ["en"] * len(english) + ["zh"] * len(CHINESE),
        }
    )


VIEWS = {
    "weak": {"steps": [{"use": "synonym", "rate": 0.2}]},
    "strong": {
        "copies": 2,
        "steps": [{"use": "synonym", "rate": 0.5}, {"use": "random_swap", "rate": 0.2, "p": 0.5}],
    },
}


@dataclass
class Published:
    """A dataset as a run left it."""

    folder: Path
    layout: str

    @property
    def output(self):
        return str(self.folder / self.layout)

    @property
    def store(self):
        return open_published(self.output)

    @property
    def entry(self):
        return entry_of(self.store, None)

    def rows(self):
        """Everything, as pandas has it."""
        parts = sorted(Path(self.output).glob("*.parquet"))
        return pa.concat_tables([pq.read_table(part) for part in parts]).to_pandas()

    def report(self, folder=None, **options):
        return write_report(self.store, self.entry, folder, **options)


def publish_to(folder, layout, table=None, **values):
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(corpus() if table is None else table, folder / "in.parquet", row_group_size=40)
    recipe = {
        "input": str(folder / "in.parquet"),
        "output": str(folder / layout),
        "id": "n",
        "label": "topic",
        "language": {"column": "lang"},
        "layout": layout,
        "views": VIEWS,
        "filters": [{"use": "length_ratio", "min": 0.96, "max": 1.04}],
        "max_reject_fraction": 1.0,
        **values,
    }
    run(recipe, workers=1)
    return Published(folder, layout)


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    """The same corpus in every layout, made when it is asked for."""
    folder = tmp_path_factory.mktemp("published")
    made = {}

    def get(layout):
        if layout not in made:
            # Pairs do not keep the column of languages.
            english = corpus().slice(0, len(ENGLISH)) if layout == "pairs" else None
            spoken = {"language": "en"} if layout == "pairs" else {}
            made[layout] = publish_to(folder / layout, layout, english, **spoken)
        return made[layout]

    return get


@pytest.fixture(scope="session")
def card(published):
    """The report of the long layout."""
    return published("long").report()


@pytest.fixture
def publish():
    """Publishes a table, or the corpus, in a layout."""
    return publish_to


@pytest.fixture
def plain(tmp_path):
    """Publishes some English rows without labels."""

    def call(**values):
        table = pa.table({"n": [str(i) for i in range(20)], "text": ENGLISH[:20]})
        return publish_to(tmp_path, "long", table, language="en", label=None, **values)

    return call
