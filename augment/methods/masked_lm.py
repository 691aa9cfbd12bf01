"""Masked-LM fill: words masked in context and replaced by what a language model expects there.

Sources: contextual augmentation, Kobayashi 2018; with BERT, Wu et al. 2019, "Conditional BERT
contextual augmentation", and Kumar, Choudhary & Cho 2020, §3 (whole-word substitution).
"""

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from augment.augmenter import Augmenter
from augment.batch import TextBatch, Variants
from augment.component import Count, Positive, Probability, component
from augment.errors import ModelError
from augment.models.backends import BUNDLED, load_fill_mask
from augment.models.fill_mask import FillMask, Top
from augment.models.identity import model_digest
from augment.models.masking import Words, mask_words
from augment.models.sampling import Sampled, sample
from augment.text.casing import LOWER, MIXED, patterns, recase
from augment.text.choice import draw
from augment.text.columns import Ints, Utf8
from augment.text.edits import variants_of_edits
from augment.text.languages import Language, language, words_digest
from augment.text.segments import Segments

_SPARE = 8
"""Candidates asked for beyond ``top_k``, so that banning the original word leaves enough."""


@component("masked_lm")
class MaskedLMFill(Augmenter):
    """Mask words and put the model's own in their place; letter case is kept.

    All chosen words of a row are masked together, and the network sees each row once. Candidates
    are whole words other than the original and no stopwords. Stopwords, names, words with digits
    and protected spans are never masked; the text around the edits stays byte for byte. Rows
    longer than the model's input are read in windows. The bundled model declines text of unknown
    language (``und``).

    The note ``probability`` is the mean probability that the model gave to a row's new words.

    Args:
        rate: share of a row's eligible words that is masked.
        min_edits: masks in a row at the least, if it has so many eligible words.
        max_edits: masks in a row at the most.
        top_k: draw among so many candidates, the most likely first; 0 for all.
        top_p: draw among the most likely candidates that hold this share of the probability.
        temperature: below 1 favours likely candidates, above 1 evens them out.
        model: a folder or hub name; the bundled small English model if left out.
        revision: of a hub model.
        backend: ``onnx`` (bundled model), ``torch`` (any ``AutoModelForMaskedLM``; needs the extra
            ``torch``), or ``auto``: ``onnx`` if the model is a folder exported for it.
        dtype: of the torch backend: ``float32``, ``bfloat16`` or ``float16``.
        device: of the torch backend: ``cpu``, ``cuda`` or ``auto``.
        batch_tokens: tokens in a padded batch at the most.
    """

    batch_invariant = False

    rate: Probability = 0.15
    min_edits: Count = 1
    max_edits: Count | None = None
    top_k: Count = 10
    top_p: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    temperature: Positive = 1.0
    model: str | None = None
    revision: str | None = None
    backend: Literal["auto", "onnx", "torch"] = "auto"
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    device: str = "cpu"
    batch_tokens: Annotated[int, Field(ge=1)] = 4096

    def assets(self) -> Mapping[str, str]:
        """Digests of the model's files (on the hub: name and revision) and of lists of words."""
        name = str(BUNDLED) if self.model is None else self.model
        return {"model": model_digest(name, self.revision), "words": words_digest()}

    def rewrite(self, batch: TextBatch) -> Variants:
        """Choose, mask, fill and splice.

        Raises:
            ModelError: the model can't be loaded, or is the bundled English one and the batch is
                of another language.
            MissingExtraError: the model needs torch, which is not installed.
        """
        tongue = language(batch.language)
        if self.model is None and tongue.tag == "und":
            return Variants.declined(len(batch))
        if self.model is None and tongue.tag != "en":
            raise ModelError(
                f"the bundled masked language model is English, the text is {batch.language!r}: "
                "give masked_lm a model of that language (model: …)"
            )
        segments = tongue.segment(Utf8.of(batch.text))
        places = _maskable(segments, tongue, batch)
        rows = segments.rows[places]
        chosen = draw(rows, batch.keys, self.rate, self.min_edits, self.max_edits, "place")
        if not chosen.any():
            return Variants.declined(len(batch))
        return self._fill(batch, segments, places[chosen])

    def _fill(self, batch: TextBatch, segments: Segments, places: Ints) -> Variants:
        model = load_fill_mask(self.model, self.revision, self.backend, self.dtype, self.device)
        text, rows = segments.text, segments.rows[places]
        touched, row_of = np.unique(rows, return_inverse=True)
        base = text.char_offsets[rows]
        words = Words(
            row_of,
            text.to_chars(segments.starts[places]) - base,
            text.to_chars(segments.stops[places]) - base,
        )
        sources = batch.text.take(pa.array(touched)).to_pylist()
        masked = mask_words(model.tokenizer, sources, words, model.mask_id, model.room)
        places, rows = places[masked.words], rows[masked.words]
        wanted = self.top_k + _SPARE if self.top_k else len(model.vocabulary.surface)
        bias = model.vocabulary.without(language(batch.language).stopwords)
        drawn = Sampled.of_nothing(len(places))
        for part, top in model.tops(masked.ids, masked.masks, bias, wanted, self.batch_tokens):
            made = self._draw(model, top, segments, places[part], batch)
            drawn.ids[part], drawn.probability[part] = made.ids, made.probability
        return _variants(segments, places, model, drawn)

    def _draw(
        self, model: FillMask, top: Top, segments: Segments, places: Ints, batch: TextBatch
    ) -> Sampled:
        rows = segments.rows[places]
        original = pc.utf8_lower(segments.pieces.take(pa.array(places)))
        same = pc.index_in(original, value_set=model.vocabulary.folded)
        spelling = model.vocabulary.spelling[top.ids]
        unchanged = spelling == pc.fill_null(same, -1).to_numpy()[:, None]
        return sample(
            top,
            unchanged,
            batch.keys[rows],
            places - np.searchsorted(segments.rows, rows),
            top_k=self.top_k,
            top_p=self.top_p,
            temperature=self.temperature,
        )


def _maskable(segments: Segments, tongue: Language, batch: TextBatch) -> Ints:
    """Pieces that may be masked."""
    if not len(segments.starts):
        return np.zeros(0, np.int64)
    distinct = segments.distinct.dictionary
    plain = pc.match_substring_regex(distinct, r"^\p{L}[\p{L}\p{M}]*$")
    stop = pc.is_in(pc.utf8_lower(distinct), value_set=tongue.stopwords)
    fit = pc.and_not(plain, stop).to_numpy(zero_copy_only=False) & (segments.patterns != MIXED)
    free = segments.outside(batch.protected) & segments.is_word
    pieces = np.flatnonzero(fit[segments.codes] & free)
    return pieces[~tongue.names(segments, pieces)]


def _variants(segments: Segments, places: Ints, model: FillMask, drawn: Sampled) -> Variants:
    kept = drawn.ids >= 0
    places, ids = places[kept], drawn.ids[kept]
    order = np.argsort(places)
    places, ids, probability = places[order], ids[order], drawn.probability[kept][order]
    words = model.vocabulary.surface.take(pa.array(ids))
    source = patterns(segments.pieces.take(pa.array(places)))
    # A cased model's own capitals stand; lower-case proposals take the original's pattern.
    wanted = np.where(patterns(words) == LOWER, source, MIXED).astype(np.uint8)
    rows = segments.rows[places]
    made = variants_of_edits(
        segments.text, rows, segments.starts[places], segments.stops[places], recase(words, wanted)
    )
    mean = _mean_by_row(rows, probability, len(made))
    return dataclasses.replace(made, notes={"probability": mean})


def _mean_by_row(rows: Ints, values: npt.NDArray[np.float32], count: int) -> pa.FloatArray:
    """``(count,)`` float32, null for rows without a value."""
    sums = np.bincount(rows, values, count)
    counts = np.bincount(rows, minlength=count)
    mean = (sums / np.maximum(counts, 1)).astype(np.float32)
    return pa.array(mean, mask=counts == 0)
