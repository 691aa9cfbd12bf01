"""Which words a model may put into a text, and what is known of them.

A vocabulary's items are fragments as often as words, so a new word must be on a list: the bundled
table of English forms, the thesaurus of Chinese, or the words of the user's own corpus. In other
languages the vocabulary has to do.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.lexicons.forms import TAGS, Forms, load_forms
from augment.lexicons.sources import load_lexicon
from augment.models.vocabulary import Vocabulary
from augment.statistics import open_statistics
from augment.text.casing import LOWER, patterns
from augment.text.columns import Bools, Ints, Utf8
from augment.text.index import WordIndex
from augment.text.languages import Language
from augment.text.negations import negations

_STRONG = 0.2
"""Share of a word's uses from which it counts as a word of that tag."""
_HAN = r"^\p{Han}{1,4}$"
_LETTERS = r"^\p{L}[\p{L}\p{M}]*$"


@dataclass(frozen=True)
class Lexis:
    """Words that may be put into a text: no stopwords, no negations.

    Attributes:
        words: ``(w,)`` string, distinct.
        forms: parts of speech and antonyms, where the language has a table of them.
    """

    words: pa.StringArray
    forms: Forms | None

    @cached_property
    def folded(self) -> Ints:
        """``(w,)``: a number that words have in common which differ in letter case alone."""
        return self.find(self.words)

    @cached_property
    def capital(self) -> Bools:
        """``(w,)``: which words the list itself writes with a capital."""
        return np.asarray(patterns(self.words) != LOWER)

    @cached_property
    def place(self) -> Ints:
        """``(w,)``: each word's place in the table of forms, −1 if there is none."""
        missing = np.full(len(self.words), -1)
        return missing if self.forms is None else self.forms.find(self.words)

    @cached_property
    def strong(self) -> Bools:
        """``(w, t)``: of which tags a word is."""
        if self.forms is None:
            return np.zeros((len(self.words), len(TAGS)), np.bool_)
        return np.asarray(self.forms.shares[self.place] >= 255 * _STRONG)

    def find(self, words: pa.StringArray) -> Ints:
        """``(n,)``: as in :attr:`folded`, −1 for words that are not on the list."""
        return self._index.find(pc.utf8_lower(words))

    @cached_property
    def _index(self) -> WordIndex:
        return WordIndex(pc.unique(pc.utf8_lower(self.words)))


def lexis_of(tongue: Language, statistics: str | None, vocabulary: Vocabulary) -> Lexis:
    """The list of a language.

    Args:
        tongue: English and Chinese have lists.
        statistics: file of a corpus's statistics, whose words count in other languages.
        vocabulary: what does where there is no list.

    Raises:
        MissingExtraError: the thesaurus of Chinese is not installed.
        StatisticsError: there is no such file.
    """
    listed = _listed(tongue, statistics, _stamp(statistics))
    return listed or _without_stopwords(vocabulary.words, tongue, None)


def has_list(tongue: Language, statistics: str | None) -> bool:
    """Whether words of the language can be told from fragments."""
    return _listed(tongue, statistics, _stamp(statistics)) is not None


def _stamp(statistics: str | None) -> str:
    return "" if statistics is None else open_statistics(statistics).digest


@lru_cache(maxsize=8)
def _listed(tongue: Language, statistics: str | None, _digest: str) -> Lexis | None:
    forms = load_forms(tongue.tag)
    if forms is not None:
        return _without_stopwords(forms.words, tongue, forms)
    if tongue.tag == "zh":
        table = load_lexicon("cilin")
        words = pc.unique(pa.concat_arrays([table.words, table.candidates]))
        return _without_stopwords(words.filter(pc.match_substring_regex(words, _HAN)), tongue, None)
    known = None if statistics is None else open_statistics(statistics).language(tongue.tag)
    if known is None:
        return None
    plain = pc.match_substring_regex(known.words, _LETTERS)
    usual = pa.array(known.lower * 2 >= known.counts)
    if tongue.noun_capitals:  # others are nouns, names among them
        words = pc.if_else(usual, known.words, pc.utf8_capitalize(known.words))
        return _without_stopwords(words.filter(plain), tongue, None)
    # Others are names.
    return _without_stopwords(known.words.filter(pc.and_(usual, plain)), tongue, None)


def _without_stopwords(words: pa.StringArray, tongue: Language, forms: Forms | None) -> Lexis:
    ordered = words.take(pc.array_sort_indices(words))
    stop = pc.is_in(pc.utf8_lower(ordered), value_set=tongue.stopwords)
    kept = ordered.filter(pc.invert(stop))
    segments = tongue.segment(Utf8.of(kept))
    # A word that is cut in two is a negation if one of its parts is.
    denied = np.bincount(segments.rows[negations(segments, tongue.tag)], minlength=len(kept)) > 0
    return Lexis(kept.filter(pa.array(~denied)), forms)
