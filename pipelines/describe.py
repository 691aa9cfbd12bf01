"""What a component is, as text: its doc, its parameters, and what it can promise."""

import inspect
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic.fields import FieldInfo

from augment.component import Component, Learned
from augment.errors import AugmillError
from augment.registry import Kind, load, names
from pipelines.plan import Plan

_SIGNS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "min_length": "at least", "pattern": "like"}


def listing() -> Iterator[tuple[str, Kind, str]]:
    """``(name, kind, first line of the doc)`` of every registered component."""
    kinds: tuple[Kind, ...] = ("augmenter", "filter")
    for kind in kinds:
        for name in names(kind):
            yield name, kind, first_line(name, kind)


def first_line(name: str, kind: Kind) -> str:
    """The first line of a component's doc, or why it can't be loaded."""
    try:
        return (inspect.getdoc(load(name, kind)) or "").partition("\n")[0]
    except AugmillError as error:
        return f"(not available: {error})"


def description(name: str) -> str:
    """Everything about one component.

    Raises:
        UnknownNameError: there is neither an augmenter nor a filter of that name.
    """
    kind: Kind = "filter" if name in names("filter") else "augmenter"
    cls = load(name, kind)
    parts = [f"{name} ({kind})", "", inspect.getdoc(cls) or "", "", "Parameters:"]
    parts += [f"  {line}" for line in _parameters(cls)]
    parts += ["", f"Same output for any cut into batches: {_invariance(cls)}"]
    parts += [f"  {line}" for line in _drift(cls)]
    fits: Any = cls.fits
    if isinstance(fits, property):
        parts += ["Statistics of the corpus: counted by a run, if its parameters ask for them"]
    elif fits and cls.learns == "classifier":
        parts += [f"Classifier of the corpus's labels ({fits}): trained by a run, if none is given"]
    elif fits:
        parts += [f"Statistics of the corpus ({fits}): counted by a run, if none are given"]
    if getattr(cls, "reads_labels", False):
        parts += ["Labels: reads those of the column that the recipe names (label)"]
    assets = _assets(cls)
    if assets:
        parts += ["", "Files that decide the output:", *(f"  {line}" for line in assets)]
    return "\n".join(parts)


def _parameters(cls: type[Component]) -> Iterator[str]:
    hints = get_type_hints(cls, include_extras=True)
    for field in fields(cls):
        yield f"{field.name}: {type_text(hints[field.name])}{_default(field)}"


def _default(field: "Field[Any]") -> str:
    value = field.default
    if isinstance(value, FieldInfo):
        value = value.get_default(call_default_factory=True)
    if value is MISSING and field.default_factory is not MISSING:
        value = field.default_factory()
    required = value is MISSING or repr(value) == "PydanticUndefined"
    return " (required)" if required else f" = {value!r}"


def type_text(annotation: Any) -> str:
    """A type with its constraints, in words.

    >>> type_text(tuple[int, ...] | None)
    'list of int, or None'
    """
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        limits = ", ".join(limit for part in args[1:] for limit in _limits(part))
        return f"{type_text(args[0])}{', ' if limits else ''}{limits}"
    if origin in {Union, UnionType}:
        return ", or ".join(type_text(arg) for arg in args)
    if origin is Literal:
        return " | ".join(map(repr, args))
    if origin in {tuple, list}:
        return f"list of {type_text(args[0])}"
    if annotation is NoneType:
        return "None"
    return getattr(annotation, "__name__", str(annotation))


def _limits(part: Any) -> Iterator[str]:
    for constraint in getattr(part, "metadata", [part]):
        for attribute, sign in _SIGNS.items():
            limit = getattr(constraint, attribute, None)
            if limit is not None:
                yield f"{sign} {limit}"


def _invariance(cls: type[Component]) -> str:
    promise = getattr(cls, "batch_invariant", True)
    if cls.nested:
        return "if that of its parts is"
    if isinstance(promise, property):
        return _invariance_by_default(cls)
    return "yes" if promise else "no; the same for the same batches"


def _invariance_by_default(cls: type[Component]) -> str:
    try:
        usual = getattr(cls(), "batch_invariant", True)
    except AugmillError:
        usual = True
    if usual:
        return "yes, unless a parameter names a model"
    return "no, unless a parameter names another model; the same for the same batches"


def _drift(cls: type[Component]) -> Iterator[str]:
    """What was measured of rows that differ under another cut, engine by engine."""
    for engine, share in getattr(cls, "drift", {}).items():
        yield f"{engine}: {f'{share:.2%} of rows differ' if share else 'no row differed'}"


def _assets(cls: type[Component]) -> list[str]:
    try:
        return [f"{path}: {digest}" for path, digest in cls().assets().items()]
    except AugmillError:
        # It has required parameters, or needs what is not installed.
        return []


_LEARNED: dict[Learned, tuple[str, str, str]] = {
    "statistics": ("statistics of the corpus", "counts them first", "counts them all"),
    "classifier": ("a classifier of the corpus's labels", "trains it first", "trains it of all"),
}
"""What is learned of a corpus, how a run comes by it, and how if a sample has it of the first."""


def needs(plan: Plan, sampled: int | None = None) -> Iterator[str]:
    """What a plan's components lack that is learned of a corpus, and how it is learned.

    Args:
        plan: that is shown.
        sampled: of how many of the first rows it is learned here; None if it isn't.
    """
    for what, (needed, first, whole) in _LEARNED.items():
        how = f"a run {first}"
        if sampled is not None:
            how = f"here of the first {sampled:,} rows; a run {whole}"
        for name in plan.lacking(what):
            yield f"{name} needs {needed}: {how}"
