"""What goes wrong around a run: full disks, other runs, files that change or are damaged."""

import os
import re
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def disk(folder: Path, megabytes: int):
    """A small disk, mounted in a folder."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("this user may mount nothing")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def full_but_for(folder: Path, free: int) -> Path:
    """A file that takes all of a disk but so many bytes."""
    ballast = folder / "ballast"
    status = os.statvfs(folder)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, status.f_bavail * status.f_bsize - free)
    return ballast


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_full_disk_keeps_the_old_version_and_a_rerun_completes(job):
    """The disk is full at different points: at once, among the shards, near the end."""
    job.fill(10, 400)
    new = {"copies": 3, "seed": 1, "steps": [{"use": "synonym", "rate": 0.3}]}
    wanted = job.undisturbed("--workers", "2", **new)
    objects = job.folder / "fresh-0.aug" / "objects"
    needed = sum(path.stat().st_size for path in objects.iterdir())
    with disk(job.folder / "disk", 64) as small:
        job.recipe(output="disk/out")
        job.call("run", "recipe.yaml", "--workers", "2")
        output = small / "out"
        before = job.digest(output)
        job.recipe(output="disk/out", **new)
        for share in (0, 0.02, 0.1, 0.3, 0.5):
            ballast = full_but_for(small, int(share * needed))
            said = job.call("run", "recipe.yaml", "--workers", "2", code=74)
            assert "No space left" in said.splitlines()[-1]
            assert job.digest(output) == before
            ballast.unlink()
        job.call("run", "recipe.yaml", "--workers", "2")
        assert job.digest(output) == wanted
        assert not [*(small / "out.aug" / "tmp").glob("*")]


@pytest.fixture
def gate(job):
    """Runs whose step waits at a named pipe until it is opened."""
    gate = Gate(job)
    yield gate
    gate.close()


class Gate:
    def __init__(self, job):
        self.job, self.pipe, self.ends = job, job.folder / "pipe", []
        os.mkfifo(self.pipe)

    def begin(self):
        """A run in the middle of its first shards, where it stays."""
        self.job.recipe(steps=[{"use": "costly", "log": str(self.pipe)}])
        process = self.job.start("run", "recipe.yaml", "--workers", "2")
        tmp = self.job.folder / "out.aug" / "tmp"
        self.job.until(lambda: [*tmp.glob("*/*.parquet")] or process.poll() is not None)
        return process

    def open(self):
        """Nobody waits any more; what is written stays in the pipe."""
        self.ends.append(os.open(self.pipe, os.O_RDWR))

    def close(self):
        for end in self.ends:
            os.close(end)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_second_run_is_told_to_come_later(job, gate):
    job.fill(12, 10)
    first = gate.begin()
    said = job.call("run", "recipe.yaml", "--workers", "2", code=75)
    assert "another run is writing" in said
    gate.open()
    job.ended(first)
    assert "0 computed, 12 reused" in job.call("run", "recipe.yaml", "--workers", "2")


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("how", ["replaced", "in place", "removed"])
def test_an_input_that_changes_meanwhile_is_not_published(job, gate, how):
    job.fill(12, 10)
    job.recipe()
    job.call("run", "recipe.yaml", "--workers", "1")
    before = job.digest()
    process = gate.begin()
    last = job.folder / "in" / "f011.parquet"
    if how == "removed":
        last.unlink()
    elif how == "replaced":
        job.write(11, [f"Another text number {i} of the same house" for i in range(10)])
    else:
        other = job.write(99, [f"Another text number {i} of the house" for i in range(12)])
        last.write_bytes(other.read_bytes())
        other.unlink()
    gate.open()
    said = job.ended(process, code=75)
    assert "f011.parquet" in said
    assert job.digest() == before
    if how != "removed":
        job.recipe()
        job.call("run", "recipe.yaml", "--workers", "1")
        assert job.digest() == job.undisturbed("--workers", "1")


@pytest.mark.parametrize("what", ["footer", "page", "cut"])
def test_a_damaged_input_is_named(job, what):
    job.fill(3, 500)
    job.recipe()
    job.call("run", "recipe.yaml", "--workers", "1")
    before = job.digest()
    path = job.folder / "in" / "f001.parquet"
    data = bytearray(path.read_bytes())
    if what == "cut":
        del data[len(data) // 2 :]
    else:
        start = len(data) - 200 if what == "footer" else 40
        data[start : start + 100] = bytes(100)
    path.write_bytes(data)
    said = job.call("run", "recipe.yaml", "--workers", "1", code=65)
    assert "f001.parquet" in said
    assert len(said.splitlines()) == 1
    assert job.digest() == before


@pytest.mark.parametrize("workers", [1, 2])
def test_a_flipped_bit_is_found_and_the_next_run_repairs_it(job, workers):
    job.fill(3, 50)
    job.recipe()
    job.call("run", "recipe.yaml", "--workers", workers)
    before = job.digest()
    assert "f001" not in job.call("verify", "out")
    damaged = flip(sorted(job.output.iterdir())[1].resolve())
    assert job.digest() != before
    said = job.call("verify", "out", code=65)
    found = re.findall(r"[0-9a-f]{32}|part-\d+", said)
    assert {"part-00001", damaged} & {*found}
    assert not {"part-00000", "part-00002"} & {*found}
    assert "f001.parquet" in said
    job.call("run", "recipe.yaml", "--workers", workers)
    assert job.digest() == before
    job.call("verify", "out")


def flip(path: Path) -> str:
    """Change a bit in the middle of a file; the key of the object that it is."""
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    inode = path.stat().st_ino
    with path.open("rb+") as file:
        file.write(data)
    home = next(p for p in path.parents if p.name.endswith(".aug"))
    return next(p.stem for p in (home / "objects").iterdir() if p.stat().st_ino == inode)
