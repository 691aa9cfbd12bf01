"""An evaluation's figures for TensorBoard."""

from pathlib import Path

from augment.errors import MissingExtraError
from pipelines.evaluating.lift import Lift


def write_log(lift: Lift, folder: Path) -> None:
    """Write accuracy and lift by the number of originals; each arm is a run of its own.

    Raises:
        MissingExtraError: tensorboardX is not installed.
    """
    try:
        from tensorboardX import SummaryWriter
    except ImportError:
        raise MissingExtraError("--tensorboard", "tensorboardX", "evaluate") from None
    for arm in dict.fromkeys(line.arm for line in lift.lines):
        with SummaryWriter(str(folder / arm.replace("/", "_"))) as writer:
            for line in lift.lines:
                if line.arm != arm:
                    continue
                kind = f"{lift.model}/{line.regularisation}"
                writer.add_scalar(f"accuracy/{kind}", line.accuracy, line.size)
                writer.add_scalar(f"macro_f1/{kind}", line.macro_f1, line.size)
                if line.lift is not None:
                    writer.add_scalar(f"lift/{kind}", line.lift, line.size)
            for outcome in lift.outcomes:
                if outcome.arm == arm:
                    name = f"seeds/{outcome.size}/{lift.model}/{outcome.regularisation}"
                    writer.add_scalar(name, 100 * outcome.accuracy, outcome.seed)
