"""Filling masks with words: asked of the model, sifted, and drawn, item by item."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from augment import tracing
from augment.methods.considering import MOST
from augment.methods.lexis import Lexis, lexis_of
from augment.methods.wishes import Wishes
from augment.models.fill_mask import FillMask, Top
from augment.models.latest import Latest
from augment.models.masking import Masked, Slots, mask_slots
from augment.models.sampling import Sampled, sample
from augment.models.spellings import BARE, SPACED, Spellings, root
from augment.randomness import Keys
from augment.statistics import open_statistics
from augment.text.columns import Bools, Ints
from augment.text.languages import Language
from augment.tracing import Alternative

_SPARE = 16
"""Candidates that are looked at for each that may be drawn, where no least probability bounds
them."""


_ORIGINALS = 4
"""Items that may spell the original, in one letter case or another."""

_REMEMBERED = 1 << 20
"""Candidates that are kept for the next copy at the most: 12 MB of them."""


@dataclass(frozen=True, slots=True)
class Choice:
    """How candidates are drawn; the parameters of the method, and in the same words."""

    top_k: int
    top_p: float
    temperature: float
    min_probability: float
    batch_tokens: int


@dataclass(frozen=True, slots=True)
class Seen:
    """The candidates for one mask.

    Attributes:
        slot: whose mask it is.
        level: which of the slot's masks.
        alternatives: what took part in the draw, then what was refused.
    """

    slot: int
    level: int
    alternatives: tuple[Alternative, ...]


@dataclass(frozen=True, slots=True)
class Filled:
    """A word for each of s slots.

    Attributes:
        words: ``(s,)`` its number in the lexis, −1 if none was found.
        probability: ``(s,)`` float32, that the model gave it: the product over its items.
        seen: of a traced row, the candidates of each mask, those of the first items first.
    """

    words: Ints
    probability: npt.NDArray[np.float32]
    seen: tuple[Seen, ...] = ()


class Memory:
    """The last tokens and answers: copies of rows that share their masks ask the same again."""

    def __init__(self) -> None:
        self.masked: Latest[Masked] = Latest()
        self.answers: Latest[list[tuple[Ints, Top]]] = Latest()


@dataclass(frozen=True, slots=True)
class Filler:
    """A model, and the words it may use.

    Attributes:
        choice: how candidates are drawn.
        memory: where the next call may ask the same.
    """

    model: FillMask
    spellings: Spellings
    lexis: Lexis
    choice: Choice
    memory: Memory | None

    def mask(self, texts: list[str], slots: Slots) -> Masked:
        """Tokens with masks; see :func:`augment.models.masking.mask_slots`."""
        model = self.model

        def compute() -> Masked:
            return mask_slots(model.tokenizer, texts, slots, model.mask_id, model.room)

        if self.memory is None:
            return compute()
        places = (slots.rows, slots.starts, slots.stops, slots.counts)
        told = (text.encode() for text in texts)
        request = [bytes([slots.shown]), *told, *(column.tobytes() for column in places)]
        made = self.memory.masked.get(request, compute)
        return dataclasses.replace(made, ids=made.ids.copy())

    def fill(self, masked: Masked, bare: Bools, wishes: Wishes, keys: Keys, places: Ints) -> Filled:
        """Draw a word for every slot, the masks of each from left to right.

        Args:
            masked: the tokens; drawn items are written into them.
            bare: ``(s,)`` whether a slot's word does not stand behind a space.
            wishes: what may stand there.
            keys: ``(s,)`` keys of the rows.
            places: ``(s,)`` the number of each slot within its row.
        """
        counts = masked.counts
        words = np.full(len(counts), -1)
        probability = np.ones(len(counts), np.float32)
        depth = len(self.spellings.keys)
        alive = (counts > 0) & (counts <= depth)
        nodes = root(np.maximum(counts, 1), np.where(bare, BARE, SPACED))
        traced, seen = tracing.current() is not None, list[Seen]()
        for level in range(int(counts[alive].max(initial=0))):
            masks = np.flatnonzero((masked.levels == level) & alive[masked.slots])
            drawn_ids = masked.ids.copy()  # what is asked must not change from batch to batch
            for asked, top in self._ask(masked, masks, level):
                slots = masked.slots[asked]
                reached = self.spellings.step(level, nodes[slots], top.ids)
                found = np.where(reached >= 0, self.spellings.word[reached], -1)
                refused = reached < 0
                last = np.flatnonzero(counts[slots] == level + 1)
                capital = self.spellings.capital[reached[last]]
                original = np.zeros_like(refused)
                original[last] = wishes.original(self.lexis, slots[last], found[last])
                refused[last] |= wishes.refused(self.lexis, slots[last], found[last], capital)
                made = sample(
                    top,
                    refused,
                    keys[slots],
                    places[slots],
                    top_k=self.choice.top_k,
                    top_p=self.choice.top_p,
                    temperature=self.choice.temperature,
                    min_probability=self.choice.min_probability,
                    original=original,
                    stream=f"token {level}" if level else "token",
                )
                if traced:
                    seen += self._seen(level, slots, top, found, made, original)
                drawn = made.column >= 0
                alive[slots[~drawn]] = False
                row, at, slots = np.flatnonzero(drawn), made.column[drawn], slots[drawn]
                nodes[slots], words[slots] = reached[row, at], found[row, at]
                probability[slots] *= made.probability[row]
                drawn_ids[masked.places[asked[row]]] = made.ids[row]
            masked.ids[:] = drawn_ids
        words[~alive] = -1
        return Filled(words, probability, tuple(seen))

    def _seen(
        self, level: int, slots: Ints, top: Top, words: Ints, made: Sampled, original: Bools
    ) -> Iterator[Seen]:
        """What a trace tells of one draw: the best candidates, with why some took no part."""
        for row, slot in enumerate(slots.tolist()):
            told: list[Alternative] = []
            order = np.lexsort((np.arange(len(top.ids[row])), ~made.allowed[row]))
            for at in order[:MOST].tolist():
                chance = float(np.exp(made.believed[row, at]))
                if original[row, at]:
                    note, chance = "the word itself", float(np.exp(top.log_probability[row, at]))
                elif made.allowed[row, at]:
                    note = ""
                elif chance < self.choice.min_probability:
                    note = "less likely than min_probability"
                else:
                    note = "does not fit, or was not among those drawn from"
                told.append(
                    Alternative(self._spelled(words[row, at], top.ids[row, at]), chance, note)
                )
            yield Seen(slot, level, tuple(told))

    def _spelled(self, word: int, item: int) -> str:
        """A candidate as a word, or as the item that it is of a longer one."""
        if word >= 0:
            return str(self.lexis.words[int(word)].as_py())
        return self.model.tokenizer.id_to_token(int(item)) or ""

    def _ask(self, masked: Masked, masks: Ints, level: int) -> Iterator[tuple[Ints, Top]]:
        """The masks of each answer, and their best candidates."""
        sequences, parts, order = masked.requests(masks)
        bias = self.spellings.bias(level)
        wanted, budget = self._wanted(bias), self.choice.batch_tokens
        if not wanted:  # the vocabulary has none of the words
            return
        if self.memory is None or level or wanted * len(masks) > _REMEMBERED:
            for numbers, top in self.model.tops(sequences, parts, bias, wanted, budget):
                yield order[numbers], top
            return
        request = [np.concatenate([[len(p)], p]).tobytes() for p in (*sequences, *parts)]
        asked = f"{wanted} {budget}".encode()
        answer = self.memory.answers.get(
            [asked, bias.tobytes(), *request],
            lambda: list(self.model.tops(sequences, parts, bias, wanted, budget)),
        )
        for numbers, top in answer:
            yield order[numbers], top

    def _wanted(self, bias: npt.NDArray[np.float32]) -> int:
        """How many candidates can matter: no more can have the least probability."""
        most = int(np.isfinite(bias).sum())
        if self.choice.min_probability:
            return min(most, int(1 / self.choice.min_probability) + _ORIGINALS)
        return min(most, self.choice.top_k * _SPARE) if self.choice.top_k else most


@dataclass(frozen=True, slots=True)
class _Equipment:
    """What is made once for a model and a language; it holds the model, so that its id stays."""

    model: FillMask
    spellings: Spellings
    lexis: Lexis
    memory: Memory


_equipment: dict[tuple[int, str, str | None, tuple[int, ...]], _Equipment] = {}
_MOST = 8


def equipped(
    model: FillMask,
    tongue: Language,
    statistics: str | None,
    pieces: tuple[int, ...],
    choice: Choice,
    shared: bool,
) -> Filler:
    """A filler; words are listed and spelled once per model and language.

    Args:
        model: loaded.
        tongue: language of the text.
        statistics: see :func:`augment.methods.lexis.lexis_of`.
        pieces: numbers of items that words may have.
        choice: how candidates are drawn.
        shared: whether copies ask the same.
    """
    digest = None if statistics is None else open_statistics(statistics).digest
    key = id(model), tongue.tag, digest, pieces
    if key not in _equipment:
        while len(_equipment) >= _MOST:
            del _equipment[next(iter(_equipment))]
        lexis = lexis_of(tongue, statistics, model.vocabulary)
        spellings = Spellings.of(model.tokenizer, model.vocabulary, lexis.words, pieces)
        _equipment[key] = _Equipment(model, spellings, lexis, Memory())
    made = _equipment[key]
    return Filler(model, made.spellings, made.lexis, choice, made.memory if shared else None)
