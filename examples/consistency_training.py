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
from collections.abc import Iterator
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
Options = argparse.Namespace
POOL, DEV, TEST = "pool", "dev", "test"


def split(texts: pd.DataFrame, by: str) -> pd.Series:
    """Three fifths to learn from, one to choose parameters on, one to report; by a hash."""
    fifth = texts[by].map(lambda value: xxhash.xxh3_64_intdigest(value.encode()) % 5)
    return fifth.map({0: TEST, 1: DEV}).fillna(POOL)


def few(labels: pd.Series, count: int, seed: int) -> pd.Series:
    """Equally many labels of each class, drawn by the seed; the others become null."""
    groups, rng = labels.groupby(labels).indices.values(), np.random.default_rng(seed)
    chosen = np.concatenate([rng.permutation(rows)[: count // len(groups)] for rows in groups])
    return labels.where(labels.index.isin(chosen))


def augmented(corpus: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """The corpus with its variants, as the recipe beside this script makes them."""
    folder.mkdir(parents=True, exist_ok=True)
    corpus.to_parquet(folder / "corpus.parquet", index=False)
    places = [f"input={folder / 'corpus.parquet'}", f"output={folder / 'augmented'}"]
    run(HERE / "consistency.yaml", overrides=places)
    return pd.read_parquet(folder / "augmented")


@dataclass
class Views:
    """Features of a corpus, one matrix per column of texts.

    Attributes:
        text, weak, strong: ``(rows, words)`` each; dense, since the corpus is small.
        words: gives texts their features.
    """

    text: Tensor
    weak: Tensor
    strong: list[Tensor]
    words: TfidfVectorizer

    @classmethod
    def of(cls, corpus: pd.DataFrame) -> "Views":
        """Of a corpus in the layout ``wide``; a variant that is null is the text itself."""
        words = TfidfVectorizer(sublinear_tf=True, min_df=2, max_features=3000, dtype=np.float32)
        words.fit(corpus.text)
        names = ["text", "weak_0", *sorted(name for name in corpus if name.startswith("strong_"))]
        text, weak, *strong = (dense(words, corpus[name].fillna(corpus.text)) for name in names)
        return cls(text, weak, strong, words)


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


def consistency_loss(model: nn.Module, weak: Tensor, strong: Tensor, options: Options) -> Tensor:
    """Cross entropy of the strong view against what the model is sure of in the weak one."""
    model.eval()
    with torch.no_grad():
        logits = model(weak)
    model.train()
    sure, best = logits.softmax(1).max(1)
    target = (logits / options.temperature).softmax(1) if options.temperature else best
    losses = cross_entropy(model(strong), target, reduction="none")
    return (losses * (sure >= options.threshold)).mean()


def trained(
    views: Views, labels: np.ndarray, seed: int, options: Options, consistent: bool
) -> nn.Module:
    """A model of ``(rows,)`` numbers of classes, -1 where there is none.

    Both kinds start alike, and see the same labelled rows in the same order.
    """
    torch.manual_seed(seed)
    first, last = nn.Linear(views.text.shape[1], 64), nn.Linear(64, int(labels.max()) + 1)
    model = nn.Sequential(first, nn.ReLU(), nn.Dropout(options.dropout), last)
    optimizer = torch.optim.AdamW(model.parameters(), options.learning_rate)
    rng, others = np.random.default_rng([seed, 0]), np.random.default_rng([seed, 1])
    labelled = np.flatnonzero(labels >= 0)
    for step in range(options.steps):
        rows = rng.choice(labelled, 32)
        logits, wanted = model(views.text[rows]), torch.from_numpy(labels[rows]).long()
        annealing = options.annealing if consistent else None
        loss = supervised_loss(logits, wanted, step / options.steps, annealing)
        if consistent:
            rows = others.choice(len(labels), options.unlabelled)
            weak, strong = views.weak[rows], views.strong[step % len(views.strong)][rows]
            loss = loss + options.weight * consistency_loss(model, weak, strong, options)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval()


def accuracies(options: Options) -> Iterator[tuple[float, float]]:
    """Of both kinds of training, seed by seed, on rows that are not in the corpus."""
    news = packaged.bbc_news()
    part = split(news, "headline")
    held_out, pool = news[part == options.on], news[part == POOL]
    pool = pool.sample(frac=1, random_state=0, ignore_index=True)[: options.rows]
    # Every other row of the corpus has no label; of the labels there are, a seed draws some.
    pool = pool.assign(label=pool.label.where(pool.index % 2 == 0))
    corpus = augmented(pool[["text", "label"]], options.folder)
    views, classes = Views.of(corpus), sorted(corpus.label.dropna().unique())
    features, true = dense(views.words, held_out.text), held_out.label.map(classes.index)
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        labels = pd.Categorical(few(corpus.label, options.labels, seed), classes).codes
        models = [trained(views, labels, seed, options, kind) for kind in (False, True)]
        alone, both = ((model(features).argmax(1).numpy() == true).mean() for model in models)
        print(f"seed {seed}: supervised {alone:.2%}, consistency {both:.2%}", flush=True)
        yield alone, both


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
    parser.add_argument("--unlabelled", type=int, default=128, help="rows of a step, beside 32")
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
    options = arguments()
    alone, both = np.array(list(accuracies(options))).T
    print(
        f"{options.labels} labels, {len(alone)} seeds, accuracy: supervised {shown(alone)}, "
        f"consistency {shown(both)}, difference {shown(both - alone)} points"
    )


if __name__ == "__main__":
    main()
