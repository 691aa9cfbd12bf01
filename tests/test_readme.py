"""The README's code runs as it stands: Python and shell blocks in order, recipes through check."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = BLOCK.findall(README)


def blocks(language: str) -> list[str]:
    return [body for kind, body in BLOCKS if kind == language]


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample data and every recipe of the README under its name."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "data").symlink_to(ROOT / "data")
    for body in blocks("yaml"):
        name = body.splitlines()[0].removeprefix("# ")
        (folder / name).write_text(body, "utf-8")
    return folder


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path}
    return subprocess.run(
        command, shell=True, cwd=folder, capture_output=True, text=True, env=env, check=False
    )


def test_python_blocks_run() -> None:
    namespace: dict[str, object] = {}
    for body in blocks("python"):
        exec(compile(body, "README.md", "exec"), namespace)
    assert namespace["shout"]


COMMANDS = [
    line.split("  #")[0].strip() for body in blocks("sh") for line in body.splitlines() if line
]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_shell_commands_run(workplace: Path) -> None:
    for command in COMMANDS:
        done = run(command, workplace)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        assert done.stdout.strip(), command


def test_every_recipe_is_valid(workplace: Path) -> None:
    for recipe in workplace.glob("*.yaml"):
        assert run(f"augmill check {recipe.name}", workplace).returncode == 0, recipe.name


def test_the_entities_are_those_of_the_table(workplace: Path) -> None:
    table = README.partition("| view | text | entities |")[2].partition("\n\n")[0]
    told = [[cell.strip() for cell in line.split("|")[1:4]] for line in table.splitlines()[2:]]
    bounds = [re.findall(r"(\d+)–(\d+) (\w+)", cell) for _, _, cell in told]
    spans = [[{"start": int(a), "stop": int(b), "label": c} for a, b, c in row] for row in bounds]
    source = pa.table({"text": [told[0][1]], "entities": spans[:1]})
    pq.write_table(source, workplace / "ner.parquet")
    done = run("augmill run ner.yaml", workplace)
    assert done.returncode == 0, done.stderr
    made = pq.read_table(workplace / "build" / "ner").to_pylist()
    assert [row["text"] for row in made] == [text.replace("**", "") for _, text, _ in told]
    assert [row["entities"] for row in made] == spans


def test_links_lead_somewhere() -> None:
    assert "<!--" not in README
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
