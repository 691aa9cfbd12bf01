"""A look inside: what augmenters saw, considered and did on the way to one row's variant.

Nothing is traced unless it is asked for: inside :func:`tracing`, every augmenter that is applied to
a row leaves a :class:`Frame`, and methods report to it what they chose among. They find out by one
look at a context variable per batch, so that whoever does not ask pays nothing for it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Alternative:
    """What might have stood somewhere.

    Attributes:
        text: it.
        score: as :attr:`Considered.measure` says; None if it has none.
        note: what else there is to know, such as why it was refused.
    """

    text: str
    score: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Considered:
    """What a step looked at in one place.

    Attributes:
        start, stop: code points of the text that the step saw.
        chosen: what was put there; None if the place stayed as it was.
        score: of what was chosen, as ``measure`` says.
        measure: what scores are: ``probability``, ``weight``; empty if there are none.
        alternatives: what else might have been put there, the best first, and what was chosen.
        note: in words: what was looked at, why the place stayed as it was.
    """

    start: int
    stop: int
    chosen: str | None = None
    score: float | None = None
    measure: str = ""
    alternatives: tuple[Alternative, ...] = ()
    note: str = ""


@dataclass(slots=True)
class Frame:
    """One augmenter applied to one row.

    Attributes:
        component: the augmenter.
        batch: of one row, as the augmenter got it.
        place: where the augmenter stands in the one around it, such as ``steps[0]``.
        made: the variants that it made; None if it raised an error.
        skipped: whether its ``p`` left the row out.
        eligible: ranges (start, stop) of the text among which it chose places.
        considered: what it looked at.
        remarks: what was decided, in words, such as which option was drawn.
        inner: the augmenters that it applied, in order.
    """

    component: Any
    batch: Any
    place: str = ""
    made: Any = None
    skipped: bool = False
    eligible: list[tuple[int, int]] = field(default_factory=list)
    considered: list[Considered] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    inner: list["Frame"] = field(default_factory=list)


@dataclass(slots=True)
class Recorder:
    """Frames of everything that was applied while it was in place.

    Attributes:
        frames: of the outermost augmenters, in order.
    """

    frames: list[Frame] = field(default_factory=list)
    _open: list[Frame] = field(default_factory=list)
    _place: str = ""

    @property
    def current(self) -> Frame | None:
        """The frame of the augmenter at work."""
        return self._open[-1] if self._open else None

    def going(self, place: str) -> None:
        """What is applied next stands there in the augmenter at work."""
        self._place = place

    @contextmanager
    def frame(self, component: Any, batch: Any) -> Iterator[Frame]:
        """The frame of an augmenter that is at work inside.

        Raises:
            ValueError: the batch has several rows, whose reports could not be told apart.
        """
        if len(batch) > 1:
            raise ValueError(f"one row is traced at a time, not {len(batch)}")
        frame = Frame(component, batch, self._place)
        self._place = ""
        (self._open[-1].inner if self._open else self.frames).append(frame)
        self._open.append(frame)
        try:
            yield frame
        finally:
            self._open.pop()


_recorder: ContextVar[Recorder | None] = ContextVar("augment.tracing", default=None)


@contextmanager
def tracing() -> Iterator[Recorder]:
    """Trace augmenters that are applied inside, each to batches of one row at the most."""
    recorder = Recorder()
    token = _recorder.set(recorder)
    try:
        yield recorder
    finally:
        _recorder.reset(token)


def recorder() -> Recorder | None:
    """What records, None if nothing is traced."""
    return _recorder.get()


def current() -> Frame | None:
    """The frame to report to, None if nothing is traced."""
    active = _recorder.get()
    return None if active is None else active.current
