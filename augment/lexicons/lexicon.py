"""A synonym table: words, and for each of them weighted candidates in order of sense."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from augment.atomic import whole_file
from augment.text.columns import Utf8
from augment.text.index import WordIndex

TAG_MARK = "\t"
"""Stands in a key between a form and its tag, such as ``left\\tVBD``."""

Candidates = Sequence[tuple[str, int, float]]
"""Word, sense counted from 0, weight."""


@dataclass(frozen=True)
class Lexicon:
    """Columns of candidates, grouped by word.

    Attributes:
        words: ``(w,)`` string, lower case, distinct; a form may stand there once more for each of
            its tags of parts of speech, behind :data:`TAG_MARK`.
        offsets: ``(w + 1,)`` int64; word i has ``candidates[offsets[i]:offsets[i + 1]]``.
        candidates: ``(c,)`` string; per word by sense, then by weight.
        senses: ``(c,)`` uint8, 0 for the word's most frequent sense.
        weights: ``(c,)`` float32, positive; how likely a candidate is drawn among its word's.
    """

    words: pa.StringArray
    offsets: npt.NDArray[np.int64]
    candidates: pa.StringArray
    senses: npt.NDArray[np.uint8]
    weights: npt.NDArray[np.float32]

    @classmethod
    def of(cls, entries: Mapping[str, Candidates]) -> "Lexicon":
        """A table of Python values; words without candidates are left out."""
        kept = {word: found for word, found in entries.items() if found}
        flat = [item for found in kept.values() for item in found]
        return cls(
            pa.array(list(kept), pa.string()),
            np.cumsum([0, *(len(found) for found in kept.values())], dtype=np.int64),
            pa.array([word for word, _, _ in flat], pa.string()),
            np.array([sense for _, sense, _ in flat], np.uint8),
            np.array([weight for _, _, weight in flat], np.float32),
        )

    def save(self, path: Path) -> None:
        """Write the table as an uncompressed Arrow file, which opens by memory-mapping."""
        offsets = pa.array(self.offsets, pa.int32())

        def grouped(values: pa.Array) -> pa.ListArray:
            return pa.ListArray.from_arrays(offsets, values)

        table = pa.table(
            {
                "word": self.words,
                "candidates": grouped(self.candidates),
                "senses": grouped(pa.array(self.senses)),
                "weights": grouped(pa.array(self.weights)),
            }
        )
        with whole_file(path) as made, pa.ipc.new_file(made, table.schema) as writer:
            writer.write_table(table, max_chunksize=table.num_rows)

    @classmethod
    def load(cls, path: Path) -> "Lexicon":
        """Open a table that :meth:`save` wrote; nothing is copied."""
        with pa.memory_map(str(path)) as source:
            (batch,) = pa.ipc.open_file(source).read_all().to_batches()
        lists = batch["candidates"]
        return cls(
            batch["word"],
            lists.offsets.to_numpy().astype(np.int64),
            lists.values,
            batch["senses"].values.to_numpy(),
            batch["weights"].values.to_numpy(),
        )

    @cached_property
    def digest(self) -> str:
        """32 hex digits over the table's contents."""
        state = xxhash.xxh3_128()
        for column in (Utf8.of(self.words), Utf8.of(self.candidates)):
            state.update(column.data.tobytes())
            state.update(column.offsets.tobytes())
        for numbers in (self.offsets, self.senses, self.weights):
            state.update(numbers.tobytes())
        return state.hexdigest()

    def find(
        self, words: pa.StringArray, tags: pa.StringArray | None = None
    ) -> npt.NDArray[np.int64]:
        """``(n,)``: each word's place in the table, −1 if it isn't there; case is ignored.

        Args:
            words: ``(n,)`` string.
            tags: ``(n,)`` string, the part of speech of each word, which then counts as its entry
                for this tag; null if it has none. A table without tags ignores them.
        """
        lower = pc.utf8_lower(words)
        if tags is not None and self._tagged:
            lower = pc.binary_join_element_wise(lower, tags, TAG_MARK)
        return self._index.find(lower)

    @cached_property
    def _tagged(self) -> bool:
        return bool(pc.any(pc.match_substring(self.words, TAG_MARK)).as_py())

    @cached_property
    def _index(self) -> WordIndex:
        return WordIndex(self.words)

    def most_senses(self, count: int) -> "Lexicon":
        """The table of each word's ``count`` first senses."""
        return self._only(self.senses < count)

    def single_words(self) -> "Lexicon":
        """The table without candidates of several words."""
        spaced = pc.match_substring_regex(self.candidates, r"\s")
        return self._only(~spaced.to_numpy(zero_copy_only=False))

    def _only(self, keep: npt.NDArray[np.bool_]) -> "Lexicon":
        kept_before = np.append(0, np.cumsum(keep))
        bounds = kept_before[self.offsets]
        full = np.flatnonzero(bounds[1:] > bounds[:-1])
        return Lexicon(
            self.words.take(pa.array(full)),
            np.append(bounds[full], kept_before[-1]),
            self.candidates.filter(pa.array(keep)),
            self.senses[keep],
            self.weights[keep],
        )

    @cached_property
    def _shares(self) -> npt.NDArray[np.float64]:
        """Cumulative weight up to each candidate within its word, plus the word's place."""
        sums = np.append(0.0, np.cumsum(self.weights, dtype=np.float64))
        word = np.repeat(np.arange(len(self.words)), np.diff(self.offsets))
        first, last = sums[self.offsets[:-1]][word], sums[self.offsets[1:]][word]
        return np.asarray(word + (sums[1:] - first) / (last - first))

    def index(
        self, places: npt.NDArray[np.int64], uniform: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.int64]:
        """The place of one candidate per word, by inverse distribution function of the weights.

        Args:
            places: ``(n,)`` places of words, as from :meth:`find`, none negative.
            uniform: ``(n,)`` numbers in [0, 1).
        """
        chosen = np.searchsorted(self._shares, places + uniform, side="right")
        last = self.offsets[places + 1] - 1  # places + uniform may round up to the next word
        return np.asarray(np.minimum(chosen, last))

    def draw(
        self, places: npt.NDArray[np.int64], uniform: npt.NDArray[np.float64]
    ) -> pa.StringArray:
        """One candidate per word: those at :meth:`index`."""
        return self.candidates.take(pa.array(self.index(places, uniform)))
