"""A column as numbered tokens, by which texts are compared: words, marks, no white space.

Where a language's segmenter tells words apart, these are tokens; of scripts without spaces that it
can't cut (Japanese, Thai, Chinese under another tag), every character is one; so is every mark of
punctuation. Letter case counts.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.text.columns import Bools, Ints, Utf8, first_of_rows
from augment.text.languages import language
from augment.text.segments import Segments, wide_characters

_UNSPACED = np.array(
    [
        *(0x0E00, 0x0F00),  # Thai, Lao
        *(0x1000, 0x10A0),  # Burmese
        *(0x1780, 0x1800),  # Khmer
        *(0x3005, 0x3008),
        *(0x3041, 0x3100),  # Hiragana, Katakana
        *(0x3400, 0x4DC0),
        *(0x4E00, 0xA000),
        *(0xF900, 0xFB00),
        *(0x20000, 0x323B0),
    ]
)
"""Where blocks of scripts without spaces begin and end; the ranges without a name are Han."""

_PLANES, _SURROGATES = 0x110000 - 0x800, range(0xD800, 0xE000)


@dataclass(frozen=True)
class Tokens:
    """The tokens of n rows.

    Attributes:
        codes: ``(t,)`` int64, each token's place in ``distinct``.
        first: ``(n + 1,)`` int64, where each row's tokens begin.
        distinct: ``(d,)`` string, the different tokens; in what order depends on the column.
    """

    codes: Ints
    first: Ints
    distinct: pa.StringArray

    @classmethod
    def of(cls, text: pa.StringArray, tag: str) -> "Tokens":
        """The tokens of a column without nulls.

        Args:
            text: ``(n,)``.
            tag: BCP 47 tag of the language whose segmenter is asked.
        """
        column, tongue = Utf8.of(text), language(tag)
        segments = tongue.segment(column)
        starts = np.flatnonzero(_opens(segments, trusted=tongue.tag == "zh"))
        encoded = pc.dictionary_encode(column.pieces(starts))
        codes = encoded.indices.to_numpy().astype(np.int64)
        spaces = pc.utf8_is_space(encoded.dictionary).to_numpy(zero_copy_only=False)
        kept = np.flatnonzero(~spaces[codes])
        first = first_of_rows(column.rows_of(starts[kept]), len(column))
        return cls(codes[kept], first, encoded.dictionary)

    def __len__(self) -> int:
        return len(self.first) - 1

    @cached_property
    def rows(self) -> Ints:
        """``(t,)``: each token's row."""
        return np.repeat(np.arange(len(self)), np.diff(self.first))

    @cached_property
    def is_word(self) -> Bools:
        """``(d,)``: which of the different tokens hold a letter or digit."""
        found = pc.match_substring_regex(self.distinct, r"[\p{L}\p{N}]")
        return np.asarray(found.to_numpy(zero_copy_only=False))

    def words(self) -> "Tokens":
        """Without marks, and in lower case."""
        folded = pc.dictionary_encode(pc.utf8_lower(self.distinct))
        kept = np.flatnonzero(self.is_word[self.codes])
        code_of = folded.indices.to_numpy().astype(np.int64)
        first = first_of_rows(self.rows[kept], len(self))
        return Tokens(code_of[self.codes[kept]], first, folded.dictionary)

    def strings(self) -> list[str]:
        """Each row as a string of which every character stands for a token.

        That is what fast comparison of strings takes. Of a column with more than 1,112,064
        different tokens some share a character.
        """
        points = (self.codes % _PLANES).astype(np.uint32)
        points[points >= _SURROGATES.start] += len(_SURROGATES)
        whole = points.tobytes().decode("utf-32-le")
        bounds = self.first.tolist()
        return [whole[a:b] for a, b in pairwise(bounds)]


def _opens(segments: Segments, *, trusted: bool) -> Bools:
    """``(bytes,)``: where tokens and white space start.

    Args:
        segments: of the column.
        trusted: whether its words of scripts without spaces are words.
    """
    data = segments.text.data
    opens = np.zeros(len(data), np.bool_)
    opens[segments.starts] = True
    in_word = np.repeat(segments.is_word, segments.stops - segments.starts)
    opens |= ~in_word & ((data & 0xC0) != 0x80)
    if not segments.text.is_ascii and not trusted:
        leads = np.flatnonzero(data >= 0xC0)
        widths, points = wide_characters(segments.text)
        unspaced = np.searchsorted(_UNSPACED, points, side="right") % 2 == 1
        opens[leads[unspaced]] = True
        behind = (leads + widths)[unspaced]
        opens[behind[behind < len(data)]] = True
    return opens
