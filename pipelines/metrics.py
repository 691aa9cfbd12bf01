"""A run's numbers as a file in Prometheus's text format, for node_exporter's textfile collector.

All are gauges of the last run, since a run is a process of its own. What a run that failed does
not know, such as the rows of the published dataset and when the last run succeeded, is kept from
the file's earlier content: it still holds.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipelines.errors import OutputError
from pipelines.records import RunRecord
from pipelines.stats import Stats, ViewStats

if TYPE_CHECKING:
    from prometheus_client.core import GaugeMetricFamily

Samples = Iterator[tuple[Mapping[str, str], float]]

_LAST_SUCCESS = "augmill_last_success_timestamp_seconds"
_VERSION, _ROWS, _BYTES = "augmill_output_version", "augmill_output_rows", "augmill_output_bytes"
_KEPT = (_LAST_SUCCESS, _VERSION, _ROWS, _BYTES)

_NONE = {"": 0}
"""No reason: an empty label is as good as none, and a zero can be watched as nothing can't."""

_HELP = {
    "augmill_build_info": "The program: 1, with its version as a label.",
    "augmill_input_rows": "Rows of the input that the last run was about.",
    _VERSION: "Version of the published dataset.",
    _ROWS: "Rows of the published dataset.",
    _BYTES: "Size of the published dataset's files.",
    "augmill_rejected_rows": "Rows of the input that are in the rejects, by reason.",
    "augmill_variants_asked": "Variants that the recipe asks for, by view: rows times copies.",
    "augmill_variants": "What became of them: made, declined, failed, rejected; with the reason.",
    "augmill_variants_yield_ratio": "Variants made of those asked for, by view.",
    "augmill_variants_retried": "How often a rejected variant was asked for again, by view.",
    "augmill_variants_recovered": "Variants made when they were asked for again, by view.",
    "augmill_shards": "Shards by state: computed by the last run, or reused.",
    "augmill_cache_rows": "Rows of model steps that the row cache had (hits) or not (misses).",
    "augmill_last_run_steps_seconds": "Time that workers of the last run spent in steps, by view.",
    "augmill_last_run_duration_seconds": "How long the last run took.",
    "augmill_last_run_exit_code": "Exit code of the last run; 0 where the output is up to date.",
    "augmill_last_run_timestamp_seconds": "When the last run ended.",
    _LAST_SUCCESS: "When a run last left the output up to date.",
}


def check_writable(file: Path) -> None:
    """Look before a long run whether its metrics can be written in the end.

    Raises:
        OutputError: the folder is not there, or the file is a folder.
    """
    if file.is_dir():
        raise OutputError(f"metrics file {str(file)!r} is a folder; name a file, such as a.prom")
    if not file.parent.is_dir():
        raise OutputError(f"metrics file {str(file)!r}: there is no folder {str(file.parent)!r}")


def write_metrics(file: Path, record: RunRecord) -> None:
    """Replace a file by the metrics of a run, at once, whatever its outcome.

    Raises:
        OutputError: it can't be written.
    """
    from prometheus_client import CollectorRegistry, write_to_textfile
    from prometheus_client.registry import Collector

    class Run(Collector):
        def collect(self) -> Iterator["GaugeMetricFamily"]:
            yield from families

    try:
        families = list(_families(record, _earlier(file)))
        registry = CollectorRegistry()
        registry.register(Run())
        write_to_textfile(str(file), registry)
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"metrics file {str(file)!r} can't be written: {reason}") from error


def _families(record: RunRecord, earlier: "_Earlier") -> Iterator["GaugeMetricFamily"]:
    from prometheus_client.core import GaugeMetricFamily

    output = record.output or earlier.output
    kept = earlier.values if output == earlier.output else {}
    values = _values(record)
    for name, help_text in _HELP.items():
        samples = list(values.get(name, ()))
        if not samples and name in _KEPT and name in kept:
            samples = [({}, kept[name])]
        if samples:
            family = GaugeMetricFamily(name, help_text)
            for labels, value in samples:
                family.add_sample(name, {"output": output, **labels}, value)
            yield family


def _values(record: RunRecord) -> Mapping[str, Samples]:
    found: dict[str, Samples] = {
        "augmill_build_info": _one(1, version=record.program),
        _VERSION: _one(record.version),
        _ROWS: _one(record.rows),
        _BYTES: _one(record.size),
        "augmill_last_run_duration_seconds": _one(record.seconds),
        "augmill_last_run_exit_code": _one(record.exit_code),
        "augmill_last_run_timestamp_seconds": _one(_seconds(record.ended)),
        _LAST_SUCCESS: _one(_seconds(record.last_success)),
    }
    if record.stats is not None:
        found.update(_counts(record, record.stats))
    return found


def _seconds(moment: str | None) -> float | None:
    return None if moment is None else datetime.fromisoformat(moment).timestamp()


def _counts(record: RunRecord, stats: Stats) -> Mapping[str, Samples]:
    computed = sum(record.computed.values())
    views = stats.views.items()
    return {
        "augmill_input_rows": _one(stats.rows),
        "augmill_rejected_rows": _by("reason", stats.rejected or _NONE),
        "augmill_variants_asked": _by("view", {name: view.asked for name, view in views}),
        "augmill_variants": (s for name, view in views for s in _variants(name, view)),
        "augmill_variants_yield_ratio": _by("view", {n: view.share_made for n, view in views}),
        "augmill_variants_retried": _by("view", {n: view.retried for n, view in views}),
        "augmill_variants_recovered": _by("view", {n: view.recovered for n, view in views}),
        "augmill_shards": _by("state", {"computed": computed, "reused": record.reused}),
        "augmill_cache_rows": _by("result", stats.cached),
        "augmill_last_run_steps_seconds": _by("view", {n: view.seconds for n, view in views}),
    }


def _variants(name: str, view: ViewStats) -> Samples:
    for result in ("made", "declined", "failed"):
        yield {"view": name, "result": result, "reason": ""}, getattr(view, result)
    for reason, count in (view.rejected or _NONE).items():
        yield {"view": name, "result": "rejected", "reason": reason}, count


def _one(value: float | None, **labels: str) -> Samples:
    if value is not None:
        yield labels, value


def _by(label: str, counts: Mapping[str, float]) -> Samples:
    return (({label: name}, count) for name, count in counts.items())


class _Earlier(NamedTuple):
    """What a file of metrics says already: of which output, and its last value of every metric."""

    output: str
    values: Mapping[str, float]


def _earlier(file: Path) -> _Earlier:
    from prometheus_client.parser import text_string_to_metric_families

    output, values = "", {}
    # What is not in the format was not written here; it is replaced.
    with suppress(FileNotFoundError, ValueError):
        for family in text_string_to_metric_families(file.read_text("utf-8")):
            for sample in family.samples:
                output = sample.labels.get("output", output)
                values[sample.name] = sample.value
    return _Earlier(output, values)
