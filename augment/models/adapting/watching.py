"""What is done beside the training: saving in time, stopping when asked to, telling how it goes."""

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from augment.models.adapting.settings import Settings

SAVE_SECONDS = 300.0
"""Between checkpoints at the most: what a kill may cost."""

Tell = Callable[[str], None]


@dataclass
class Clock:
    """How much of the time there is was used, over all parts of a training that was resumed.

    Attributes:
        minutes: there are; no bound if None.
        before: seconds used by earlier parts.
    """

    minutes: float | None
    before: float = 0.0
    _begun: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Used so far."""
        return self.before + time.monotonic() - self._begun

    @property
    def share(self) -> float:
        """Of the time, used so far; 0 if there is no bound."""
        return 0.0 if self.minutes is None else self.seconds / (60 * self.minutes)


@dataclass
class Stop:
    """Whether somebody asked for an end."""

    asked: bool = False


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """SIGINT and SIGTERM only leave word, so that what was learnt can be saved; a second one ends
    the process as usual.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def note(_number: int, _frame: FrameType | None) -> None:
        if stop.asked:
            raise KeyboardInterrupt
        stop.asked = True

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def callbacks(settings: Settings, log: Path, clock: Clock, stop: Stop, tell: Tell) -> list[Any]:
    """What the Trainer calls: early stopping, the TensorBoard log, and :func:`_keeper`."""
    from torch.utils.tensorboard import SummaryWriter
    from transformers import EarlyStoppingCallback
    from transformers.integrations import TensorBoardCallback

    return [
        EarlyStoppingCallback(settings.patience),
        TensorBoardCallback(SummaryWriter(str(log))),
        _keeper(clock, stop, tell),
    ]


def _keeper(clock: Clock, stop: Stop, tell: Tell) -> Any:
    """Ends the training by the clock or on request, and sees to it that its end is kept."""
    from transformers import TrainerCallback

    class Keeper(TrainerCallback):  # type: ignore[misc]  # transformers is not typed here
        saved = time.monotonic()

        def on_step_end(self, _args: Any, _state: Any, control: Any, **_: Any) -> None:
            over = control.should_training_stop or clock.share >= 1
            if over or stop.asked:
                control.should_save = control.should_training_stop = True
                control.should_evaluate = not stop.asked
            elif time.monotonic() - self.saved > SAVE_SECONDS:
                control.should_save = True

        def on_save(self, _args: Any, _state: Any, _control: Any, **_: Any) -> None:
            self.saved = time.monotonic()

        def on_evaluate(
            self, _args: Any, state: Any, _control: Any, metrics: dict[str, float], **_: Any
        ) -> None:
            perplexity = math.exp(metrics["eval_loss"])
            tell(
                f"step {state.global_step:,} of at most {state.max_steps:,}, "
                f"epoch {state.epoch:.1f}, {clock.seconds:,.0f} s: "
                f"held-out perplexity {perplexity:,.2f}"
            )

    return Keeper()
