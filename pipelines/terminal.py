"""What the command line shows: diffs, progress, summaries; plain text without a terminal."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from augment.variant import Edit, diff, parts
from pipelines.forecast import Forecast
from pipelines.meter import Progress
from pipelines.rows import Expanded, Made
from pipelines.runner import Summary
from pipelines.stats import ViewStats

if TYPE_CHECKING:
    from rich.console import Console

_SECONDS_BETWEEN_LINES = 5.0

_MARKERS = {"keep": "{}", "drop": "[-{}-]", "add": "{{+{}+}}"}


def show_samples(rows: Expanded) -> None:
    """Every source row with the diff of each of its variants."""
    from rich.console import Console

    console = Console(soft_wrap=True, highlight=False)
    for row, source in enumerate(rows.texts.to_pylist()):
        console.print(f"{rows.ids[row].as_py()}  {source}", markup=False)
        for made in rows.made:
            _show_variant(console, source, made, row)
        console.print()


def _show_variant(console: "Console", source: str, made: Made, row: int) -> None:
    head = f"  {made.view} {made.copy}  "
    found = made.variants.edits[row].as_py() if made.variants.text[row].is_valid else None
    if found is None:
        console.print(f"{head}(no variant)", markup=False)
        return
    edits = [Edit(**edit) for edit in found]
    if console.is_terminal:
        from rich.text import Text

        console.print(Text.assemble(head, diff(source, edits)))
    else:
        console.print(head + marked(source, edits), markup=False)


def marked(source: str, edits: list[Edit]) -> str:
    """A diff in plain text.

    >>> marked("a big cat", [Edit(2, 5, "large")])
    'a [-big-]{+large+} cat'
    """
    return "".join(_MARKERS[kind].format(text) for kind, text in parts(source, edits))


@contextmanager
def progress() -> Iterator[Progress]:
    """Something to tell how far a run is: a bar on a terminal, now and then a line elsewhere."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("rows", total=None)
        yield lambda done, rows: bar.update(task, completed=done, total=rows)


class _Lines:
    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, done: int, rows: int) -> None:
        now = time.monotonic()
        if now - self._last >= _SECONDS_BETWEEN_LINES:
            self._last = now
            print(f"{done:,} of {rows:,} rows", file=sys.stderr, flush=True)


def summary_text(summary: Summary) -> str:
    """A run's numbers, one line per view."""
    stats = summary.stats
    width = max(len(name) for name in (*stats.views, "output", "shards"))
    cached = [f"{count:,} {name}" for name, count in stats.cached.items()]
    done = "published" if summary.changed else "unchanged"
    lines = {
        "rows": f"{stats.rows:,} read, {_counts('rejected', stats.rejected)}",
        **{name: _view_text(view) for name, view in stats.views.items()},
        **({"cache": ", ".join(cached)} if cached else {}),
        "shards": f"{_shards(summary.computed)}, {summary.reused:,} reused",
        "output": f"{summary.output}: {done}, version {summary.version}, {summary.rows:,} rows, "
        f"{summary.seconds:.1f} s",
    }
    return "\n".join(f"{name:<{width}}  {text}" for name, text in lines.items())


def _shards(computed: Mapping[str, int]) -> str:
    why = "; ".join(f"{count:,} {reason}" for reason, count in computed.items())
    return f"{sum(computed.values()):,} computed" + (f" ({why})" if why else "")


def forecast_text(forecast: Forecast, workers: int) -> str:
    """What a run would do, and how long it may take."""
    found = forecast.schedule
    lines = [f"rows: {forecast.rows:,}, shards: {forecast.shards:,}"]
    if found is None:
        words = ["their words are counted"] * bool(forecast.plan.lacking("statistics"))
        labels = ["their labels are learned"] * bool(forecast.plan.lacking("classifier"))
        first = words + labels
        lines.append(f"all of them are computed, once {' and '.join(first)}")
    else:
        fresh = forecast.shards - len(found.missing)
        lines.append(f"fresh: {fresh:,}, to compute: {len(found.missing):,}")
        lines += [f"  {count:,}: {reason}" for reason, count in found.why.items()]
    if forecast.seconds:
        speed = forecast.missing / forecast.seconds
        lines.append(
            f"estimate: {_duration(forecast.seconds / workers)} with {workers} workers "
            f"({speed:,.0f} rows/s each, by a sample)"
        )
    return "\n".join([*lines, "nothing was written"])


def _duration(seconds: float) -> str:
    minutes, rest = divmod(max(1, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _view_text(view: ViewStats) -> str:
    failed = f", {view.failed:,} failed" if view.failed else ""
    counted = "".join(f", {name} {count:,}" for name, count in view.counts.items())
    again = f", {view.retried:,} retried ({view.recovered:,} made so)" if view.retried else ""
    share = f", yield {view.share_made:.1%}" if view.retried or view.rejected else ""
    return (
        f"{view.asked:,} asked, {view.made:,} made, {view.declined:,} declined, "
        f"{_counts('rejected', view.rejected)}{failed}{again}{share}{counted}"
    )


def _counts(name: str, reasons: Mapping[str, int]) -> str:
    detail = ", ".join(f"{reason} {count:,}" for reason, count in reasons.items())
    return f"{sum(reasons.values()):,} {name}" + (f" ({detail})" if detail else "")
