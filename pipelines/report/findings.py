"""What stands out: rules of thumb over the numbers, each with its bound."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.report.wording import number, share

_LOW_YIELD, _REJECTING = 0.5, 0.3
_SAME, _FAR = 0.02, 0.2
_ALIKE = 0.9
_SHORTER, _LONGER = 0.9, 1.1
_NEW = 0.05


def findings(values: Mapping[str, Any]) -> Iterator[str]:
    """Sentences, the most important first."""
    funnel = values["funnel"]
    for view, fates in funnel["views"].items():
        yield from _of_yield(view, fates)
    for kind in ("views", "steps", "labels", "languages"):
        for name, group in (values[kind] or {}).items():
            yield from _of_group(kind, name, group)
    diverse = values["diversity"] or {}
    alike = diverse.get("sibling_self_bleu")
    if alike is not None and alike > _ALIKE:
        yield (
            f"Variants of one source are much alike: their self-BLEU is {number(alike)} "
            f"(looked at above {_ALIKE})."
        )
    vocabulary = (values["vocabulary"] or {}).get("all", {})
    fresh = vocabulary.get("new_word_share")
    if fresh is not None and fresh > _NEW:
        yield (
            f"{share(fresh)} of the variants' words are in no original (looked at above "
            f"{_NEW:.0%})."
        )


def _of_yield(view: str, fates: Mapping[str, Any]) -> Iterator[str]:
    if not fates["asked"]:
        return
    made = fates["made"] / fates["asked"]
    if made < _LOW_YIELD:
        yield f"View {view}: only {share(made)} of what was asked for was made."
    reasons = fates["rejected"]
    lost = sum(reasons.values()) / fates["asked"]
    if lost > _REJECTING:
        most = max(reasons, key=lambda reason: (reasons[reason], reason))
        yield (
            f"View {view}: filters rejected {share(lost)}, most of them as {most} "
            f"({reasons[most]:,})."
        )


def _of_group(kind: str, name: str, group: Mapping[str, Any]) -> Iterator[str]:
    what = f"{kind.removesuffix('s').capitalize()} {name}"
    if kind != "views" and group["variants"] < 30:
        return
    rate, ratio = group["edit_rate"]["mean"], group["mean_length_ratio"]
    if kind in ("views", "steps") and rate is not None and rate < _SAME:
        yield f"{what}: variants hardly differ from their sources (mean edit rate {share(rate)})."
    low = group["similarity"]["p5"]
    if low is not None and low < _FAR:
        yield (
            f"{what}: one variant in twenty has a similarity below {number(low)} "
            f"(looked at below {_FAR})."
        )
    if ratio is not None and not _SHORTER <= ratio <= _LONGER:
        yield f"{what}: variants have {number(ratio)} times the words of their sources."
