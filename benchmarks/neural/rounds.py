"""Both sides in turn, round by round, each round on other texts, by the clock on the wall."""

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from augment.errors import AugmillError
from benchmarks.neural.peers import PeerError


@dataclass(slots=True)
class Side:
    """One way to do the work.

    Attributes:
        name: how the table calls it.
        work: does it for what ``prepare`` makes of the texts; this is timed.
        prepare: not timed; by default the texts are given as they are.
        amount: of the texts and what ``work`` made of them: how much that is per text, in edits
            or words. Not timed.
        rates: texts a second, round by round.
        amounts: round by round.
    """

    name: str
    work: Callable[[Any], Any]
    prepare: Callable[[Sequence[str]], Any] = list
    amount: Callable[[Sequence[str], Any], float] | None = None
    rates: list[float] = field(default_factory=list)
    amounts: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.rates)

    def run(self, texts: Sequence[str]) -> None:
        """One round."""
        given = self.prepare(texts)
        begun = time.perf_counter()
        made = self.work(given)
        self.rates.append(len(texts) / (time.perf_counter() - begun))
        if self.amount is not None:
            self.amounts.append(self.amount(texts, made))


def windows(texts: Sequence[str], size: int, rounds: int) -> list[list[str]]:
    """Texts for every round, none of them twice: what a side remembers of a round helps it not.

    Each takes its texts evenly from the whole, so that all are of the same kind.

    Raises:
        ValueError: there are not so many texts.
    """
    wanted = size * rounds
    if wanted > len(texts):
        raise ValueError(f"{rounds} rounds of {size} texts need {wanted}, not {len(texts)}")
    chosen = list(texts[:: len(texts) // wanted][:wanted])
    return [chosen[number::rounds] for number in range(rounds)]


def measure(sides: Sequence[Side], parts: Sequence[Sequence[str]], warm: int = 8) -> list[Side]:
    """Time the sides in turn.

    Args:
        sides: what to time; one that lacks something is named on standard error and left out.
        parts: the texts of each round, of which the first is for warming up.
        warm: how many texts warm a side up.

    Returns:
        The sides that ran, with their rates.
    """
    ready = [side for side in sides if runs(side, parts[0][:warm])]
    for texts in parts[1:]:
        for side in ready:
            side.run(texts)
    return ready


def runs(side: Side, texts: Sequence[str]) -> bool:
    """Whether a side can do the work here, which also loads it; if not, standard error says why."""
    try:
        side.work(side.prepare(texts))
    except (AugmillError, PeerError, ImportError) as error:
        first = next(iter(str(error).splitlines()), type(error).__name__)
        print(f"left out: {side.name}: {first}", file=sys.stderr, flush=True)
        return False
    return True


def table(sides: Sequence[Side], bases: Sequence[str], unit: str = "") -> str:
    """Markdown: texts a second, how many times those of each base, and amounts.

    Args:
        sides: what was measured.
        bases: names of sides; one that was not measured has an empty column.
        unit: what amounts are counted in; no column without it.
    """
    rates = {side.name: side.rate for side in sides}
    titles = ["", "texts/s", *(f"× {base}" for base in bases), *([unit] if unit else [])]
    lines = [f"| {' | '.join(titles)} |", "|---|" + "---:|" * (len(titles) - 1)]
    for side in sides:
        ratios = (f"{side.rate / rates[base]:.2f}" if base in rates else "–" for base in bases)
        amount = f"{statistics.mean(side.amounts):.2f}" if side.amounts else "–"
        cells = [side.name, f"{side.rate:,.1f}", *ratios, *([amount] if unit else [])]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
