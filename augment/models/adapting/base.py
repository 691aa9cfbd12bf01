"""The model that an adaptation begins with, as a torch model with its tokenizer."""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from augment.errors import MissingExtraError, ModelError, ParameterError, Problem
from augment.models.adapting.settings import SMALL
from augment.models.backends import BUNDLED, torch_fill_mask
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
        return min(BLOCK, torch_fill_mask.longest(self.model, self.tokenizer))

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


def check_device(device: str) -> None:
    """See that the device is there: a training would go on without it, many times slower.

    Raises:
        ParameterError: torch sees no CUDA device.
    """
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise ParameterError(
            [Problem("device", "torch sees no CUDA device here, use cpu")], "adapt"
        )


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
    model, tokenizer = torch_fill_mask.checkpoint(place, revision, "float32")
    literal = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    if len(set(literal.encode("two words", add_special_tokens=False).word_ids)) < 2:
        raise ModelError(f"the tokenizer of {name!r} does not tell one word from the next")
    opening, closing = prepare(literal)
    digest = model_digest(place, revision)
    return Base(model, tokenizer, literal, opening, closing, digest)
