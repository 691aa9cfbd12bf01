"""How far a run is, over all its passes."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called with the rows done and the rows in all; every pass over the input counts its rows."""


class Meter:
    """Tells how far a run is, over all its passes."""

    def __init__(self, progress: Progress | None = None) -> None:
        self._progress, self._rows, self._done = progress, 0, 0

    def expect(self, rows: int) -> None:
        """So many more rows are to be worked off."""
        self._rows += rows

    def tick(self, rows: int) -> None:
        """So many more are done."""
        self._done += rows
        if self._progress is not None:
            self._progress(self._done, self._rows)
