"""The notebooks run from any folder of a checkout, and what is kept in them is what they show."""

import importlib.util
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
HERE = ROOT / "examples" / "notebooks"


def _loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("notebooks_run", HERE / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


run = _loaded()
each = pytest.mark.parametrize("path", run.NOTEBOOKS, ids=lambda path: path.stem)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Of a checkout only what notebooks may look for."""
    (tmp_path / "deep" / "inside").mkdir(parents=True)
    (tmp_path / "data").symlink_to(ROOT / "data")
    return tmp_path


@each
@pytest.mark.slow
def test_it_shows_what_is_kept_and_leaves_nothing(path: Path, checkout: Path) -> None:
    before = sorted(checkout.rglob("*"))
    assert run.changes(path, checkout / "deep" / "inside") == []
    assert sorted(checkout.rglob("*")) == before


@each
def test_it_is_tidy(path: Path) -> None:
    kept = nbformat.read(path, as_version=4)
    assert kept == run.tidy(nbformat.read(path, as_version=4))
    assert all(set(cell.metadata) <= {"tags"} for cell in kept.cells)
    codes = [cell for cell in kept.cells if cell.cell_type == "code"]
    assert all(len(cell.source.splitlines()) <= 32 for cell in codes)
    assert not any(out.output_type == "error" for cell in codes for out in cell.outputs)
    assert sum(bool(cell.outputs) for cell in codes) >= len(codes) / 2


@each
def test_its_links_lead_somewhere(path: Path) -> None:
    prose = [cell.source for cell in nbformat.read(path, as_version=4).cells]
    for target in run_links("\n".join(prose)):
        assert (HERE / target).exists(), target


def run_links(text: str) -> list[str]:
    return [part.partition(")")[0] for part in text.split("](")[1:]]


def test_a_change_is_seen(tmp_path: Path) -> None:
    cells = [nbformat.v4.new_code_cell("1 + 1", id=name) for name in ("kept", "varying")]
    cells[1].metadata["tags"] = ["varies"]
    path = tmp_path / "sum.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    nbformat.write(run.executed(path, tmp_path), path)
    assert run.changes(path, tmp_path) == []
    path.write_text(path.read_text("utf-8").replace('"2"', '"3"'), "utf-8")
    found = run.changes(path, tmp_path)
    assert [line for line in found if line[:1] in "+-" and line[1:2] not in "+-"] == ["-3", "+2"]
