"""What is known of a language's inflected words: their parts of speech and their opposites.

The English table is compiled from WordNet 3.0 (Fellbaum 1998) by
:mod:`augment.lexicons.build_forms`.
"""

import zlib
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from augment.atomic import whole_file
from augment.text.columns import Bools, Ints, Utf8
from augment.text.index import WordIndex

_TABLES = Path(__file__).parent / "tables"

TAGS = ("NN", "NNS", "VB", "VBZ", "VBD", "VBN", "VBG", "JJ", "JJR", "JJS", "RB", "RBR", "RBS")
"""Penn tags of the open classes; ``VB`` stands for ``VBP`` too."""

CLASSES = {"NOUN": ("NN", "NNS"), "VERB": TAGS[2:7], "ADJ": TAGS[7:10], "ADV": TAGS[10:]}
"""Parts of speech and their tags."""

LEMMAS = 3
"""Lemmas that a form has at the most (``found``: find and found)."""


@dataclass(frozen=True)
class Forms:
    """Inflected words in use, in lower case, without names, numbers and offensive words.

    Attributes:
        words: ``(w,)`` string, distinct.
        shares: ``(w, t)`` uint8, how a word's uses divide among :data:`TAGS`, of 255; what is
            missing are uses as something else.
        lemmas: ``(w, 3)`` int32, numbers of the lemmas it may be a form of, −1 for none.
        opposites: ``(2, a)`` int32, pairs of lemmas that are antonyms, the lower number first.
    """

    words: pa.StringArray
    shares: npt.NDArray[np.uint8]
    lemmas: npt.NDArray[np.int32]
    opposites: npt.NDArray[np.int32]

    def save(self, path: Path) -> None:
        """Write an Arrow file, compressed."""
        table = pa.table(
            {
                "word": self.words,
                "shares": _grouped(self.shares),
                "lemmas": _grouped(self.lemmas),
            }
        )
        told = {"opposites": zlib.compress(self.opposites.astype("<i4").tobytes(), 9)}
        schema = table.schema.with_metadata(told)
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        with whole_file(path) as made, pa.ipc.new_file(made, schema, options=options) as writer:
            writer.write_table(table.cast(schema), max_chunksize=table.num_rows)

    @classmethod
    def load(cls, path: Path) -> "Forms":
        """Read what :meth:`save` wrote."""
        with pa.OSFile(str(path)) as source:
            table = pa.ipc.open_file(source).read_all().combine_chunks()
        words = table["word"].chunk(0)
        numbers = {n: table[n].chunk(0).flatten().to_numpy() for n in ("shares", "lemmas")}
        told = table.schema.metadata[b"opposites"]
        return cls(
            words,
            numbers["shares"].reshape(-1, len(TAGS)),
            numbers["lemmas"].reshape(-1, LEMMAS),
            np.frombuffer(zlib.decompress(told), "<i4").reshape(2, -1),
        )

    @cached_property
    def digest(self) -> str:
        """32 hex digits over the contents."""
        state = xxhash.xxh3_128(Utf8.of(self.words).data.tobytes())
        for numbers in (Utf8.of(self.words).offsets, self.shares, self.lemmas, self.opposites):
            state.update(numbers.tobytes())
        return state.hexdigest()

    def find(self, words: pa.StringArray) -> Ints:
        """``(n,)``: each word's place in the table, −1 if it isn't there; case is ignored."""
        return self._index.find(pc.utf8_lower(words))

    def opposed(self, places: Ints, others: Ints) -> Bools:
        """Whether the words at these places are antonyms of those at the others.

        Args:
            places: ``(…)`` as from :meth:`find`; −1 has no antonyms.
            others: ``(…)`` likewise; the shapes broadcast.
        """
        found = np.zeros(np.broadcast_shapes(places.shape, others.shape), np.bool_)
        for own in range(LEMMAS):
            left = np.where(places < 0, -1, self.lemmas[places, own]).astype(np.int64)
            for other in range(LEMMAS):
                right = np.where(others < 0, -1, self.lemmas[others, other])
                key = left * self._stride + right
                held = self._pairs[np.searchsorted(self._pairs, key)] == key
                found |= held & (left >= 0) & (right >= 0)
        return found

    @cached_property
    def _index(self) -> WordIndex:
        return WordIndex(self.words)

    @cached_property
    def _stride(self) -> int:
        return int(max(self.lemmas.max(initial=0), self.opposites.max(initial=0))) + 1

    @cached_property
    def _pairs(self) -> Ints:
        """Sorted numbers of the pairs; the last is greater than any."""
        one, other = self.opposites.astype(np.int64)
        keys = np.concatenate([one * self._stride + other, other * self._stride + one])
        return np.append(np.sort(keys), np.iinfo(np.int64).max)


def _grouped(numbers: npt.NDArray[np.integer]) -> pa.FixedSizeListArray:
    return pa.FixedSizeListArray.from_arrays(pa.array(numbers.ravel()), numbers.shape[1])


@cache
def load_forms(tag: str) -> Forms | None:
    """The table of a language, by its primary tag; None if there is none."""
    path = _TABLES / f"forms-{tag}.arrow"
    return Forms.load(path) if path.exists() else None
