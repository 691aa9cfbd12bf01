"""Killed at any boundary between two system calls, a store is finished or undone by the next run.

The interpreter's audit events come before every call that changes a file system. From the k-th on,
all of them fail: what a killed process had done is there, what it had yet to do, clean-up included,
is not.
"""

import os
import sys
from contextlib import contextmanager

import pytest

CHANGES = frozenset(
    {
        *("os.link", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.symlink"),
        *("os.truncate", "ctypes.dlopen", "ctypes.dlsym"),
    }
)


class Killed(BaseException):
    """Nothing that a program could catch by accident."""


class Auditor:
    """Counts the calls, and raises from the k-th on."""

    def __init__(self):
        self.calls, self.last, self.error, self.lasting = 0, None, Killed, True

    def __call__(self, event, arguments):
        if self.last is None or not self._changes(event, arguments):
            return
        self.calls += 1
        if self.calls > self.last if self.lasting else self.calls == self.last + 1:
            raise self.error

    def _changes(self, event, arguments):
        if event == "open":
            return bool(arguments[2] & (os.O_CREAT | os.O_TRUNC)) and "/out" in str(arguments[0])
        return event in CHANGES

    @contextmanager
    def after(self, calls, error=Killed, *, lasting=True):
        """Let so many calls happen, and none after; or but one not, if that is not lasting."""
        self.calls, self.last, self.error, self.lasting = 0, calls, error, lasting
        try:
            yield self
        finally:
            self.last = None


@pytest.fixture(scope="module")
def auditor():
    made = Auditor()
    sys.addaudithook(made)
    return made


@pytest.fixture(autouse=True)
def _fast(monkeypatch):
    """Power stays on in these tests."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


def earlier_program(bench):
    """What stood there before there was a store."""
    bench.output.mkdir()
    for number, text in enumerate("xy"):
        bench.write(bench.output / f"part-{number:05d}.parquet", text)
    (bench.home / "rejects").mkdir(parents=True)
    bench.write(bench.home / "rejects" / "part-00001.parquet", "not y")
    (bench.home / "lock").touch()


def versions(bench):
    bench.publish("a", "b", rejects=["b"])
    bench.publish("a", "c")


def damaged(bench):
    """An object that was lost, which no kill does; the next run makes it again."""
    versions(bench)
    (bench.home / "objects" / f"{bench.key('c')}.parquet").unlink()


SCENARIOS = {
    "nothing": (lambda bench: None, None, ["a", "b"]),
    "an empty folder": (lambda bench: bench.output.mkdir(), [], ["a", "b"]),
    "an earlier program's output": (earlier_program, ["x", "y"], ["a", "b"]),
    "two versions": (versions, ["a", "c"], ["a", "d"]),
    "a lost object": (damaged, ["a", "c"], ["a", "c"]),
}


def seen(bench):
    return bench.words() if bench.output.exists() else None


@pytest.mark.parametrize("name", SCENARIOS)
def test_readers_see_old_or_new_and_the_next_run_ends_as_if_nothing_had_been(bench, auditor, name):
    setup, old, new = SCENARIOS[name]
    undisturbed = bench.beside("undisturbed")
    setup(undisturbed)
    assert seen(undisturbed) == old
    undisturbed.publish(*new, rejects=["b"])
    for calls, killed in boundaries(
        bench, setup, auditor, lambda b: b.publish(*new, rejects=["b"])
    ):
        assert seen(killed) in (old, new, None if old in (None, []) else old), calls
        killed.publish(*new, rejects=["b"])
        assert seen(killed) == new
        assert killed.tree() == undisturbed.tree(), calls


def boundaries(bench, setup, auditor, act):
    """The outputs left by an act that was killed, once at each boundary."""
    for calls in range(1000):
        killed = bench.beside(f"killed-{calls}")
        setup(killed)
        try:
            with auditor.after(calls):
                act(killed)
        except Killed:
            yield calls, killed
        else:
            assert calls > 10, "hardly anything was audited"
            return
    raise AssertionError("it never came to an end")
