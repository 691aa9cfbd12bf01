"""An executor does a job on every item, whatever happens to its workers."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from augment.models.runtime import threads
from pipelines.errors import RunError
from pipelines.executors.local import Local
from pipelines.executors.protocol import Done, Lost

ROOT = Path(__file__).parents[2]


@pytest.fixture
def jobs(plugins):
    import executor_jobs

    return executor_jobs


def values(ends):
    ends = [*ends]
    assert all(isinstance(end, Done) for end in ends)
    return {end.item: end.value for end in ends}


def ignore(rows):
    pass


@pytest.mark.parametrize("workers", [1, 2])
def test_every_item_is_done_once_and_every_row_told_once(jobs, workers):
    told = []
    with Local(workers) as executor:
        ends = [*executor.map(jobs.job("double"), range(20), told.append)]
        assert [*executor.map(jobs.job("double"), [], told.append)] == []
    assert len(ends) == 20
    assert values(ends) == {item: 2 * item for item in range(20)}
    assert sum(told) == 20 * jobs.ROWS
    assert all(rows > 0 for rows in told)


def test_results_come_as_they_are_known(jobs):
    with Local(2) as executor:
        ends = [*executor.map(jobs.job("slow", victim=0, seconds=1), range(6), ignore)]
    assert [end.item for end in ends][-1] == 0


def test_one_worker_is_this_process_unless_it_may_run_out_of_time(jobs):
    for timeout, inside in [(None, True), (60, False)]:
        with Local(1, timeout=timeout) as executor:
            ends = values(executor.map(jobs.job("process"), [0], ignore))
        assert (ends[0][0] == os.getpid()) == inside


def test_workers_and_what_they_loaded_are_kept_for_the_next_map(jobs):
    with Local(2) as executor:
        first = values(executor.map(jobs.job("process"), range(6), ignore))
        second = values(executor.map(jobs.job("process"), range(6), ignore))
    assert len({*first.values()}) == 2
    assert {*second.values()} == {*first.values()}
    assert not any(alive(pid) for pid, _ in first.values())


def test_what_takes_time_may_be_begun_before_there_are_items(jobs):
    with Local(2) as executor:
        executor.expect()
        assert values(executor.map(jobs.job("double"), range(4), ignore)) == {
            item: 2 * item for item in range(4)
        }


def test_workers_start_under_a_path_too_long_for_a_socket(jobs, tmp_path, monkeypatch):
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with Local(2) as executor:
        executor.expect()
        assert len(values(executor.map(jobs.job("double"), range(4), ignore))) == 4


def test_workers_share_the_cores(jobs):
    share = max(1, threads() // 2)
    with Local(2) as executor:
        assert values(executor.map(jobs.job("threads"), [0], ignore)) == {0: (share, share)}


def test_workers_have_the_environment_of_when_they_start(jobs, monkeypatch):
    for value in ("one", "two"):
        monkeypatch.setenv("AUGMILL_TRIED", value)
        with Local(2) as executor:
            job = jobs.job("environment", name="AUGMILL_TRIED")
            assert values(executor.map(job, [0], ignore)) == {0: value}


@pytest.mark.parametrize("code", [None, 0, 1])
def test_a_dead_worker_costs_its_item_alone_a_retry(jobs, tmp_path, code):
    told = []
    job = jobs.job("mortal", folder=str(tmp_path), victim=3, deaths=2, code=code)
    with Local(2, retries=2) as executor:
        ends = [*executor.map(job, range(12), told.append)]
    assert values(ends) == {item: item for item in range(12)}
    assert {i: jobs.begun(tmp_path, i) for i in range(12)} == {
        i: 3 if i == 3 else 1 for i in range(12)
    }
    assert sum(told) == 12 * jobs.ROWS


def test_an_item_that_kills_every_worker_is_lost_and_named(jobs, tmp_path):
    job = jobs.job("mortal", folder=str(tmp_path), victim=3, deaths=99)
    with Local(2, retries=1) as executor:
        ends = [*executor.map(job, range(8), ignore)]
    (lost,) = [end for end in ends if isinstance(end, Lost)]
    assert lost.item == 3
    assert isinstance(lost.error, RunError)
    assert str(lost.error) == (
        "the worker of 3 died with exit code -9 (SIGKILL); if memory ran out, use fewer workers "
        "or smaller batch_rows (tried 2 times)"
    )
    assert {end.item for end in ends if isinstance(end, Done)} == {*range(8)} - {3}
    assert jobs.begun(tmp_path, 3) == 2


@pytest.mark.parametrize("workers", [1, 2])
def test_an_item_that_takes_too_long_is_lost_and_the_others_are_not(jobs, workers):
    with Local(workers, timeout=0.5, retries=0) as executor:
        ends = [*executor.map(jobs.job("slow", victim=1, seconds=600), range(5), ignore)]
        (lost,) = [end for end in ends if isinstance(end, Lost)]
        assert "the worker of 1 was stopped after shard_timeout=0.5 s" in str(lost.error)
        assert len(ends) == 5
        assert len([*executor.map(jobs.job("double"), range(5), ignore)]) == 5


@pytest.mark.parametrize("kind", [ValueError, TimeoutError, KeyboardInterrupt])
def test_an_error_of_the_job_stops_everything_at_once(jobs, kind):
    job = jobs.job("failing", victim=1, kind=kind)
    begun = time.monotonic()
    with Local(2) as executor, pytest.raises(kind, match="can't bear 1") as caught:
        [*executor.map(job, range(4), ignore)]
    assert time.monotonic() - begun < 20
    assert "executor_jobs.py" in caught.value.__notes__[0]


def test_an_error_that_no_process_can_send_is_told_in_words(jobs):
    with Local(2) as executor:
        with pytest.raises(RuntimeError, match="LocalError: item: 0"):
            [*executor.map(jobs.job("raising_odd"), [0], ignore)]
        with pytest.raises(Exception, match="pickle"):
            [*executor.map(jobs.job("returning_odd"), [0], ignore)]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_job_can_not_end_the_program(jobs, workers):
    with Local(workers) as executor, pytest.raises(RuntimeError, match="tried to end the program"):
        [*executor.map(jobs.job("leaving"), [0], ignore)]


def test_whoever_stops_asking_stops_the_workers(jobs, tmp_path):
    with Local(2) as executor:
        ends = executor.map(jobs.job("slow", victim=1, seconds=600), range(4), ignore)
        next(ends)
        begun = time.monotonic()
        ends.close()
        assert time.monotonic() - begun < 20
        assert len([*executor.map(jobs.job("double"), range(4), ignore)]) == 4


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_program_leaves_no_worker(tmp_path, sent, plugins):
    script = (
        "from executor_jobs import job, signal; from pipelines.executors.local import Local\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "with Local(2) as executor:\n"
        f"    [*executor.map(job('endless', folder={str(tmp_path)!r}), range(4), print)]\n"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(plugins)])}
    command = [sys.executable, "-c", script]
    program = subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL)
    until(lambda: len([*tmp_path.iterdir()]) == 2)
    workers = [int(file.name.partition("-")[2]) for file in tmp_path.iterdir()]
    assert all(alive(worker) for worker in workers)
    program.send_signal(sent)
    assert program.wait(timeout=20) == -sent
    until(lambda: not any(alive(worker) for worker in workers))


def alive(pid):
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
