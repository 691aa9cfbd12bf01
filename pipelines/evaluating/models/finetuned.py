"""Fine-tuning of any transformers checkpoint with a classification head.

Source: Devlin et al. 2019, "BERT", §4.1; small sets are gone over for more epochs, as Mosbach,
Andriushchenko & Klakow 2021, "On the Stability of Fine-tuning BERT", §6, advise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import pyarrow as pa

from augment.errors import MissingExtraError, ModelError
from augment.text.columns import Ints
from pipelines.evaluating.models.base import Prepared
from pipelines.evaluating.models.stepping import seeded, stepped
from pipelines.evaluating.variants import Training

_BATCH, _PREDICTED = 32, 64
_RATE, _WARM_UP, _DECAY = 5e-5, 20, 0.01
_TOKENS = 256
"""Of a text at the most; the first ones."""


class FinetunedModel:
    """A checkpoint with a new head; what is tuned is for how many steps it is trained.

    Args:
        checkpoint: folder or hub name.
    """

    knob = "steps"
    strengths: tuple[float, ...] = (100.0, 200.0, 400.0)
    usual = 200.0

    def __init__(self, checkpoint: str) -> None:
        if find_spec("torch") is None:
            raise MissingExtraError("fine-tuning", "torch", "torch")
        self.name = checkpoint

    def prepare(self, texts: pa.StringArray, classes: int, language: str) -> Prepared:  # noqa: ARG002 - the checkpoint knows its languages
        """Tokenise all texts, once.

        Raises:
            ModelError: the checkpoint can't be loaded.
        """
        from transformers import AutoTokenizer

        try:
            tokenizer = AutoTokenizer.from_pretrained(self.name)
            encoded = tokenizer(texts.to_pylist(), truncation=True, max_length=_TOKENS)
        except (OSError, ValueError) as error:
            raise ModelError(f"the checkpoint {self.name!r} can't be loaded: {error}") from error
        return Checkpoint(self.name, tokenizer, encoded["input_ids"], classes)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Texts as tokens, and the checkpoint that reads them.

    Attributes:
        name: folder or hub name.
        tokenizer: of transformers.
        tokens: ``n`` lists of numbers of tokens.
        classes: how many there are.
    """

    name: str
    tokenizer: Any
    tokens: Sequence[Sequence[int]]
    classes: int

    def predict(
        self, training: Training, rows: Ints, strengths: Sequence[float], seed: int
    ) -> Sequence[Ints]:
        """Fine-tune once, and predict after each number of steps.

        Raises:
            ModelError: the checkpoint can't be loaded.
        """
        import torch

        with seeded(seed):
            net = self._net()
            optimiser = torch.optim.AdamW(net.parameters(), _RATE, weight_decay=_DECAY)
            schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1 / _WARM_UP, 1.0, _WARM_UP)

            def step(places: Ints) -> None:
                net.train()
                labels = torch.from_numpy(training.labels[places]).to(net.device)
                loss = net(**self._padded(training.rows[places], net.device), labels=labels).loss
                optimiser.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
                optimiser.step()
                schedule.step()

            return stepped(
                step, lambda: self._predicted(net, rows), training, _BATCH, strengths, seed
            )

    def _net(self) -> Any:
        import torch
        from transformers import AutoModelForSequenceClassification

        try:
            net = AutoModelForSequenceClassification.from_pretrained(
                self.name, num_labels=self.classes, ignore_mismatched_sizes=True
            )
        except (OSError, ValueError) as error:
            raise ModelError(f"the checkpoint {self.name!r} can't be loaded: {error}") from error
        return net.to("cuda" if torch.cuda.is_available() else "cpu")

    def _padded(self, rows: Ints, device: Any) -> Any:
        lists = {"input_ids": [self.tokens[row] for row in rows]}
        return self.tokenizer.pad(lists, return_tensors="pt").to(device)

    def _predicted(self, net: Any, rows: Ints) -> Ints:
        import torch

        net.eval()
        # Texts of like length together: little is padded.
        order = np.argsort([len(self.tokens[row]) for row in rows], kind="stable")
        found = np.empty(len(rows), np.int64)
        with torch.inference_mode():
            for start in range(0, len(rows), _PREDICTED):
                part = order[start : start + _PREDICTED]
                scores = net(**self._padded(rows[part], net.device)).logits
                found[part] = scores.argmax(1).cpu().numpy()
        return found
