"""Components: frozen, keyword-only dataclasses whose fields are their parameters.

The parameters are written once, as annotated fields; from them come validation, ``repr``,
equality, the recipe entry (:func:`params_of`) and the identity in lineage (:func:`fingerprint`).
A component computes nothing when it is built and keeps no model on itself.
"""

import dataclasses
import json
import unicodedata
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar, cast, dataclass_transform

import xxhash
from pydantic import ConfigDict, Field, ValidationError
from pydantic.dataclasses import dataclass as validated
from pydantic_core import ArgsKwargs

from augment import pickling
from augment.errors import ParameterError, Problem, nearest

T = TypeVar("T", bound="Component")

Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0.0)]

Learned = Literal["statistics", "classifier"]
"""What can be learned of a corpus before it is augmented."""

_CONFIG = ConfigDict(extra="forbid", arbitrary_types_allowed=True, allow_inf_nan=False)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Component:
    """Base of augmenters and filters: what :func:`component` adds to a class."""

    name: ClassVar[str] = ""
    """The registered name, which recipes write behind ``use:``."""
    version: ClassVar[int] = 1
    """Raised whenever the same parameters and input would give another output."""
    nested: ClassVar[tuple[str, ...]] = ()
    """Fields that hold other components."""
    files: ClassVar[tuple[str, ...]] = ()
    """Fields that hold paths of files. The fingerprint leaves them out, since what decides the
    output is what the files hold: :meth:`assets` gives their digests."""
    fits: ClassVar[str] = ""
    """The field for the path of what is learned of a corpus, if the component needs that; where it
    is None, a run learns it of its corpus first."""
    learns: ClassVar[Learned] = "statistics"
    """What that is: ``statistics``, the corpus's words (see :mod:`augment.statistics`), or a
    ``classifier`` of its labels (see :mod:`augment.models.classifier`)."""

    def assets(self) -> Mapping[str, str]:
        """Digests of the files that decide the output besides the code: tables, weights."""
        return {}

    def resolved(self) -> Self:
        """The component with what ``auto`` stands for here in the place of each such parameter.

        A plan resolves its components before anything runs, so that all workers do the same.
        """
        changed: dict[str, Any] = {}
        for name in self.nested:
            held = getattr(self, name)
            many = isinstance(held, tuple)
            changed[name] = tuple(h.resolved() for h in held) if many else held.resolved()
        return dataclasses.replace(self, **changed) if changed else self

    def __reduce__(self) -> tuple[Any, ...]:
        # The version is told, too: what is pickled stands for what the component would make.
        params = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return _opened, (pickling.portable(type(self)), self.name, self.version, params)

    @property
    def parts(self) -> "tuple[Component, ...]":
        """The components that it holds."""
        held = (getattr(self, name) for name in self.nested)
        return tuple(part for h in held for part in (h if isinstance(h, tuple) else (h,)))


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(Field,))
def component(name: str) -> Callable[[type[T]], type[T]]:
    """Class decorator: make a validated, frozen, keyword-only dataclass that bears ``name``.

    Raises (on construction):
        ParameterError: naming every wrong parameter, what is accepted, and the nearest name.
    """

    def decorate(cls: type[T]) -> type[T]:
        written = pickling.keep_written(cls)
        built = cast(type[T], validated(cls, frozen=True, kw_only=True, config=_CONFIG))
        built.name = name
        _explain_errors(built)
        pickling.hold(built, written)
        return built

    return decorate


def _opened(cls: type[T], name: str, _: int, params: Mapping[str, Any]) -> T:
    """A component that was pickled; a class that came as it was written becomes one."""
    known = pickling.holder(cls) or component(name)(cls)
    made = known.__new__(known)
    vars(made).update(params)
    return made


def _explain_errors(cls: type[Component]) -> None:
    checked = cast(Callable[..., None], cls.__init__)
    fields = parameter_names(cls)

    def __init__(self: Component, *args: Any, **params: Any) -> None:  # noqa: N807
        if args:
            message = f"parameters are given by name: {', '.join(fields)}"
            raise ParameterError([Problem("", message)], cls.name)
        try:
            checked(self, **params)
        except ValidationError as error:
            found = [explain_all(item, fields) for item in error.errors(include_url=False)]
            raise ParameterError([p for problems in found for p in problems], cls.name) from None

    __init__.__wrapped__ = checked  # type: ignore[attr-defined]  # keeps the signature readable
    cls.__init__ = __init__  # type: ignore[method-assign, assignment]


def explain_all(error: Mapping[str, Any], known: tuple[str, ...]) -> list[Problem]:
    """One pydantic error as problems: several if a validator raised a :class:`ParameterError`."""
    raised = error.get("ctx", {}).get("error")
    if isinstance(raised, ParameterError):
        return [problem.under(dotted(error["loc"])) for problem in raised.problems]
    return [explain(error, known)]


def explain(error: Mapping[str, Any], known: tuple[str, ...]) -> Problem:
    """One pydantic error as a :class:`Problem`: path, what is wrong, the nearest known name."""
    path = dotted(error["loc"])
    kind = error["type"]
    if kind in {"unexpected_keyword_argument", "extra_forbidden"}:
        last = str(error["loc"][-1])
        accepted = ", ".join(known) or "none"
        return Problem(path, f"unknown parameter{nearest(last, known)}; accepted: {accepted}")
    if kind in {"missing", "missing_argument", "missing_keyword_only_argument"}:
        return Problem(path, "is required")
    message = error["msg"].removeprefix("Value error, ")
    text = message[:1].lower() + message[1:]
    # A validator of the whole component is handed all arguments: no value to quote.
    whole = isinstance(error["input"], ArgsKwargs)
    return Problem(path, text if whole else f"{text}, not {shown(error['input'])}")


def shown(value: Any) -> str:
    """A value as an error message quotes it: short, whatever it is."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def dotted(location: tuple[str | int, ...]) -> str:
    """``("steps", 0, "rate")`` as ``steps[0].rate``."""
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            path += f".{part}" if path else part
    return path


def parameter_names(cls: type[Component]) -> tuple[str, ...]:
    """Names of a component's parameters, in the order in which they are written."""
    return tuple(f.name for f in dataclasses.fields(cls))


def params_of(instance: Component) -> dict[str, Any]:
    """All parameters as JSON-able values; nested components as ``{"use": name, …}``."""
    return {f.name: _jsonable(getattr(instance, f.name)) for f in dataclasses.fields(instance)}


def spec_of(instance: Component) -> dict[str, Any]:
    """The recipe entry that builds this component: ``{"use": name, …its parameters}``."""
    return {"use": instance.name, **params_of(instance)}


def _jsonable(value: Any) -> Any:
    if isinstance(value, Component):
        return spec_of(value)
    if isinstance(value, Mapping):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    return value


MISSING = "missing"
"""The asset of a component whose file or package is not installed."""


def package_version(name: str) -> str:
    """Version of a package that decides a component's output, for its assets."""
    try:
        return version(name)
    except PackageNotFoundError:
        return MISSING


def text_versions() -> dict[str, str]:
    """Versions of what finds words and changes letter case, for whatever reads text."""
    packages = {name: package_version(name) for name in ("pyarrow", "regex", "rjieba")}
    return {"unicode": unicodedata.unidata_version, **packages}


def fingerprint(instance: Component) -> str:
    """32 hex digits that change whenever the component's output may.

    They stand for the name, version, parameters and asset digests, of nested components too, and
    for :func:`text_versions`.
    """
    told = json.dumps([identity(instance), text_versions()], sort_keys=True)
    return xxhash.xxh3_128_hexdigest(told.encode())


def identity(instance: Component) -> dict[str, Any]:
    """What a fingerprint stands for: parameters, version and asset digests, of nested ones too."""
    own = {name: v for name, v in spec_of(instance).items() if name not in instance.files}
    for name in instance.nested:
        held = getattr(instance, name)
        many = isinstance(held, tuple)
        own[name] = [identity(item) for item in held] if many else identity(held)
    return {"version": instance.version, "assets": dict(instance.assets()), **own}
