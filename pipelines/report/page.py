"""The page: what the template is given, and its rendering."""

from collections.abc import Container, Mapping, Sequence
from importlib.resources import files
from typing import Any

from augment.errors import MissingExtraError
from augment.variant import Edit, parts
from pipelines.quality import Quality
from pipelines.quality.samples import Example
from pipelines.report import plots, wording
from pipelines.report.findings import findings

_TILES = (
    ("yield/all", "made of what was asked for"),
    ("edit_rate/median", "of the words of a text changed"),
    ("similarity/mean", "mean similarity to the source, 1 is equal"),
    ("length/mean_ratio", "words of a variant per word of its source"),
    ("vocabulary/new_word_share", "of the variants' words are in no original"),
    ("diversity/sibling_self_bleu", "how alike the variants of a source are"),
)
_FATES = ("made", "declined", "rejected", "failed")
_MOST_ROWS = 30


def page(quality: Quality, drift: Mapping[str, Any] | None, recipe: str) -> str:
    """One self-contained HTML document.

    Args:
        quality: its numbers and examples.
        drift: from :func:`pipelines.report.drift.drift`, if there is a version before.
        recipe: of the version, as YAML.

    Raises:
        MissingExtraError: matplotlib or Jinja is not installed.
    """
    try:
        import jinja2
        import matplotlib  # noqa: F401 - the plots need it
    except ImportError as error:
        package = "Jinja2" if error.name == "jinja2" else "matplotlib"
        raise MissingExtraError("the quality card", package, "report") from None
    templates = jinja2.Environment(
        loader=jinja2.FunctionLoader(_template),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    templates.filters.update(wording.FILTERS)
    values, examples = quality.values, (*quality.examples, *quality.replayed.examples)
    counted = values["funnel"]["all"]["counts"]
    made: str = templates.get_template("card.html.j2").render(
        values=values,
        tiles=_tiles(quality.scalars(), drift),
        findings=[*findings(values)][:6],
        funnel=_funnel(values),
        plots=_plots(values),
        tables=_tables(values),
        scores=_scores(values),
        drift=None if drift is None else {**drift, "rows": _drifted(drift)},
        examples=[_example(example, counted) for example in examples],
        replayed=quality.replayed,
        choices=_choices(examples),
        recipe=recipe,
        style=_template("card.css"),
        script=_template("card.js"),
    )
    return made


def _template(name: str) -> str:
    return files("pipelines.report").joinpath("templates", name).read_text("utf-8")


def _tiles(scalars: Mapping[str, float], drift: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    before = {} if drift is None else drift["scalars"]
    return [
        {
            "key": key,
            "name": wording.name_of(key),
            "value": scalars[key],
            "shown": wording.scalar(key, scalars[key]),
            "meaning": meaning,
            "delta": wording.delta(key, before[key]["delta"]) if key in before else None,
        }
        for key, meaning in _TILES
        if key in scalars
    ]


def _drifted(drift: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "key": key,
            "name": wording.name_of(key),
            "before": wording.scalar(key, row["before"]),
            "after": wording.scalar(key, row["after"]),
            "delta": wording.delta(key, row["delta"]),
            **{f"raw_{part}": value for part, value in row.items()},
        }
        for key, row in drift["scalars"].items()
    ]


def _funnel(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for view, fates in values["funnel"]["views"].items():
        lost = sum(fates["rejected"].values())
        reasons = sorted(fates["rejected"].items(), key=lambda item: (-item[1], item[0]))
        rows.append({"view": view, **fates, "reasons": reasons, "lost": lost})
    return rows


def _plots(values: Mapping[str, Any]) -> dict[str, Any]:
    views, funnel = values["views"], values["funnel"]["views"]
    shares = {
        view: [
            (sum(f["rejected"].values()) if fate == "rejected" else f[fate]) / f["asked"]
            for fate in _FATES
        ]
        for view, f in funnel.items()
        if f["asked"]
    }
    found: dict[str, Any] = {
        "funnel": plots.bars(shares, _FATES, name="funnel", title="What became of what was asked")
        if shares
        else "",
        "scores": {
            name: plots.histograms(
                {"": told}, name=f"score-{i}", title=f"Scores of {name}", axis=name
            )
            for i, (name, told) in enumerate(_scores(values).items())
        },
    }
    for key, title in (("edit_rate", "Edit rate per view"), ("similarity", "Similarity per view")):
        series = {view: told[key] for view, told in views.items()}
        found[key] = plots.histograms(series, name=key, title=title, axis=title.split(" per")[0])
    lengths = {view: told["words"] for view, told in views.items() if view != plots.BASE}
    if values["originals"]["words"] is not None:
        lengths = {plots.BASE: values["originals"]["words"], **lengths}
    found["length"] = plots.histograms(
        lengths, name="length", title="Words per text", axis="words per text", whole=True, bins=32
    )
    return found


def _scores(values: Mapping[str, Any]) -> dict[str, Any]:
    """What was measured of each variant; what was counted is told beside the yield."""
    counted = values["funnel"]["all"]["counts"]
    return {name: told for name, told in values["scores"].items() if name not in counted}


def _tables(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    titles = (
        ("steps", "By method", "Method", "A variant counts for every method that changed it."),
        ("labels", "By label", "Label", "The label of the source."),
        ("languages", "By language", "Language", "The language of the source."),
    )
    made = []
    for key, title, head, note in titles:
        groups = values[key]
        if not groups or (key == "languages" and len(groups) < 2):
            continue
        rows = [*groups.items()]
        most = max(group["variants"] for _, group in rows)
        made.append(
            {
                "key": key,
                "title": title,
                "head": head,
                "note": note,
                "rows": rows[:_MOST_ROWS],
                "more": len(rows) - len(rows[:_MOST_ROWS]),
                "most": most,
            }
        )
    return made


def _example(example: Example, counted: Container[str]) -> dict[str, Any]:
    edits = [Edit(*edit) for edit in example.edits]
    return {
        "parts": [*parts(example.source, edits)],
        "view": example.view,
        "steps": example.steps or (),
        "kept": example.kept,
        "reason": example.reason,
        "label": example.label,
        "language": "" if example.language == "und" else example.language,
        "edit_rate": example.edit_rate,
        "similarity": example.similarity,
        "scores": [(name, score) for name, score in example.scores if name not in counted],
        "id": example.id,
    }


def _choices(examples: Sequence[Example]) -> dict[str, list[str]]:
    """What the filters of the examples offer, as far as there is a choice."""
    found = {
        "view": [e.view for e in examples],
        "method": [step for e in examples for step in e.steps or ()],
        "reason": [e.reason for e in examples if e.reason != "sample"],
        "label": [e.label for e in examples if e.label is not None],
    }
    return {name: sorted(dict.fromkeys(values)) for name, values in found.items()}
