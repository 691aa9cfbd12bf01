"""Records of runs: begun with the run, completed at its end, and telling if it was killed."""

import json
import os
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from augment import __version__
from pipelines import records
from pipelines.errors import DataError, LockedError, OutputError
from pipelines.recording import Recorder
from pipelines.records import read_records, settle_records, write_record
from pipelines.stats import Stats, ViewStats

ROOT = Path(__file__).parents[2]

STATS = Stats(
    rows=20,
    rejected={"null": 1},
    views={
        "weak": ViewStats(38, 30, 5, 1, {"length_ratio: too_long": 2}, {"synonym": 30}, {}, 2.5)
    },
    cached={"hits": 3, "misses": 4},
)


@pytest.fixture
def runs(tmp_path):
    (tmp_path / "out.aug").mkdir()
    return tmp_path / "out.aug" / "runs"


def begun(folder, **known):
    recorder = Recorder("recipe.yaml", output="out", **known)
    recorder.keep_in(folder)
    return recorder


def failed(recorder, error, *, folder=None, **changes):
    """Run the recorder around an error, which must come out."""

    def run():
        with recorder:
            if folder is not None:
                recorder.keep_in(folder)
            recorder.note(**changes)
            raise error

    with pytest.raises(type(error)) as raised:
        run()
    assert raised.value is error
    return recorder.record


def published(folder, version=1, **changes):
    with begun(folder) as recorder:
        recorder.settle()
        recorder.note(version_before=version - 1 or None, version=version, **changes)
    return recorder.record


def test_a_record_tells_all_that_a_run_did(runs):
    with begun(runs, engine="ray", workers=4) as recorder:
        recorder.note(fingerprint="ab12", version_before=3)
        recorder.note(version=4, computed={"new input": 2}, reused=38, stats=STATS, rows=50, size=9)
        recorder.note(warnings=("b.parquet lacks 'n'",))
    (file,) = runs.iterdir()
    told = json.loads(file.read_text())
    assert file.name == f"{told['id']}.json"
    ended, started = (datetime.fromisoformat(told.pop(name)) for name in ("ended", "started"))
    assert timedelta() <= ended - started < timedelta(seconds=10)
    assert datetime.fromisoformat(told.pop("last_success")) == ended
    assert told.pop("id").startswith(started.strftime("%Y%m%dT%H%M%S."))
    assert 0 <= told.pop("seconds") < 10
    assert told.pop("stats")["views"]["weak"]["rejected"] == {"length_ratio: too_long": 2}
    assert told == {
        "recipe": "recipe.yaml",
        "output": "out",
        "program": __version__,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "engine": "ray",
        "workers": 4,
        "outcome": "published",
        "exit_code": 0,
        "error": "",
        "fingerprint": "ab12",
        "version_before": 3,
        "version": 4,
        "computed": {"new input": 2},
        "reused": 38,
        "rows": 50,
        "size": 9,
        "warnings": ["b.parquet lacks 'n'"],
    }
    assert next(read_records(runs)) == recorder.record


def test_it_is_there_while_the_run_is_at_work(runs):
    with begun(runs):
        (record,) = read_records(runs)
        assert (record.outcome, record.ended, record.exit_code) == ("running", None, None)


@pytest.mark.parametrize(
    ("error", "outcome", "code", "message"),
    [
        (DataError("in.parquet: no column 'txt'"), "failed", 65, "in.parquet: no column 'txt'"),
        (LockedError("another run is writing"), "failed", 75, "another run is writing"),
        (
            OSError(28, "No space left on device"),
            "failed",
            74,
            "[Errno 28] No space left on device",
        ),
        (KeyboardInterrupt(), "interrupted", 130, "interrupted"),
        (KeyError("x"), "failed", 1, "KeyError: 'x'"),
    ],
)
def test_a_run_that_fails_says_how(runs, error, outcome, code, message):
    failed(begun(runs), error, version_before=3)
    (record,) = read_records(runs)
    assert (record.outcome, record.exit_code, record.error) == (outcome, code, message)
    assert (record.version_before, record.version, record.last_success) == (3, 3, None)
    assert not record.succeeded


def test_a_run_without_changes_is_a_success_that_published_nothing(runs):
    first = published(runs, rows=50, size=9)
    with begun(runs) as recorder:
        recorder.note(version_before=1, version=1)
    assert recorder.record.outcome == "unchanged"
    assert recorder.record.succeeded
    assert recorder.record.last_success > first.last_success


def test_a_run_that_fails_knows_what_the_last_success_left(runs):
    first = published(runs, version=3, rows=50, size=9)
    failed(begun(runs), DataError("bad"))
    record = failed(begun(runs), DataError("bad"))
    assert record.last_success == first.ended
    assert (record.version_before, record.version, record.rows, record.size) == (3, 3, 50, 9)


KILLED = """
import os, signal, sys
from pathlib import Path
from pipelines.recording import Recorder
with Recorder("recipe.yaml") as recorder:
    recorder.keep_in(Path(sys.argv[1]))
    recorder.settle()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_run_is_recognised_by_the_next(runs):
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", KILLED, str(runs)], env=env, check=False)
    assert done.returncode == -signal.SIGKILL
    (killed,) = read_records(runs)
    assert killed.outcome == "running"
    later = published(runs)
    record, settled = read_records(runs)
    assert record == later
    assert (settled.id, settled.outcome, settled.exit_code) == (killed.id, "killed", None)
    assert later.id in settled.error


def test_a_run_that_waits_in_vain_for_the_lock_keeps_its_word(runs):
    waiting = begun(runs)
    published(runs)
    failed(waiting, LockedError("another run is writing 'out'"))
    found = {record.id: record.outcome for record in read_records(runs)}
    assert found[waiting.record.id] == "failed"


def test_what_a_kill_left_of_a_file_is_swept(runs):
    published(runs)
    left = runs / "20260101T000000.000Z-00000000.json.new"
    left.write_text("{")
    published(runs, version=2)
    assert not left.exists()
    assert all(path.suffix == ".json" for path in runs.iterdir())


def test_a_file_swept_in_the_writing_is_written_again(runs, monkeypatch):
    replace, swept = Path.replace, []

    def sweep_first(path, target):
        if not swept:
            swept.extend(settle_records(runs, by=recorder.record) or [path])
        return replace(path, target)

    recorder = begun(runs)
    monkeypatch.setattr(Path, "replace", sweep_first)
    recorder.note(rows=7)
    assert swept
    assert [record.rows for record in read_records(runs)] == [7]


def test_the_newest_records_are_kept(runs, monkeypatch):
    monkeypatch.setattr(records, "KEPT", 3)
    done = [published(runs, version=n).id for n in range(1, 6)]
    assert [record.id for record in read_records(runs)] == done[:1:-1]


def test_a_record_that_power_failure_cut_short_stands_in_nobody_s_way(runs):
    published(runs)
    (file,) = runs.iterdir()
    file.write_text(file.read_text()[:100])
    (record,) = read_records(runs)
    assert (record.id, record.outcome) == (file.stem, "killed")
    assert published(runs, version=2).succeeded


def test_a_run_that_fails_before_there_is_an_output_leaves_no_folder(tmp_path):
    failed(begun(tmp_path / "out.aug" / "runs"), DataError("the input does not exist"))
    assert list(tmp_path.iterdir()) == []


def test_a_listener_is_told_the_end_whatever_it_is(runs):
    told = []
    with Recorder("recipe.yaml", then=told.append) as recorder:
        recorder.keep_in(runs)
    failed(Recorder("recipe.yaml", then=told.append), DataError("bad"))
    assert [record.outcome for record in told] == ["unchanged", "failed"]


def refuse(_):
    raise OutputError("metrics file 'a.prom' can't be written")


def test_a_listener_that_fails_is_heard(runs):
    recorder = Recorder("recipe.yaml", then=refuse, version=1)
    recorder.keep_in(runs)
    with pytest.raises(OutputError, match=r"a\.prom"), recorder:
        pass
    (record,) = read_records(runs)
    assert (record.outcome, record.exit_code) == ("published", 74)
    assert "a.prom" in record.error


def test_the_run_s_own_error_matters_more_than_the_listener_s(runs, caplog):
    failed(Recorder("recipe.yaml", then=refuse), DataError("bad"), folder=runs)
    assert next(read_records(runs)).error == "bad"
    assert "a.prom" in caplog.text


def test_a_record_that_cannot_be_completed_does_not_hide_why_the_run_failed(runs, caplog):
    recorder = begun(runs)
    for file in runs.iterdir():
        file.unlink()
    runs.rmdir()
    recorder.__enter__()
    runs.write_text("in the way")
    recorder.__exit__(DataError, DataError("bad"), None)
    assert recorder.record.error == "bad"
    assert "in the way" in runs.read_text()
    assert [record.event for record in caplog.records] == ["report_failed"]


def test_start_and_end_are_events(runs, caplog):
    with caplog.at_level("INFO", "augmill"):
        published(runs, rows=50)
    assert [record.event for record in caplog.records] == ["run_started", "run_finished"]
    fields = caplog.records[-1].fields
    assert (fields["outcome"], fields["version"], fields["rows"]) == ("published", 1, 50)


def test_moments_are_in_utc(runs):
    record = published(runs)
    assert record.started.endswith("Z")
    assert datetime.now(UTC) - datetime.fromisoformat(record.ended) < timedelta(seconds=10)


def test_writing_replaces_a_record_whole(runs):
    record = published(runs)
    write_record(runs, record)
    assert len(list(runs.iterdir())) == 1
