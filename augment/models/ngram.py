"""N-gram language models, which tell how likely a short passage is.

A model is a file of KenLM (Heafield 2011, "KenLM: faster and smaller language model queries"):
an ARPA text or its binary form, of words parted by spaces.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator

from augment.errors import MissingExtraError, ModelError, ParameterError, Problem
from augment.models.identity import path_digest

KNOWN = {"libime-zh": ("/usr/lib", "*/libime/zh_CN.lm", "libime-data-language-model")}
"""Names of models that Debian packages install: folder, pattern, package."""


@dataclass(frozen=True, slots=True)
class NgramModel:
    """An opened model.

    Attributes:
        path: its file.
    """

    path: str
    _model: Any = field(repr=False, compare=False)

    def __contains__(self, word: str) -> bool:
        return word in self._model

    def score(self, passages: Sequence[str]) -> npt.NDArray[np.float64]:
        """``(m,)`` natural logarithms of the passages' probabilities, words parted by spaces."""
        score = self._model.score
        found = (score(passage, bos=False, eos=False) for passage in passages)
        return np.fromiter(found, np.float64, len(passages)) * math.log(10)


def _checked(path_or_name: str) -> str:
    try:
        _find(path_or_name)
    except ModelError as error:
        raise ParameterError([Problem("", str(error))]) from None
    return path_or_name


RankerSource = Annotated[str, AfterValidator(_checked)]
"""A parameter that takes a model's file, or a name of :data:`KNOWN`."""


def load_ngram(path_or_name: str) -> NgramModel:
    """The model of a file, or of a name in :data:`KNOWN`; opened once per process.

    Raises:
        MissingExtraError: ``kenlm`` is not installed.
        ModelError: there is no such file, or it is no model.
    """
    path = _find(path_or_name)
    stat = path.stat()
    return _open(str(path.resolve()), (stat.st_size, stat.st_mtime_ns, stat.st_ino))


def ngram_digest(path_or_name: str) -> str:
    """32 hex digits over the model's file, for a component's assets.

    Raises:
        ModelError: there is no such file.
    """
    return path_digest(_find(path_or_name))


def _find(path_or_name: str) -> Path:
    if path_or_name in KNOWN:
        folder, pattern, package = KNOWN[path_or_name]
        found = sorted(Path(folder).glob(pattern))
        if found:
            return found[0]
        raise ModelError(f"n-gram model {path_or_name!r}: Debian's package {package} is not there")
    if Path(path_or_name).is_file():
        return Path(path_or_name)
    names = ", ".join(KNOWN)
    raise ModelError(f"n-gram model {path_or_name!r}: no such file, and no known name ({names})")


@cache
def _open(path: str, _stat: tuple[int, int, int]) -> NgramModel:
    if find_spec("kenlm") is None:
        raise MissingExtraError("ranking by an n-gram model", "kenlm", "ngram")
    kenlm = import_module("kenlm")
    config = kenlm.Config()
    config.show_progress = False
    config.arpa_complain = kenlm.ARPALoadComplain.NONE
    try:
        return NgramModel(path, kenlm.Model(path, config))
    except (OSError, RuntimeError) as error:
        raise ModelError(f"{path} is no n-gram model that KenLM can read: {error}") from None
