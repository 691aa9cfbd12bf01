"""What of a round trip can be used: made to fit its source, and let past all guards."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from augment.methods.known_words import coins_words
from augment.methods.round_trips import Trip
from augment.methods.sense_guards import CHECKS, misleads
from augment.models.language_id import left_language
from augment.text.borders import Span
from augment.text.determiners import with_same_articles
from augment.text.guards import GUARDS, broken, is_empty
from augment.text.rewrites import Stretch, fitted, stretches, with_articles
from augment.text.stand_ins import Masked
from augment.text.wording import WORDING, reworded

Guards = Literal["few", "usual", "strict"]
"""How much is asked of a round trip."""

REASONS = tuple(
    dict.fromkeys(("protected", *GUARDS, "unknown_words", *WORDING, *CHECKS, "language"))
)
"""All names under which a sentence may fall back, in the order in which they are asked."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a sentence.

    Attributes:
        changes: per usable round trip, the best first, the stretches that it changes.
        reason: why there is none: one of :data:`REASONS`.
    """

    changes: tuple[list[Stretch], ...] = ()
    reason: str | None = None


def judged(
    source: str,
    protected: Sequence[Span],
    masked: Masked,
    trip: Trip,
    tag: str,
    *,
    guards: Guards,
) -> Verdict:
    """Fit what came back to its source, and sort out what guards refuse.

    Args:
        source: the sentence.
        protected: its protected spans.
        masked: the sentence with stand-ins, as it was sent.
        trip: what came back.
        tag: primary subtag of its language.
        guards: ``few``: those for any language; ``usual``: also those of English wording, and
            articles are put back; ``strict``: also those that refuse many right round trips, too.
    """
    usable: dict[str, list[Stretch]] = {}
    reason = trip.lost
    for made in trip.made:
        text = fitted(masked.text, made)
        text = text if guards == "few" else with_same_articles(masked.text, text, tag)
        text = with_articles(masked.text, text) if tag == "en" else text
        fault = _fault(masked, text, tag, guards)
        found = None if fault else _changes(source, masked, text, protected)
        if found:
            usable.setdefault(text.casefold(), found)
        else:
            reason = reason or fault or "protected"
    return Verdict(tuple(usable.values()), None if usable else reason)


def _fault(masked: Masked, made: str, tag: str, guards: Guards) -> str | None:
    if not is_empty(masked.text, made) and masked.restored(made) is None:
        return "protected"
    if name := broken(masked.text, made, tag):
        return name
    if coins_words(masked.text, made, tag):
        return "unknown_words"
    if guards != "few" and (name := _misworded(masked.text, made, tag, strict=guards == "strict")):
        return name
    return "language" if left_language(masked.text, made, tag) else None


def _misworded(source: str, made: str, tag: str, *, strict: bool) -> str | None:
    name = reworded(source, made, tag, strict=strict)
    return name or misleads(source, made, tag, strict=strict)


def _changes(
    source: str, masked: Masked, made: str, protected: Sequence[Span]
) -> list[Stretch] | None:
    restored = masked.restored(made)
    return None if restored is None else stretches(source, restored, protected)
