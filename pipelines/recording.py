"""Recording a run: its record is begun with it and completed at its end, however that comes.

A run that was killed could not complete its record: it still says ``running``, until the next run
that holds the output's lock settles it as ``killed``.
"""

import re
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pipelines.exit_codes import exit_code
from pipelines.logs import stamp, tell, warn
from pipelines.records import Outcome, RunRecord, read_records, settle_records, write_record

_CRASHED, _INTERRUPTED = 1, 130


class Recorder:
    """A context that records the run inside it, however it ends.

    >>> with Recorder("recipe.yaml") as recorder:
    ...     recorder.note(output="out", version_before=3, version=4, rows=10)
    >>> recorder.record.outcome
    'published'

    Args:
        recipe: its file or name.
        then: told the completed record, whatever the outcome, such as
            :func:`pipelines.metrics.write_metrics` of a file; what it raises is raised, unless the
            run failed already.
        **known: other fields of :class:`RunRecord`.
    """

    def __init__(
        self, recipe: str, *, then: Callable[[RunRecord], None] | None = None, **known: Any
    ) -> None:
        now = time.time()
        started = stamp(now)
        name = f"{re.sub('[-:]', '', started)}-{uuid.uuid4().hex[:8]}"
        self.record = RunRecord(name, recipe, started=started, **known)
        self._begun, self._then = time.perf_counter(), then
        self._folder: Path | None = None

    def keep_in(self, folder: Path) -> None:
        """Where the record is kept from now on; looked at only once its parent is there.

        A run that fails before it has an output to write leaves no folder behind. What the last
        run that succeeded recorded there of the dataset holds until this one publishes.
        """
        self._folder = folder
        last = next((r for r in read_records(folder) if r.succeeded), None)
        if last is not None:
            known = {name: getattr(last, name) for name in ("last_success", "rows", "size")}
            self.record = replace(self.record, version_before=last.version, **known)
        self._save()

    def settle(self) -> None:
        """Call while the output is locked: what other runs left is settled."""
        self._save()
        for killed in settle_records(self._folder, self.record) if self._folder else ():
            tell("run_was_killed", f"run {killed.id} was killed before its end", run=killed.id)

    def note(self, **changes: Any) -> None:
        """More is known about the run."""
        self.record = replace(self.record, **changes)
        self._save()

    def __enter__(self) -> Self:
        tell("run_started", **_told(self.record, "recipe", "engine", "workers", "program"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._end(error)
        problem = self._report()
        if problem is not None and error is None:
            # What was published stays so, but the caller has to know.
            code = _outcome(problem)[1]
            self.record = replace(self.record, exit_code=code, error=_message(problem, code))
            self._report()
        tell("run_finished", **_told(self.record, *_FINISHED))
        if problem is not None and error is None:
            raise problem
        if problem is not None:
            warn("report_failed", str(problem))

    def _end(self, error: BaseException | None) -> None:
        outcome, code = _outcome(error)
        version = self.record.version or self.record.version_before
        if error is None and version == self.record.version_before:
            outcome = "unchanged"
        ended = stamp(time.time())
        self.record = replace(
            self.record,
            ended=ended,
            last_success=ended if error is None else self.record.last_success,
            seconds=round(time.perf_counter() - self._begun, 3),
            outcome=outcome,
            exit_code=code,
            error=_message(error, code),
            version=version,
        )

    def _report(self) -> Exception | None:
        """Complete the file and tell the listener, both in any case; returns what went wrong."""
        problem: Exception | None = None
        try:
            self._save()
        except OSError as error:
            problem = error
        try:
            if self._then is not None:
                self._then(self.record)
        except Exception as error:
            problem = problem or error
        return problem

    def _save(self) -> None:
        if self._folder is not None and self._folder.parent.is_dir():
            write_record(self._folder, self.record)


_FINISHED = (
    "output", "recipe", "outcome", "exit_code", "error", "version_before", "version", "rows",
    "computed", "reused", "seconds",
)  # fmt: skip


def _outcome(error: BaseException | None) -> tuple[Outcome, int]:
    if error is None:
        return "published", 0
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", _INTERRUPTED
    code = exit_code(error) if isinstance(error, Exception) else None
    return "failed", _CRASHED if code is None else code


def _message(error: BaseException | None, code: int) -> str:
    if error is None:
        return ""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    kind = type(error).__name__
    return f"{kind}: {error}" if code == _CRASHED else str(error) or kind


def _told(record: RunRecord, *names: str) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names}
