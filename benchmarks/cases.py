"""Every lexical step, its counterparts in other libraries, and what makes them do as much."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks import peers
from benchmarks.data import BUILD
from benchmarks.peers import Peer

Params = Callable[[float, list[str]], dict[str, Any]]
"""From the common rate and the texts: the parameters of augmill's step."""


def same_rate(rate: float, _: list[str]) -> dict[str, Any]:
    """The rate that the peers get."""
    return {"rate": rate}


def moved(rate: float, _: list[str]) -> dict[str, Any]:
    """The peers' rate counts swaps, augmill's the words that move: two in each."""
    return {"rate": 2 * rate}


def of_the_paper(_rate: float, _texts: list[str]) -> dict[str, Any]:
    """AEDA: between 1 mark and a third of the words, on both sides."""
    return {}


def fitted(rate: float, texts: list[str]) -> dict[str, Any]:
    """Statistics of the corpus, counted before the clock runs."""
    from augment.statistics import CorpusStatistics

    BUILD.mkdir(parents=True, exist_ok=True)
    path = BUILD / "words.arrow"
    CorpusStatistics.of(texts, language="en").save(path)
    return {"rate": rate, "statistics": str(path)}


@dataclass(frozen=True, slots=True)
class Case:
    """A step of augmill, its counterparts, and what makes it do as much as they."""

    step: str
    peers: tuple[Peer, ...]
    params: Params = same_rate


ENGLISH = (
    Case(
        "synonym",
        (
            peers.nlpaug_word("SynonymAug", aug_src="wordnet"),
            peers.eda("synonym_replacement", rows=400),
        ),
    ),
    Case(
        "random_swap",
        (
            peers.nlpaug_word("RandomWordAug", action="swap"),
            peers.eda("random_swap"),
            peers.fast_aug("WordsRandomSwapAugmenter"),
        ),
        moved,
    ),
    Case(
        "random_deletion",
        (
            peers.nlpaug_word("RandomWordAug", action="delete"),
            peers.eda("random_deletion"),
            peers.fast_aug("WordsRandomDeleteAugmenter"),
        ),
    ),
    Case(
        "random_insertion",
        (
            peers.eda("random_insertion", rows=400),
            peers.fast_aug("WordsRandomInsertAugmenter", ["film", "story", "funny", "slow"]),
        ),
    ),
    Case(
        "aeda",
        (
            peers.aeda(),
            peers.fast_aug("WordsRandomInsertAugmenter", list(".;?:!,"), share=1 / 6),
        ),
        of_the_paper,
    ),
    Case(
        "blanking",
        (
            peers.nlpaug_word("RandomWordAug", action="substitute", target_words=["_"]),
            peers.fast_aug("WordsRandomSubstituteAugmenter", ["_"]),
        ),
    ),
    Case("tfidf", (peers.nlpaug_tfidf(),), fitted),
    Case("case_noise", ()),
    Case("spacing_noise", (peers.nlpaug_word("SplitAug"),)),
    Case(
        "keyboard_noise",
        (
            peers.nlpaug_char("KeyboardAug"),
            peers.fast_aug("CharsRandomSubstituteAugmenter", "en", characters=True),
        ),
    ),
    Case("ocr_noise", (peers.nlpaug_char("OcrAug"),)),
    Case("spelling_noise", (peers.nlpaug_word("SpellingAug"),)),
    Case(
        "character_noise",
        (
            peers.nlpaug_char("RandomCharAug", action="substitute"),
            peers.fast_aug("CharsRandomSubstituteAugmenter", "en", characters=True),
        ),
    ),
)

CHINESE = (
    Case("synonym", (peers.nlpcda("Similarword"),)),
    Case("chinese_noise", (peers.nlpcda("Homophone"),)),
)
