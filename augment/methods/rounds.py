"""Edits of whole columns in rounds: all places at once, or every row's next place in each round."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from augment import tracing
from augment.batch import TextBatch, Variants
from augment.lexicons.forms import TAGS
from augment.methods.considering import bounds
from augment.methods.filling import Filled, Filler
from augment.methods.slots import Grammar
from augment.methods.wishes import Wishes
from augment.models.masking import Slots
from augment.text.agreement import with_articles
from augment.text.casing import LOWER, MIXED, UPPER, patterns, recase
from augment.text.columns import Ints, first_of_rows
from augment.text.edits import char_lengths, variants_of_edits
from augment.text.languages import Language
from augment.text.segments import Segments
from augment.tracing import Alternative, Considered

_NEAR = 16
"""Pieces (words and gaps) on either side in which a new word must not stand already."""


@dataclass(frozen=True, slots=True)
class Edited:
    """Places that got new words.

    Attributes:
        pieces: ``(e,)`` int64, in order.
        words: ``(e,)`` string, in their final letter case.
        numbers: ``(e,)`` their numbers in the lexis.
        probability: ``(e,)`` float32.
    """

    pieces: Ints
    words: pa.StringArray
    numbers: Ints
    probability: npt.NDArray[np.float32]

    @classmethod
    def nothing(cls) -> "Edited":
        """No places."""
        none = np.zeros(0, np.int64)
        return cls(none, pa.array([], pa.string()), none, np.zeros(0, np.float32))

    def joined(self, other: "Edited") -> "Edited":
        """Both, in order."""
        merged = np.concatenate([self.pieces, other.pieces])
        order = np.argsort(merged, kind="stable")
        return Edited(
            merged[order],
            pa.concat_arrays([self.words, other.words]).take(pa.array(order)),
            np.concatenate([self.numbers, other.numbers])[order],
            np.concatenate([self.probability, other.probability])[order],
        )


@dataclass(frozen=True)
class Rounds:
    """A batch to edit.

    Attributes:
        filler: what fills masks.
        segments: the batch's pieces.
        tongue: its language.
        grammar: what its words are.
        insert: whether words are put before the chosen ones, not in their place.
        agreement: whether new words must fit grammatically.
        pieces: masks per word; 0 for as many as the replaced word has tokens.
        shown: whether the model sees the word that it is to replace.
    """

    filler: Filler
    segments: Segments
    tongue: Language
    grammar: Grammar
    batch: TextBatch
    insert: bool
    agreement: bool
    pieces: int
    shown: bool

    def run(self, places: Ints, sequential: bool) -> Variants:
        """Fill these pieces, in order, and splice the words in.

        Args:
            places: ``(m,)`` pieces of the column.
            sequential: whether every row's places come one after the other, each fill seeing the
                ones before it.
        """
        edited = Edited.nothing()
        for chosen in self._turns(places) if sequential else [places]:
            edited = edited.joined(self._round(chosen, edited))
        return self._noted(places, edited)

    def _turns(self, places: Ints) -> Iterator[Ints]:
        rows = self.segments.rows[places]
        turn = np.arange(len(places)) - first_of_rows(rows, len(self.batch))[rows]
        for number in range(int(turn.max()) + 1):
            yield places[turn == number]

    def _round(self, places: Ints, edited: Edited) -> Edited:
        segments, rows = self.segments, self.segments.rows[places]
        touched, row_of = np.unique(rows, return_inverse=True)
        texts, shift = self._current(places, edited)
        sources = texts.take(pa.array(touched)).to_pylist()
        base = segments.text.char_offsets[rows] - shift
        starts = segments.text.to_chars(segments.starts[places]) - base
        stops = starts if self.insert else segments.text.to_chars(segments.stops[places]) - base
        counts = np.full(len(places), self.pieces)
        slots = Slots(row_of, starts, stops, counts, self.shown)
        masked = self.filler.mask(sources, slots)
        filled = self.filler.fill(
            masked,
            ~self.filler.model.vocabulary.opens[masked.heads],
            self._wishes(places, edited),
            self.batch.keys[rows],
            places - segments.first[rows],
        )
        accepted = self._accepted(places, filled)
        frame = tracing.current()
        if frame is not None:
            frame.considered += self._considered(places, filled, accepted)
        return accepted

    def _considered(self, places: Ints, filled: Filled, accepted: Edited) -> Iterator[Considered]:
        """Of one row: the candidates that the model named for each place, mask by mask."""
        put = dict(zip(accepted.pieces.tolist(), accepted.words.to_pylist(), strict=True))
        chance = dict(zip(accepted.pieces.tolist(), accepted.probability.tolist(), strict=True))
        ends = bounds(self.segments, places)
        for seen in filled.seen:
            piece, (start, stop) = int(places[seen.slot]), ends[seen.slot]
            word = put.get(piece)
            note = "" if word is not None else self._why_not(filled.words[seen.slot])
            item = f"item {seen.level + 1} of it" if seen.level or self.pieces != 1 else ""
            yield Considered(
                start,
                start if self.insert else stop,
                word,
                chance.get(piece),
                "probability",
                self._told(piece, seen.alternatives),
                "; ".join(part for part in (item, note) if part),
            )

    def _told(self, piece: int, seen: tuple[Alternative, ...]) -> tuple[Alternative, ...]:
        words = pa.array([other.text for other in seen], pa.string())
        cased = self._cased(np.full(len(seen), piece), words).to_pylist()
        return tuple(
            dataclasses.replace(other, text=text) for other, text in zip(seen, cased, strict=True)
        )

    def _why_not(self, word: int) -> str:
        if word < 0:
            return "no candidate was left"
        return f"{self.filler.lexis.words[int(word)].as_py()!r} was put shortly before"

    def _current(self, places: Ints, edited: Edited) -> tuple[pa.StringArray, Ints]:
        """``(n,)`` the rows as they stand, and by how much each place has moved, in characters."""
        if not len(edited.pieces):
            return self.batch.text, np.zeros(len(places), np.int64)
        pieces, starts, stops, new = self._spliced(edited)
        made = variants_of_edits(self.segments.text, self.segments.rows[pieces], starts, stops, new)
        text = self.segments.text
        grown = char_lengths(new) - (text.to_chars(stops) - text.to_chars(starts))
        sums = np.append(0, np.cumsum(grown))
        head = self.segments.first[self.segments.rows[places]]
        moved = sums[np.searchsorted(pieces, places)] - sums[np.searchsorted(pieces, head)]
        return pc.coalesce(made.text, self.batch.text), moved

    def _wishes(self, places: Ints, edited: Edited) -> Wishes:
        segments = self.segments
        shares = self.grammar.shares[places]
        if self.insert:
            noun = self.grammar.share(("NOUN",))[places] >= 0.5
            wanted = np.where(noun, TAGS.index("JJ"), TAGS.index("RB"))
            shares = np.eye(len(TAGS), dtype=np.float32)[wanted]
        if not self.agreement:
            shares = np.zeros_like(shares)
        case = segments.patterns[segments.codes[places]]
        near = self._near(places, edited)
        return Wishes(
            patterns=np.full_like(case, LOWER) if self.insert else case,
            near=near,
            shares=shares,
            own=np.full(len(places), -1) if self.insert else near[:, _NEAR],
            places=self.grammar.places[places],
            noun_capitals=self.tongue.noun_capitals,
        )

    def _near(self, places: Ints, edited: Edited) -> Ints:
        """``(m, r)``: the words around each place, and in it; −1 for those not on the list."""
        segments = self.segments
        numbers = self.filler.lexis.find(segments.distinct.dictionary)[segments.codes]
        put = np.full_like(numbers, -1)
        put[edited.pieces] = self.filler.lexis.folded[edited.numbers]
        if not self.insert:
            numbers, put = np.where(put < 0, numbers, put), put[:0]
        around = places[:, None] + np.arange(-_NEAR, _NEAR + 1)
        inside = np.clip(around, 0, len(segments.rows) - 1)
        same = segments.rows[inside] == segments.rows[places][:, None]
        there = same & (inside == around)
        # Behind an inserted word the one before which it was put still stands.
        columns = [numbers, put] if len(put) else [numbers]
        return np.concatenate([np.where(there, c[inside], -1) for c in columns], axis=1)

    def _accepted(self, places: Ints, filled: Filled) -> Edited:
        """The places that were filled, but for those that repeat a new word shortly before."""
        segments = self.segments
        at = np.flatnonzero(filled.words >= 0)
        pieces, numbers = places[at], filled.words[at]
        folded = self.filler.lexis.folded[numbers]
        again = np.zeros(len(at), np.bool_)
        for step in range(1, min(_NEAR, len(at) - 1) + 1):
            near = pieces[step:] - pieces[:-step] <= _NEAR
            near &= segments.rows[pieces[step:]] == segments.rows[pieces[:-step]]
            again[step:] |= near & (folded[step:] == folded[:-step])
        at, pieces, numbers = at[~again], pieces[~again], numbers[~again]
        words = self.filler.lexis.words.take(pa.array(numbers))
        return Edited(pieces, self._cased(pieces, words), numbers, filled.probability[at])

    def _cased(self, pieces: Ints, words: pa.StringArray) -> pa.StringArray:
        """``(m,)``: words in the letter case that they get at these places."""
        segments = self.segments
        case = segments.patterns[segments.codes[pieces]]
        if self.insert:
            before = segments.patterns[segments.codes[np.maximum(pieces - 2, 0)]]
            case = np.where((case == UPPER) & (before == UPPER), UPPER, LOWER).astype(np.uint8)
        # Words that the list itself writes with capitals keep them.
        case = np.where(patterns(words) == LOWER, case, MIXED).astype(np.uint8)
        return recase(words, case)

    def _spliced(self, edited: Edited) -> tuple[Ints, Ints, Ints, pa.StringArray]:
        """Pieces with articles, the bytes that go, and what comes in their place."""
        segments, pieces, new = self.segments, edited.pieces, edited.words
        if self.tongue.tag == "en":
            free = segments.outside(self.batch.protected)
            pieces, new = with_articles(segments, pieces, new, free)
        starts, stops = segments.starts[pieces], segments.stops[pieces]
        if self.insert:
            put = np.isin(pieces, edited.pieces)
            stops = np.where(put, starts, stops)
            if self.tongue.spaced:
                spaced = pc.binary_join_element_wise(new, pa.repeat(" ", len(new)), "")
                new = pc.if_else(pa.array(put), spaced, new)
        return pieces, starts, stops, new

    def _noted(self, places: Ints, edited: Edited) -> Variants:
        count = len(self.batch)
        pieces, starts, stops, new = self._spliced(edited)
        rows = self.segments.rows[pieces]
        made = variants_of_edits(self.segments.text, rows, starts, stops, new)
        at = np.searchsorted(edited.pieces, pieces)
        held = np.append(edited.pieces, -1)[at] == pieces  # others are articles
        probability = np.append(edited.probability, np.float32(0))[at]
        tried = np.bincount(self.segments.rows[places], minlength=count)
        filled = np.bincount(rows[held], minlength=count)
        sums = np.bincount(rows[held], probability[held], count)
        mean = (sums / np.maximum(filled, 1)).astype(np.float32)
        each = pa.ListArray.from_arrays(
            pa.array(first_of_rows(rows, count), pa.int32()),
            pa.array(probability, pa.float32(), mask=~held),
            mask=pa.array(filled == 0),
        )
        notes = {
            "probability": pa.array(mean, mask=filled == 0),
            "probabilities": each,
            "unfilled": pa.array(tried - filled, pa.int32(), mask=tried == 0),
        }
        return dataclasses.replace(made, notes=notes)
