"""Texts as blocks of token ids in files that are mapped into memory, whatever their number.

A block is the model's opening specials, tokens of one text after another with a separator between
them, and the closing specials; what is left at the end and fills no block is dropped.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from augment.atomic import whole_file
from augment.models.adapting.base import Base
from augment.randomness import Keys, derive, hash_strings, uniform

if TYPE_CHECKING:
    from tokenizers import Encoding

Ints = npt.NDArray[np.int32]

NO_WORD = -1
"""The word id of specials."""

IGNORED = -100
"""The label of what is not masked."""

_MOST_MEASURED = 512
_TEXTS = 1000
_PARTS = ("training", "validation")


@dataclass(frozen=True, slots=True)
class Blocks:
    """Blocks of one split.

    Attributes:
        ids: ``(n, t)`` int32 token ids.
        words: ``(n, t)`` int32, the number of each token's word within its block, −1 of specials.
    """

    ids: Ints
    words: Ints

    def __len__(self) -> int:
        return len(self.ids)

    def masked(self, rows: npt.NDArray[np.integer], keys: Keys, rate: float, mask: int) -> "Masked":
        """Some blocks with whole words masked, by a key for each block."""
        ids, words = np.asarray(self.ids[rows]), np.asarray(self.words[rows])
        drawn = uniform(keys[:, None], "mask", np.maximum(words, 0)) < rate
        chosen = drawn & (words != NO_WORD)
        return Masked(np.where(chosen, mask, ids), np.where(chosen, ids, IGNORED))

    def sample(self) -> "Blocks":
        """As many as are measured at the most, evenly spread."""
        if len(self) <= _MOST_MEASURED:
            return self
        rows = np.linspace(0, len(self) - 1, _MOST_MEASURED).astype(np.int64)
        return Blocks(self.ids[rows], self.words[rows])


@dataclass(frozen=True, slots=True)
class Masked:
    """Blocks to learn from, or to be judged by.

    Attributes:
        ids: ``(b, t)`` token ids with masks.
        labels: ``(b, t)`` what stood under the masks, −100 elsewhere.
    """

    ids: Ints
    labels: Ints


@dataclass(frozen=True, slots=True)
class Corpus:
    """A corpus in blocks.

    Attributes:
        training, validation: its two splits; no text is in both.
        texts: how many texts each of the two has.
    """

    training: Blocks
    validation: Blocks
    texts: tuple[int, int]


def validating(texts: pa.StringArray, share: float) -> npt.NDArray[np.bool_]:
    """Which texts are never trained on: by the hash of each, so wherever and whenever it occurs."""
    return np.asarray(uniform(derive(hash_strings(texts), "validation"), "split") < share)


def write_blocks(texts: Iterable[pa.StringArray], base: Base, share: float, folder: Path) -> None:
    """Tokenise texts into a folder that :func:`read_blocks` reads; whole when this returns."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        _Writer(folder / _PARTS[0], base) as training,
        _Writer(folder / _PARTS[1], base) as validation,
    ):
        for column in texts:
            held_out = validating(column, share)
            for writer, chosen in ((training, ~held_out), (validation, held_out)):
                writer.add(column.filter(pa.array(chosen)).to_pylist())
    about = {"block": base.block, "texts": [training.texts, validation.texts]}
    with whole_file(folder / "blocks.json") as path:
        path.write_text(json.dumps(about), "utf-8")


def read_blocks(folder: Path) -> Corpus | None:
    """What :func:`write_blocks` wrote; None if it did not come to its end."""
    if not (folder / "blocks.json").is_file():
        return None
    about = json.loads((folder / "blocks.json").read_text("utf-8"))
    training, validation = (_mapped(folder / part, about["block"]) for part in _PARTS)
    return Corpus(training, validation, (about["texts"][0], about["texts"][1]))


def _mapped(path: Path, block: int) -> Blocks:
    if not path.stat().st_size:
        empty = np.zeros((0, block), np.int32)
        return Blocks(empty, empty)
    both = np.memmap(path, np.int32, "r").reshape(-1, 2, block)
    return Blocks(both[:, 0], both[:, 1])


class _Writer:
    """Appends blocks to a file."""

    def __init__(self, path: Path, base: Base) -> None:
        self.texts = 0
        self._base = base
        self._body = base.block - len(base.opening) - len(base.closing)
        self._ids = np.zeros(0, np.int32)
        self._words = np.zeros(0, np.int32)
        self._next = 0
        self._file = path.open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def add(self, texts: list[str]) -> None:
        """Append texts; what fills no block yet is held."""
        self.texts += len(texts)
        for start in range(0, len(texts), _TEXTS):
            ids, words = self._tokens(texts[start : start + _TEXTS])
            self._ids = np.concatenate([self._ids, ids])
            self._words = np.concatenate([self._words, words])
            self._flush()

    def _tokens(self, texts: list[str]) -> tuple[Ints, Ints]:
        """Tokens of texts, each with a separator behind it, and their words counted on."""
        separator = self._base.closing[:1]
        encoded = self._base.literal.encode_batch(texts, add_special_tokens=False)
        lengths = [len(each) + len(separator) for each in encoded]
        total = sum(lengths)
        flat = chain.from_iterable(chain(each.ids, separator) for each in encoded)
        ids = np.fromiter(flat, np.int32, total)
        words = np.fromiter(chain.from_iterable(map(self._words_of, encoded)), np.int32, total)
        return ids, words

    def _words_of(self, encoded: "Encoding") -> Iterator[int]:
        """Word numbers of a text that no other text has, and that of the separator behind it."""
        found = encoded.word_ids
        first = self._next
        self._next = first + 1 + max((word for word in found if word is not None), default=-1)
        yield from (NO_WORD if word is None else first + word for word in found)
        yield from (NO_WORD for _ in self._base.closing[:1])

    def _flush(self) -> None:
        count = len(self._ids) // self._body
        held = count * self._body
        out = np.full((count, 2, self._base.block), NO_WORD, np.int32)
        inside = slice(len(self._base.opening), len(self._base.opening) + self._body)
        out[:, 0, : inside.start] = self._base.opening
        out[:, 0, inside] = self._ids[:held].reshape(count, self._body)
        out[:, 0, inside.stop :] = self._base.closing
        words = self._words[:held].reshape(count, self._body)
        first = np.where(words == NO_WORD, np.iinfo(np.int32).max, words).min(1, keepdims=True)
        out[:, 1, inside] = np.where(words == NO_WORD, NO_WORD, words - first)
        out.tofile(self._file)
        self._ids, self._words = self._ids[held:], self._words[held:]
        # Counted from what is held, or the numbers of a large corpus's words would overflow.
        inner = self._words[self._words != NO_WORD]
        shift = int(inner.min(initial=self._next))
        self._words = np.where(self._words == NO_WORD, NO_WORD, self._words - shift)
        self._next -= shift
