"""Judge how fluent variants are, by what a language model makes of the words around the edits."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from augment.batch import TextBatch, Variants
from augment.component import Positive, component, package_version
from augment.errors import ModelError
from augment.filter import Filter, Verdicts
from augment.filters.pairs import Pairs, check_bounds
from augment.models.backends import BUNDLED, load_fill_mask, resolve
from augment.models.backends.choice import ENGINES
from augment.models.identity import model_digest
from augment.models.ngram import KNOWN, load_ngram, ngram_digest
from augment.models.perplexity import Floats, Places, masked_surprise, ngram_surprise
from augment.text.languages import primary

_BUNDLED = "bundled"

_DIGITS = 4
"""Decimals of a log ratio that count: a model's last bits depend on its batch."""


@component("fluency")
class Fluency(Filter):
    """Reject variants that read less smoothly than their source where they were changed.

    What is measured is the perplexity of the changed words and their neighbours in the variant
    over that of what stood there in the source. 1 is as fluent; 2 means that a language model
    hesitates between twice as many words. What is unchanged does not count, however long the text.
    A masked model predicts the tokens of the changed words and of one word on either side (its
    pseudo-perplexity: see :mod:`augment.models.perplexity`); an n-gram model reads two words on
    either side.

    The bundled model reads English; of unknown language (``und``) it judges nothing, and another
    language is an error: give a model of that language. Kept without a score are also variants or
    sources without any word there that the model knows.

    Of film reviews, ten in a hundred variants of WordNet synonyms lie above 4, one of masked
    language models, and eighty of words drawn at random.

    Args:
        max: greatest accepted ratio; any if null.
        min: least accepted ratio; any if left out. What is much smoother than its source is often
            a commonplace in the place of what it said.
        model: ``bundled``; the file of an n-gram model that KenLM reads, or ``libime-zh`` (Chinese;
            Debian's ``libime-data-language-model``), for which the extra ``ngram`` is needed; or a
            folder or hub name of a masked language model.
        revision: of a hub model.
        backend, dtype, device: of a masked model, as with ``masked_lm``.
        batch_tokens: tokens in a padded batch at the most.
    """

    max: Positive | None = 4.0
    min: Positive | None = None
    model: Annotated[str, Field(min_length=1)] = _BUNDLED
    revision: str | None = None
    backend: Literal["auto", "onnx", "torch"] = "auto"
    dtype: Literal["auto", "float32", "int8", "bfloat16", "float16"] = "auto"
    device: str = "auto"
    batch_tokens: Annotated[int, Field(ge=1)] = 4096

    @model_validator(mode="after")
    def _check_bounds(self) -> Self:
        check_bounds(self.min, self.max)
        return self

    @property
    def batch_invariant(self) -> bool:  # type: ignore[override]
        """Whether it is an n-gram model."""
        return self._of_words

    @property
    def _of_words(self) -> bool:
        return self.model in KNOWN or Path(self.model).is_file()

    @property
    def _name(self) -> str | None:
        return None if self.model == _BUNDLED else self.model

    def resolved(self) -> Self:
        """With the backend, dtype and device that ``auto`` stands for here."""
        if self._of_words:
            return self
        names = "backend", "dtype", "device"
        found = resolve(self._name, self.revision, *(getattr(self, name) for name in names))
        changed: dict[str, Any] = dict(zip(names, found, strict=True))
        return dataclasses.replace(self, **changed)

    def assets(self) -> Mapping[str, str]:
        """Digests of the model's files (on the hub: name and revision), versions of its engine."""
        if self._of_words:
            return {"model": ngram_digest(self.model), "kenlm": package_version("kenlm")}
        found = {"model": model_digest(self._name or str(BUNDLED), self.revision)}
        packages = ("tokenizers", *ENGINES[self.resolved().backend])
        return found | {name: package_version(name) for name in packages}

    def judge(self, source: TextBatch, variants: Variants) -> Verdicts:
        """The score is the ratio; reasons are ``not_fluent`` and ``too_fluent``.

        Raises:
            ModelError: the model can't be loaded, or is the bundled one and the batch is of another
                language.
            MissingExtraError: the model needs torch or KenLM, which is not installed.
        """
        pairs = Pairs.of(source, variants)
        score = np.full(len(pairs), np.nan, np.float32)
        if len(pairs) and self._reads(source.language):
            before, after = _places(variants.edits.take(pa.array(pairs.rows)))
            change = self._surprise(pairs, pairs.new, after) - self._surprise(
                pairs, pairs.old, before
            )
            score = np.exp(np.round(change, _DIGITS)).astype(np.float32)
        with np.errstate(invalid="ignore"):
            high = score > (np.inf if self.max is None else self.max)
            low = score < (0.0 if self.min is None else self.min)
        return pairs.verdicts(score, {"not_fluent": high, "too_fluent": low})

    def _reads(self, tag: str) -> bool:
        if self.model != _BUNDLED or primary(tag) == "en":
            return True
        if primary(tag) == "und":
            return False
        raise ModelError(
            f"fluency: the bundled language model is English, the text is {tag!r}: give a model of "
            "that language (model: an n-gram file, or the folder or hub name of a masked model)"
        )

    def _surprise(self, pairs: Pairs, texts: pa.StringArray, places: list[Places]) -> Floats:
        if self._of_words:
            return ngram_surprise(load_ngram(self.model), texts, places, pairs.language)
        model = load_fill_mask(self._name, self.revision, self.backend, self.dtype, self.device)
        return masked_surprise(model, texts.to_pylist(), places, self.batch_tokens)


def _places(edits: pa.ListArray) -> tuple[list[Places], list[Places]]:
    """Where the edits of each row stand in the source, and where in the variant."""
    before: list[Places] = []
    after: list[Places] = []
    for row in edits.to_pylist():
        moved, old, new = 0, [], []
        for edit in row or ():
            start, stop, length = edit["start"], edit["stop"], len(edit["text"])
            old.append((start, stop))
            new.append((start + moved, start + moved + length))
            moved += length - (stop - start)
        before.append(old)
        after.append(new)
    return before, after
