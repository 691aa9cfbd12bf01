"""Everything augmill raises for a user's mistake or an environment's lack, in one tree.

::

    AugmillError
    ├── ParameterError       a component's parameters are wrong (also a ValueError)
    ├── UnknownNameError     no component, language or model of that name (also a LookupError)
    ├── MissingExtraError    an optional dependency is not installed (also an ImportError)
    ├── PluginError          a plug-in breaks the interface, or two claim one name
    ├── ModelError           a model can't be loaded or can't do what is asked
    ├── StatisticsError      a corpus's statistics are needed, and missing or damaged
    ├── LexiconError         a file of synonyms or word vectors is missing or can't be read
    └── PipelineError        files, recipes, runs: see ``pipelines.errors``
"""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class AugmillError(Exception):
    """Base of all errors that are shown to the user as one clear message."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: where it is (``views.strong.steps[0].rate``) and what is wrong with it."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message

    def under(self, prefix: str) -> "Problem":
        """The same problem, seen from an enclosing object."""
        if not prefix or not self.path:
            return Problem(prefix + self.path, self.message)
        joint = "" if self.path.startswith("[") else "."
        return Problem(f"{prefix}{joint}{self.path}", self.message)


class ParameterError(AugmillError, ValueError):
    """A component was given wrong parameters; ``problems`` lists every one of them."""

    def __init__(self, problems: Sequence[Problem], owner: str = "") -> None:
        self.problems = tuple(problems)
        self.owner = owner
        lines = [str(problem) for problem in self.problems]
        head = f"{owner}: " if owner else ""
        super().__init__(head + ("\n" + " " * len(head)).join(lines))

    def __reduce__(self) -> tuple[type["ParameterError"], tuple[Sequence[Problem], str]]:
        return type(self), (self.problems, self.owner)


class UnknownNameError(AugmillError, LookupError):
    """A name that nothing answers to."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind, self.name, self.known = kind, name, tuple(sorted(known))
        super().__init__(
            f"unknown {kind} {name!r}{nearest(name, self.known)}; known: {', '.join(self.known)}"
        )

    def __reduce__(self) -> tuple[type["UnknownNameError"], tuple[str, str, tuple[str, ...]]]:
        return type(self), (self.kind, self.name, self.known)


class MissingExtraError(AugmillError, ImportError):
    """A feature needs a package that is not installed; the message gives the command."""

    def __init__(self, feature: str, package: str, extra: str) -> None:
        self.feature, self.package, self.extra = feature, package, extra
        super().__init__(
            f'{feature} needs {package}, which is not installed: pip install "augmill[{extra}]"'
        )

    def __reduce__(self) -> tuple[type["MissingExtraError"], tuple[str, str, str]]:
        return type(self), (self.feature, self.package, self.extra)


class PluginError(AugmillError):
    """A plug-in breaks the interface it registered for."""


class ModelError(AugmillError):
    """A model can't be loaded, or can't do what it is asked to."""


class LexiconError(AugmillError):
    """A file of synonyms or word vectors is missing, or is not what its name says."""


class StatisticsError(AugmillError):
    """Statistics of a corpus are needed, and are not there or can't be read."""


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint such as ``, did you mean 'rate'?``, or nothing if no known name is close."""
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f", did you mean {matches[0]!r}?" if matches else ""
