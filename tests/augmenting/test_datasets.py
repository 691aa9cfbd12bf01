"""``datasets`` maps augmenters as they are, in several processes, and finds them in its cache.

Its fingerprints come from dill's pickles: what a class of a script or a notebook pickles as must
be the same in every process, or nothing that was mapped is ever found again.
"""

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from augment import BackTranslation, Chain, KeyboardNoise, MaskedLMFill, SynonymReplacement
from augment.testing import ReplaceText

TEXTS = [f"a cat and {number} other cats" for number in range(40)]
MADE = [text.replace("cat", "dog") for text in TEXTS]
REPLACE = ReplaceText(old="cat", new="dog")

SCRIPT = '''
"""A script as people write them: augmenters of its own, a dataset, a map in two processes."""
import json, pickle, sys, warnings
from pathlib import Path

import datasets
import pyarrow as pa
from augment import Augmenter, Chain, SynonymReplacement, augmenter, component
from augment.augmenter import variants_of_texts
from augment.component import Probability

datasets.disable_progress_bars()
warnings.simplefilter("error")
ENDING = "!"

@augmenter("shout")
def shout(text, rng):
    """A random word in capitals."""
    words = text.split(" ")
    place = rng.integers(len(words))
    words[place] = words[place].upper()
    return " ".join(words)

def ended(text):
    return text + ENDING

@component("louder")
class Louder(Augmenter):
    """All of it, with an end."""

    rate: Probability = 0.5

    def rewrite(self, batch):
        made = [f"{ended(text)} {self.rate}" for text in batch.text.to_pylist()]
        return variants_of_texts(batch, made)

    def resolved(self):
        return super().resolved()

if __name__ == "__main__":
    source = datasets.load_dataset("parquet", data_files=sys.argv[1], split="train")
    told = {}
    chain = Chain(steps=(SynonymReplacement(rate=0.5), shout(), Louder(rate=0.2)))
    for step in (shout(), Louder(rate=0.3), chain):
        made = source.map(lambda rows: {"text": step(rows["text"])}, batched=True, num_proc=2)
        assert made["text"][:] == step(source["text"])
        assert pickle.loads(pickle.dumps(step)) == step
        told[step.name] = {file["filename"]: Path(file["filename"]).stat().st_mtime_ns
                           for file in made.cache_files}
    print(json.dumps(told))
'''


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    cache = pytest.MonkeyPatch()
    cache.setenv("HF_HOME", str(tmp_path_factory.mktemp("hub")))
    import datasets as module

    module.disable_progress_bars()
    yield module
    module.enable_progress_bars()
    cache.undo()


def fingerprint(datasets: Any, value: object) -> str:
    return str(datasets.fingerprint.Hasher.hash(value))


class TestMap:
    def test_a_column_gives_a_list(self, datasets: Any) -> None:
        rows = datasets.Dataset.from_dict({"text": TEXTS})
        assert REPLACE(rows["text"]) == MADE
        assert REPLACE(rows[:3]["text"]) == MADE[:3]

    @pytest.mark.parametrize("size", [1, 7, None])
    def test_batches(self, datasets: Any, size: int | None) -> None:
        rows = datasets.Dataset.from_dict({"text": TEXTS, "label": [0, 1] * 20})
        made = rows.map(lambda b: {"text": REPLACE(b["text"])}, batched=True, batch_size=size)
        assert made["text"][:] == MADE
        assert made["label"][:] == rows["label"][:]

    def test_rows(self, datasets: Any) -> None:
        rows = datasets.Dataset.from_dict({"text": TEXTS})
        made = rows.map(lambda row: {"variant": REPLACE(row["text"])})
        assert made["variant"][:] == MADE

    @pytest.mark.parametrize("kind", ["arrow", "pandas", "polars", "numpy"])
    def test_formats(self, datasets: Any, kind: str) -> None:
        column = datasets.Dataset.from_dict({"text": TEXTS}).with_format(kind)[:]["text"]
        made = REPLACE(column)
        assert type(made) is (list if kind == "numpy" else type(column))
        assert pa.array(made).to_pylist() == MADE

    def test_a_stream(self, datasets: Any) -> None:
        rows = datasets.Dataset.from_dict({"text": TEXTS}).to_iterable_dataset(num_shards=2)
        made = rows.map(lambda b: {"text": REPLACE(b["text"])}, batched=True)
        assert [row["text"] for row in made] == MADE

    def test_on_the_fly(self, datasets: Any) -> None:
        rows = datasets.Dataset.from_dict({"text": TEXTS})
        made = rows.with_transform(lambda b: {"text": REPLACE(b["text"])})
        assert made[3]["text"] == MADE[3]

    def test_a_batch_is_not_taken_for_its_column_names(self, datasets: Any) -> None:
        rows = datasets.Dataset.from_dict({"text": TEXTS})
        with pytest.raises(TypeError, match="several columns: name the one of the texts"):
            rows.map(REPLACE, batched=True)


class TestFingerprint:
    @pytest.mark.parametrize(
        "build",
        [
            lambda: SynonymReplacement(rate=0.3),
            lambda: MaskedLMFill(),
            lambda: BackTranslation(pivot="pt"),
            lambda: Chain(steps=(SynonymReplacement(rate=0.3), KeyboardNoise(rate=0.1))),
        ],
    )
    def test_equal_components_have_one(self, datasets: Any, build: Callable[[], object]) -> None:
        assert fingerprint(datasets, build()) == fingerprint(datasets, build())

    def test_other_parameters_have_another(self, datasets: Any) -> None:
        some, more = (SynonymReplacement(rate=rate) for rate in (0.3, 0.4))
        assert fingerprint(datasets, some) != fingerprint(datasets, more)

    def test_another_version_has_another(
        self, datasets: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = fingerprint(datasets, REPLACE)
        monkeypatch.setattr(ReplaceText, "version", 2)
        assert fingerprint(datasets, REPLACE) != before

    def test_use_does_not_change_it(self, datasets: Any) -> None:
        step = SynonymReplacement(rate=0.3)
        before = fingerprint(datasets, step)
        step("The movie was a big success.")
        assert fingerprint(datasets, step) == before


def test_a_script_finds_what_it_mapped_before(tmp_path: Path) -> None:
    """Classes of ``__main__`` go to two workers, and the second run computes nothing."""
    pq.write_table(pa.table({"text": TEXTS}), tmp_path / "rows.parquet")
    (tmp_path / "script.py").write_text(SCRIPT, "utf-8")

    def run(seed: int) -> dict[str, dict[str, int]]:
        env = {**os.environ, "HF_HOME": str(tmp_path / "hub"), "PYTHONHASHSEED": str(seed)}
        command = [sys.executable, "script.py", "rows.parquet"]
        done = subprocess.run(
            command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        told: dict[str, dict[str, int]] = json.loads(done.stdout.splitlines()[-1])
        return told

    first = run(1)
    assert all(len(files) == 2 for files in first.values())
    assert run(2) == first


SENDER = '''
import sys
from pathlib import Path

import cloudpickle
from augment import Augmenter, component
from augment.augmenter import variants_of_texts
from augment.component import Probability

@component("louder")
class Louder(Augmenter):
    """Says its rate."""

    rate: Probability = 0.5

    def rewrite(self, batch):
        return variants_of_texts(batch, [f"{t} {self.rate}" for t in batch.text.to_pylist()])

sys.stdout.buffer.write(cloudpickle.dumps(Louder(rate=0.3)))
'''


def test_cloudpickle_sends_a_class_of_a_script() -> None:
    """As to the workers of a Ray cluster."""
    sent = subprocess.run([sys.executable, "-c", SENDER], capture_output=True, check=True).stdout
    step = pickle.loads(sent)
    assert repr(step) == "Louder(p=1.0, rate=0.3)"
    assert step("a cat") == "a cat 0.3"
