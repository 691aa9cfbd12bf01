"""A run that is killed at any instant: readers see the old or the new version, whole."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pyarrow.dataset as ds
import pytest

duckdb = pytest.importorskip("duckdb")

KILLS, FILES, ROWS, KEPT = 200, 44, 40, 2

_STEM = """
import json, os, sys
import pipelines.cli, pipelines.runner, pipelines.shard, pipelines.terminal
for line in sys.stdin:
    child = os.fork()
    if not child:
        os.setpgid(0, 0)
        said = os.open("said.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0), os.dup2(said, 1), os.dup2(said, 2)
        sys.argv = ["augmill", *json.loads(line)]
        pipelines.cli.main()
    os.setpgid(child, child)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Stem:
    """A process with everything imported, from which runs branch off: they begin at once."""

    def __init__(self, job) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _STEM],
            cwd=job.folder,
            env=job.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, *arguments) -> "Run":
        self._process.stdin.write(json.dumps(arguments) + "\n")
        self._process.stdin.flush()
        return Run(int(self._process.stdout.readline()), self._process.stdout.readline)

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()


@dataclass
class Run:
    """A process that leads a group, and what tells its exit code once it has ended."""

    pid: int
    ended: Callable[[], object]

    def going(self) -> bool:
        return Path(f"/proc/{self.pid}").exists()

    def kill(self) -> int:
        """The exit code; no process of the group is left."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        code = int(self.ended())
        while running(self.pid):
            time.sleep(0.002)
        return code


def running(group: int) -> list[int]:
    """Every process of a group that is not dead."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, its = path.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(its) == group and state not in "ZX":
            found.append(int(path.parent.name))
    return found


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def seen(job, place=None) -> tuple[object, ...]:
    """What readers find: files and bytes, and rows by pyarrow and by DuckDB."""
    place = place or job.output
    rows = ds.dataset(place, format="parquet").to_table(columns=["aug_id", "text"])
    with duckdb.connect() as database:
        sums = "count(*), sum(hash(aug_id)), sum(hash(text))"
        query = f"select {sums} from read_parquet('{place}/*.parquet')"
        found = database.execute(query).fetchone()
    assert rows.num_rows == found[0]
    return (job.digest(place), *found)


@dataclass(frozen=True)
class Wanted:
    """What the next version is to be made of."""

    seed: int
    edited: bool

    def prepare(self, job) -> None:
        job.recipe(seed=self.seed, keep_versions=KEPT)
        begin = "Edited" if self.edited else "File"
        job.write(7, [f"{begin} 7. The huge movie was a success {i}" for i in range(ROWS)])


def at_start(job, run, rng, keys) -> None:
    """Within the time that a run needs to come to its first shard."""
    time.sleep(rng.uniform(0, 0.4))


def while_computing(job, run, rng, keys) -> None:
    """Shortly after some shard is done."""
    objects = job.folder / "out.aug" / "objects"
    missing = len(keys - names(objects))
    left = rng.randrange(missing) if missing else 0
    job.until(lambda: len(keys - names(objects)) <= left or not run.going())
    time.sleep(rng.uniform(0, 0.03))


def before_commit(job, run, rng, keys) -> None:
    """Shortly after the last shard is done."""
    objects = job.folder / "out.aug" / "objects"
    job.until(lambda: keys <= names(objects) or not run.going())
    time.sleep(rng.uniform(0, 0.01))


def at_commit(job, run, rng, keys) -> None:
    """Shortly after the version is in the log: snapshot, swap, retention."""
    log = job.folder / "out.aug" / "log"
    before = names(log)
    job.until(lambda: names(log) > before or not run.going())
    time.sleep(rng.uniform(0, 0.02))


def anywhere(job, run, rng, keys) -> None:
    """At any instant of a run that computes everything, and a little after it."""
    time.sleep(rng.uniform(0, 2.5))


MOMENTS = {at_start: 1, while_computing: 2, before_commit: 1, at_commit: 3, anywhere: 1}


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_killed_at_any_instant_a_run_leaves_the_old_or_the_new_version(job, capsys):
    """The next version differs by the seed, by a file of the input, or by both."""
    rng = random.Random(13)
    job.fill(FILES, ROWS)
    stem = Stem(job)
    versions = [Wanted(seed, edited) for seed, edited in product(range(3), [False, True])]
    expected, keys = {}, {}
    for number, version in enumerate(versions):
        version.prepare(job)
        arguments = ["run", "recipe.yaml", "--workers", "2", "--set", f"output=fresh-{number}"]
        assert int(stem.start(*arguments).ended()) == 0, (job.folder / "said.txt").read_text()
        expected[version] = seen(job, job.folder / f"fresh-{number}")
        keys[version] = names(job.folder / f"fresh-{number}.aug" / "objects")
    assert len(set(expected.values())) == len(versions)

    published, wanted = None, versions[0]
    ends: Counter[tuple[str, str]] = Counter()
    kills = 0
    while kills < KILLS:
        wanted.prepare(job)
        moment = rng.choices([*MOMENTS], [*MOMENTS.values()])[0]
        run = stem.start("run", "recipe.yaml", "--workers", "2")
        moment(job, run, rng, keys[wanted])
        code = run.kill()
        assert code in (0, -signal.SIGKILL), (job.folder / "said.txt").read_text()
        kills += code != 0
        there = seen(job) if job.output.exists() else None
        old = expected.get(published)
        assert there in (old, expected[wanted]), f"kill {kills}, {moment.__name__}"
        assert code or there == expected[wanted]
        new = there == expected[wanted]
        ends[moment.__name__, "finished" if not code else "new" if new else "old"] += 1
        if new:
            published = wanted
            wanted = rng.choice([version for version in versions if version != published])

    wanted.prepare(job)
    assert int(stem.start("run", "recipe.yaml", "--workers", "2").ended()) == 0
    stem.close()
    assert seen(job) == expected[wanted]
    assert_tidy(job)
    with capsys.disabled():
        print()
        for (name, end), count in sorted(ends.items()):
            print(f"{name:<16} {end:<9} {count:4}")


def assert_tidy(job) -> None:
    """Nothing lies around that the layout of an output does not name."""
    home = job.folder / "out.aug"
    log = sorted((home / "log").iterdir())
    assert [path.name for path in log] == [f"{n:020}.json" for n in range(1, len(log) + 1)]
    entries = [json.loads(path.read_text()) for path in log[-KEPT:]]
    keys = {part["stored"]["key"] for entry in entries for part in entry["parts"]}
    assert names(home / "objects") == {f"{key}.parquet" for key in keys}
    assert names(home / "snapshots") == {f"{entry['version']:06}" for entry in entries}
    assert job.output.readlink() == Path("out.aug") / "snapshots" / f"{len(log):06}"
    assert not names(home / "tmp")
    folders = {"objects", "log", "snapshots", "quarantine", "runs", "cache", "tmp"}
    assert names(home) <= {*folders, "lock", "oldest", "rejects"}
    for path in home.rglob("*"):
        assert not re.search(r"^\.|\.tmp$|\.part$|\.spool$", path.name), path


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_killed_worker_costs_its_shard_alone(job):
    job.fill(12, 20)
    log = job.folder / "asked.log"
    steps = [{"use": "costly", "log": str(log), "seconds": 0.3}]
    digest = job.undisturbed("--workers", "1", steps=steps)
    log.write_text("")
    job.recipe(steps=steps)
    process = job.start("run", "recipe.yaml", "--workers", "2")
    os.kill(worker_at_work(job, process), signal.SIGKILL)
    assert "12 computed" in job.ended(process)
    assert job.digest() == digest
    asked = Counter(log.read_text().splitlines())
    assert len(asked) == 12 * 20
    again = {text.split(".")[0] for text, count in asked.items() if count > 1}
    assert len(again) <= 1, "the shard at which the worker was, and no other"
    assert max(asked.values()) <= 2


def worker_at_work(job, process) -> int:
    """A process of the run, not its first one, that is stopped while it makes an object."""
    while process.poll() is None:
        for pid in running(process.pid):
            if pid != process.pid and drafts(job, pid):
                os.kill(pid, signal.SIGSTOP)
                if drafts(job, pid):
                    return pid
                os.kill(pid, signal.SIGCONT)
    raise AssertionError(process.communicate()[0])


def drafts(job, pid: int) -> list[str]:
    """Files of objects in the making that a process has open."""
    found = []
    for link in Path(f"/proc/{pid}/fd").glob("*"):
        with suppress(OSError):
            found.append(str(link.readlink()))
    return [path for path in found if path.startswith(str(job.folder / "out.aug" / "tmp"))]
