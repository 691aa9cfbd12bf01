"""The quality of a published version as one value, and as JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.quality.groups import Group
from pipelines.quality.measuring import SIMILARITY, judged, measures
from pipelines.quality.reader import reader
from pipelines.quality.rejected import Replayed, replayed
from pipelines.quality.samples import Example
from pipelines.stats import Stats
from pipelines.store.entry import Entry
from pipelines.store.protocol import Store

FORMAT = 1
"""Of the JSON; another number means that names or meanings have changed."""


@dataclass(frozen=True, slots=True)
class Quality:
    """A version's numbers.

    Attributes:
        values: JSON-able; what ``quality.json`` holds.
        examples: variants to be shown.
        replayed: rejected variants to be shown, or why there are none.
    """

    values: Mapping[str, Any]
    examples: tuple[Example, ...] = field(default=(), repr=False)
    replayed: Replayed = field(default_factory=Replayed, repr=False)

    def text(self) -> str:
        """The JSON; the same bytes for the same version."""
        return json.dumps(self.values, indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def scalars(self) -> dict[str, float]:
        """The numbers that sum a version up, by names such as ``edit_rate/mean``."""
        return scalars(self.values)


def measure(store: Store, entry: Entry, replay: int = 0) -> Quality:
    """Measure a version of an output.

    Args:
        store: of the output; it need not be locked.
        entry: of the version, from the store's log.
        replay: source rows that are expanded again, at most, to see what filters rejected.

    Raises:
        InputMissingError: the version's files are not kept any more.
        MissingExtraError: a language's segmenter is not installed.
    """
    rows = reader(store.output, entry.version, entry.recipe)
    recipe = rows.recipe
    filtered = any(spec.get("use") == SIMILARITY for spec in judged(entry.recipe))
    stored = filtered and recipe.layout == "long"
    found = measures(rows, stored)
    views = [*recipe.views]
    basis = ("filter" if stored else "tfidf") if stored or rows.has_sources else None
    everything = found.all
    values: dict[str, Any] = {
        "format": FORMAT,
        "output": Path(store.output.rstrip("/")).name,
        "version": entry.version,
        "program": entry.program,
        "fingerprint": entry.fingerprint,
        "digest": entry.digest,
        "layout": recipe.layout,
        "rows": entry.rows,
        "originals": {
            "count": found.originals.count if rows.has_sources else None,
            "words": found.originals.told() if rows.has_sources else None,
        },
        "variants": everything.count,
        "funnel": _funnel(entry.stats, views),
        "languages_known": rows.has_languages,
        "similarity_basis": basis,
        "all": everything.told(),
        "views": _told(found.by.get("views", {}), views),
        "steps": _told(found.by["steps"]) if "steps" in found.by else None,
        "labels": _told(found.by["labels"]) if "labels" in found.by else None,
        "languages": _told(found.by.get("languages", {})),
        "scores": {name: found.scores[name].told() for name in sorted(found.scores)},
        "length": _length(found.originals, everything) if rows.has_sources else None,
        "vocabulary": {name: s.told() for name, s in found.shifts(views).items()}
        if rows.has_sources
        else None,
        "diversity": found.diversity(views).told() if rows.has_sources else None,
    }
    seen = Replayed()
    if replay and sum(values["funnel"]["all"]["rejected"].values()):
        seen = replayed(store, entry, rows, found.weights, replay)
    return Quality(values, found.examples.all(), seen)


def _told(groups: Mapping[str, Group], order: list[str] | None = None) -> dict[str, Any]:
    """By the order given, or else the largest first."""
    names = sorted(groups, key=lambda name: (-groups[name].count, name))
    if order is not None:
        names = [name for name in order if name in groups]
    return {name: groups[name].told() for name in names}


def _length(originals: Any, variants: Group) -> dict[str, Any]:
    """The shift of the number of words, in words: of the mean, and of the whole distribution.

    The latter is the Wasserstein distance: words that must come or go, on average, to make the
    lengths of the one those of the other.
    """
    if not originals.count or not variants.count:
        return {"mean_shift": None, "wasserstein": None}
    old, new = (h.counts / h.count for h in (originals, variants.words))
    return {
        "mean_shift": variants.words.mean - originals.mean,
        "wasserstein": float(abs((old - new).cumsum()).sum()),
    }


def _funnel(told: Mapping[str, Any], order: list[str]) -> dict[str, Any]:
    """Of the run's own counts: what was asked for, and what became of it."""
    stats = Stats.of_told(told)
    views = {name: _fates(stats.views[name]) for name in order if name in stats.views}
    return {
        "rows": stats.rows,
        "rejected_rows": dict(stats.rejected),
        "views": views,
        "all": _fates(stats.variants),
    }


def _fates(view: Any) -> dict[str, Any]:
    return {
        "asked": view.asked,
        "made": view.made,
        "declined": view.declined,
        "failed": view.failed,
        "rejected": dict(view.rejected),
        "retried": getattr(view, "retried", 0),
        "yield": view.made / view.asked if view.asked else None,
        "steps": dict(view.steps),
        "counts": dict(view.counts),
    }


def scalars(values: Mapping[str, Any]) -> dict[str, float]:
    """The numbers that sum a version up, by name; those that it does not have are left out."""
    everything, funnel = values["all"], values["funnel"]["all"]
    vocabulary = (values["vocabulary"] or {}).get("all", {})
    diverse = values["diversity"] or {}
    found: dict[str, Any] = {
        "rows/originals": values["originals"]["count"],
        "rows/variants": values["variants"],
        "yield/all": funnel["yield"],
        **{f"yield/{name}": v["yield"] for name, v in values["funnel"]["views"].items()},
        "rejected/share": _share(sum(funnel["rejected"].values()), funnel["asked"]),
        "declined/share": _share(funnel["declined"], funnel["asked"]),
        "edit_rate/mean": everything["edit_rate"]["mean"],
        "edit_rate/median": everything["edit_rate"]["p50"],
        "similarity/mean": everything["similarity"]["mean"],
        "similarity/p5": everything["similarity"]["p5"],
        "length/mean_words": everything["words"]["mean"],
        "length/mean_ratio": everything["mean_length_ratio"],
        "length/wasserstein": (values["length"] or {}).get("wasserstein"),
        "vocabulary/js_divergence": vocabulary.get("js_divergence"),
        "vocabulary/new_word_share": vocabulary.get("new_word_share"),
        "diversity/sibling_self_bleu": diverse.get("sibling_self_bleu"),
    }
    for name, measured in diverse.get("sets", {}).items():
        for key in ("distinct_1", "distinct_2", "self_bleu"):
            found[f"diversity/{key}/{name}"] = measured[key]
    for name, score in values["scores"].items():
        found[f"scores/{name}/mean"] = score["mean"]
    return {name: float(value) for name, value in found.items() if value is not None}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
