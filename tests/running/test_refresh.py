"""A refresh costs what changed, and gives what a run over everything would have given."""

import os
import time

import pyarrow.parquet as pq
import pytest

from pipelines import run

GROUP = 10_000
"""Rows of a row group that is a shard of its own."""


class Refreshes:
    """One corpus, run again after every change; remembers what each run computed."""

    def __init__(self, job, files, rows):
        self.job, self.files, self.rows = job, files, rows
        self.table = []
        self.values = {"seed": 1}
        job.fill(files, rows)

    def run(self, case):
        before = [path.resolve() for path in [self.job.output] if path.exists()]
        begun = time.perf_counter()
        summary = run({**self.recipe(), **self.values})
        seconds = time.perf_counter() - begun
        new = [self.job.output.resolve()] != before
        assert new == summary.changed
        computed = sum(summary.computed.values())
        self.table.append((case, computed, summary.reused, new, seconds, summary.computed))
        return computed, summary.reused, new

    def recipe(self):
        places = {"input": str(self.job.folder / "in"), "output": str(self.job.output)}
        return {**places, "id": "n", "steps": [{"use": "synonym", "rate": 0.3}]}

    def path(self, number):
        return self.job.folder / "in" / f"f{number:03}.parquet"

    def texts(self, number, count=None):
        return [f"File {number}. Row {i} of a huge house" for i in range(count or self.rows)]

    def numbers(self):
        """The numbers of the source rows in the output."""
        return {*pq.ParquetDataset(self.job.output).read(["n"])["n"].to_pylist()}

    def holds(self, text):
        texts = pq.ParquetDataset(self.job.output).read(["text"])["text"].to_pylist()
        return any(text in found for found in texts)

    def is_right(self):
        """The same bytes as those of a run that knows nothing of the ones before."""
        fresh = self.job.folder / f"fresh-{len(self.table)}"
        run({**self.recipe(), **self.values, "output": str(fresh)})
        return self.job.digest() == self.job.digest(fresh)

    def shown(self):
        head = ("", "computed", "reused", "published", "seconds", "why")
        lines = ["{:<28} {:>8} {:>6} {:>9} {:>7}  {}".format(*head)]
        for case, computed, reused, new, seconds, why in self.table:
            reasons = "; ".join(f"{reason} ({count})" for reason, count in why.items())
            numbers = f"{computed:>8} {reused:>6} {'yes' if new else 'no':>9} {seconds:>7.2f}"
            lines.append(f"{case:<28} {numbers}  {reasons}")
        return "\n".join(lines)


@pytest.mark.parametrize("files", [10, pytest.param(200, marks=pytest.mark.slow)])
def test_a_refresh_computes_what_changed(job, files, capsys):
    small = files < 100
    it = Refreshes(job, files, rows=20)
    assert it.run("everything new") == (files, 0, True)

    assert it.run("nothing changed") == (0, files, False)
    seconds = it.table[-1][4]

    for number in range(files):
        os.utime(it.path(number))
    it.path(3).rename(it.path(3).with_name("f003-renamed.parquet"))
    computed, reused, _ = it.run("all touched, one renamed")
    assert (computed, reused) == (0, files)
    it.path(3).with_name("f003-renamed.parquet").rename(it.path(3))
    assert it.run("renamed back")[:2] == (0, files)

    rows = it.texts(4)
    job.write(4, rows)
    it.run("another text in one file")
    rows[7] = "An edited row in the beautiful house"
    job.write(4, rows)
    assert it.run("one row edited") == (1, files - 1, True)
    assert it.holds("An edited row")
    assert it.is_right() or not small

    del rows[11]
    job.write(4, rows)
    assert it.run("one row deleted") == (1, files - 1, True)
    assert not it.holds("File 4. Row 11 of")
    assert it.holds("File 4. Row 12 of")

    it.path(5).unlink()
    assert it.run("one file removed") == (0, files - 1, True)
    assert not any(number // 1_000_000 == 5 for number in it.numbers())
    assert it.is_right() or not small

    job.write(5, it.texts(5))
    assert it.run("one file added") == (1, files - 1, True)

    it.values["seed"] = 2
    assert it.run("another seed") == (files, 0, True)
    it.values["seed"] = 1
    assert it.run("the first seed again") == (0, files, True)
    assert it.is_right() or not small

    job.write(6, it.texts(6), compression="gzip")
    assert it.run("one file compressed anew")[1] >= files - 1

    with capsys.disabled():
        allowed = 2 + 0.005 * files
        print(f"\n{files} files of {it.rows} rows\n{it.shown()}")
        print(f"nothing changed: {seconds:.2f} s, wanted at most {allowed:.2f} s")


def test_rows_appended_to_a_file_cost_their_row_groups_alone(job, capsys):
    it = Refreshes(job, 2, rows=20)
    long = it.texts(0, 2 * GROUP)
    job.write(0, long, row_group_size=GROUP)
    assert it.run("two row groups and a file") == (3, 0, True)
    job.write(0, [*long, *it.texts(9, 300)], row_group_size=GROUP)
    assert it.run("a row group appended") == (1, 3, True)
    assert it.holds("File 9. Row 299 of")
    long[GROUP + 5] = "An edited row in the beautiful house"
    job.write(0, [*long, *it.texts(9, 300)], row_group_size=GROUP)
    assert it.run("a row edited in the second") == (1, 3, True)
    job.write(0, long, row_group_size=GROUP)
    assert it.run("the appended rows cut off") == (0, 3, True)
    assert not it.holds("File 9.")
    with capsys.disabled():
        print(f"\n{it.shown()}")
