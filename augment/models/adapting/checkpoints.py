"""The checkpoints of a training that may end at any instant."""

import json
import re
import shutil
from pathlib import Path

STATE = "trainer_state.json"
"""Written last: a checkpoint that has it, whole, is whole."""


def last_whole(folder: Path) -> Path | None:
    """The latest checkpoint that can be gone on with; what a kill left of later ones is deleted."""
    for number, path in sorted(_checkpoints(folder), reverse=True):
        if _step(path) == number:
            return path
        shutil.rmtree(path)
    return None


def best_of(folder: Path, last: Path) -> Path:
    """The checkpoint with the least loss, as the last one knows it."""
    state = json.loads((last / STATE).read_text("utf-8"))
    path = folder / f"checkpoint-{state['best_global_step']}"
    return path if state["best_global_step"] and path.is_dir() else last


def _checkpoints(folder: Path) -> list[tuple[int, Path]]:
    found = ((re.fullmatch(r"checkpoint-(\d+)", path.name), path) for path in folder.glob("*"))
    return [(int(match[1]), path) for match, path in found if match and path.is_dir()]


def _step(checkpoint: Path) -> int | None:
    try:
        step = json.loads((checkpoint / STATE).read_text("utf-8"))["global_step"]
    except (OSError, ValueError, KeyError):
        return None
    return int(step)
