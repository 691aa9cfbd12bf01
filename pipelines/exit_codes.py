"""Errors → exit codes, after ``sysexits.h``, so that scripts can tell them apart."""

from augment.errors import AugmillError
from pipelines.errors import DataError, InputMissingError, OutputError, RunError, StoppedError

_CODES: tuple[tuple[type[Exception], int], ...] = (
    (InputMissingError, 66),
    (DataError, 65),
    (OutputError, 74),
    (StoppedError, 130),
    (RunError, 75),
    (AugmillError, 78),
    (OSError, 74),
)


def exit_code(error: Exception) -> int | None:
    """The exit code for an error of the user or the environment; None for one of the program.

    65 data, 66 no such input, 74 the output can't be written, 75 try later (another run holds the
    output, or a worker was killed), 78 the recipe is wrong or asks for what is not installed, 130
    it was asked to stop.
    """
    return next((code for kind, code in _CODES if isinstance(error, kind)), None)
