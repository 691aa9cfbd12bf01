"""The words that may be put at masks, as the tokenizer itself spells them.

A vocabulary does not say which of its items are words: ``Ġth`` and ``▁inter`` look like any other.
So the words come from a list, each is spelled by the tokenizer, and those it spells in the wanted
number of items are kept, in a trie: at every mask the items that lead to a word can be told.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from augment.models.vocabulary import Vocabulary, marks, specials
from augment.text.casing import LOWER, TITLE, patterns

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Ints = npt.NDArray[np.int64]

SPACED, BARE = 0, 1
"""Where a word stands: behind a space, or right behind something else."""

_ANCHORS = {SPACED: "a ", BARE: "("}
"""What is put before a word to see how it is spelled there."""
_CHUNK = 20_000


@dataclass(frozen=True)
class Spellings:
    """A trie over the spellings of words.

    Attributes:
        words: ``(w,)`` string, distinct; lower case, but where the list itself has capitals.
        size: of the vocabulary.
        keys: per level, ``(e,)`` int64, sorted: node · size + item of each edge.
        nodes: per level, ``(e,)`` int64: the node each edge leads to. Roots come first, see
            :meth:`root`.
        word: ``(nodes,)`` int64: the word that ends at a node, −1 for inner nodes.
        capital: ``(nodes,)`` bool: whether it is spelled with a capital there.
    """

    words: pa.StringArray
    size: int
    keys: tuple[Ints, ...]
    nodes: tuple[Ints, ...]
    word: Ints
    capital: npt.NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        tokenizer: "Tokenizer",
        vocabulary: Vocabulary,
        words: pa.StringArray,
        pieces: Sequence[int],
    ) -> "Spellings":
        """Spell words, and keep those of so many items.

        Args:
            tokenizer: prepared by :func:`augment.models.fill_mask.prepare`.
            vocabulary: the tokenizer's.
            words: distinct words.
            pieces: the numbers of items wanted, each at least 1.
        """
        size = len(vocabulary.surface)
        mark, _ = marks(tokenizer)
        numbers = np.arange(len(words))
        if max(pieces) == 1:  # most words have no item of their own, and need not be spelled
            numbers = _with_items(tokenizer, words, mark)
        found: list[tuple[int, tuple[int, ...], int, bool]] = []
        for where in (SPACED, BARE) if mark else (SPACED,):
            for number, ids, capital in _spelled(tokenizer, words, numbers, where):
                if len(ids) in pieces and max(ids) < size:
                    found.append((int(root(len(ids), where)), ids, number, capital))
        return cls(words, size, *_trie(found, size, max(pieces)))

    def step(self, level: int, nodes: Ints, ids: Ints) -> Ints:
        """``(m, k)``: the nodes that items lead to, −1 where they lead nowhere.

        Args:
            level: how many items came before.
            nodes: ``(m,)`` where the masks' words stand.
            ids: ``(m, k)`` items.
        """
        keys = self.keys[level]
        if not len(keys):
            return np.full(ids.shape, -1, np.int64)
        wanted = nodes[:, None] * self.size + ids
        place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[place] == wanted, self.nodes[level][place], -1)

    def bias(self, level: int) -> npt.NDArray[np.float32]:
        """``(v,)``: 0 for the items that some word has at this level, −inf for the others."""
        bias = np.full(self.size, -np.inf, np.float32)
        bias[self.keys[level] % self.size] = 0.0
        return bias


def root(pieces: npt.ArrayLike, where: npt.ArrayLike) -> Ints:
    """The nodes at which words of so many items start, behind a space or not."""
    return 2 * (np.asarray(pieces, np.int64) - 1) + np.asarray(where, np.int64)


def _with_items(tokenizer: "Tokenizer", words: pa.StringArray, mark: str) -> Ints:
    """Numbers of the words that may be one item; of words beyond ASCII that can't be told."""
    items = tokenizer.get_vocab()
    kept = [
        number
        for number, word in enumerate(words.to_pylist())
        if not word.isascii()
        or any(
            form in items
            for cased in (word, word.capitalize(), word.lower())
            for form in (cased, mark + cased)
        )
    ]
    return np.array(kept, np.int64)


def _spelled(
    tokenizer: "Tokenizer", words: pa.StringArray, numbers: Ints, where: int
) -> Iterator[tuple[int, tuple[int, ...], bool]]:
    """Number, items and capital of each word that the tokenizer spells whole and apart."""
    anchor = _ANCHORS[where]
    head = len(anchor.rstrip())
    unknown = specials(tokenizer)
    cased = _ids(tokenizer, "a B") != _ids(tokenizer, "a b")
    for start in range(0, len(numbers), _CHUNK):
        part = numbers[start : start + _CHUNK]
        plain = words.take(pa.array(part))
        for capital in (False, True) if cased else (False,):
            texts = pc.utf8_capitalize(plain) if capital else plain
            other = pc.not_equal(texts, plain).to_numpy(zero_copy_only=False)
            own = patterns(texts)
            keep = np.flatnonzero(other & (own == TITLE)) if capital else np.arange(len(part))
            lines = [anchor + word for word in texts.take(pa.array(keep)).to_pylist()]
            encoded = tokenizer.encode_batch(lines, add_special_tokens=False)
            for place, made in zip(keep, encoded, strict=True):
                ids = _behind(made.ids, made.offsets, head)
                if ids and not unknown.intersection(ids):
                    yield int(part[place]), ids, bool(own[place] != LOWER)


def _behind(ids: list[int], offsets: list[tuple[int, int]], head: int) -> tuple[int, ...]:
    """The items behind the anchor; none if one of them holds a part of it."""
    first = next((i for i, (start, stop) in enumerate(offsets) if stop > head), len(ids))
    apart = first < len(ids) and offsets[first][0] >= head
    return tuple(ids[first:]) if apart else ()


def _ids(tokenizer: "Tokenizer", text: str) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False).ids)


def _trie(
    found: list[tuple[int, tuple[int, ...], int, bool]], size: int, depth: int
) -> tuple[tuple[Ints, ...], tuple[Ints, ...], Ints, npt.NDArray[np.bool_]]:
    edges: list[dict[int, int]] = [{} for _ in range(depth)]
    word, capital = [-1] * (2 * depth), [False] * (2 * depth)
    for node, ids, number, is_capital in found:
        for level, item in enumerate(ids):
            node = edges[level].setdefault(node * size + item, len(word))
            if node == len(word):
                word.append(-1)
                capital.append(False)
        if word[node] < 0:  # two words may be spelled alike: the first in the list stays
            word[node], capital[node] = number, is_capital
    keys = [np.array(sorted(level), np.int64) for level in edges]
    nodes = [np.array([e[int(k)] for k in ks], np.int64) for e, ks in zip(edges, keys, strict=True)]
    return tuple(keys), tuple(nodes), np.array(word, np.int64), np.array(capital, np.bool_)
