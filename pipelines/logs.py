"""What a run tells while it works: plain lines for people, or one JSON object a line.

Whatever happens is an event with a name that does not change, a message for people and fields for
machines; the standard library's logger ``augmill`` carries it, so a program that embeds a run
listens to that logger as to any other, and sees each event's name and fields as the attributes
``event`` and ``fields`` of its record. As text, only warnings and errors are shown: of the rest,
progress and summary tell people enough.

>>> tell("published", "version 3", output="out", version=3)
"""

import json
import logging
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal

Format = Literal["text", "json"]

PROGRAM = "augmill"

SECONDS_BETWEEN_PROGRESS = 10.0

_logger = logging.getLogger(PROGRAM)


def setup(form: Format) -> None:
    """Send events to standard error from now on, in this process; the last call holds.

    As JSON, warnings of Python and of libraries become events too, and so does an exception that
    nobody caught.
    """
    root = logging.getLogger()
    for logger in (root, _logger):
        for handler in [h for h in logger.handlers if isinstance(h, _StandardError)]:
            logger.removeHandler(handler)
    as_json = form == "json"
    (root if as_json else _logger).addHandler(_StandardError(_Json() if as_json else _Text()))
    _logger.setLevel(logging.INFO if as_json else logging.WARNING)
    logging.captureWarnings(as_json)
    sys.excepthook = _report_crash if as_json else sys.__excepthook__


def tell(event: str, message: str = "", level: int = logging.INFO, /, **fields: object) -> None:
    """Something happened.

    Args:
        event: its name, in snake_case; part of the interface that log processors rely on.
        message: one sentence for people.
        level: of the standard library's logging.
        **fields: the numbers and names it is about: ``output``, ``version``, ``shard``, ``rows``,
            ``reason``, ``seconds``. What JSON does not know is written as text.
    """
    _logger.log(level, message or event, extra={"event": event, "fields": fields})


def warn(event: str, message: str, /, **fields: object) -> None:
    """Something happened that somebody should look at, though the run goes on."""
    tell(event, message, logging.WARNING, **fields)


def complain(message: str, exit_code: int) -> None:
    """The command failed; the last thing that it says."""
    tell("error", message, logging.ERROR, exit_code=exit_code)


class Progress:
    """Called with the rows done and the rows in all, tells it now and then."""

    def __init__(self) -> None:
        self._begun = self._last = time.monotonic()

    def __call__(self, done: int, rows: int) -> None:
        """So many rows are done; told at most every :data:`SECONDS_BETWEEN_PROGRESS`."""
        now = time.monotonic()
        if now - self._last < SECONDS_BETWEEN_PROGRESS:
            return
        self._last = now
        seconds = round(now - self._begun, 1)
        tell("progress", f"{done:,} of {rows:,} rows", rows=done, rows_in_all=rows, seconds=seconds)


class _StandardError(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to what is standard error at that moment: a progress bar may have put itself there."""

    def __init__(self, formatter: logging.Formatter) -> None:
        logging.Handler.__init__(self)
        self.setFormatter(formatter)

    @property
    def stream(self) -> object:
        return sys.stderr


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if record.levelno >= logging.ERROR:
            return f"{PROGRAM}: {message}"
        return f"{PROGRAM}: {record.levelname.lower()}: {' '.join(message.split())}"


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields: Mapping[str, object] = getattr(record, "fields", {"logger": record.name})
        told = {
            "time": stamp(record.created),
            "level": record.levelname.lower(),
            "event": getattr(record, "event", "log"),
            "message": record.getMessage(),
            **fields,
        }
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        # In ASCII, so that no encoding of standard error can break it.
        return json.dumps(told, default=str)


def stamp(seconds: float) -> str:
    """A moment, given in seconds since 1970, in UTC as ISO 8601 writes it.

    >>> stamp(0)
    '1970-01-01T00:00:00.000Z'
    """
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _report_crash(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    message = f"{kind.__name__}: {error}"
    extra = {"event": "crash", "fields": {"exit_code": 1}}
    _logger.critical(message, exc_info=(kind, error, trace), extra=extra)
