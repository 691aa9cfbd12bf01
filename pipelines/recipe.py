"""The recipe: what to augment, how, and where to; a file of YAML ↔ frozen, validated models.

Every mistake of a recipe is reported at once, each under its path
(``views.strong.steps[0].options[1].rate``) and with the nearest name that would have been right.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError

from augment.component import Positive, Probability, dotted, explain_all, shown
from augment.errors import AugmillError, ParameterError, Problem, nearest
from augment.registry import Kind, build
from pipelines.errors import RecipeError
from pipelines.recipe_source import (
    copied,
    escape_variables,
    expand_variables,
    locate,
    override,
    read,
)
from pipelines.recipe_values import (
    STRICT,
    Language,
    Protect,
    RayCluster,
    RowCacheBounds,
    RowCacheOf,
    SpanColumn,
    SpansOf,
    Split,
    default_protection,
)

ORIGINAL = "original"
"""The view of the source rows themselves; no recipe may give a view this name."""

Spec = dict[str, Any]
"""A component's entry: ``{"use": name, …parameters}``."""


class View(BaseModel):
    """A named set of variants: the steps in order, and how many copies each row gets."""

    model_config = STRICT

    copies: Annotated[int, Field(ge=1)] = 1
    steps: Annotated[list[Spec], Field(min_length=1)]


class Recipe(BaseModel):
    """A whole recipe.

    Attributes:
        input: a file, a directory of files (hive partitions are kept), a glob or a URL.
        input_format: ``parquet``, ``csv``, ``jsonl``, ``text`` (a line is a row), or ``auto``: by
            the files' names.
        output: the directory to publish, or a URL on an object storage.
        format: ``parquet``, or ``delta``: the output is a Delta Lake table.
        text: the column to augment: string, large_string or dictionary<string>.
        id: the column that names the rows; without it a row's id is the hash of its text.
        label: a column for evaluation and label filters; carried along as all columns are.
        language: BCP 47 tag of the texts, or the column that holds it.
        seed: another seed gives other variants.
        protect: what no step may edit: kinds of spans, and regular expressions.
        spans: a column of labelled spans, such as entities, which move with the edits; no step
            edits them, unless ``{column: name, protect: false}`` lets steps edit inside them.
        views: the named sets of variants; in a file, ``steps:`` and ``copies:`` at the top level
            are one view named ``augmented``.
        filters: judged in this order; a variant that one rejects is dropped and counted.
        retry: how often a variant that a filter rejects is asked for again, with other random
            numbers.
        keep_original: whether the source rows come first in the output (layout ``long``).
        layout: ``long``, one row per original and variant; ``wide``, one column per variant;
            ``pairs``, one row per variant beside its source text.
        split: ``{validation: 0.1}``: a column ``split`` says ``train`` or ``validation`` of every
            row, that of its source for a variant; ``by`` names the column of rows that stay
            together, else those of the same text do, and ``name`` is another name for the column.
        duplicate_ids: ``error``: two rows of the same ``id`` fail the run; ``keep``: they are
            augmented alike.
        on_error: ``quarantine``: a row that can't be augmented goes to the rejects; ``fail``: it
            ends the run.
        max_reject_fraction: a run that rejects a greater share of the rows publishes nothing.
        max_chars: longer rows are rejected; no bound if null.
        batch_rows: rows that a step sees at once; left out, many if the output is the same for any
            number, as it is with lexical steps, and fewer if there is a model.
        row_cache: keep the rows of model steps beside the output, so that a later run does not
            compute them again; ``{max_bytes: …}`` sets their bound. For steps that are exact.
        keep_versions: versions of the output that can be gone back to, the newest ones.
        retries: how often a shard is tried again whose worker died or took too long.
        shard_timeout: seconds that a shard may take; no bound if null.
        ray: the cluster, for a run with ``--engine ray``, and what a worker takes of it.
    """

    model_config = STRICT

    input: str
    input_format: Literal["auto", "parquet", "csv", "jsonl", "text"] = "auto"
    output: str
    format: Literal["parquet", "delta"] = "parquet"
    text: str = "text"
    id: str | None = None
    label: str | None = None
    language: Language = "en"
    seed: int = 0
    protect: Protect = Field(default_factory=default_protection)
    spans: SpansOf = None
    views: Annotated[dict[str, View], Field(min_length=1)]
    filters: list[Spec] = []
    retry: Annotated[int, Field(ge=0)] = 0
    keep_original: bool = True
    layout: Literal["long", "wide", "pairs"] = "long"
    split: Split | None = None
    duplicate_ids: Literal["error", "keep"] = "error"
    on_error: Literal["quarantine", "fail"] = "quarantine"
    max_reject_fraction: Probability = 0.01
    max_chars: Annotated[int, Field(ge=1)] | None = None
    batch_rows: Annotated[int, Field(ge=1)] | None = None
    row_cache: RowCacheOf = None
    keep_versions: Annotated[int, Field(ge=1)] = 5
    retries: Annotated[int, Field(ge=0)] = 2
    shard_timeout: Positive | None = None
    ray: RayCluster = RayCluster()

    def dump(self) -> dict[str, Any]:
        """Plain values that :func:`parse` makes the same recipe of."""
        values: dict[str, Any] = escape_variables(self.model_dump(mode="json"))
        return values


def load(recipe: str | Path, overrides: Iterable[str] = ()) -> Recipe:
    """Read a recipe file, or a bundled recipe by its name.

    Args:
        recipe: path or name.
        overrides: ``views.strong.copies=4`` and the like; the value is YAML.

    Raises:
        InputMissingError: there is no such file or bundled recipe.
        RecipeError: with every mistake.
    """
    path = locate(recipe)
    return parse(read(path), str(path), overrides)


def parse(data: Any, source: str = "recipe", overrides: Iterable[str] = ()) -> Recipe:
    """A recipe from plain values; variables are expanded.

    Raises:
        RecipeError: with every mistake; ``source`` names the recipe in its message.
    """
    if not isinstance(data, Mapping):
        message = f"is a mapping with keys such as input, output and steps, not {shown(data)}"
        raise RecipeError([Problem("", message)], source)
    try:
        data = copied(data)
    except RecursionError:
        raise RecipeError([Problem("", "an anchor contains itself")], source) from None
    problems = override(data, overrides)
    # The view that stands for top-level steps is not in the file: its paths are not shown.
    unwritten = "" if "views" in data else "views.augmented."
    data = _with_views(expand_variables(data, "", problems), problems)
    recipe = _validated(data, problems)
    problems += _name_problems(data)
    for path, kind, spec in component_entries(data):
        problems += _entry_problems(path, kind, spec)
    if recipe is None or problems:
        # What was said first of a place explains what follows from it.
        first = {problem.path: problem for problem in reversed(problems)}
        shown_paths = [
            Problem(p.path.removeprefix(unwritten), p.message) for p in reversed(first.values())
        ]
        raise RecipeError(shown_paths, source)
    return recipe


def component_entries(data: Mapping[str, Any]) -> Iterator[tuple[str, Kind, Any]]:
    """``(path, kind, entry)`` of every component of a recipe's values, as far as they are whole."""
    views = data.get("views")
    for name, view in views.items() if isinstance(views, Mapping) else ():
        steps = view.get("steps") if isinstance(view, Mapping) else None
        for i, spec in enumerate(steps if isinstance(steps, list) else ()):
            yield f"views.{name}.steps[{i}]", "augmenter", spec
    filters = data.get("filters")
    for i, spec in enumerate(filters if isinstance(filters, list) else ()):
        yield f"filters[{i}]", "filter", spec


def _with_views(data: dict[str, Any], problems: list[Problem]) -> dict[str, Any]:
    """Top-level steps as the one view that they stand for."""
    short = {key: data[key] for key in ("steps", "copies") if key in data}
    if not short:
        return data
    rest = {key: value for key, value in data.items() if key not in short}
    if "views" in data:
        message = "stands beside 'views'; give each view its own steps and copies"
        problems += [Problem(key, message) for key in short]
        return rest
    return {**rest, "views": {"augmented": short}}


def _validated(data: dict[str, Any], problems: list[Problem]) -> Recipe | None:
    try:
        recipe = Recipe.model_validate(data)
    except ValidationError as error:
        for item in error.errors(include_url=False):
            # An entry that is no mapping is reported where entries are built.
            entry = {"steps", "filters"} & {*item["loc"][-2:-1]}
            if not (item["type"] == "dict_type" and entry):
                problems += _explained(item)
        return None
    if recipe.layout != "long" and not recipe.keep_original:
        message = f"has no meaning in the layout {recipe.layout}, which always holds the text"
        problems.append(Problem("keep_original", message))
    return recipe


_MODELS: dict[str, type[BaseModel]] = {
    "views": View,
    "spans": SpanColumn,
    "split": Split,
    "row_cache": RowCacheBounds,
    "ray": RayCluster,
}


def _explained(error: Any) -> list[Problem]:
    path = dotted(error["loc"])
    model = _MODELS.get(str(error["loc"][0]), Recipe)
    known = (*model.model_fields, *(("steps", "copies") if model is Recipe else ()))
    if error["type"] == "extra_forbidden":
        hint = nearest(str(error["loc"][-1]), known)
        return [Problem(path, f"unknown key{hint}; accepted: {', '.join(known)}")]
    if error["type"] == "value_error" and not isinstance(error["ctx"]["error"], ParameterError):
        return [Problem(path, str(error["ctx"]["error"]))]
    return explain_all(error, known)


def _name_problems(data: Mapping[str, Any]) -> list[Problem]:
    views = data.get("views")
    found = []
    for name in views if isinstance(views, Mapping) else ():
        if not re.fullmatch(r"[^\W\d]\w*", str(name)):
            found.append(Problem(f"views.{name}", "a view's name is letters, digits and _"))
        elif name == ORIGINAL:
            found.append(Problem(f"views.{name}", "this name is kept for the source rows"))
    return found


def _entry_problems(path: str, kind: Kind, spec: Any) -> Sequence[Problem]:
    try:
        build(spec, kind)
    except ParameterError as error:
        return [problem.under(path) for problem in error.problems]
    except AugmillError as error:
        return [Problem(path, str(error))]
    return ()
