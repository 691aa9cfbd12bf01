"""The other side of the pipe to :mod:`benchmarks.neural.peer_worker`."""

import json
import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

WORKER = Path(__file__).parent / "peer_worker.py"
HOW = """\
An environment where nlpaug's neural augmenters run:
  python -m venv PEERS
  PEERS/bin/pip install torch==2.13.0
  PEERS/bin/pip install nlpaug==1.1.11 transformers==4.57.6 sentencepiece==0.2.3 sacremoses==0.2.0
and then: --peer-python PEERS/bin/python"""


class PeerError(RuntimeError):
    """The peer could not do what it was asked for."""


class PeerProcess:
    """A process in the peers' environment that holds one augmenter of nlpaug.

    Args:
        python: the environment's interpreter.

    Raises:
        FileNotFoundError: there is none; the message says how to make the environment.
    """

    def __init__(self, python: Path) -> None:
        if not python.exists():
            raise FileNotFoundError(f"{python} is missing. {HOW}")
        environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true"}
        environment.pop("PYTHONPATH", None)
        self._process = subprocess.Popen(
            [str(python), str(WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            text=True,
            encoding="utf-8",
        )

    def versions(self) -> dict[str, str]:
        """Versions of Python and of the libraries there."""
        found: dict[str, str] = self._ask(do="versions")
        return found

    def load(self, what: str, threads: int, **params: Any) -> None:
        """Hold this augmenter from now on."""
        self._ask(do="load", what=what, threads=threads, params=params)

    def run(self, texts: list[str], seed: str | None = None) -> tuple[float, list[str]]:
        """Seconds of one call with all texts, measured there, and the variants."""
        made = self._ask(do="run", texts=texts, seed=seed)
        return made["seconds"], made["texts"]

    def _ask(self, **request: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise PeerError(f"the peer's process ended with code {self._process.wait()}. {HOW}")
        reply = json.loads(line)
        if "error" in reply:
            raise PeerError(reply["error"])
        return reply["ok"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
