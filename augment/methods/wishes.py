"""What a new word must be where it is put: in letter case, grammar, meaning and company."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from augment.lexicons.forms import TAGS
from augment.methods.lexis import Lexis
from augment.text.casing import LOWER, TITLE, Patterns
from augment.text.columns import Bools, Ints

_FIT = 0.5
"""Share of a word's uses that a new word must fit as a part of speech."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What may stand in each of s slots.

    Attributes:
        patterns: ``(s,)`` letter case of the word that is replaced; LOWER for an insertion.
        near: ``(s, r)`` words around and in the slot, as :meth:`Lexis.find` numbers them, none of
            which may come once more.
        shares: ``(s, t)`` how likely each tag is wanted; zeros where anything will do.
        own: ``(s,)`` the word that is replaced, numbered likewise; −1 for an insertion.
        places: ``(s,)`` the replaced word in the table of forms, whose antonyms are refused; −1.
        noun_capitals: whether a capital tells nouns from other words.
    """

    patterns: Patterns
    near: Ints
    shares: npt.NDArray[np.float32]
    own: Ints
    places: Ints
    noun_capitals: bool

    def original(self, lexis: Lexis, slots: Ints, words: Ints) -> Bools:
        """``(m, k)``: which candidates are the word that is replaced; see :meth:`refused`."""
        own = self.own[slots][:, None]
        return np.asarray((words >= 0) & (own >= 0) & (lexis.folded[words] == own))

    def refused(self, lexis: Lexis, slots: Ints, words: Ints, capital: Bools) -> Bools:
        """``(m, k)``: which candidates must not come into their slots.

        Args:
            lexis: the words.
            slots: ``(m,)`` the slot of each row of candidates.
            words: ``(m, k)`` numbers of words, −1 for none.
            capital: ``(m, k)`` whether the word is spelled with a capital.
        """
        pattern = self.patterns[slots][:, None]
        if self.noun_capitals:
            noun = capital & lexis.capital[words]
            refused = (words < 0) | (noun != (pattern == TITLE)) | (capital & ~noun)
        else:  # a name, or the head of a sentence
            refused = (words < 0) | (capital & (pattern == LOWER))
        folded = lexis.folded[words]
        for column in self.near[slots].T:
            refused |= folded == column[:, None]
        if lexis.forms is None:
            return np.asarray(refused)
        row, at = np.nonzero(~refused)
        unfit = ~self._fit(lexis, slots[row], words[row, at])
        refused[row[unfit], at[unfit]] = True
        row, at = np.nonzero(~refused)
        places = self.places[slots[row]], lexis.place[words[row, at]]
        refused[row, at] = lexis.forms.opposed(*places)
        return np.asarray(refused)

    def _fit(self, lexis: Lexis, slots: Ints, words: Ints) -> Bools:
        fit = np.zeros(len(slots), np.float32)
        wanted = np.zeros(len(slots), np.float32)
        for tag in range(len(TAGS)):
            share = self.shares[slots, tag]
            wanted += share
            fit += share * lexis.strong[words, tag]
        return np.asarray((wanted == 0) | (fit >= _FIT * wanted))
