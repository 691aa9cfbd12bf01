"""The filter of meaning: variants that say something else than their source, or just the same."""

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from augment.batch import TextBatch, Variants
from augment.component import MISSING, component, package_version
from augment.errors import ModelError, StatisticsError
from augment.filter import Filter, Verdicts
from augment.filters.pairs import Pairs, check_bounds
from augment.filters.word_vectors import cosines
from augment.models.backends.choice import ENGINES, here
from augment.models.backends.onnx_encoder import PACKAGE, files
from augment.models.encode import BATCH_TOKENS, SentenceEncoder, load_encoder
from augment.models.identity import model_digest, path_digest
from augment.statistics import CorpusStatistics, open_statistics
from augment.text.languages import primary

Cosine = Annotated[float, Field(ge=-1.0, le=1.0)]

TFIDF, MINILM = "tfidf", "minilm"

_UNFITTED = "unfitted"
"""The asset of a filter that has no statistics yet."""


@component("similarity")
class Similarity(Filter):
    """Reject variants too far from their source in meaning, or too near to it to be of use.

    What is measured is the cosine of two vectors. ``tfidf``: of the texts' words, how often each
    occurs times its inverse document frequency in the corpus, ln((1 + texts) ÷ (1 + documents))
    + 1 (Salton & Buckley 1988, "Term-weighting approaches in automatic text retrieval"); the words
    alone count, so a synonym is as far as any other word. Encoders: of sentence vectors (Reimers &
    Gurevych 2019, "Sentence-BERT", §3), which know synonyms; but neither measure sees a negation
    for what it is. Texts without any words are not judged by ``tfidf``.

    Args:
        min: least accepted cosine.
        max: greatest accepted cosine; any if left out.
        model: ``tfidf``; ``minilm``, an English encoder (extra ``similarity``); or a folder or hub
            name of any encoder that pools the mean of its tokens or the first (extra ``torch``).
        revision: of a hub model.
        statistics: file of a corpus's statistics, for ``tfidf``; counted by the run if left out.
        device: of a hub model or folder: ``cpu``, ``cuda`` or another of torch's, or ``auto``.
        batch_tokens: tokens that an encoder is given at once, at the most.
    """

    files = ("statistics",)

    min: Cosine = 0.5
    max: Cosine | None = None
    model: Annotated[str, Field(min_length=1)] = TFIDF
    revision: str | None = None
    statistics: str | None = None
    device: str = "auto"
    batch_tokens: Annotated[int, Field(ge=1)] = BATCH_TOKENS

    @model_validator(mode="after")
    def _check_bounds(self) -> Self:
        check_bounds(self.min, self.max)
        return self

    @property
    def fits(self) -> str:  # type: ignore[override]
        """``statistics``, which nothing but ``tfidf`` needs."""
        return "statistics" if self.model == TFIDF else ""

    @property
    def batch_invariant(self) -> bool:  # type: ignore[override]
        """Whether the vectors do not depend on the batch: those of torch do in their last bits."""
        return self.model in (TFIDF, MINILM)

    def resolved(self) -> Self:
        """With the device that ``auto`` stands for here.

        Raises:
            MissingExtraError: the package of ``minilm`` is not installed.
        """
        if self.model == MINILM:
            files()
        if self.device != "auto" or self.batch_invariant:
            return self
        return dataclasses.replace(self, device="cuda" if here().cuda else "cpu")

    def assets(self) -> Mapping[str, str]:
        """Digest of the statistics or of the model's files, and the versions of what runs it."""
        if self.model == TFIDF:
            known = self.statistics and open_statistics(self.statistics).digest
            return {"statistics": known or _UNFITTED}
        if self.model != MINILM:
            found = {"model": model_digest(self.model, self.revision)}
            return found | {
                name: package_version(name) for name in ("tokenizers", *ENGINES["torch"])
            }
        found = {name: package_version(name) for name in (PACKAGE, "tokenizers", "onnxruntime")}
        if found[PACKAGE] != MISSING:
            found |= {path.name: path_digest(path) for path in files()}
        return found

    def judge(self, source: TextBatch, variants: Variants) -> Verdicts:
        """The score is the cosine, NaN where there is none; reasons are ``too_similar`` and
        ``too_different``.

        Raises:
            StatisticsError: ``tfidf`` has no statistics.
            ModelError: the encoder can't be loaded, or does not know the batch's language.
            MissingExtraError: its package is not installed.
        """
        pairs = Pairs.of(source, variants)
        cosine = self._cosines(pairs) if len(pairs) else np.zeros(0, np.float32)
        most = 1.0 if self.max is None else self.max
        return pairs.verdicts(
            cosine, {"too_different": cosine < self.min, "too_similar": cosine > most}
        )

    def _cosines(self, pairs: Pairs) -> npt.NDArray[np.float32]:
        if self.model == TFIDF:
            return cosines(pairs.tokens().words(), self._known().language(pairs.language))
        encoder = load_encoder(self.model, self.revision, self.device)
        self._check_language(encoder, pairs.language)
        old = encoder.encode(pairs.old, batch_tokens=self.batch_tokens, remember=True)
        new = encoder.encode(pairs.new, batch_tokens=self.batch_tokens)
        return np.asarray(np.clip(np.einsum("ij,ij->i", old, new), -1.0, 1.0))

    def _known(self) -> CorpusStatistics:
        if self.statistics is None:
            raise StatisticsError(
                "similarity by tfidf needs statistics of a corpus: augmill run and sample count "
                'them; elsewhere call CorpusStatistics.of(texts).save("words.arrow") and then '
                'Similarity(statistics="words.arrow")'
            )
        return open_statistics(self.statistics)

    def _check_language(self, encoder: SentenceEncoder, tag: str) -> None:
        known = encoder.languages
        if known is not None and primary(tag) not in (*known, "und"):
            raise ModelError(
                f"similarity: {self.model!r} knows the language {', '.join(known)}, not {tag!r}; "
                f"use {TFIDF!r} or an encoder of more languages"
            )
