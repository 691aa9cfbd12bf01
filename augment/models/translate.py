"""Machine translation: one protocol, several backends, loaded once per process.

A backend is a module of ``augment.models.translators`` with two functions: ``load`` makes a
:class:`Translator` of a :class:`Direction`, ``assets`` gives digests of what decides its output.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, Protocol, cast

from augment.models.decoding import GREEDY, Decoding, check_decoding
from augment.randomness import Keys
from augment.text.languages import primary

Backend = Literal["auto", "bergamot", "marian", "m2m", "nllb", "ctranslate2", "apertium"]
Dtype = Literal[
    "auto", "float32", "bfloat16", "float16", "int8", "int8_float32", "int8_float16",
    "int8_bfloat16",
]  # fmt: skip

_MODULES = {"marian": "seq2seq", "m2m": "seq2seq", "nllb": "seq2seq", "ctranslate2": "ct2"}

DRIFT: Mapping[str, float] = {
    "bergamot int8": 0.0,
    "apertium auto": 0.0,
    "marian float32": 0.0,
    "marian bfloat16": 0.42,
    "ctranslate2 float32": 0.0,
    "ctranslate2 int8": 0.03,
}
"""Measured share of sentences translated otherwise under another cut into batches: budgets of 1
to 10,000 tokens. With random weights, whose choices are close, 2 of 64 differed in 8 bits, and 27
in bfloat16; with trained ones in 8 bits one of 200 lists of the four best did. What is not listed
was not measured."""


class Translator(Protocol):
    """Translates in one direction."""

    def translate(self, texts: Sequence[str], keys: Keys | None = None) -> list[list[str]]:
        """The translations of every text, in order.

        A text longer than the model takes is translated in parts, never cut off.

        Args:
            texts: what to translate.
            keys: ``(m,)`` uint64, one random key per text; for sampling alone.

        Returns:
            Per text up to ``n_best`` distinct translations, best first; an empty list if none
            came to an end.
        """
        ...


@dataclass(frozen=True, slots=True)
class Direction:
    """What to translate with, from which language to which; all of it is a model's identity.

    Attributes:
        backend: which engine.
        source, target: BCP 47 tags.
        model: hub name or folder; ``{source}`` and ``{target}`` stand for primary subtags. None
            is the backend's own choice.
        revision: of a hub model.
        dtype: of the weights.
        device: ``cpu``, ``cuda``, …
    """

    backend: str
    source: str
    target: str
    model: str | None = None
    revision: str | None = None
    dtype: str = "float32"
    device: str = "cpu"

    def place(self, default: str) -> str:
        """The model with its placeholders filled; an existing folder as an absolute path."""
        filled = (self.model or default).replace("{source}", primary(self.source))
        filled = filled.replace("{target}", primary(self.target))
        folder = Path(filled).expanduser()
        return str(folder.resolve()) if folder.is_dir() else filled


def load_translator(
    backend: Backend,
    source: str,
    target: str,
    *,
    model: str | None = None,
    revision: str | None = None,
    dtype: Dtype = "auto",
    device: str = "auto",
    decoding: Decoding = GREEDY,
    batch_tokens: int = 4096,
) -> Translator:
    """A translator for one direction; its weights are loaded once per process.

    Args:
        backend: which engine; ``auto`` as :func:`resolve` says.
        source: BCP 47 tag.
        target: BCP 47 tag.
        model: see :class:`Direction`.
        revision: of a hub model.
        dtype: of the weights.
        device: ``cpu``, ``cuda``, … or ``auto``.
        decoding: how translations are chosen.
        batch_tokens: source tokens times beams in a batch, of neural backends.

    Raises:
        ModelError: there is no such model, language pair or dtype, it can't be loaded, or the
            backend can't decode so.
        MissingExtraError: the backend's package is not installed.
    """
    engine, own, where = resolve(
        backend, dtype, device, languages=(source, target), model=model, decoding=decoding
    )
    check_decoding(engine, decoding)
    direction = Direction(engine, source, target, model, revision, own, where)
    load: Any = _module(engine).load
    made: Translator = load(direction, decoding=decoding, batch_tokens=batch_tokens)
    return made


def resolve(
    backend: Backend,
    dtype: Dtype,
    device: str,
    *,
    languages: Collection[str] = (),
    model: str | None = None,
    decoding: Decoding = GREEDY,
) -> tuple[Backend, Dtype, str]:
    """What ``auto`` stands for here: see :func:`augment.models.translators.choice.choose`."""
    from augment.models.translators.choice import choose, here

    found = choose(
        backend, dtype, device, here(), languages=languages, model=model, needs=decoding.needs
    )
    return cast(tuple[Backend, Dtype, str], found)


def exact(backend: str, dtype: str) -> bool:
    """Whether tests found each sentence's translation independent of the others in its batch."""
    return DRIFT.get(f"{backend} {dtype}") == 0.0


def release(translator: Translator | None = None) -> None:
    """Let go of a translator's model, or of all; it is loaded again when it is needed again."""
    from augment.models.translators import residents

    if translator is None:
        residents.release_all()
    elif isinstance(held := getattr(translator, "network", None), residents.Resident):
        held.release()


def translator_assets(
    backend: str, pivot: str, model: str | None, revision: str | None
) -> Mapping[str, str]:
    """Digests of what decides the output of translation to a pivot language and back.

    Args:
        backend: not ``auto``; see :func:`resolve`.
        pivot: BCP 47 tag.
        model: see :class:`Direction`.
        revision: of a hub model.
    """
    assets: Any = _module(backend).assets
    return dict(assets(backend, pivot, model, revision))


def _module(backend: str) -> Any:
    return import_module(f"augment.models.translators.{_MODULES.get(backend, backend)}")
