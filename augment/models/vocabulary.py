"""What a fill-mask tokenizer's vocabulary offers as whole words."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from augment.errors import ModelError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_BYTE_LEVEL_SPACE, _METASPACE = "Ġ", "▁"


@dataclass(frozen=True)
class Vocabulary:
    """A vocabulary, item by item.

    Attributes:
        surface: ``(v,)`` string, the plain word of a whole-word item; empty for others.
        folded: ``(v,)`` string, ``surface`` in lower case.
        bias: ``(v,)`` float32, −inf for what can't stand as a word (sub-words, specials,
            punctuation, digits, single Latin letters), else 0.
    """

    surface: pa.StringArray
    folded: pa.StringArray
    bias: npt.NDArray[np.float32]

    @classmethod
    def of(cls, tokenizer: "Tokenizer", size: int) -> "Vocabulary":
        """Read a tokenizer's vocabulary; ``size`` is the model's, which may be larger."""
        mark, continuing = _marks(tokenizer)
        specials = {t.content for t in tokenizer.get_added_tokens_decoder().values()}
        words = [""] * size
        for token, place in tokenizer.get_vocab(with_added_tokens=True).items():
            if token not in specials and place < size:
                words[place] = _word(token, mark, continuing)
        surface = pa.array(words, pa.string())
        bias = np.where(pc.not_equal(surface, "").to_numpy(zero_copy_only=False), 0.0, -np.inf)
        return cls(surface, pc.utf8_lower(surface), bias.astype(np.float32))

    @cached_property
    def spelling(self) -> npt.NDArray[np.int64]:
        """``(v,)``: the first item spelled the same; a cased vocabulary may have several."""
        found = pc.index_in(self.folded, value_set=self.folded)
        return np.asarray(found.to_numpy(zero_copy_only=False), np.int64)

    def without(self, words: pa.StringArray) -> npt.NDArray[np.float32]:
        """The bias that also bans these words (lower case)."""
        banned = pc.is_in(self.folded, value_set=words).to_numpy(zero_copy_only=False)
        return np.where(banned, np.float32(-np.inf), self.bias)


def _marks(tokenizer: "Tokenizer") -> tuple[str, str]:
    """The prefix that opens a word, and the one that continues it; one of them is empty."""
    model = json.loads(tokenizer.to_str())["model"]
    if model["type"] == "WordPiece":
        return "", model["continuing_subword_prefix"]
    vocabulary = tokenizer.get_vocab()
    for mark in (_BYTE_LEVEL_SPACE, _METASPACE):
        if any(token.startswith(mark) for token in vocabulary):
            return mark, ""
    raise ModelError(f"a tokenizer of type {model['type']} that marks no word starts can't be used")


def _word(token: str, mark: str, continuing: str) -> str:
    if (continuing and token.startswith(continuing)) or not token.startswith(mark):
        return ""
    word = token.removeprefix(mark)
    readable = word.isalpha() and (len(word) > 1 or not word.isascii())
    return word if readable else ""
