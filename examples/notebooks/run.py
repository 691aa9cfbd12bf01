"""Run the notebooks from top to bottom and keep what they show, or say where it has changed.

    python examples/notebooks/run.py                       # all of them, outputs written back
    python examples/notebooks/run.py --check quickstart.ipynb

Every notebook runs in a kernel of its own, with this Python. A cell tagged ``varies`` shows what
another processor may compute otherwise, or what has just been measured: it must run, but what it
shows is not compared.
"""

import argparse
import difflib
import os
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

HERE = Path(__file__).parent
NOTEBOOKS = sorted(HERE.glob("*.ipynb"))
TEXTS = ("text/plain", "text/html")
STYLE = re.compile(r"<style.*?</style>", re.DOTALL)
"""What is shown looks otherwise with another style sheet, but says the same."""
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def executed(path: Path, folder: Path = HERE) -> NotebookNode:
    """The notebook with fresh outputs, started in a folder.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell raised.
    """
    notebook = nbformat.read(path, as_version=4)
    place = {"metadata": {"path": str(folder)}}
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        resources=place,
        extra_arguments=["--log-level=ERROR"],
    )
    with TemporaryDirectory() as caches:
        # Nothing is fetched, and nothing is left behind.
        client.execute(env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": caches})
    return tidy(notebook)


def tidy(notebook: NotebookNode) -> NotebookNode:
    """The notebook without what differs from run to run: times, counts, parts of one stream."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
        if cell.cell_type == "code":
            cell.execution_count = None
            cell.outputs = [_tidy(output) for output in _joined(cell.outputs)]
    nbformat.validate(notebook)
    return notebook


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    joined: list[NotebookNode] = []
    for output in outputs:
        last = joined[-1] if joined else None
        same = last is not None and last.output_type == output.output_type == "stream"
        if same and last is not None and last.name == output.name:
            last.text += output.text
        else:
            joined.append(output)
    return joined


def _tidy(output: NotebookNode) -> NotebookNode:
    if "metadata" in output:
        output.metadata = nbformat.from_dict({})
    if "execution_count" in output:
        output.execution_count = None
    return output


def shown(notebook: NotebookNode) -> list[str]:
    """What the cells show, as lines: their text and HTML, those that vary left out."""
    lines: list[str] = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or "varies" in cell.metadata.get("tags", []):
            continue
        lines.append(f"cell {number}: {cell.source.splitlines()[0]}")
        for output in cell.outputs:
            data = output.get("data", {"text/plain": output.get("text", "")})
            for kind in TEXTS:
                lines += STYLE.sub("", data.get(kind, "")).splitlines()
    return lines


def changes(path: Path, folder: Path = HERE) -> list[str]:
    """A diff of what the notebook shows now against what is kept in it; empty if it is true."""
    kept, now = shown(nbformat.read(path, as_version=4)), shown(executed(path, folder))
    return list(difflib.unified_diff(kept, now, "kept", "shown now", lineterm=""))


def main() -> int:
    """1 if a cell raised, or a check found a difference."""
    parser = argparse.ArgumentParser(description="Run the notebooks and keep what they show.")
    parser.add_argument("notebooks", nargs="*", type=Path, help="all of them if left out")
    parser.add_argument("--check", action="store_true", help="write nothing, show what differs")
    given = parser.parse_args()
    failed = False
    for path in given.notebooks or NOTEBOOKS:
        try:
            if given.check:
                found = changes(path)
                print(f"{path.name}: {'differs' if found else 'as kept'}", *found, sep="\n")
                failed = failed or bool(found)
            else:
                nbformat.write(executed(path), path)
                print(f"{path.name}: done")
        except CellExecutionError as error:
            print(f"{path.name}: {error}")
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
