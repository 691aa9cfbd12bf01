"""What a fill-mask tokenizer's vocabulary offers as whole words."""

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
_UNKNOWN = "\U0002a6d6"
"""A letter that hardly any text has; others than letters may be left out when text is cleaned."""


@dataclass(frozen=True)
class Vocabulary:
    """A vocabulary, item by item.

    Attributes:
        surface: ``(v,)`` string, the plain word of a whole-word item; empty for others.
        bias: ``(v,)`` float32, −inf for what can't stand as a word (sub-words, specials,
            punctuation, digits, single Latin letters), else 0.
        opens: ``(v,)`` bool, whether an item opens a word behind a space; where a tokenizer marks
            no spaces (WordPiece), all do.
    """

    surface: pa.StringArray
    bias: npt.NDArray[np.float32]
    opens: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, tokenizer: "Tokenizer", size: int) -> "Vocabulary":
        """Read a tokenizer's vocabulary; ``size`` is the model's, which may be larger."""
        mark, continuing = marks(tokenizer)
        specials = {t.content for t in tokenizer.get_added_tokens_decoder().values()}
        words, opens = [""] * size, np.zeros(size, np.bool_)
        for token, place in tokenizer.get_vocab(with_added_tokens=True).items():
            if token not in specials and place < size:
                words[place] = _word(token, mark, continuing)
                opens[place] = token.startswith(mark)
        surface = pa.array(words, pa.string())
        bias = np.where(pc.not_equal(surface, "").to_numpy(zero_copy_only=False), 0.0, -np.inf)
        return cls(surface, bias.astype(np.float32), opens)

    @cached_property
    def words(self) -> pa.StringArray:
        """``(w,)`` the distinct words that have an item of their own, in order."""
        return pa.array(sorted(set(self.surface.to_pylist()) - {""}), pa.string())


def marks(tokenizer: "Tokenizer") -> tuple[str, str]:
    """The prefix that opens a word, and the one that continues it; one of them is empty.

    Raises:
        ModelError: the tokenizer marks neither.
    """
    continuing = getattr(tokenizer.model, "continuing_subword_prefix", None)
    kind = type(tokenizer.model).__name__
    if kind == "WordPiece" and continuing:
        return "", str(continuing)
    parts = (tokenizer.normalizer, tokenizer.pre_tokenizer, tokenizer.decoder)
    told = " ".join(map(repr, parts))
    # The vocabulary would not tell: a large one holds the letter Ġ, too.
    if "ByteLevel(" in told:
        return _BYTE_LEVEL_SPACE, ""
    if _METASPACE in told:
        return _METASPACE, ""
    raise ModelError(f"a tokenizer of type {kind} that marks no word starts can't be used")


def specials(tokenizer: "Tokenizer") -> frozenset[int]:
    """Items that are no text: of masks, padding, unknown words, ends of sequences."""
    added = tokenizer.get_added_tokens_decoder()
    return frozenset(number for number, token in added.items() if token.special)


def stand_in(tokenizer: "Tokenizer") -> int:
    """What the tokenizer gives for a character that it doesn't know."""
    return int(tokenizer.encode(_UNKNOWN, add_special_tokens=False).ids[-1])


def _word(token: str, mark: str, continuing: str) -> str:
    if (continuing and token.startswith(continuing)) or not token.startswith(mark):
        return ""
    word = token.removeprefix(mark)
    if mark == _BYTE_LEVEL_SPACE:
        word = _read_bytes(word)
    readable = word.isalpha() and (len(word) > 1 or not word.isascii())
    return word if readable else ""


def _read_bytes(token: str) -> str:
    """What a byte-level item spells; empty if it is no whole characters."""
    if token.isascii():
        return token
    from tokenizers.decoders import ByteLevel

    text = ByteLevel().decode([token])
    return "" if "\ufffd" in text else str(text)
