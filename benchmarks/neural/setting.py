"""What a run of the benchmarks is asked for, and where it keeps what it builds."""

from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.data import BUILD
from benchmarks.neural.checkpoints import BertSize
from benchmarks.neural.marian_checkpoint import MarianSize


@dataclass(frozen=True, slots=True)
class Setting:
    """Sizes, rounds and places.

    Attributes:
        folder: where checkpoints are built, once.
        peer_python: of the environment where nlpaug runs; without it there is no such side.
        model: a real masked language model of the user's, to measure agreement on.
        rounds: that count, besides one for warming up.
        threads: of every side.
        bert, marian: shapes of the checkpoints with random weights.
        filled: texts of a round of masked-LM fill.
        translated: texts of a round of back-translation.
        bundled: texts of a round of what the bundled models do.
        long_tokens: length of the long text.
        beams: widths of the beam, one table each.
        peer_batches: batch sizes of which nlpaug's translation gets the best.
    """

    folder: Path = BUILD / "neural"
    peer_python: Path | None = None
    model: str | None = None
    rounds: int = 3
    threads: int = 2
    bert: BertSize = field(default_factory=BertSize)
    marian: MarianSize = field(default_factory=MarianSize)
    filled: int = 128
    translated: int = 256
    bundled: int = 1_000
    long_tokens: int = 12_000
    beams: tuple[int, ...] = (4, 1)
    peer_batches: tuple[int, ...] = (16, 32, 64)


def smoke(folder: Path, peer_python: Path | None = None) -> Setting:
    """Everything tiny: whether it runs, not how fast."""
    return Setting(
        folder=folder,
        peer_python=peer_python,
        rounds=1,
        threads=1,
        bert=BertSize(layers=1, width=32, heads=2, positions=128),
        marian=MarianSize(
            layers=2,
            width=64,
            heads=2,
            inner=128,
            pieces=1_000,
            vocabulary=2_000,
            training_texts=200,
            beams=2,
        ),
        filled=8,
        translated=6,
        bundled=20,
        long_tokens=300,
        beams=(2,),
        peer_batches=(4,),
    )
