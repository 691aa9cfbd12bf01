"""The training itself: transformers' Trainer, with masks and order of our own random numbers."""

import json
import math
from pathlib import Path
from typing import Any

from augment.errors import AugmillError
from augment.models.adapting.base import Base
from augment.models.adapting.blocks import Corpus
from augment.models.adapting.checkpoints import STATE, best_of, last_whole
from augment.models.adapting.feeding import Numbers, Order, schedule
from augment.models.adapting.measuring import at_masks, measure
from augment.models.adapting.settings import EPOCHS, Settings
from augment.models.adapting.watching import Clock, Tell, callbacks, stop_on_signals
from augment.models.masked_head import MaskedHead
from augment.models.runtime import threads

_EVALUATIONS = 10
_LOGS = 200


class InterruptedTrainingError(AugmillError):
    """The training was asked to stop; it is saved as far as it came."""

    def __init__(self, step: int, steps: int) -> None:
        self.step, self.steps = step, steps
        super().__init__(f"stopped at step {step:,} of at most {steps:,}; what was learnt is saved")

    def __reduce__(self) -> tuple[type["InterruptedTrainingError"], tuple[int, int]]:
        return type(self), (self.step, self.steps)


def train(
    base: Base, corpus: Corpus, settings: Settings, folder: Path, log: Path, tell: Tell
) -> Path:
    """Train, going on from the last checkpoint if there is one; returns the best checkpoint.

    Args:
        base: whose model is trained in place.
        corpus: texts in blocks.
        settings: the same as those of the checkpoints.
        folder: of the checkpoints.
        log: folder of the TensorBoard log.
        tell: told after every evaluation how it goes.

    Raises:
        InterruptedTrainingError: SIGINT or SIGTERM came; the last step is saved.
    """
    last = last_whole(folder)
    clock = Clock(settings.minutes, 0.0 if last is None else _seconds(last))
    with stop_on_signals() as stop:
        watchers = callbacks(settings, log, clock, stop, tell)
        trainer = _trainer(base, corpus, settings, folder, clock, watchers)
        trainer.train(resume_from_checkpoint=None if last is None else str(last))
        state = trainer.state
        if stop.asked and state.global_step < state.max_steps:
            raise InterruptedTrainingError(state.global_step, state.max_steps)
    last = last_whole(folder)
    assert last is not None  # the last step is always saved
    return best_of(folder, last)


def _seconds(checkpoint: Path) -> float:
    """How long the training had taken."""
    state = json.loads((checkpoint / STATE).read_text("utf-8"))
    return max((entry.get("seconds", 0.0) for entry in state["log_history"]), default=0.0)


def _trainer(
    base: Base, corpus: Corpus, settings: Settings, folder: Path, clock: Clock, watchers: list[Any]
) -> Any:
    """A Trainer ready to train ``base.model`` in place."""
    import torch
    from transformers import PrinterCallback, Trainer
    from transformers.trainer_utils import EvalLoopOutput

    if base.is_small:
        _without_dropout(base.model)
    head = MaskedHead(base.model.eval())
    mask_id = base.tokenizer.mask_token_id
    numbers = Numbers(corpus.training, settings, mask_id)

    class MaskedLMTrainer(Trainer):  # type: ignore[misc]  # transformers is not typed here
        def _get_train_sampler(self, *_: Any) -> Order:
            return Order(len(numbers), settings.seed)

        def compute_loss(self, _model: Any, inputs: Any, *_: Any, **__: Any) -> Any:
            logits, targets = at_masks(head, inputs["input_ids"], inputs["labels"])
            total = torch.nn.functional.cross_entropy(logits, targets, reduction="sum")
            return total / max(len(targets), 1)

        def _load_from_checkpoint(self, checkpoint: str, *_: Any) -> None:
            # The Trainer's own way takes no notice of weights that are named otherwise on disk.
            kept = type(base.model).from_pretrained(checkpoint)
            base.model.load_state_dict(kept.state_dict())

        def _load_best_model(self) -> None:
            """Not here: the best model is read from its checkpoint."""

        def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
            def factor(step: int) -> float:
                return schedule(max(step / num_training_steps, clock.share))

            self.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(
                optimizer or self.optimizer, factor
            )
            return self.lr_scheduler

        def evaluation_loop(self, *_: Any, metric_key_prefix: str = "eval", **__: Any) -> Any:
            found = measure(head, corpus.validation, mask_id)
            values = {"loss": found.loss, "top1": found.top1, "top5": found.top5}
            metrics = {f"{metric_key_prefix}_{name}": value for name, value in values.items()}
            return EvalLoopOutput(None, None, metrics, len(corpus.validation))

        def log(self, logs: dict[str, float], *rest: Any) -> None:
            pairs = (("loss", "perplexity"), ("eval_loss", "eval_perplexity"))
            more = {new: math.exp(min(logs[old], 700)) for old, new in pairs if old in logs}
            super().log({**logs, **more, "seconds": clock.seconds}, *rest)

    trainer = MaskedLMTrainer(
        model=base.model,
        args=_arguments(base, numbers, settings, folder),
        train_dataset=numbers,
        eval_dataset=corpus.validation,
        data_collator=numbers.collated,
        callbacks=watchers,
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def _without_dropout(model: Any) -> None:
    import torch

    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0


def _arguments(base: Base, numbers: Numbers, settings: Settings, folder: Path) -> Any:
    import torch
    from transformers import TrainingArguments

    torch.set_num_threads(threads())
    steps = math.ceil(math.ceil(len(numbers) / settings.batch_size) * settings.most_epochs)
    # By the text, not by the time there is: a thousand epochs would never be evaluated.
    expected = steps if settings.epochs is not None else min(steps, _usual_steps(numbers, settings))
    every = max(1, expected // _EVALUATIONS)
    return TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=settings.most_epochs,
        per_device_train_batch_size=settings.batch_size,
        learning_rate=settings.learning_rate or (1e-3 if base.is_small else 5e-5),
        weight_decay=0.01,
        adam_beta2=0.98,
        adam_epsilon=1e-6,
        eval_strategy="steps",
        eval_steps=every,
        save_strategy="steps",
        save_steps=every,
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model="loss",
        greater_is_better=False,
        logging_steps=max(1, expected // _LOGS),
        logging_nan_inf_filter=False,
        seed=settings.seed % 2**32,
        bf16=settings.dtype == "bfloat16",
        use_cpu=settings.device == "cpu",
        remove_unused_columns=False,
        dataloader_pin_memory=settings.device != "cpu" and torch.cuda.is_available(),
        report_to="none",
        disable_tqdm=True,
        restore_callback_states_from_checkpoint=True,
    )


def _usual_steps(numbers: Numbers, settings: Settings) -> int:
    return math.ceil(len(numbers) / settings.batch_size) * int(EPOCHS)
