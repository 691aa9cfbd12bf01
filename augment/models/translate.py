"""Machine translation: one protocol, several backends, loaded once per process.

A backend is a module of ``augment.models.translators`` with two functions: ``load`` makes a
:class:`Translator` of a :class:`Direction`, ``assets`` gives digests of what decides its output.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, Protocol

from augment.randomness import Keys
from augment.text.languages import primary

Backend = Literal["bergamot", "marian", "apertium"]
Dtype = Literal["float32", "bfloat16", "float16"]


@dataclass(frozen=True, slots=True)
class Decoding:
    """How translations are chosen.

    Attributes:
        num_beams: width of the beam; 1 is greedy.
        n_best: how many distinct translations per text, best first; at most ``num_beams``.
        temperature: None takes the best; a number samples instead, by numbers keyed per text.
        top_k: of sampling: how many of the likeliest tokens take part; 0 for all.
    """

    num_beams: int = 1
    n_best: int = 1
    temperature: float | None = None
    top_k: int = 0


GREEDY = Decoding()


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
        source, target: BCP 47 tags.
        model: hub name or folder; ``{source}`` and ``{target}`` stand for primary subtags. None
            is the backend's own choice.
        revision: of a hub model.
        dtype: of the weights.
        device: ``cpu``, ``cuda``, … or ``auto``.
    """

    source: str
    target: str
    model: str | None = None
    revision: str | None = None
    dtype: Dtype = "float32"
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
    dtype: Dtype = "float32",
    device: str = "cpu",
    decoding: Decoding = GREEDY,
    batch_tokens: int = 4096,
) -> Translator:
    """A translator for one direction; its weights are loaded once per process.

    Args:
        backend: which engine.
        source: BCP 47 tag.
        target: BCP 47 tag.
        model: see :class:`Direction`.
        revision: of a hub model.
        dtype: of the weights.
        device: ``cpu``, ``cuda``, … or ``auto``.
        decoding: how translations are chosen.
        batch_tokens: source tokens times beams in a batch. Only ``marian`` has batches.

    Raises:
        ModelError: there is no such model or language pair, or it can't be loaded.
        MissingExtraError: the backend's package is not installed.
    """
    direction = Direction(source, target, model, revision, dtype, device)
    load: Any = _module(backend).load
    made: Translator = load(direction, decoding=decoding, batch_tokens=batch_tokens)
    return made


def translator_assets(
    backend: Backend, pivot: str, model: str | None, revision: str | None
) -> Mapping[str, str]:
    """Digests of what decides the output of translation to a pivot language and back."""
    assets: Any = _module(backend).assets
    return dict(assets(pivot, model, revision))


def _module(backend: Backend) -> Any:
    return import_module(f"augment.models.translators.{backend}")
