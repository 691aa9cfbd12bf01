"""Supervised fine-tuning with augmented rows, beside the same training without them.

    python examples/supervised_finetuning.py [--rows 2000] [--steps 200] [--seeds 3]

The corpus is in the layout ``long``, with the recipe's column ``split``. Every source weighs the
same, however many variants it has: more rows alone would be weaker regularisation. Within a
source its rows share the weight as the filters' ``weight`` in ``aug_scores`` says.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from transformers import (
    AutoModelForSequenceClassification,
    DataCollatorWithPadding,
    PrinterCallback,
    Trainer,
    TrainingArguments,
    set_seed,
)
from transformers.utils import logging

import packaged
from augment.models.adapting.base import load_base
from pipelines import run

HERE = Path(__file__).parent
TOKENS = 64


def corpus(options: argparse.Namespace) -> pd.DataFrame:
    """Film reviews with their variants, as the recipe beside this script makes them."""
    options.folder.mkdir(parents=True, exist_ok=True)
    source, output = options.folder / "reviews.parquet", options.folder / "augmented"
    reviews = packaged.film_reviews("rotten_tomatoes").sample(options.rows, random_state=0)
    reviews.to_parquet(source, index=False)
    run(HERE / "finetuning.yaml", overrides=[f"input={source}", f"output={output}"])
    return pd.read_parquet(output)


def weights(rows: pd.DataFrame) -> pd.Series:
    """Of each row, 1 in sum over a source; what no filter weighs counts in full."""
    given = rows.aug_scores.map(
        lambda scores: next((s["score"] for s in scores if s["name"] == "weight"), 1.0)
    )
    return given / given.groupby(rows.aug_parent).transform("sum")


class WeightedTrainer(Trainer):
    """A Trainer whose loss is a weighted mean over the rows of a batch."""

    def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, **_: Any) -> Any:
        weight, labels = inputs.pop("weight"), inputs.pop("labels")
        outputs = model(**inputs)
        losses = torch.nn.functional.cross_entropy(outputs.logits, labels, reduction="none")
        loss = (losses * weight).sum() / weight.sum()
        return (loss, outputs) if return_outputs else loss


def examples(rows: pd.DataFrame, weight: pd.Series, tokenizer: Any) -> list[dict[str, Any]]:
    """Tokens, class and weight of each row."""
    ids = tokenizer(list(rows.text), truncation=True, max_length=TOKENS)["input_ids"]
    labels = (rows.label == "positive").astype(int)
    return [
        {"input_ids": each, "label": label, "weight": value}
        for each, label, value in zip(ids, labels, weight, strict=True)
    ]


def accuracy(
    rows: pd.DataFrame,
    held: pd.DataFrame,
    start: Callable[[], tuple[Any, Any]],
    seed: int,
    options: argparse.Namespace,
) -> float:
    """Of held-out originals, after training on these rows."""
    set_seed(seed)
    model, tokenizer = start()
    trainer = WeightedTrainer(
        model=model,
        args=TrainingArguments(
            output_dir=str(options.folder / "training"),
            max_steps=options.steps,
            per_device_train_batch_size=32,
            per_device_eval_batch_size=128,
            learning_rate=options.learning_rate,
            warmup_steps=options.steps // 10,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            remove_unused_columns=False,
            dataloader_pin_memory=torch.cuda.is_available(),
            seed=seed,
        ),
        train_dataset=examples(rows, weights(rows), tokenizer),
        data_collator=DataCollatorWithPadding(tokenizer),
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    found = trainer.predict(examples(held, pd.Series(1.0, held.index), tokenizer))
    return float((found.predictions.argmax(1) == (held.label == "positive")).mean())


def classifier(options: argparse.Namespace) -> Callable[[], tuple[Any, Any]]:
    """What makes a fresh classifier of the checkpoint, and its tokenizer."""
    place = str(options.folder / "checkpoint")
    base = load_base(options.model)
    base.model.save_pretrained(place)

    def start() -> tuple[Any, Any]:
        model = AutoModelForSequenceClassification.from_pretrained(place, num_labels=2)
        return model, base.tokenizer

    return start


def main() -> None:
    """Train with and without variants, seed by seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2000, help="half of them are held out")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--learning-rate", type=float, default=3e-4)
    parser.add_argument("--model", default="bundled", help="a folder, or a name on the hub")
    parser.add_argument("--folder", type=Path, default=HERE.parent / "build/examples/finetuning")
    options = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    rows, start = corpus(options), classifier(options)
    original = rows.aug_view == "original"
    held, seen = rows[original & (rows.split == "validation")], rows[rows.split == "train"]
    arms = seen[seen.aug_view == "original"], seen
    found = np.array(
        [
            [accuracy(arm, held, start, seed, options) for arm in arms]
            for seed in range(options.seeds)
        ]
    )
    gains = found[:, 1] - found[:, 0]
    error = gains.std(ddof=1) / np.sqrt(len(gains)) if len(gains) > 1 else np.nan
    print(
        f"accuracy on {len(held):,} held-out originals, {len(gains)} seeds: without variants "
        f"{found[:, 0].mean():.2%}, with {found[:, 1].mean():.2%}, "
        f"difference {100 * gains.mean():.2f} ± {100 * error:.2f} points"
    )


if __name__ == "__main__":
    main()
