"""Stream an augmented corpus into PyTorch: every row once, over all workers of all ranks.

    python examples/streaming.py [OUT] [--ranks 2] [--workers 2] [--epochs 2]

Without OUT, a small corpus is made first. Two ways: :class:`AugmentedCorpus`, which reads row
groups with pyarrow, and :func:`with_datasets`, which leaves the reading to Hugging Face's library.
"""

import argparse
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import torch
from datasets.distributed import split_dataset_by_node
from torch import distributed
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from pipelines import read_dataset, run

ROOT = Path(__file__).parent.parent
Row = dict[str, Any]


class AugmentedCorpus(IterableDataset[Row]):
    """The rows of an output, in an order that seed and epoch alone decide.

    An epoch is one sequence of rows: the row groups in a random order, some of them at a time
    mixed row by row. Each worker of each rank takes its own stretch of it. The stretches are
    equally long but for one row, cover every row once, and read only what they need. Where all
    ranks must take the same number of steps, drop the last batch or use torch's ``Join``.

    Args:
        output: what a recipe named as its output.
        version: of it; the last one if None. Ranks that start at different times should name it.
        columns: to read; all if None.
        seed, mix: of the order; so many row groups are held in memory and mixed at a time.
        rank, ranks: of this process; those of ``torch.distributed`` if None.
    """

    def __init__(
        self,
        output: str,
        *,
        version: int | None = None,
        columns: Sequence[str] | None = None,
        seed: int = 0,
        mix: int = 8,
        rank: int | None = None,
        ranks: int | None = None,
    ) -> None:
        data = read_dataset(output, version)
        self.schema = data.schema
        self.columns = list(columns or data.schema.names)
        self.seed, self.mix = seed, mix
        here = distributed.is_available() and distributed.is_initialized()
        self.rank = rank if rank is not None else distributed.get_rank() if here else 0
        self.ranks = ranks if ranks is not None else distributed.get_world_size() if here else 1
        # One fragment per row group; how long each is stands in the files' footers.
        self.groups = [g for f in data.get_fragments() for g in f.split_by_row_group()]
        self.sizes = np.array([g.row_groups[0].num_rows for g in self.groups], np.int64)
        # In shared memory, since a worker that outlives an epoch has its own copy of all else.
        self._epoch = torch.zeros((), dtype=torch.int64).share_memory_()

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of the next pass."""
        self._epoch.fill_(epoch)

    def __len__(self) -> int:
        """Rows of this rank."""
        start, stop = self._stretch(1, 0)
        return stop - start

    def _stretch(self, workers: int, number: int) -> tuple[int, int]:
        """Where in the epoch's sequence a worker of this rank starts and stops."""
        share, shares = self.rank * workers + number, self.ranks * workers
        rows = int(self.sizes.sum())
        return rows * share // shares, rows * (share + 1) // shares

    def __iter__(self) -> Iterator[Row]:
        worker = get_worker_info()
        start, stop = self._stretch(*((worker.num_workers, worker.id) if worker else (1, 0)))
        epoch = int(self._epoch)
        order = np.random.default_rng([self.seed, epoch]).permutation(len(self.groups))
        first = 0
        for at in range(0, len(order), self.mix):
            block = order[at : at + self.mix]
            last = first + int(self.sizes[block].sum())
            if first < stop and start < last:
                rows = np.random.default_rng([self.seed, epoch, at]).permutation(last - first)
                yield from self._rows(block, rows[max(start - first, 0) : stop - first])
            first = last

    def _rows(self, block: np.ndarray, rows: np.ndarray) -> Iterator[Row]:
        """Some rows of a few row groups, in this order."""
        tables = [self.groups[g].to_table(self.schema, columns=self.columns) for g in block]
        table = pa.concat_tables(tables)
        for begin in range(0, len(rows), 1000):
            yield from table.take(pa.array(rows[begin : begin + 1000])).to_pylist()


def with_datasets(
    output: str, *, seed: int = 0, epoch: int = 0, rank: int = 0, ranks: int = 1
) -> datasets.IterableDataset:
    """The same through ``datasets``: files are dealt to ranks and workers, rows mixed in a buffer.

    Ranks share single files if their number does not divide that of the files; a worker without
    a file has nothing to do.
    """
    # The files rather than the folder, which is a link to a version and may move on meanwhile.
    files = sorted(str(path) for path in Path(output).resolve().rglob("*.parquet"))
    stream = datasets.load_dataset("parquet", data_files=files, split="train", streaming=True)
    stream = split_dataset_by_node(
        stream.shuffle(seed=seed, buffer_size=1000), rank=rank, world_size=ranks
    )
    stream.set_epoch(epoch)
    return stream


def ids_read(data: Any, workers: int) -> list[str]:
    """The ids of all rows that a loader with so many workers gives."""
    loader = DataLoader(data, batch_size=256, num_workers=workers, collate_fn=list)
    return [row["aug_id"] for batch in loader for row in batch]


def made(rows: int) -> str:
    """A small augmented corpus, in the layout ``long``."""
    output = str(ROOT / "build" / "examples" / "streaming")
    places = [f"input={ROOT / 'data' / 'english.parquet'}", f"output={output}", "batch_rows=64"]
    run("english-lexical", overrides=places, limit=rows)
    return output


def main() -> None:
    """Read a corpus by all ranks, one after the other, and compare with what there is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", nargs="?", help="a corpus in the layout long")
    parser.add_argument("--rows", type=int, default=1000, help="of the corpus that is made")
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=2)
    options = parser.parse_args()
    output, ranks = options.output or made(options.rows), range(options.ranks)
    wanted = sorted(read_dataset(output).to_table(columns=["aug_id"])["aug_id"].to_pylist())
    own = [AugmentedCorpus(output, rank=rank, ranks=len(ranks)) for rank in ranks]
    for epoch in range(options.epochs):
        for each in own:
            each.set_epoch(epoch)
        theirs = [with_datasets(output, epoch=epoch, rank=r, ranks=len(ranks)) for r in ranks]
        for name, parts in (("pyarrow", own), ("datasets", theirs)):
            found = [row for part in parts for row in ids_read(part, options.workers)]
            exact = sorted(found) == wanted
            order = hashlib.sha256("\n".join(found).encode()).hexdigest()[:8]
            print(
                f"epoch {epoch}, {name}: {len(found):,} rows by {len(ranks)} ranks of "
                f"{options.workers} workers, {'each row once' if exact else 'NOT each once'}, "
                f"order {order}"
            )
            if not exact:
                raise SystemExit(1)


if __name__ == "__main__":
    main()
