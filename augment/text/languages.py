"""What augmill knows of a language: how to find its words, which to leave alone, its synonyms."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from augment.text.casing import TITLE
from augment.text.columns import Bools, Ints
from augment.text.han import segment_han
from augment.text.names import inner_capitals
from augment.text.segments import Segmenter, Segments, segment

_STOPWORDS = Path(__file__).parent / "stopwords"
_CAPITALS = Path(__file__).parent / "capitals"
"""Words that are names when they are written with a capital, at the head of a sentence too."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language.

    Attributes:
        tag: primary subtag (BCP 47).
        segment: its segmenter.
        lexicon: name of its synonym table, if there is one.
        spaced: whether spaces stand between its words.
        noun_capitals: whether all its nouns are capitalised, so that a capital marks no name.
    """

    tag: str
    segment: Segmenter = segment
    lexicon: str | None = None
    spaced: bool = True
    noun_capitals: bool = False

    @property
    def stopwords(self) -> pa.StringArray:
        """Words never replaced by synonyms, lower case.

        There are lists for English, Chinese, French, German and Spanish; others have none.
        """
        return _words(_STOPWORDS, self.tag)

    def names(self, segments: Segments, pieces: Ints) -> Bools:
        """``(m,)``: which of these pieces are probably names, going by their capitals."""
        if self.noun_capitals:
            return np.zeros(len(pieces), np.bool_)
        title = np.flatnonzero(segments.patterns[segments.codes[pieces]] == TITLE)
        lower = pc.utf8_lower(segments.pieces.take(pa.array(pieces[title])))
        listed = pc.is_in(lower, value_set=_words(_CAPITALS, self.tag))
        named = inner_capitals(segments, pieces)
        named[title] |= listed.to_numpy(zero_copy_only=False)
        return named


_LANGUAGES: Mapping[str, Language] = {
    "de": Language("de", noun_capitals=True),
    "en": Language("en", lexicon="wordnet"),
    "ja": Language("ja", spaced=False),
    "km": Language("km", spaced=False),
    "lb": Language("lb", noun_capitals=True),
    "lo": Language("lo", spaced=False),
    "my": Language("my", spaced=False),
    "th": Language("th", spaced=False),
    "zh": Language("zh", segment=segment_han, lexicon="cilin", spaced=False),
}


def language(tag: str) -> Language:
    """The language of a BCP 47 tag; one that is not known is segmented by spaces.

    >>> language("zh-Hans-CN").lexicon
    'cilin'
    """
    main = primary(tag)
    return _LANGUAGES.get(main) or Language(main)


def primary(tag: str) -> str:
    """A BCP 47 tag's language alone; underscores are read as hyphens.

    >>> primary("pt-BR"), primary("zh_CN")
    ('pt', 'zh')
    """
    return tag.replace("_", "-").split("-")[0].lower()


@cache
def _words(folder: Path, tag: str) -> pa.StringArray:
    path = folder / f"{tag}.txt"
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    words = [word for line in lines if not line.startswith("#") for word in line.split()]
    return pa.array(words, pa.string())


@cache
def words_digest() -> str:
    """32 hex digits over all languages' lists of words, for a component's assets."""
    state = xxhash.xxh3_128()
    for path in sorted([*_STOPWORDS.glob("*.txt"), *_CAPITALS.glob("*.txt")]):
        state.update(f"{path.parent.name}/{path.name}\n".encode() + path.read_bytes())
    return state.hexdigest()
