"""The command line of the three steps."""

import argparse
from collections.abc import Callable
from pathlib import Path

from augment.models.bert_tiny.exporting import export
from augment.models.bert_tiny.texts import write_corpus
from augment.models.bert_tiny.training import train


def main() -> None:
    """Run one of the three steps; see the package's docstring."""
    parser = argparse.ArgumentParser(description="Make the bundled English fill-mask model.")
    steps = parser.add_subparsers(dest="step", required=True)
    corpus = steps.add_parser("corpus")
    corpus.add_argument("--packages", type=Path, required=True, help="folder of unpacked packages")
    corpus.add_argument("--output", type=Path, required=True)
    training = steps.add_parser("train")
    training.add_argument("--corpus", type=Path, required=True)
    training.add_argument("--minutes", type=float, default=90.0)
    training.add_argument("--batch-size", type=int, default=64)
    training.add_argument("--learning-rate", type=float, default=1e-3)
    training.add_argument("--output", type=Path, required=True)
    exporting = steps.add_parser("export")
    exporting.add_argument("--checkpoint", type=Path, required=True)
    exporting.add_argument("--output", type=Path, required=True)
    options = vars(parser.parse_args())
    run: dict[str, Callable[..., None]] = {"corpus": write_corpus, "train": train, "export": export}
    run[options.pop("step")](**options)


if __name__ == "__main__":
    main()
