"""Back-translation: a text to a pivot language and back, sentence by sentence.

Sennrich, Haddow & Birch 2016 (arXiv:1511.06709) made synthetic sources for translation with it,
Edunov et al. 2018 (arXiv:1808.09381) studied how to decode them, and UDA (Xie et al. 2020,
arXiv:1904.12848) is what made round trips a standard augmentation for consistency training.
"""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from augment.augmenter import Augmenter
from augment.batch import TextBatch, Variants
from augment.component import Count, Positive, Probability, component, package_version
from augment.errors import ModelError
from augment.methods.known_words import forms_digest
from augment.methods.round_trip_edits import variants_of_trips
from augment.methods.round_trip_guards import Guards
from augment.methods.round_trips import Route
from augment.methods.sense_guards import senses_digest
from augment.methods.sent_sentences import sent_of
from augment.models.decoding import Decoding, check_decoding
from augment.models.translate import DRIFT, Backend, Dtype, exact, resolve, translator_assets
from augment.randomness import derive
from augment.text.languages import primary, words_digest

Tag = Annotated[str, Field(min_length=2)]


@component("back_translation")
class BackTranslation(Augmenter):
    """Translate every sentence to a pivot language and back.

    What stands between sentences stays as it is: spaces, line breaks, markup, marks of list items,
    quotation marks around them. Placeholders, handles, tags and names of code go through the
    models as short codes. A sentence of fewer than three words is not sent. A sentence falls back
    to its source if what comes back is no use; a row with no changed sentence declines, and so
    does text of unknown language (``und``). Equal sentences are translated once.

    The copies of a row differ: with ``temperature`` each is sampled; else copy k takes the k-th
    best translation out of ``n_best``, and further copies begin again with a noised source. Copies
    that there is nothing for decline.

    Notes: ``pivot`` (string), the row in the (last) pivot language; ``sentences`` (int32), how
    many were sent, and for each reason ``fallback_…`` (int32), how many of them fell back for it:
    ``empty``, ``unchanged`` (but for case and punctuation), ``length``, ``repetition``,
    ``script``, ``numbers``, ``symbols``, ``question``, ``negation``, ``names``, ``persons``,
    ``protected`` (a protected span was lost), ``unknown_words`` (of English, words nobody uses),
    ``language``; of English also ``titles``, ``degree`` (adverbs, quantifiers), ``modals``,
    ``connectives``, ``prepositions`` (of a verb), and with ``strict`` guards ``function_words``
    (auxiliaries, pronouns, prepositions), ``order`` (of content words), ``inflection`` (comparison,
    tense, number), ``senses`` (a word for one of another meaning).

    Args:
        pivot: BCP 47 tag of the language between, or several: ``[pt, es]`` goes by Portuguese and
            Spanish.
        backend: ``bergamot`` (English ↔ Portuguese, weights included), ``marian``, ``m2m``,
            ``nllb`` (checkpoints of these kinds; they need the extra ``torch``), ``ctranslate2``
            (any of these, faster; extra ``ct2``), ``apertium`` (Debian's program), or ``auto``:
            by the pivots, the model, what is installed, and what can decode as is asked.
        model: of backends that run checkpoints: hub name or folder, with ``{source}`` and
            ``{target}`` for the languages; None is the backend's own choice.
        revision: of a hub model.
        dtype: of the weights; ``auto`` is the backend's usual one. Shares of rows that differ
            with the batch were measured with random weights, whose choices are closer.
        device: ``cpu``, ``cuda`` or ``auto``.
        num_beams: 1 is greedy.
        n_best: how many translations are made of the last hop, at most ``num_beams``.
        temperature: sample instead: below 1 favours likely words, above 1 evens them out.
        top_k: of sampling: among so many tokens, the likeliest first; 0 for all.
        noise: share of a sentence's words that are dropped or swapped, of copies that noise makes
            differ; 0 declines them.
        batch_tokens: source tokens times beams in a batch, of neural backends.
        guards: ``few`` let a sentence fall back only for what is wrong in any language; ``usual``
            also hold English to its adverbs of degree, modal verbs, …; ``strict`` also to its small
            words, word order and senses: few round trips are left, most of them right.
        keep_models: whether a hop's model stays in memory when the next one's turn comes.
        p: probability that a row is rewritten.

    Raises (when it is applied):
        ModelError: the backend lacks the model or the language pair.
        MissingExtraError: the backend's package is not installed.
    """

    drift: ClassVar[Mapping[str, float]] = DRIFT
    version: ClassVar[int] = 2
    model_cost = True

    pivot: Tag | Annotated[tuple[Tag, ...], Field(min_length=1)] = "pt"
    backend: Backend = "bergamot"
    model: str | None = None
    revision: str | None = None
    dtype: Dtype = "auto"
    device: str = "auto"
    num_beams: Annotated[int, Field(ge=1)] = 1
    n_best: Annotated[int, Field(ge=1)] = 1
    temperature: Positive | None = None
    top_k: Count = 0
    noise: Probability = 0.1
    batch_tokens: Annotated[int, Field(ge=1)] = 4096
    guards: Guards = "usual"
    keep_models: bool = True

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.top_k and self.temperature is None:
            raise ValueError(f"top_k={self.top_k} is of sampling: give a temperature, such as 1.0")
        if self.backend != "auto":
            try:
                check_decoding(self.backend, self._decoding)
            except ModelError as error:
                raise ValueError(str(error)) from None
        return self

    @property
    def _pivots(self) -> tuple[str, ...]:
        return (self.pivot,) if isinstance(self.pivot, str) else self.pivot

    @property
    def _decoding(self) -> Decoding:
        return Decoding(self.num_beams, self.n_best, self.temperature, self.top_k)

    @property
    def batch_invariant(self) -> bool:  # type: ignore[override]
        """Whether tests found the backend's translations independent of their batch."""
        now = self.resolved()
        return exact(now.backend, now.dtype)

    def resolved(self) -> Self:
        """The same with its backend, dtype and device chosen for this machine."""
        given = self.backend, self.dtype, self.device
        found = resolve(*given, languages=self._pivots, model=self.model, decoding=self._decoding)
        if found == given:
            return self
        backend, dtype, device = found
        return replace(self, backend=backend, dtype=dtype, device=device)

    def assets(self) -> Mapping[str, str]:
        """What decides the output: the weights (a package's version, a folder's files, a hub name),
        lists of words, and the versions of what splits sentences and tells languages.
        """
        weights: dict[str, str] = {}
        backend = self.resolved().backend
        for pivot in self._pivots:
            of_pivot = translator_assets(backend, pivot, self.model, self.revision)
            weights |= {f"{pivot}: {name}": digest for name, digest in of_pivot.items()}
        packages = {name: package_version(name) for name in ("sentencex", "py3langid")}
        return {
            **weights,
            **packages,
            "forms": forms_digest(),
            "senses": senses_digest(),
            "words": words_digest(),
        }

    def draws(self, copy: int) -> bool:
        """Samples and noised sources are drawn; the best translations are the text's own."""
        return self.temperature is not None or (copy >= self.n_best and self.noise > 0)

    def rewrite(self, batch: TextBatch) -> Variants:
        """Variants whose edits are the changed sentences, cut at protected spans."""
        tag = primary(batch.language)
        if tag == "und":
            return Variants.declined(len(batch))
        turn, rank = divmod(batch.copy, self.n_best) if self.temperature is None else (0, 0)
        if turn and not self.noise:
            return Variants.declined(len(batch))
        sent = sent_of(batch, tag)
        if turn:
            sent = sent.noised(derive(batch.shared_keys, turn), self.noise, tag)
        keys = None if self.temperature is None else sent.keys(batch.keys)
        trips = self.resolved()._route(batch.language).travel(sent.asked, keys)
        return variants_of_trips(batch, sent, trips, tag, rank, guards=self.guards)

    def _route(self, source: str) -> Route:
        stops = (source, *self._pivots, source)
        for here, there in pairwise(stops):
            if primary(here) == primary(there):
                way = " → ".join(stops)
                raise ModelError(f"there is nothing to translate from {here} to {there} ({way})")
        return Route(
            stops,
            self.backend,
            self.model,
            self.revision,
            self.dtype,
            self.device,
            self._decoding,
            self.batch_tokens,
            self.keep_models,
        )
