"""Continued masked-LM pretraining on an augmented corpus, beside its originals alone.

    python examples/continued_pretraining.py [--rows 3000] [--steps 200] [--model bundled]
    tensorboard --logdir build/examples/pretraining/log

The corpus is in the layout ``long``. The column ``split``, which the recipe asks for, keeps all
variants of a held-out row out of the training; the perplexity is that of held-out originals.
"""

import argparse
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch.nn.functional import cross_entropy
from torch.utils.tensorboard import SummaryWriter
from transformers import (
    DataCollatorForLanguageModeling,
    PrinterCallback,
    Trainer,
    TrainingArguments,
    set_seed,
)
from transformers.integrations import TensorBoardCallback

import packaged
from augment.models.adapting.base import load_base
from augment.models.masked_head import MaskedHead
from pipelines import run

HERE = Path(__file__).parent
TOKENS = 128
Examples = list[dict[str, Any]]


def corpus(options: argparse.Namespace) -> pd.DataFrame:
    """Film reviews with their variants, as the recipe beside this script makes them."""
    options.folder.mkdir(parents=True, exist_ok=True)
    source, output = options.folder / "reviews.parquet", options.folder / "augmented"
    reviews = packaged.film_reviews("rotten_tomatoes").sample(options.rows, random_state=0)
    reviews[["text"]].to_parquet(source, index=False)
    run(HERE / "pretraining.yaml", overrides=[f"input={source}", f"output={output}"])
    return pd.read_parquet(output)


def held_out(rows: pd.DataFrame) -> pd.Series:
    """The originals to measure on."""
    return rows.text[(rows.split == "validation") & (rows.aug_view == "original")]


def tokenised(texts: pd.Series, tokenizer: Any) -> Examples:
    """Examples as a collator takes them."""
    ids = tokenizer(list(texts), truncation=True, max_length=TOKENS)["input_ids"]
    return [{"input_ids": each} for each in ids]


def at_masks(head: MaskedHead, batch: Any) -> torch.Tensor:
    """``(m,)`` negative log likelihoods of the words under masks.

    The head runs there alone: everywhere, it would take ten times as long as the rest.
    """
    labels = batch["labels"].flatten()
    places = (labels != -100).nonzero()[:, 0]
    logits = head.logits(batch["input_ids"], batch["attention_mask"], places)
    return cross_entropy(logits.float(), labels[places], reduction="none")


def perplexity(head: MaskedHead, tokenizer: Any, examples: Examples) -> float:
    """With masks that are the same for every model of the same tokenizer."""
    collator = DataCollatorForLanguageModeling(tokenizer, seed=1)
    head.model.eval()
    losses = []
    for start in range(0, len(examples), 32):
        with torch.inference_mode():
            batch = collator(examples[start : start + 32]).to(head.model.device)
            losses.append(at_masks(head, batch))
    return float(torch.cat(losses).mean().exp())


class MaskedTrainer(Trainer):
    """A Trainer that computes the loss at the masks."""

    head: MaskedHead

    def compute_loss(self, _model: Any, inputs: Any, *_: Any, **__: Any) -> torch.Tensor:
        return at_masks(self.head, inputs).mean()


def pretrained(name: str, texts: pd.Series, held: pd.Series, options: argparse.Namespace) -> float:
    """Perplexity of the model after training on these texts, for so many steps."""
    base = load_base(options.model)
    set_seed(options.seed)
    log = SummaryWriter(str(options.folder / "log" / name))
    trainer = MaskedTrainer(
        model=base.model,
        args=TrainingArguments(
            output_dir=str(options.folder / name),
            max_steps=options.steps,
            per_device_train_batch_size=32,
            learning_rate=options.learning_rate,
            lr_scheduler_type="cosine",
            warmup_steps=options.steps // 20,
            logging_steps=max(1, options.steps // 50),
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            dataloader_pin_memory=torch.cuda.is_available(),
            seed=options.seed,
        ),
        train_dataset=tokenised(texts, base.tokenizer),
        data_collator=DataCollatorForLanguageModeling(base.tokenizer),
        callbacks=[TensorBoardCallback(log)],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.head = MaskedHead(base.model.eval())
    trainer.train()
    found = perplexity(trainer.head, base.tokenizer, tokenised(held, base.tokenizer))
    log.add_scalar("held_out/perplexity", found, options.steps)
    log.close()
    return found


def main() -> None:
    """Measure before, after training on all rows, and after training on originals alone."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=3000, help="originals of the corpus")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--learning-rate", type=float, default=5e-4)
    parser.add_argument("--model", default="bundled", help="a folder, or a name on the hub")
    parser.add_argument("--folder", type=Path, default=HERE.parent / "build/examples/pretraining")
    options = parser.parse_args()
    rows = corpus(options)
    base, held = load_base(options.model), held_out(rows)
    head = MaskedHead(base.model.eval())
    before = perplexity(head, base.tokenizer, tokenised(held, base.tokenizer))
    seen = rows[rows.split == "train"]
    assert not set(seen.aug_parent) & set(rows.aug_parent[held.index]), "a source in both parts"
    after = pretrained("augmented", seen.text, held, options)
    alone = pretrained("originals", seen.text[seen.aug_view == "original"], held, options)
    print(
        f"held-out perplexity ({len(held):,} originals): before {before:.1f}; after "
        f"{options.steps} steps on the augmented corpus ({len(seen):,} rows) {after:.1f}, "
        f"on its originals alone {alone:.1f}"
    )


if __name__ == "__main__":
    main()
