"""nlpaug's neural augmenters, in the environment where they run.

Started by :mod:`benchmarks.neural.peers` with that environment's Python, as a file: nothing of
augmill is imported here. It reads requests, one JSON object a line, and answers each with one.
"""

import importlib.metadata
import json
import os
import random
import sys
import time
import warnings
from typing import Any

LIBRARIES = ("nlpaug", "transformers", "tokenizers", "torch", "sentencepiece")


def load(what: str, threads: int, params: dict[str, Any]) -> Any:
    """An augmenter of nlpaug, its model in memory."""
    import nlpaug.augmenter.word as words
    import torch

    torch.set_num_threads(threads)
    return getattr(words, what)(**params)


def run(augmenter: Any, texts: list[str], seed: str | None) -> dict[str, Any]:
    """Seconds on the wall, and the variants."""
    if seed is not None:
        import numpy as np

        # The augmenters draw from the global generators.
        random.seed(seed)  # noqa: TID251
        np.random.seed(random.randrange(2**32))  # noqa: NPY002, TID251
    begun = time.perf_counter()
    made = augmenter.augment(texts)
    seconds = time.perf_counter() - begun
    return {"seconds": seconds, "texts": [made] if isinstance(made, str) else list(made)}


def versions() -> dict[str, str]:
    """What runs here."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "missing"
    return found


def answer(request: dict[str, Any], loaded: dict[str, Any]) -> Any:
    """What one request asks for."""
    if request["do"] == "versions":
        return versions()
    if request["do"] == "load":
        loaded.clear()
        loaded["augmenter"] = load(request["what"], request["threads"], request["params"])
        return {}
    return run(loaded["augmenter"], request["texts"], request.get("seed"))


def main() -> None:
    """Answer until the input ends."""
    # Libraries print: what they say goes where errors go, the pipe is for answers alone.
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    loaded: dict[str, Any] = {}
    for line in sys.stdin:
        try:
            reply = {"ok": answer(json.loads(line), loaded)}
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), file=pipe, flush=True)


if __name__ == "__main__":
    main()
