"""What goes wrong with recipes, files and runs, in one tree.

::

    AugmillError
    └── PipelineError
        ├── RecipeError          the recipe has mistakes; lists all of them
        ├── InputMissingError    a file that was named is not there
        ├── DataError            the input is there, but is not what the recipe says
        │   ├── RejectsError     more rows were rejected than the recipe accepts
        │   └── DamagedError     files of the output are not what was written
        ├── OutputError          the output can't be written where the recipe says
        └── RunError             a run stopped through no fault of recipe or data
            ├── LockedError      another run is writing the same output
            ├── InputChangedError  the input changed while it was read
            └── StoppedError     it was asked to stop, and kept what it had done

Their exit codes: see ``pipelines.exit_codes``.
"""

from collections.abc import Sequence

from augment.errors import AugmillError, Problem


class PipelineError(AugmillError):
    """Base of all errors about recipes, files and runs."""


class RecipeError(PipelineError):
    """A recipe has mistakes; ``problems`` lists every one of them, ``source`` names the recipe."""

    def __init__(self, problems: Sequence[Problem], source: str = "recipe") -> None:
        self.problems = tuple(problems)
        self.source = source
        count = len(self.problems)
        head = f"{source}: {count} problem{'s' if count != 1 else ''}"
        super().__init__("\n  ".join([head, *map(str, self.problems)]))

    def __reduce__(self) -> tuple[type["RecipeError"], tuple[Sequence[Problem], str]]:
        return type(self), (self.problems, self.source)


class InputMissingError(PipelineError):
    """A recipe or an input that was named is not there."""


class DataError(PipelineError):
    """The input can't be read as the recipe describes it."""


class RejectsError(DataError):
    """More rows were rejected than ``max_reject_fraction`` accepts; nothing was published."""


class DamagedError(DataError):
    """Files of the output are not what was written."""


class OutputError(PipelineError):
    """The output can't be written, or stands where something else would be overwritten."""


class RunError(PipelineError):
    """A run stopped through no fault of its recipe or data, such as a killed worker."""


class LockedError(RunError):
    """Another run is writing the same output."""


class InputChangedError(RunError):
    """The input changed while it was read; nothing was published."""


class StoppedError(RunError):
    """A training was asked to stop, and kept what it had done."""
