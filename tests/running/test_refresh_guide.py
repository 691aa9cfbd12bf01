"""``examples/refresh.md`` is true: its blocks run as they stand, one after the other."""

import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pandas as pd
import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "examples" / "refresh.md").read_text("utf-8")
BLOCKS = [
    (kind, dedent(body))
    for kind, body in re.findall(r"^ *```(\w+)\n(.*?)^ *```$", GUIDE, re.MULTILINE | re.DOTALL)
]


def blocks(language):
    return [body for kind, body in BLOCKS if kind == language]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_shell_blocks_run_in_order(tmp_path):
    (tmp_path / "data").symlink_to(ROOT / "data")
    for body in blocks("yaml"):
        (tmp_path / body.splitlines()[0].removeprefix("# ")).write_text(body, "utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    said = ""
    for body in blocks("sh"):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", body],
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{body}\n{done.stdout}\n{done.stderr}"
        said += done.stdout
    for told in (
        "shards     1 computed (1 new input), 0 reused",
        "augmented: unchanged, version 1",
        "version      2, ",
        "2: changed recipe: seed 0 → 7",
        "augmented: version 4, a rollback to 2",
        "augmented: unchanged, version 4",
    ):
        assert told in said
    moved = pq.read_table(tmp_path / "moved")
    assert moved.column_names[-1] == "augmented_0"
    assert moved.num_rows == 100


def test_the_loop_that_is_moved_over_is_one():
    (body,) = blocks("python")
    names = {"corpus": pd.DataFrame({"text": ["The quick brown fox jumps over the lazy dog."] * 2})}
    exec(body, names)
    assert (names["corpus"]["augmented"] != names["corpus"]["text"]).all()


def test_every_exit_code_of_the_table_is_one_of_augmill():
    rows = [line.split("|") for line in GUIDE.splitlines() if line.startswith("| ")]
    codes = {int(n) for row in rows if len(row) == 6 for n in re.findall(r"\b\d+\b", row[3])}
    assert codes == {0, 1, 64, 65, 66, 74, 75, 78, 130}
