"""Consistency training on a corpus in the layout ``wide``, compared with training on its labels.

    python examples/consistency_training.py [--labels 100] [--seeds 10]

One corpus holds labelled rows and unlabelled ones, whose label is null; ``weak_0`` and
``strong_0``, ``strong_1``, … are its variants. What the model says of a weak variant, if it is
sure, is the target for a strong one:

- UDA (Xie, Dai, Hovy, Luong & Le 2020, §2.3): confidence masking, sharpening by a temperature,
  training signal annealing; strong variants by TF-IDF word replacement, as there for topics.
- FixMatch (Sohn et al. 2020, §2.2): with ``--temperature 0`` the target is the likeliest class.

The model is quick on a processor: TF-IDF of words, and a network of one hidden layer.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import xxhash
from sklearn.feature_extraction.text import TfidfVectorizer
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

import packaged
from pipelines import run

HERE = Path(__file__).parent
POOL, DEV, TEST = "pool", "dev", "test"


def split(texts: pd.DataFrame, by: str) -> pd.Series:
    """Three fifths to learn from, one to choose parameters on, one to report; by a hash."""
    fifth = texts[by].map(lambda value: xxhash.xxh3_64_intdigest(value.encode()) % 5)
    return fifth.map({0: TEST, 1: DEV}).fillna(POOL)


def with_few_labels(pool: pd.DataFrame, labels: int, seed: int) -> pd.DataFrame:
    """All rows, equally many of each class with their label, the rest with null."""
    groups, rng = pool.groupby("label").indices.values(), np.random.default_rng(seed)
    chosen = np.concatenate([rng.permutation(rows)[: labels // len(groups)] for rows in groups])
    return pool.assign(label=pool.label.where(pool.index.isin(chosen)))


def augmented(corpus: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """The corpus with its variants, as the recipe beside this script makes them."""
    folder.mkdir(parents=True, exist_ok=True)
    corpus.to_parquet(folder / "corpus.parquet", index=False)
    places = [f"input={folder / 'corpus.parquet'}", f"output={folder / 'augmented'}"]
    run(HERE / "consistency.yaml", overrides=places)
    return pd.read_parquet(folder / "augmented")


@dataclass
class Views:
    """Features of a corpus, one matrix per column of texts, and its labels.

    Attributes:
        text, weak: ``(rows, words)``; dense, since the corpus is small.
        strong: the same of every strong variant.
        classes: names of the classes.
        label: ``(rows,)`` number of the class, -1 where there is none.
    """

    text: Tensor
    weak: Tensor
    strong: list[Tensor]
    classes: list[str]
    label: np.ndarray
    words: TfidfVectorizer

    @classmethod
    def of(cls, corpus: pd.DataFrame) -> "Views":
        """Of a corpus in the layout ``wide``; a variant that is null is the text itself."""
        words = TfidfVectorizer(sublinear_tf=True, min_df=2, max_features=3000, dtype=np.float32)
        words.fit(corpus.text)
        classes = sorted(corpus.label.dropna().unique())
        label = corpus.label.map({name: i for i, name in enumerate(classes)}).fillna(-1)
        names = ["text", "weak_0", *sorted(name for name in corpus if name.startswith("strong_"))]
        text, weak, *strong = (dense(words, corpus[name].fillna(corpus.text)) for name in names)
        return cls(text, weak, strong, classes, label.to_numpy(np.int64), words)


def dense(words: TfidfVectorizer, texts: pd.Series) -> Tensor:
    """Features of texts."""
    return torch.from_numpy(words.transform(texts).toarray())


def supervised_loss(logits: Tensor, labels: Tensor, done: float, annealing: str | None) -> Tensor:
    """Cross entropy; annealed, of the examples only that the model is not too sure of yet.

    Training signal annealing (UDA, §2.3): the bound grows from 1/classes to 1 with what is
    ``done`` of the training, so that few labels are not learnt by heart early on.
    """
    losses = cross_entropy(logits, labels, reduction="none")
    if annealing is None:
        return losses.mean()
    grown = {"linear": done, "log": 1 - np.exp(-5 * done), "exp": np.exp(5 * (done - 1))}
    least = 1 / logits.shape[1]
    sure = logits.detach().softmax(1).gather(1, labels[:, None])[:, 0]
    kept = (sure < least + grown[annealing] * (1 - least)).float()
    return (losses * kept).sum() / kept.sum().clamp(min=1)


def consistency_loss(
    model: nn.Module, weak: Tensor, strong: Tensor, options: argparse.Namespace
) -> Tensor:
    """Cross entropy of the strong view against what the model is sure of in the weak one."""
    model.eval()
    with torch.no_grad():
        logits = model(weak)
    model.train()
    sure, best = logits.softmax(1).max(1)
    target = (logits / options.temperature).softmax(1) if options.temperature else best
    losses = cross_entropy(model(strong), target, reduction="none")
    return (losses * (sure >= options.threshold)).mean()


def trained(views: Views, seed: int, options: argparse.Namespace, consistent: bool) -> nn.Module:
    """A model; both kinds start alike, and see the same labelled rows in the same order."""
    torch.manual_seed(seed)
    first, last = nn.Linear(views.text.shape[1], 64), nn.Linear(64, len(views.classes))
    model = nn.Sequential(first, nn.ReLU(), nn.Dropout(options.dropout), last)
    optimizer = torch.optim.AdamW(model.parameters(), options.learning_rate)
    rng, others = np.random.default_rng([seed, 0]), np.random.default_rng([seed, 1])
    labelled = np.flatnonzero(views.label >= 0)
    for step in range(options.steps):
        rows = rng.choice(labelled, options.batch)
        logits, labels = model(views.text[rows]), torch.from_numpy(views.label[rows])
        annealing = options.annealing if consistent else None
        loss = supervised_loss(logits, labels, step / options.steps, annealing)
        if consistent:
            rows = others.choice(len(views.label), options.batch * options.unlabelled)
            weak, strong = views.weak[rows], views.strong[step % len(views.strong)][rows]
            loss = loss + options.weight * consistency_loss(model, weak, strong, options)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval()


def compared(texts: pd.DataFrame, seed: int, options: argparse.Namespace) -> tuple[float, float]:
    """Accuracies on rows that are not in the corpus, of both kinds of training."""
    part = split(texts, "headline")
    held_out, pool = texts[part == options.on], texts[part == POOL]
    pool = pool.sample(frac=1, random_state=0, ignore_index=True)[: options.rows]
    corpus = with_few_labels(pool[["text", "label"]], options.labels, seed)
    views = Views.of(augmented(corpus, options.folder))
    features = dense(views.words, held_out.text)
    best = [trained(views, seed, options, kind)(features).argmax(1) for kind in (False, True)]
    alone, consistent = (np.array(views.classes)[each] == held_out.label for each in best)
    return float(alone.mean()), float(consistent.mean())


def shown(values: np.ndarray) -> str:
    """Mean and standard error, in points."""
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return f"{100 * values.mean():.2f} ± {100 * error:.2f}"


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labels", type=int, default=100, help="rows with a label")
    parser.add_argument("--rows", type=int, help="of the corpus; all if left out")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--on", choices=(TEST, DEV), default=TEST, help="rows to measure on")
    parser.add_argument("--steps", type=int, default=250)
    parser.add_argument("--batch", type=int, default=32, help="labelled rows of a step")
    parser.add_argument("--unlabelled", type=int, default=4, help="times as many, of all rows")
    parser.add_argument("--weight", type=float, default=2.0, help="of the consistency loss")
    parser.add_argument("--threshold", type=float, default=0.5, help="the model is sure above it")
    parser.add_argument("--temperature", type=float, default=0.2, help="0: the likeliest class")
    parser.add_argument("--annealing", choices=("linear", "log", "exp"))
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--dropout", type=float, default=0.5)
    parser.add_argument("--folder", type=Path, default=HERE.parent / "build/examples/consistency")
    return parser.parse_args()


def main() -> None:
    """All seeds, and what the consistency loss gains."""
    options, texts = arguments(), packaged.bbc_news()
    found = []
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        found.append(compared(texts, seed, options))
        print(f"seed {seed}: supervised {found[-1][0]:.2%}, consistency {found[-1][1]:.2%}")
    alone, consistent = np.array(found).T
    print(
        f"{options.labels} labels, {len(found)} seeds, accuracy: supervised {shown(alone)}, "
        f"consistency {shown(consistent)}, difference {shown(consistent - alone)} points"
    )


if __name__ == "__main__":
    main()
