"""Corpora on disk, components that fail on command, and jobs seen from outside."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xxhash
import yaml

from augment import registry
from pipelines import run

PLUGINS = Path(__file__).parent / "plugins"
ROOT = Path(__file__).parents[2]

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


@dataclass
class Job:
    """A nightly job seen from outside: files in, a recipe, the command line, files out.

    Attributes:
        folder: of all of it.
        temporary: where killed processes leave their sockets.
        started: processes, each of which leads a group.
    """

    folder: Path
    temporary: Path
    started: list[subprocess.Popen] = field(default_factory=list)

    @property
    def output(self):
        return self.folder / "out"

    @property
    def environment(self):
        return {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(PLUGINS)]),
            "TMPDIR": str(self.temporary),
        }

    def write(self, number, texts, *, first=None, **options):
        """A file of the input, put in its place whole; its rows are numbered from ``first`` on."""
        first = number * 1_000_000 if first is None else first
        path = self.folder / "in" / f"f{number:03}.parquet"
        path.parent.mkdir(exist_ok=True)
        unfinished = self.folder / path.name
        table = pa.table({"text": texts, "n": range(first, first + len(texts))})
        pq.write_table(table, unfinished, **options)
        return unfinished.replace(path)

    def fill(self, files, rows):
        """So many files of so many rows each."""
        for number in range(files):
            self.write(number, [f"File {number}. {text}" for text in sentences(rows)])

    def recipe(self, name="recipe.yaml", **values):
        """A recipe file; synonyms, unless it has other steps."""
        defaults = {"input": "in", "output": "out", "id": "n"}
        steps = {} if "views" in values else {"steps": [{"use": "synonym", "rate": 0.3}]}
        (self.folder / name).write_text(yaml.safe_dump({**defaults, **steps, **values}))

    def start(self, *arguments):
        """The command line in a process group of its own."""
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines", *map(str, arguments)],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def call(self, *arguments, code=0):
        """What the command line says, on either stream."""
        return self.ended(self.start(*arguments), code)

    def ended(self, process, code=0):
        """What a command that was started says; it must end with this code."""
        said, _ = process.communicate(timeout=600)
        assert process.returncode == code, said
        assert "Traceback" not in said, said
        return said

    def digest(self, place=None):
        """Of the names and bytes of all files that readers see."""
        place = place or self.output
        state = xxhash.xxh3_128()
        for path in sorted(place.rglob("*")):
            if path.is_file():
                state.update(f"{path.relative_to(place)}\n".encode())
                state.update(path.read_bytes())
        return state.hexdigest()

    @staticmethod
    def until(condition, seconds=600.0):
        """Wait for something that happens in another process."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end
            time.sleep(0.002)

    def undisturbed(self, *arguments, **recipe):
        """The digest of a run over the same input in a fresh folder."""
        number = len(list(self.folder.glob("fresh-*.yaml")))
        self.recipe(f"fresh-{number}.yaml", **{**recipe, "output": f"fresh-{number}"})
        self.call("run", f"fresh-{number}.yaml", *arguments)
        return self.digest(self.folder / f"fresh-{number}")


@pytest.fixture
def job(tmp_path):
    # The path of a socket may not be long, and those of pytest are.
    with tempfile.TemporaryDirectory(prefix="job-") as temporary:
        job = Job(tmp_path, Path(temporary))
        yield job
        for process in job.started:
            if process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
