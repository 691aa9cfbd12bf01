"""Jobs for executors, in a module that their workers can import."""

import os
import signal
import sys
import time
from functools import partial
from pathlib import Path

ROWS = 10

_models = []


def job(name, /, **options):
    return partial(globals()[name], **options)


def double(item, tick):
    tick(ROWS // 2)
    tick(ROWS - ROWS // 2)
    return 2 * item


def process(item, tick):
    """The process, and how often it has loaded its model."""
    time.sleep(0.1)
    if not _models:
        _models.append(object())
    return os.getpid(), len(_models)


def threads(item, tick):
    import pyarrow as pa

    from augment.models.runtime import threads

    return threads(), pa.cpu_count()


def environment(item, tick, *, name):
    return os.environ.get(name)


def slow(item, tick, *, victim, seconds):
    tick(ROWS // 2)
    if item == victim:
        time.sleep(seconds)
    tick(ROWS - ROWS // 2)
    return item


def napping(item, tick, *, seconds):
    tick(ROWS // 2)
    time.sleep(seconds)
    tick(ROWS - ROWS // 2)
    return os.getpid()


def mortal(item, tick, *, folder, victim, deaths=1, code=None):
    """Writes down every start; the victim dies, so many times, after half its rows."""
    starts = begun(folder, item)
    (Path(folder) / f"{item}-{starts}-{os.getpid()}").touch()
    tick(ROWS // 2)
    if item == victim and starts < deaths:
        if code is None:
            os.kill(os.getpid(), signal.SIGKILL)
        os._exit(code)
    tick(ROWS - ROWS // 2)
    return item


def begun(folder, item):
    return len([*Path(folder).glob(f"{item}-*")])


def failing(item, tick, *, victim, kind):
    if item == victim:
        raise kind(f"can't bear {item}")
    time.sleep(60)


class LocalError(Exception):
    """An error that can be pickled but not opened again."""

    def __init__(self, what, why):
        super().__init__(f"{what}: {why}")


def raising_odd(item, tick):
    raise LocalError("item", item)


def leaving(item, tick):
    sys.exit(0)


def returning_odd(item, tick):
    return lambda: item


def endless(item, tick, *, folder):
    (Path(folder) / f"{item}-{os.getpid()}").touch()
    time.sleep(600)
