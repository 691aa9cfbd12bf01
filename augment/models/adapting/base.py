"""The model that an adaptation begins with, as a torch model with its tokenizer."""

import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment.errors import MissingExtraError, ModelError
from augment.models.adapting.settings import SMALL
from augment.models.backends import BUNDLED
from augment.models.fill_mask import prepare
from augment.models.identity import model_digest

if TYPE_CHECKING:
    from tokenizers import Tokenizer

BLOCK = 128
"""Tokens of a block, specials included, if the model takes so many."""

_NEEDED = ("torch", "accelerate", "tensorboard")


@dataclass(frozen=True, slots=True)
class Base:
    """A model to train.

    Attributes:
        model: a transformers masked language model, weights in float32.
        tokenizer: its own, which is saved with it.
        literal: the same, taking special tokens in a text for text.
        opening, closing: the specials around a block.
        digest: of the model's files, or its name and revision on the hub.
    """

    model: Any
    tokenizer: Any
    literal: "Tokenizer"
    opening: tuple[int, ...]
    closing: tuple[int, ...]
    digest: str

    @property
    def block(self) -> int:
        """Tokens of a block, specials included."""
        return min(BLOCK, _longest(self.model, self.tokenizer))

    @property
    def parameters(self) -> int:
        """How many there are."""
        return sum(p.numel() for p in self.model.parameters())

    @property
    def is_small(self) -> bool:
        """Whether it has fewer than :data:`SMALL` parameters."""
        return self.parameters < SMALL


def check_installed() -> None:
    """Ask for what training needs.

    Raises:
        MissingExtraError: it is not installed.
    """
    for name in _NEEDED:
        if find_spec(name) is None:
            raise MissingExtraError("adapting a model", name, "adapt")


def load_base(name: str, revision: str | None = None) -> Base:
    """A model by its name.

    Args:
        name: ``bundled``, a folder (a transformers checkpoint, or one exported for ONNX Runtime)
            or a hub name.
        revision: of a hub model.

    Raises:
        ModelError: it can't be had, is no masked language model, or has no fast tokenizer.
        MissingExtraError: torch is not installed.
    """
    from tokenizers import Tokenizer

    place = str(BUNDLED) if name == "bundled" else name
    model, tokenizer = _restored(place) if _is_exported(place) else _loaded(place, revision)
    fast = getattr(tokenizer, "backend_tokenizer", None)
    if fast is None or tokenizer.mask_token is None:
        raise ModelError(f"{name!r} has no fast tokenizer with a mask token")
    literal = Tokenizer.from_str(fast.to_str())
    if len(set(literal.encode("two words", add_special_tokens=False).word_ids)) < 2:
        raise ModelError(f"the tokenizer of {name!r} does not tell one word from the next")
    opening, closing = prepare(literal)
    digest = model_digest(place, revision)
    return Base(model.float(), tokenizer, literal, opening, closing, digest)


def _is_exported(place: str) -> bool:
    path = Path(place) / "config.json"
    return path.is_file() and "format" in json.loads(path.read_text("utf-8"))


def _restored(place: str) -> tuple[Any, Any]:
    from augment.models.exporting import restore

    return restore(place)


def _loaded(name: str, revision: str | None) -> tuple[Any, Any]:
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(name, revision=revision)
        model, found = AutoModelForMaskedLM.from_pretrained(
            name, revision=revision, output_loading_info=True
        )
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelError(f"no masked language model at {name!r}: {reason}") from error
    lacking = sorted(found["missing_keys"])
    if lacking:
        # Made up at random, they would undo what the rest of the model knows.
        shown = ", ".join(lacking[:3])
        raise ModelError(f"{name!r} holds no whole masked language model: it lacks {shown}")
    return model, tokenizer


def _longest(model: Any, tokenizer: Any) -> int:
    """Longest input: what both position table and tokenizer allow."""
    positions = getattr(model.config, "max_position_embeddings", None) or BLOCK
    # RoBERTa's position ids start behind the padding index.
    offset = (model.config.pad_token_id or 0) + 1 if "roberta" in model.config.model_type else 0
    return int(min(positions - offset, tokenizer.model_max_length))
