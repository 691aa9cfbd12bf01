"""Rank candidates by how likely an n-gram model finds them between their neighbours.

The model is a file of KenLM (Heafield 2011, "KenLM: faster and smaller language model queries"):
an ARPA text or its binary form, of words parted by spaces. Candidates of one place differ in
nothing else, so the score of the short passage around each of them ranks them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import AfterValidator

from augment.errors import MissingExtraError, ModelError, ParameterError, Problem
from augment.models.identity import path_digest
from augment.text.columns import Ints
from augment.text.segments import Segments

CONTEXT = 2
"""Words on either side of a candidate that are scored with it: all that a trigram sees."""

KNOWN = {"libime-zh": ("/usr/lib", "*/libime/zh_CN.lm", "libime-data-language-model")}
"""Names of models that Debian packages install: folder, pattern, package."""

_BLANK = r"^\s*$"


class Table(Protocol):
    """Candidates grouped by word: what a :class:`~augment.lexicons.lexicon.Lexicon` has."""

    @property
    def offsets(self) -> npt.NDArray[np.int64]:
        """``(w + 1,)``: word i has candidates ``[offsets[i], offsets[i + 1])``."""

    @property
    def candidates(self) -> pa.StringArray:
        """``(c,)``."""

    @property
    def weights(self) -> npt.NDArray[np.float32]:
        """``(c,)`` positive."""


@dataclass(frozen=True, slots=True)
class NgramModel:
    """An opened model.

    Attributes:
        path: its file.
    """

    path: str
    _model: Any = field(repr=False, compare=False)

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


def scores(
    model: NgramModel,
    lefts: Sequence[Sequence[str]],
    candidates: Sequence[str],
    rights: Sequence[Sequence[str]],
) -> npt.NDArray[np.float64]:
    """``(m,)`` log-probabilities of candidates between their neighbours; higher is likelier.

    Only scores of one place (the same ``lefts`` and ``rights``) compare.

    Args:
        model: from :func:`load_ngram`.
        lefts: ``(m,)`` the words before each candidate, in order; the last two count.
        candidates: ``(m,)`` words.
        rights: ``(m,)`` the words behind each candidate; the first two count.
    """
    rows = zip(lefts, candidates, rights, strict=True)
    return model.score([" ".join((*a[-CONTEXT:], word, *b[:CONTEXT])) for a, word, b in rows])


def draw_in_context(
    model: NgramModel,
    segments: Segments,
    pieces: Ints,
    entries: Ints,
    table: Table,
    uniform: npt.NDArray[np.float64],
) -> Ints:
    """The place of one candidate per piece, in proportion to weight × probability in context.

    Context is up to two words on either side, not across a row's end or punctuation.

    Args:
        model: from :func:`load_ngram`.
        segments: the column.
        pieces: ``(m,)`` the chosen pieces.
        entries: ``(m,)`` each one's word in the table, none negative.
        table: the candidates.
        uniform: ``(m,)`` numbers in [0, 1).

    Returns:
        ``(m,)`` places in ``table.candidates``.
    """
    counts = np.diff(table.offsets)[entries]
    ends = np.cumsum(counts)
    first = ends - counts
    of = np.repeat(np.arange(len(pieces)), counts)
    options = table.offsets[entries][of] + np.arange(len(of)) - first[of]
    score = _in_context(model, segments, pieces[of], table.candidates.take(pa.array(options)))
    logits = np.log(table.weights[options].astype(np.float64)) + score
    likelihood = np.exp(logits - np.maximum.reduceat(logits, first)[of]) if len(of) else logits
    sums = np.append(0.0, np.cumsum(likelihood))
    target = sums[first] + uniform * (sums[ends] - sums[first])
    chosen = np.searchsorted(sums[1:], target, side="right")
    return np.asarray(options[np.clip(chosen, first, ends - 1)]) if len(of) else options


def _in_context(
    model: NgramModel, segments: Segments, pieces: Ints, words: pa.StringArray
) -> npt.NDArray[np.float64]:
    """``(m,)`` scores of words that would stand at the pieces; every distinct passage once."""
    before, behind = _neighbours(segments, pieces)
    columns = [segments.pieces.take(pa.array(at, mask=at < 0)) for at in (*before, *behind)]
    passage = [*columns[:CONTEXT], words, *columns[CONTEXT:]]
    joined = pc.binary_join_element_wise(*passage, " ", null_handling="skip")
    distinct = pc.dictionary_encode(joined)
    found = model.score(distinct.dictionary.to_pylist())
    return np.asarray(found[distinct.indices.to_numpy()])


def _neighbours(segments: Segments, pieces: Ints) -> tuple[list[Ints], list[Ints]]:
    """Pieces of the words around each piece, in order of reading; −1 where there is none."""
    words = np.flatnonzero(segments.is_word)
    blank = pc.match_substring_regex(segments.distinct.dictionary, _BLANK)
    open_gap = blank.to_numpy(zero_copy_only=False)[segments.codes] | segments.is_word
    barriers = np.append(0, np.cumsum(~open_gap))[words]
    passage = segments.rows[words] * (len(segments.starts) + 1) + barriers
    at = np.searchsorted(words, pieces)

    def word(step: int) -> Ints:
        other = np.clip(at + step, 0, max(len(words) - 1, 0))
        near = (other == at + step) & (passage[other] == passage[at])
        return np.where(near, words[other], -1)

    steps = range(1, CONTEXT + 1)
    return [word(-step) for step in reversed(steps)], [word(step) for step in steps]


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
