"""A run's numbers for Prometheus: what a scrape sees after every kind of run."""

import shutil
import subprocess
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from augment import __version__
from pipelines.errors import OutputError
from pipelines.metrics import check_writable, write_metrics
from pipelines.records import RunRecord
from pipelines.stats import Stats, ViewStats

ENDED = "2026-11-22T02:31:00.500Z"

STATS = Stats(
    rows=20,
    rejected={"null": 1, "error": 2},
    views={
        "weak": ViewStats(20, 15, 4, 1, {}, {"synonym": 15}, {}, 2.5),
        "strong": ViewStats(40, 30, 5, 0, {"length_ratio: too_long": 5}, {}, {}, 7.25, 9, 4),
    },
    cached={"hits": 3, "misses": 4},
)

PUBLISHED = RunRecord(
    "20261122T023000.000Z-01234567",
    "nightly.yaml",
    output="build/augmented",
    started="2026-11-22T02:30:00.000Z",
    ended=ENDED,
    seconds=60.5,
    outcome="published",
    exit_code=0,
    version_before=3,
    version=4,
    computed={"new input": 2, "changed input": 1},
    reused=37,
    stats=STATS,
    rows=64,
    size=12_345,
    last_success=ENDED,
)

LOCKED = RunRecord(
    "20261123T023000.000Z-01234567",
    "nightly.yaml",
    output="build/augmented",
    started="2026-11-23T02:30:00.000Z",
    ended="2026-11-23T02:30:00.250Z",
    seconds=0.25,
    outcome="failed",
    exit_code=75,
    error="another run is writing 'build/augmented'",
)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "augmill.prom"


def samples(file):
    """Every sample by name and labels other than ``output``, which must be the dataset's."""
    found = {}
    for family in text_string_to_metric_families(file.read_text()):
        assert family.type == "gauge"
        assert family.documentation.endswith(".")
        for sample in family.samples:
            labels = dict(sample.labels)
            assert labels.pop("output") == "build/augmented"
            found[sample.name, *(labels[name] for name in sorted(labels))] = sample.value
    return found


def test_all_that_a_run_did_is_told(file):
    write_metrics(file, PUBLISHED)
    ended = datetime.fromisoformat(ENDED).timestamp()
    assert samples(file) == {
        ("augmill_build_info", __version__): 1,
        ("augmill_input_rows",): 20,
        ("augmill_output_version",): 4,
        ("augmill_output_rows",): 64,
        ("augmill_output_bytes",): 12_345,
        ("augmill_rejected_rows", "null"): 1,
        ("augmill_rejected_rows", "error"): 2,
        ("augmill_variants_asked", "weak"): 20,
        ("augmill_variants_asked", "strong"): 40,
        ("augmill_variants", "", "made", "weak"): 15,
        ("augmill_variants", "", "declined", "weak"): 4,
        ("augmill_variants", "", "failed", "weak"): 1,
        ("augmill_variants", "", "rejected", "weak"): 0,
        ("augmill_variants", "", "made", "strong"): 30,
        ("augmill_variants", "", "declined", "strong"): 5,
        ("augmill_variants", "", "failed", "strong"): 0,
        ("augmill_variants", "length_ratio: too_long", "rejected", "strong"): 5,
        ("augmill_variants_yield_ratio", "weak"): 0.75,
        ("augmill_variants_yield_ratio", "strong"): 0.75,
        ("augmill_variants_retried", "weak"): 0,
        ("augmill_variants_retried", "strong"): 9,
        ("augmill_variants_recovered", "weak"): 0,
        ("augmill_variants_recovered", "strong"): 4,
        ("augmill_shards", "computed"): 3,
        ("augmill_shards", "reused"): 37,
        ("augmill_cache_rows", "hits"): 3,
        ("augmill_cache_rows", "misses"): 4,
        ("augmill_last_run_steps_seconds", "weak"): 2.5,
        ("augmill_last_run_steps_seconds", "strong"): 7.25,
        ("augmill_last_run_duration_seconds",): 60.5,
        ("augmill_last_run_exit_code",): 0,
        ("augmill_last_run_timestamp_seconds",): ended,
        ("augmill_last_success_timestamp_seconds",): ended,
    }


def test_what_became_of_the_variants_adds_up_to_what_was_asked(file):
    write_metrics(file, PUBLISHED)
    found = samples(file)
    for view in ("weak", "strong"):
        results = [
            n for (name, *by), n in found.items() if name == "augmill_variants" and view in by
        ]
        assert sum(results) == found["augmill_variants_asked", view]


def test_without_rejects_there_is_a_zero_to_watch(file):
    write_metrics(file, replace(PUBLISHED, stats=Stats(20)))
    assert samples(file)["augmill_rejected_rows", ""] == 0


def test_a_run_that_fails_writes_too_and_keeps_what_holds(file):
    write_metrics(file, PUBLISHED)
    before = samples(file)
    write_metrics(file, LOCKED)
    after = samples(file)
    assert after["augmill_last_run_exit_code",] == 75
    assert after["augmill_last_run_duration_seconds",] == 0.25
    moment = ("augmill_last_run_timestamp_seconds",)
    assert after[moment] - before[moment] == 86_339.75
    for name in ("last_success_timestamp_seconds", "output_version", "output_rows", "output_bytes"):
        assert after[f"augmill_{name}",] == before[f"augmill_{name}",]
    assert ("augmill_input_rows",) not in after


def test_what_a_record_knows_is_told_though_the_file_was_lost(file):
    write_metrics(file, replace(LOCKED, last_success=ENDED, version=4, rows=64))
    found = samples(file)
    assert (
        found["augmill_last_success_timestamp_seconds",]
        == datetime(
            2026, 11, 22, 2, 31, 0, 500_000, datetime.fromisoformat(ENDED).tzinfo
        ).timestamp()
    )
    assert found["augmill_output_rows",] == 64


def test_a_recipe_that_cannot_be_read_still_fails_the_output_that_the_file_is_about(file):
    write_metrics(file, PUBLISHED)
    write_metrics(file, replace(LOCKED, output="", exit_code=78))
    found = samples(file)
    assert found["augmill_last_run_exit_code",] == 78
    assert found["augmill_output_rows",] == 64


def test_of_another_output_nothing_is_kept(file):
    write_metrics(file, replace(PUBLISHED, output="elsewhere"))
    write_metrics(file, LOCKED)
    assert ("augmill_last_success_timestamp_seconds",) not in samples(file)


def test_never_succeeded_is_no_timestamp(file):
    write_metrics(file, LOCKED)
    assert ("augmill_last_success_timestamp_seconds",) not in samples(file)


def test_labels_of_any_text_survive(file):
    odd = 'a "b"\\c\nd, 数据=}'
    write_metrics(file, replace(PUBLISHED, stats=Stats(1, {odd: 1})))
    assert samples(file)["augmill_rejected_rows", odd] == 1


def test_a_file_that_is_no_metrics_is_replaced(file):
    file.write_bytes(b"{\xff not metrics")
    write_metrics(file, PUBLISHED)
    assert samples(file)["augmill_output_version",] == 4


def test_a_reader_never_sees_half_a_file(file, monkeypatch):
    write_metrics(file, PUBLISHED)
    before, seen = file.read_text(), []
    replaced = Path(file).stat().st_ino
    monkeypatch.setattr(
        "prometheus_client.exposition.generate_latest",
        lambda *_: seen.append(file.read_text()) or b"x 1\n",
    )
    write_metrics(file, LOCKED)
    assert seen == [before]
    assert file.read_text() == "x 1\n"
    assert file.stat().st_ino != replaced
    assert [path.name for path in file.parent.iterdir()] == ["augmill.prom"]


def test_whether_it_can_be_written_is_known_before_the_run(tmp_path):
    check_writable(tmp_path / "a.prom")
    with pytest.raises(OutputError, match="there is no folder"):
        check_writable(tmp_path / "nowhere" / "a.prom")
    with pytest.raises(OutputError, match="is a folder; name a file"):
        check_writable(tmp_path)


def test_a_file_that_cannot_be_written_is_an_error_of_one_line(tmp_path):
    with pytest.raises(OutputError, match=r"a\.prom' can't be written: No such file") as raised:
        write_metrics(tmp_path / "nowhere" / "a.prom", PUBLISHED)
    assert "\n" not in str(raised.value)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="Prometheus's own check is missing")
def test_prometheus_s_linter_is_content(file):
    write_metrics(file, PUBLISHED)
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=file.read_bytes(), capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_it_costs_little(file):
    begun = time.process_time()
    write_metrics(file, PUBLISHED)
    assert time.process_time() - begun < 1
