"""The same scalars and histograms for TensorBoard, the version as the step."""

from pathlib import Path
from typing import Any

import numpy as np

from augment.errors import MissingExtraError
from pipelines.quality import Quality


def write_events(quality: Quality, folder: Path) -> None:
    """Add an event file to a folder that TensorBoard reads.

    Args:
        quality: of a version.
        folder: as for ``tensorboard --logdir``.

    Raises:
        MissingExtraError: tensorboardX is not installed.
        OSError: the file can't be written.
    """
    try:
        from tensorboardX import SummaryWriter
    except ImportError:
        raise MissingExtraError("--tensorboard", "tensorboardX", "report") from None
    step = int(quality.values["version"])
    with SummaryWriter(str(folder)) as writer:
        for name, value in quality.scalars().items():
            writer.add_scalar(name, value, step)
        for name, told in _histograms(quality.values).items():
            if told["count"]:
                writer.add_histogram_raw(name, **_raw(told), global_step=step)


def _histograms(values: Any) -> dict[str, Any]:
    """By name, what a histogram told of itself."""
    found = {}
    if values["originals"]["words"] is not None:
        found["words/original"] = values["originals"]["words"]
    for view, group in values["views"].items():
        for key in ("edit_rate", "similarity", "words"):
            found[f"{key}/{view}"] = group[key]
    found.update({f"scores/{name}": told for name, told in values["scores"].items()})
    return found


def _raw(told: Any) -> dict[str, Any]:
    """The arguments of ``add_histogram_raw``: bins by their upper bounds."""
    bins = told["bins"]
    counts = np.array(bins["counts"], np.float64)
    edges = bins["low"] + bins["width"] * np.arange(len(counts) + 1)
    there = np.flatnonzero(counts)
    total = told["mean"] * told["count"]
    return {
        "min": float(told.get("least", edges[there[0]])),
        "max": float(told.get("greatest", edges[there[-1] + 1])),
        "num": told["count"],
        "sum": total,
        "sum_squares": (told["deviation"] ** 2 + told["mean"] ** 2) * told["count"],
        "bucket_limits": edges[1:].tolist(),
        "bucket_counts": counts.tolist(),
    }
