"""Values of a recipe that are written in more than one way: language, protection, spans."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
)

from augment.component import Positive, shown
from augment.errors import AugmillError, ParameterError
from augment.text.protect import DEFAULT_KINDS, Protection

_TAG = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*")

STRICT = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
"""How all models of a recipe are configured."""


class LanguageColumn(BaseModel):
    """The language of each row stands in a column, as a BCP 47 tag."""

    model_config = STRICT

    column: str


def _language(value: Any) -> str | LanguageColumn:
    if isinstance(value, str) and _TAG.fullmatch(value):
        return value
    if isinstance(value, LanguageColumn):
        return value
    if isinstance(value, Mapping) and [*value] == ["column"] and isinstance(value["column"], str):
        return LanguageColumn(column=value["column"])
    hint = " (quote it: YAML reads a bare no as false)" if value is False else ""
    raise ValueError(
        f"is a language tag such as 'en', or {{column: name}}, not {shown(value)}{hint}"
    )


def _dump_language(value: str | LanguageColumn) -> str | dict[str, str]:
    return value if isinstance(value, str) else {"column": value.column}


def _protection(value: Any) -> Protection:
    if isinstance(value, Protection):
        return value
    parts = {"kinds": value} if isinstance(value, list) else value
    if not isinstance(parts, Mapping) or not {*parts} <= {"kinds", "patterns"}:
        message = "is a list of kinds, or {kinds: […], patterns: […]}"
        raise ValueError(f"{message}, not {shown(value)}")
    kinds, patterns = (parts.get(key, default) for key, default in _PROTECT.items())
    if not all(isinstance(part, list) for part in (kinds, patterns)):
        raise ValueError("kinds and patterns are lists")
    try:
        return Protection(tuple(map(str, kinds)), tuple(map(str, patterns)))
    except ParameterError:
        raise
    except AugmillError as error:
        raise ValueError(str(error)) from None


_PROTECT: dict[str, list[str]] = {
    "kinds": [*DEFAULT_KINDS],
    "patterns": [],
}


def _dump_protection(value: Protection) -> dict[str, list[str]]:
    return {"kinds": list(value.kinds), "patterns": list(value.patterns)}


def default_protection() -> Protection:
    """What is protected where a recipe says nothing."""
    return _protection({})


class SpanColumn(BaseModel):
    """Labelled spans of the text stand in a column; steps leave them alone if ``protect``."""

    model_config = STRICT

    column: str
    protect: bool = True


def _spans(value: Any) -> Any:
    if isinstance(value, str):
        return {"column": value}
    if value is None or isinstance(value, SpanColumn | Mapping):
        return value
    raise ValueError(f"is a column's name, or {{column: name, protect: true}}, not {shown(value)}")


class RowCacheBounds(BaseModel):
    """Rows of model steps are kept beside the output, the oldest given up for younger ones."""

    model_config = STRICT

    max_bytes: Annotated[int, Field(ge=1 << 20)] = 2 << 30


class Split(BaseModel):
    """A column that says ``train`` or ``validation``, by groups of rows that stay together.

    Attributes:
        validation: share of the groups to validate on.
        by: the column of the groups; without it, or where it is null, rows of the same text are
            one.
        name: of the column.
    """

    model_config = STRICT

    validation: Annotated[float, Field(gt=0.0, lt=1.0)]
    by: str | None = None
    name: Annotated[str, Field(min_length=1)] = "split"


class RayCluster(BaseModel):
    """Where a run's workers are with Ray, and what each takes.

    Attributes:
        address: of the cluster; without it that of ``RAY_ADDRESS``, or else one on this machine.
        num_cpus, num_gpus: of a worker.
        workers: at the most; as many as fit the cluster if null.
    """

    model_config = STRICT

    address: str | None = None
    num_cpus: Positive = 1.0
    num_gpus: Annotated[float, Field(ge=0.0)] = 0.0
    workers: Annotated[int, Field(ge=1)] | None = None


def _row_cache(value: Any) -> Any:
    if value is None or value is False:
        return None
    if value is True:
        return {}
    if isinstance(value, RowCacheBounds | Mapping):
        return value
    raise ValueError(f"is true, false or {{max_bytes: 2147483648}}, not {shown(value)}")


Language = Annotated[
    str | LanguageColumn, PlainValidator(_language), PlainSerializer(_dump_language)
]
"""A language tag, or ``{column: name}``."""

Protect = Annotated[Protection, PlainValidator(_protection), PlainSerializer(_dump_protection)]
"""A list of kinds of spans, or ``{kinds: […], patterns: […]}``."""

SpansOf = Annotated[SpanColumn | None, BeforeValidator(_spans)]
"""A column's name, or ``{column: name, protect: true|false}``."""

RowCacheOf = Annotated[RowCacheBounds | None, BeforeValidator(_row_cache)]
"""``true``, ``false`` or ``{max_bytes: …}``."""
