"""Killed between any two system calls, a store is finished or undone by the next run.

The interpreter's audit events come before every call that changes a file system. From the k-th on,
all of them fail: what a killed process had done is there, what it had yet to do, clean-up included,
is not. A full disk fails the calls that need room alone.
"""

import errno
import os
import random
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

GROWING = frozenset({"open", "os.link", "os.mkdir", "os.symlink"})
CHANGING = GROWING | {"os.rename", "os.remove", "os.rmdir", "os.truncate", "ctypes.dlsym"}


class Killed(BaseException):
    """Nothing that a program could catch by accident."""


FULL = OSError(errno.ENOSPC, "No space left on device")


class Auditor:
    """Lets so many calls that change something happen, and none after."""

    def __init__(self):
        self.calls, self.allowed = 0, None

    def __call__(self, event, arguments):
        if self.allowed is None or event not in self.events or not self.is_change(event, arguments):
            return
        self.calls += 1
        if self.calls > self.allowed:
            raise self.error

    def is_change(self, event, arguments):
        return event != "open" or bool(arguments[2] & os.O_CREAT)

    @contextmanager
    def after(self, calls, error=Killed, events=CHANGING):
        self.calls, self.allowed, self.error, self.events = 0, calls, error, events
        try:
            yield
        finally:
            self.allowed = None


@pytest.fixture(scope="module")
def auditor():
    made = Auditor()
    sys.addaudithook(made)
    return made


def boundaries(bench, setup, auditor, act, error=Killed, events=CHANGING):
    """The outputs left by an act that was stopped, once at each boundary."""
    begun = bench.beside("begun")
    setup(begun)
    for calls in range(1000):
        stopped = begun.clone(f"stopped-{calls}")
        try:
            with auditor.after(calls, error, events):
                act(stopped)
        except Killed:
            yield calls, stopped
        except OSError as caught:
            if caught is not error:
                raise
            yield calls, stopped
        else:
            assert calls > 10, "hardly anything was audited"
            return
    raise AssertionError("it never came to an end")


def nothing(bench):
    """The first run of all."""


def an_empty_folder(bench):
    bench.output.mkdir()


def an_earlier_program(bench):
    bench.output.mkdir()
    for number, text in enumerate("xy"):
        bench.write(bench.output / f"part-{number:05d}.parquet", text)
    (bench.home / "rejects").mkdir(parents=True)
    bench.write(bench.home / "rejects" / "part-00001.parquet", "not y")
    (bench.home / "lock").touch()


def two_versions(bench):
    bench.keep = 1
    bench.publish("a", "b", rejects=["b"])
    bench.publish("a", "c")


def a_lost_object(bench):
    two_versions(bench)
    (bench.home / "objects" / f"{bench.key('c')}.parquet").unlink()


def seen(bench):
    return bench.words() if bench.output.exists() else None


def stages(*texts):
    return lambda bench: bench.publish(*texts, rejects=["b", "d"])


CASES = [
    (nothing, None, ["a", "b"], []),
    (an_earlier_program, ["x", "y"], ["a", "b"], []),
    (two_versions, ["a", "c"], ["a", "d"], []),
    (a_lost_object, ["a", "c"], ["a", "c"], []),
    (two_versions, ["a", "c"], ["a", "d"], ["symlink"]),
    (an_earlier_program, ["x", "y"], ["a", "b"], ["exchange"]),
]

MORE = [
    (an_empty_folder, [], ["a", "b"], []),
    (two_versions, ["a", "c"], ["a", "d"], ["link"]),
    (a_lost_object, ["a", "c"], ["a", "c"], ["link"]),
    (a_lost_object, ["a", "c"], ["a", "c"], ["symlink"]),
    (an_earlier_program, ["x", "y"], ["a", "b"], ["symlink"]),
    (two_versions, ["a", "c"], ["a", "d"], ["symlink", "exchange"]),
    (two_versions, ["a", "c"], ["a", "d"], ["link", "symlink", "exchange"]),
]


def slow(cases):
    return [pytest.param(*case, marks=pytest.mark.slow) for case in cases]


def never_gone(setup, lacks):
    """Whether there is always an output: two renames leave none for an instant."""
    return setup is not an_empty_folder and "exchange" not in lacks


def names(value):
    return value.__name__ if callable(value) else "".join(value or ["none"])


@pytest.mark.parametrize(("setup", "old", "new", "lacks"), [*CASES, *slow(MORE)], ids=names)
def test_killed_anywhere_it_shows_old_or_new_and_ends_as_if_nothing_had_been(
    bench, auditor, lacking, setup, old, new, lacks
):
    lacking(*lacks)
    undisturbed = bench.beside("undisturbed")
    setup(undisturbed)
    assert seen(undisturbed) == old
    stages(*new)(undisturbed)
    for calls, killed in boundaries(bench, setup, auditor, stages(*new)):
        shown = seen(killed)
        assert shown in (old, new) or (shown is None and not never_gone(setup, lacks)), calls
        with killed.store() as store:
            committed = bool(store.last()) and store.last() == undisturbed.store().last()
        if setup is not an_empty_folder or committed:
            assert seen(killed) == (new if committed else old), calls
        stages(*new)(killed)
        assert seen(killed) == new
        assert killed.tree() == undisturbed.tree(), calls


@pytest.mark.parametrize(
    ("setup", "old", "new", "lacks"), [*CASES[1:3], *slow([*CASES[3:], *MORE])], ids=names
)
def test_a_disk_that_is_full_from_anywhere_on_is_an_error_and_leaves_no_remains(
    bench, auditor, lacking, setup, old, new, lacks
):
    lacking(*lacks)
    undisturbed = bench.beside("undisturbed")
    setup(undisturbed)
    stages(*new)(undisturbed)
    for calls, full in boundaries(bench, setup, auditor, stages(*new), FULL, GROWING):
        assert seen(full) in (old, new) or not never_gone(setup, lacks), calls
        assert not (full.home / "tmp").exists()
        stages(*new)(full)
        assert full.tree() == undisturbed.tree(), calls


@pytest.mark.slow
@pytest.mark.parametrize(("setup", "old", "new", "lacks"), [*CASES, *MORE], ids=names)
def test_killed_and_killed_again_while_it_recovers(bench, auditor, lacking, setup, old, new, lacks):
    lacking(*lacks)
    undisturbed = bench.beside("undisturbed")
    setup(undisturbed)
    stages(*new)(undisturbed)
    chance = random.Random(0)
    begun = bench.beside("begun")
    setup(begun)
    for attempt in range(30):
        killed = begun.clone(f"killed-{attempt}")
        for _ in range(3):
            with suppress(Killed), auditor.after(chance.randrange(50)):
                stages(*new)(killed)
            assert seen(killed) in (old, new) or not never_gone(setup, lacks), attempt
        stages(*new)(killed)
        assert killed.tree() == undisturbed.tree(), attempt


PUBLISHER = """
import sys
from conftest import Bench
from pathlib import Path

bench = Bench(Path(sys.argv[1]))
for round in range(int(sys.argv[2]), int(sys.argv[3])):
    bench.publish(*(f"{round} {part}" for part in range(10)), rejects=[f"{round} 7"])
    print(round, flush=True)
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_sigkill_at_random_instants(bench):
    chance = random.Random(0)
    last, killed = 0, 0
    for _ in range(4):
        child = publisher(bench, last, 1000)
        last = max(last, int(child.stdout.readline()))
        with suppress(subprocess.TimeoutExpired):
            child.wait(chance.random() * 0.3)
        child.send_signal(signal.SIGKILL)
        last = max([last, *map(int, child.communicate()[0].split())])
        killed += child.returncode == -signal.SIGKILL
        rounds = {text.split()[0] for text in bench.words()}
        assert len(bench.words()) == 10
        assert rounds in ({str(last)}, {str(last + 1)})
    assert killed == 4
    with bench.store() as store:
        assert store.verify().versions[0] == store.last().version
        final = {part.stored.key for part in store.last().parts}
        assert final == {bench.key(text) for text in bench.words()}
    bench.publish("end")
    assert not (bench.home / "tmp").exists()


def publisher(bench, first, after):
    command = [sys.executable, "-c", PUBLISHER, str(bench.folder), str(first), str(after)]
    here = str(Path(__file__).parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([here, *sys.path])}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
