"""What words can mean: the senses of lemmas, and which senses are one step from each other.

The English table is compiled from WordNet 3.0 (Fellbaum 1998) by
:mod:`augment.lexicons.build_senses`.
"""

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

from augment.atomic import whole_file

_TABLES = Path(__file__).parent / "tables"


@dataclass(frozen=True)
class Senses:
    """Senses of the lemmas of :class:`augment.lexicons.forms.Forms`, under the same numbers.

    Attributes:
        forms: digest of the table of forms whose lemmas these are.
        starts: ``(l + 1,)`` int32, where each lemma's senses start in ``senses``.
        senses: ``(s,)`` int32, numbers of senses; rare senses of a lemma are left out.
        related: ``(2, r)`` int32, pairs of senses one step apart, the lower number first.
    """

    forms: str
    starts: npt.NDArray[np.int32]
    senses: npt.NDArray[np.int32]
    related: npt.NDArray[np.int32]

    def save(self, path: Path) -> None:
        """Write an Arrow file, compressed."""
        columns = {"starts": self.starts, "senses": self.senses, "related": self.related.T.ravel()}
        row = pa.table({name: pa.array([numbers]) for name, numbers in columns.items()})
        schema = row.schema.with_metadata({"forms": self.forms})
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        with whole_file(path) as made, pa.ipc.new_file(made, schema, options=options) as writer:
            writer.write_table(row.cast(schema))

    @classmethod
    def load(cls, path: Path) -> "Senses":
        """Read what :meth:`save` wrote."""
        with pa.OSFile(str(path)) as source:
            row = pa.ipc.open_file(source).read_all().combine_chunks()
        starts, senses, related = (
            row[name].chunk(0).flatten().to_numpy() for name in ("starts", "senses", "related")
        )
        return cls(row.schema.metadata[b"forms"].decode(), starts, senses, related.reshape(-1, 2).T)

    @cached_property
    def digest(self) -> str:
        """32 hex digits over the contents."""
        state = xxhash.xxh3_128(self.forms.encode())
        for numbers in (self.starts, self.senses, self.related):
            state.update(np.ascontiguousarray(numbers).tobytes())
        return state.hexdigest()

    def of(self, lemma: int) -> frozenset[int]:
        """The senses of a lemma, by its number."""
        start, stop = self.starts[lemma : lemma + 2]
        return frozenset(self.senses[start:stop].tolist())

    def near(self, sense: int) -> frozenset[int]:
        """The senses one step from a sense, by its number."""
        one, other = self._neighbours
        start, stop = np.searchsorted(one, [sense, sense + 1])
        return frozenset(other[start:stop].tolist())

    @cached_property
    def _neighbours(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        one = np.concatenate([self.related[0], self.related[1]])
        other = np.concatenate([self.related[1], self.related[0]])
        order = np.lexsort((other, one))
        return one[order], other[order]


@cache
def load_senses(tag: str) -> Senses | None:
    """The table of a language, by its primary tag; None if there is none."""
    path = _TABLES / f"senses-{tag}.arrow"
    return Senses.load(path) if path.exists() else None
