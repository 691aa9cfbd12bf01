"""What a run tells: one line for people, or one JSON object for machines."""

import json
import logging
import os
import subprocess
import sys
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines import logs

ROOT = Path(__file__).parents[2]


@pytest.fixture
def as_text():
    logs.setup("text")
    yield
    _restore()


@pytest.fixture
def as_json():
    logs.setup("json")
    yield
    _restore()


def _restore():
    logs.setup("text")
    logger = logging.getLogger("augmill")
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


def told(capsys):
    said = capsys.readouterr()
    assert said.out == ""
    return [json.loads(line) for line in said.err.splitlines()]


def test_an_event_is_one_object_with_time_level_name_and_fields(as_json, capsys):
    logs.tell("published", "version 3 of\nout", output=Path("out"), version=3, seconds=1.5)
    (line,) = told(capsys)
    moment = datetime.fromisoformat(line.pop("time"))
    assert abs(datetime.now(UTC) - moment) < timedelta(seconds=10)
    assert line == {
        "level": "info",
        "event": "published",
        "message": "version 3 of\nout",
        "output": "out",
        "version": 3,
        "seconds": 1.5,
    }


def test_fields_may_bear_any_name(as_json, capsys):
    names = dict.fromkeys(("name", "msg", "args", "module", "process", "exc_info"), 1)
    logs.tell("odd", **names)
    (line,) = told(capsys)
    assert names.items() <= line.items()


def test_text_is_safe_in_any_encoding(as_json, capsys):
    logs.warn("column_added", "Spalte 'Größe' fehlt in 数据.parquet", column="Größe")
    raw = capsys.readouterr().err
    assert raw.isascii()
    assert json.loads(raw)["column"] == "Größe"


def test_as_text_only_what_needs_attention_is_shown_one_line_each(as_text, capsys):
    logs.tell("published", "version 3")
    logs.warn("column_added", "b.parquet lacks\n  column 'n'; it is null there", column="n")
    logs.complain("another run is writing 'out'", 75)
    assert capsys.readouterr().err.splitlines() == [
        "augmill: warning: b.parquet lacks column 'n'; it is null there",
        "augmill: another run is writing 'out'",
    ]


def test_the_last_setup_holds_and_nothing_is_said_twice(as_text, capsys):
    logs.setup("json")
    logs.setup("json")
    logs.complain("wrong", 78)
    (line,) = told(capsys)
    assert (line["level"], line["event"], line["exit_code"]) == ("error", "error", 78)
    logs.setup("text")
    logs.complain("wrong", 78)
    assert capsys.readouterr().err == "augmill: wrong\n"


def test_warnings_of_libraries_are_objects_too(as_json, capsys):
    logging.getLogger("somelibrary").info("not shown")
    logging.getLogger("somelibrary").warning("slow path")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn("old call", DeprecationWarning, stacklevel=1)
    first, second = told(capsys)
    assert (first["event"], first["logger"], first["message"]) == (
        "log",
        "somelibrary",
        "slow path",
    )
    assert "old call" in second["message"]


def test_a_program_that_embeds_a_run_hears_names_and_fields(caplog):
    with caplog.at_level(logging.INFO, "augmill"):
        logs.tell("shard_computed", "in.parquet: row group 0", rows=10)
    (record,) = caplog.records
    assert (record.event, record.fields) == ("shard_computed", {"rows": 10})


def test_progress_is_told_now_and_then(as_json, capsys, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(logs.time, "monotonic", lambda: clock[0])
    progress = logs.Progress()
    for second in range(26):
        clock[0] = float(second)
        progress(second * 100, 5000)
    lines = [(x["event"], x["rows"], x["rows_in_all"], x["seconds"]) for x in told(capsys)]
    assert lines == [("progress", 1000, 5000, 10.0), ("progress", 2000, 5000, 20.0)]


def crash(form):
    code = f"from pipelines import logs; logs.setup({form!r}); 1 / 0"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=env, check=False
    )


def test_a_crash_is_one_object_with_its_traceback():
    done = crash("json")
    line = json.loads(done.stderr)
    assert done.returncode == line["exit_code"] == 1
    assert (line["level"], line["event"]) == ("critical", "crash")
    assert line["message"] == "ZeroDivisionError: division by zero"
    assert line["traceback"].startswith("Traceback (most recent call last):\n")


def test_as_text_a_crash_is_python_s():
    assert crash("text").stderr.startswith("Traceback (most recent call last):\n")
