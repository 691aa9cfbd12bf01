"""The command line of the steps."""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from augment.models.bundled.texts import write_corpus
from augment.models.bundled.training import train
from augment.models.exporting import export


def main() -> None:
    """Run one of the steps; see the package's docstring."""
    parser = argparse.ArgumentParser(description="Make the bundled English fill-mask model.")
    steps = parser.add_subparsers(dest="step", required=True)
    corpus = steps.add_parser("corpus")
    corpus.add_argument("--packages", type=Path, required=True, help="folder of unpacked packages")
    corpus.add_argument("--output", type=Path, required=True)
    training = steps.add_parser("train")
    training.add_argument("--corpus", type=Path, required=True)
    training.add_argument("--start", type=Path, help="a BERT-tiny to train on")
    training.add_argument("--widen", action="store_true", help="train the student made of it")
    training.add_argument("--minutes", type=float, default=90.0)
    training.add_argument("--batch-size", type=int, default=32)
    training.add_argument("--learning-rate", type=float, default=5e-4)
    training.add_argument("--output", type=Path, required=True)
    exporting = steps.add_parser("export")
    exporting.add_argument("--checkpoint", type=Path, required=True)
    exporting.add_argument("--output", type=Path, required=True)
    options = vars(parser.parse_args())
    run: dict[str, Callable[..., None]] = {
        "corpus": write_corpus,
        "train": train,
        "export": partial(export, dtype="float16", language="en"),
    }
    run[options.pop("step")](**options)


if __name__ == "__main__":
    main()
