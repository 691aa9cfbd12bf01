"""The methods that are read: what makes the variants, and by which verdicts they are judged."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.reading import filling, systems, trips, verdicts
from benchmarks.reading.sentences import Sentence, draw, draw_english, draw_later
from benchmarks.reading.systems import Variant
from benchmarks.reading.verdicts import OK, TripVerdict, Verdict

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Item:
    """What a reader is shown, and the line of the table that it stands for."""

    row: Verdict | TripVerdict
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Method:
    """A reading test.

    Attributes:
        table: the committed verdicts.
        row: a line of it.
        verdicts: what a reader may say, ``ok`` first, each with what it means.
        draw: the sentences, from the folder of source distributions.
        ours: augmill's variants.
        peers: the peers' variants, with the Python of their environment if they need one.
    """

    table: Path
    row: type[Verdict] | type[TripVerdict]
    verdicts: dict[str, str]
    draw: Callable[[Path], list[Sentence]]
    ours: Callable[[Sequence[Sentence]], Iterable[Variant]]
    peers: Callable[[Sequence[Sentence], Path | None], Iterable[Variant]]

    def items(self, variants: Iterable[Variant]) -> list[Item]:
        """What is to be read of the variants."""
        if self.row is TripVerdict:
            return [
                Item(TripVerdict.of(v.sentence, v.text, v.system), v.sentence.text, v.text)
                for v in variants
            ]
        return [
            Item(row, v.sentence.text, v.text) for v in variants for row in verdicts.unread([v])
        ]


METHODS = {
    "synonym": Method(
        _HERE / "verdicts.tsv",
        Verdict,
        {
            OK: "right word, right form, right sense: the sentence still says the same, reads well",
            "word": "no synonym in any sense, or a word that must not be replaced",
            "form": "the right word in a wrong form, or damage to the text",
            "sense": "a synonym in another sense than the one that is meant",
        },
        draw,
        systems.ours,
        lambda sentences, _: systems.peers(sentences),
    ),
    "masked_lm": Method(
        _HERE / "verdicts-masked_lm.tsv",
        Verdict,
        {
            OK: "grammatical and natural; says another thing perhaps, but the label would stay",
            "form": "wrong form, broken grammar, or damage to the text",
            "sense": "a word that makes no sense there, or contradicts the rest of the sentence",
            "polarity": "the sentence now says the opposite, or its label would change",
        },
        draw_english,
        filling.ours,
        filling.peers,
    ),
    "back_translation": Method(
        _HERE / "verdicts-back_translation.tsv",
        TripVerdict,
        {
            OK: "the same meaning, fluent",
            "meaning": "it says something else",
            "form": "the same meaning in bad English, or damage to the text",
            "loss": "a part of the sentence is gone",
        },
        draw_later,
        trips.ours,
        lambda _sentences, _python: (),
    ),
}
