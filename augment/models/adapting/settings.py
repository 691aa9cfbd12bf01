"""What decides the outcome of an adaptation, and whether an earlier one can be gone on with."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

from augment.atomic import whole_file
from augment.errors import ParameterError, Problem

SMALL = 20_000_000
"""Below so many parameters a model is small: it underfits, so it trains fast and undisturbed."""

EPOCHS = 10.0
"""Passes over the training text at the most, if no time is given either."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The parameters of an adaptation.

    Attributes:
        base: ``bundled``, a folder or a hub name.
        revision: of a hub model.
        corpus: what the texts are, for the record.
        text: the column of the texts, for the record.
        limit: so many rows were asked for; all if None.
        minutes: of training at the most; the learning rate falls to zero by then.
        epochs: passes over the training text at the most; ten if None and there is no time either.
        batch_size: blocks of 128 tokens per step.
        learning_rate: the highest; 1e-3 for small models and 5e-5 for others if None.
        mask_rate: share of the words that is masked.
        validation: share of the texts that is never trained on, chosen by the hash of each.
        patience: evaluations without a better one after which the training stops.
        seed: of masks, order and dropout.
        dtype: ``bfloat16`` computes in half precision and keeps the weights in single.
        device: ``cpu``, ``cuda`` or ``auto``.
        digest: of the base, found when it is loaded.
    """

    base: str
    revision: str | None = None
    corpus: str = ""
    text: str = "text"
    limit: int | None = None
    minutes: float | None = None
    epochs: float | None = None
    batch_size: int = 32
    learning_rate: float | None = None
    mask_rate: float = 0.15
    validation: float = 0.05
    patience: int = 3
    seed: int = 0
    dtype: str = "float32"
    device: str = "auto"
    digest: str = ""

    def __post_init__(self) -> None:
        checks = {
            "minutes": (self.minutes is None or self.minutes > 0, "is more than 0"),
            "epochs": (self.epochs is None or self.epochs > 0, "is more than 0"),
            "batch_size": (self.batch_size >= 1, "is 1 or more"),
            "learning_rate": (self.learning_rate is None or self.learning_rate > 0, "is positive"),
            "mask_rate": (0 < self.mask_rate < 1, "lies between 0 and 1"),
            "validation": (0 < self.validation < 1, "lies between 0 and 1"),
            "patience": (self.patience >= 1, "is 1 or more"),
            "device": (self.device in ("auto", "cpu", "cuda"), "is auto, cpu or cuda"),
            "dtype": (self.dtype in ("float32", "bfloat16"), "is float32 or bfloat16"),
        }
        problems = [
            Problem(name, f"{rule}, not {getattr(self, name)!r}")
            for name, (good, rule) in checks.items()
            if not good
        ]
        if problems:
            raise ParameterError(problems, "adapt")

    @property
    def most_epochs(self) -> float:
        """Passes over the text after which the training ends in any case."""
        if self.epochs is not None:
            return self.epochs
        return EPOCHS if self.minutes is None else 1000.0

    def save(self, path: Path) -> None:
        """Write them down for :meth:`check_same`."""
        with whole_file(path) as temporary:
            temporary.write_text(json.dumps(dataclasses.asdict(self), indent=1) + "\n", "utf-8")

    @classmethod
    def read(cls, path: Path) -> "Settings":
        """Read what :meth:`save` wrote."""
        return cls(**json.loads(path.read_text("utf-8")))

    def check_same(self, earlier: "Settings") -> None:
        """Compare with those of the training that is gone on with.

        Raises:
            ParameterError: naming every parameter that differs.
        """
        before = dataclasses.asdict(earlier)
        problems = [
            Problem(name, f"was {before[name]!r} when the training began, not {value!r}")
            for name, value in dataclasses.asdict(self).items()
            if before[name] != value
        ]
        if problems:
            raise ParameterError(problems, "adapt")
